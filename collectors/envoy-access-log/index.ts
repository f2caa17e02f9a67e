import type { Collector, CollectorSettings } from '../../src/collector.ts';
import { AccessLogDecoder, type Matcher } from './decode.ts';
import { formatProblem, JSON_PRESET, parseJsonFormat, parseTextFormat, PRESETS, type JsonFormat } from './format.ts';
import { JsonMatcher } from './json.ts';
import { Line } from './line.ts';
import { TextMatcher } from './text.ts';

function matcherOf(format: string): Matcher {
  const json = format.trim().startsWith('{') ? parseJsonFormat(format.trim()) : null;
  return json === null ? new TextMatcher(parseTextFormat(format)) : new JsonMatcher(json satisfies JsonFormat);
}

/** The configured format first, then those that Envoy and Istio have by default. */
function matchersFor({ accessLogFormat }: CollectorSettings): readonly Matcher[] {
  const configured = accessLogFormat === null || formatProblem(accessLogFormat) !== null ? [] : [accessLogFormat];
  return [...configured, ...PRESETS, JSON_PRESET].map(matcherOf);
}

const matchers = new Map<string | null, readonly Matcher[]>();
const line = new Line();

export const envoyAccessLog: Collector = {
  name: 'envoy-access-log',
  description: 'access logs of Envoy and Istio: their default text, Istio’s JSON, and any format of your own (--access-log-format)',
  carries: ['direction', 'outcome', 'bytes', 'HTTP operations', 'denials by AuthorizationPolicy', 'certificates (with %DOWNSTREAM_PEER_URI_SAN%)'],
  lacks: ['pod names of the far end', 'labels', 'UDP', 'connections that no proxy saw'],
  detect(bytes, start, end, settings) {
    let known = matchers.get(settings.accessLogFormat);
    if (known === undefined) matchers.set(settings.accessLogFormat, (known = matchersFor(settings)));
    return known.some((matcher) => {
      line.clear();
      return matcher.match(bytes, start, end, line) === 'yes';
    });
  },
  problem: ({ accessLogFormat }) => (accessLogFormat === null ? null : formatProblem(accessLogFormat)),
  decoder: (settings) => new AccessLogDecoder(matchersFor(settings)),
};
