import { operatorOf, type Operator } from './operators.ts';
import { compileTimeFormat } from './start-time.ts';

/** A format string, cut into what is written literally and what operators fill in. */
export interface TextFormat {
  /** `literals[i]` stands before `operators[i]`; the last one ends the line. */
  readonly literals: readonly Buffer[];
  readonly operators: readonly Operator[];
}

/** `%NAME%`, `%NAME(ARGUMENT)%`, `%NAME(ARGUMENT):LENGTH%`; `%%` is a percent sign. */
const OPERATOR = /%([A-Z][A-Z0-9_]*)(?:\(((?:[^()]|\([^()]*\))*)\))?(?::[0-9]+)?%|%%/g;

export function parseTextFormat(format: string): TextFormat {
  const literals: Buffer[] = [];
  const operators: Operator[] = [];
  let literal = '';
  let end = 0;
  for (const match of format.matchAll(OPERATOR)) {
    literal += format.slice(end, match.index);
    end = match.index + match[0].length;
    const [, name, argument = ''] = match;
    if (name === undefined) {
      literal += '%';
      continue;
    }
    literals.push(Buffer.from(literal));
    operators.push(operatorOf(name, argument));
    literal = '';
  }
  literals.push(Buffer.from((literal + format.slice(end)).replace(/\n$/, '')));
  return { literals, operators };
}

/** A JSON template: where each value lies, and the format of its text. */
export interface JsonFormat {
  readonly leaves: readonly { readonly path: readonly string[]; readonly format: TextFormat }[];
}

export type Format = TextFormat | JsonFormat;

export function isJsonFormat(format: Format): format is JsonFormat {
  return 'leaves' in format;
}

/** A JSON template if it begins with a brace, else a format string. */
export function parseFormat(format: string): Format {
  const json = format.trim().startsWith('{') ? parseJsonFormat(format.trim()) : null;
  return json ?? parseTextFormat(format);
}

/** Null if the text is no JSON object. Numbers and other values that are no formats say nothing. */
export function parseJsonFormat(template: string): JsonFormat | null {
  let root: unknown;
  try {
    root = JSON.parse(template);
  } catch {
    return null;
  }
  if (typeof root !== 'object' || root === null || Array.isArray(root)) return null;
  const leaves: JsonFormat['leaves'][number][] = [];
  const walk = (value: object, path: readonly string[]): void => {
    for (const [key, item] of Object.entries(value)) {
      if (typeof item === 'string') leaves.push({ path: [...path, key], format: parseTextFormat(item) });
      else if (typeof item === 'object' && item !== null && path.length < 8) walk(item as object, [...path, key]);
    }
  };
  walk(root, []);
  return { leaves };
}

/** What is wrong with a format that somebody configured, as a sentence; null if it will do. */
export function formatProblem(format: string): string | null {
  const text = format.trim();
  if (text === '') return 'is empty';
  const json = text.startsWith('{') ? parseJsonFormat(text) : null;
  if (text.startsWith('{') && json === null) return 'begins like a JSON template, but is no valid JSON';
  const parsed = json === null ? [parseTextFormat(format)] : json.leaves.map((leaf) => leaf.format);
  if (json === null && format.replace(/\n$/, '').includes('\n')) return 'spans several lines; a record must be one line';
  const fields = new Set(parsed.flatMap(({ operators }) => operators.map(({ field }) => field)));
  if (!fields.has('time')) return 'has no %START_TIME%, without which nothing can be placed in time';
  if (!fields.has('upstreamHost') && !fields.has('downstreamLocal')) return 'has neither %UPSTREAM_HOST% nor %DOWNSTREAM_LOCAL_ADDRESS%, so it never says who is connected to';
  for (const { operators, literals } of parsed) {
    const time = operators.find(({ field, timeFormat }) => field === 'time' && compileTimeFormat(timeFormat) === null);
    if (time !== undefined) return `writes %START_TIME(${time.timeFormat})%, which is not understood: it needs date and time of day by %Y %m %b %d %H %M %S, or %s`;
    for (let i = 1; i < operators.length; i++) if (literals[i]?.length === 0) return 'has two operators with nothing between them: their values cannot be told apart';
  }
  return null;
}

/** Envoy's own default, and Istio's of 1.9 and later, and of 1.4 to 1.8. */
export const PRESETS: readonly string[] = [
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER% %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%',
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% "%DYNAMIC_METADATA(istio.mixer:status)%" "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER% %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%',
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"',
];

/** Istio's default with `accessLogEncoding: JSON`. */
export const JSON_PRESET = JSON.stringify({
  start_time: '%START_TIME%',
  method: '%REQ(:METHOD)%',
  path: '%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%',
  response_code: '%RESPONSE_CODE%',
  response_flags: '%RESPONSE_FLAGS%',
  response_code_details: '%RESPONSE_CODE_DETAILS%',
  connection_termination_details: '%CONNECTION_TERMINATION_DETAILS%',
  upstream_transport_failure_reason: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
  bytes_received: '%BYTES_RECEIVED%',
  bytes_sent: '%BYTES_SENT%',
  upstream_host: '%UPSTREAM_HOST%',
  upstream_cluster: '%UPSTREAM_CLUSTER%',
  upstream_local_address: '%UPSTREAM_LOCAL_ADDRESS%',
  downstream_local_address: '%DOWNSTREAM_LOCAL_ADDRESS%',
  downstream_remote_address: '%DOWNSTREAM_REMOTE_ADDRESS%',
  downstream_direct_remote_address: '%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%',
  downstream_peer_uri_san: '%DOWNSTREAM_PEER_URI_SAN%',
});
