import type { Collector, CollectorSettings } from '../../src/collector.ts';
import { AccessLogDecoder, type Matcher } from './decode.ts';
import { formatProblem, isJsonFormat, JSON_PRESET, parseFormat, PRESETS, type Format } from './format.ts';
import { AccessLogForms } from './forms.ts';
import { JsonMatcher } from './json.ts';
import { Line } from './line.ts';
import { planOf } from './plan.ts';
import { TextMatcher } from './text.ts';

/** The configured format first, then those that Envoy and Istio have by default. */
function formatsFor({ accessLogFormat }: CollectorSettings): readonly Format[] {
  const configured = accessLogFormat === null || formatProblem(accessLogFormat) !== null ? [] : [accessLogFormat];
  return [...configured, ...PRESETS, JSON_PRESET].map(parseFormat);
}

function matcherOf(format: Format): Matcher {
  return isJsonFormat(format) ? new JsonMatcher(format) : new TextMatcher(format);
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
    if (known === undefined) matchers.set(settings.accessLogFormat, (known = formatsFor(settings).map(matcherOf)));
    return known.some((matcher) => {
      line.clear();
      return matcher.match(bytes, start, end, line) === 'yes';
    });
  },
  problem: ({ accessLogFormat }) => (accessLogFormat === null ? null : formatProblem(accessLogFormat)),
  decoder: (settings) => {
    const formats = formatsFor(settings);
    const plan = planOf(formats);
    return new AccessLogDecoder(formats.map(matcherOf), plan === null ? undefined : new AccessLogForms(plan));
  },
};
