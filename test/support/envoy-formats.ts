import { filled, accessLine, REQUEST_ID, type AccessLine } from './envoy.ts';

/** The same request as each of the formats that Envoy and Istio have by default would write it. */

/** Envoy's own default: it says neither who connected nor which side writes. */
export function envoyDefault(line: Partial<AccessLine> = {}): string {
  const l = filled({ cluster: '-', ...line });
  const [start, request] = [new Date(l.time).toISOString(), `${l.method} ${l.path} ${l.protocol}`];
  return `[${start}] "${request}" ${l.code} ${l.flags} ${l.received} ${l.sent} 5 4 "${l.forwardedFor}" "${l.agent}" "${REQUEST_ID}" "${l.authority}" "${l.host}"`;
}

/** Istio 1.4 to 1.8: a mixer's status where the details are today. */
export function istioOld(line: AccessLine): string {
  const l = filled(line);
  const request = `[${new Date(l.time).toISOString()}] "${l.method} ${l.path} ${l.protocol}" ${l.code} ${l.flags} "-" "${l.failure}" ${l.received} ${l.sent} 5 4`;
  const client = `"${l.forwardedFor}" "${l.agent}" "${REQUEST_ID}" "${l.authority}"`;
  return `${request} ${client} "${l.host}" ${l.cluster} ${l.upstreamLocal} ${l.downstreamLocal} ${l.downstreamRemote} ${l.sni} ${l.route}`;
}

/** Istio's JSON as an object, every value a text. */
export function istioJson(line: AccessLine): Readonly<Record<string, string>> {
  const l = filled(line);
  return {
    start_time: new Date(l.time).toISOString(),
    route_name: l.route,
    method: l.method,
    path: l.path,
    protocol: l.protocol,
    response_code: String(l.code),
    response_flags: l.flags,
    response_code_details: l.details,
    connection_termination_details: l.termination,
    bytes_received: String(l.received),
    bytes_sent: String(l.sent),
    duration: '5',
    upstream_service_time: '4',
    x_forwarded_for: l.forwardedFor,
    user_agent: l.agent,
    request_id: REQUEST_ID,
    authority: l.authority,
    upstream_host: l.host,
    upstream_cluster: l.cluster,
    upstream_local_address: l.upstreamLocal,
    downstream_local_address: l.downstreamLocal,
    downstream_remote_address: l.downstreamRemote,
    requested_server_name: l.sni,
    upstream_transport_failure_reason: l.failure,
  };
}

const NUMBERS = new Set(['response_code', 'bytes_received', 'bytes_sent', 'duration', 'upstream_service_time']);

/** As Envoy's `json_format` writes it: numbers as numbers, what is missing as null. */
export function typedJson(line: AccessLine): Readonly<Record<string, string | number | null>> {
  const typed = Object.entries(istioJson(line)).map(([key, value]) => [key, value === '-' ? null : NUMBERS.has(key) ? Number(value) : value]);
  return Object.fromEntries(typed) as Readonly<Record<string, string | number | null>>;
}

/** With `omit_empty_values`. */
export function omittedJson(line: AccessLine): Readonly<Record<string, string | number | null>> {
  return Object.fromEntries(Object.entries(typedJson(line)).filter(([, value]) => value !== null));
}

/** Istio's formats that tell everything about one request, each with its name. */
export function inEachFormat(line: AccessLine): readonly (readonly [format: string, record: string])[] {
  const reversed = Object.fromEntries(Object.entries(typedJson(line)).toReversed());
  return [
    ['text', accessLine(line)],
    ['text of 1.4 to 1.8', istioOld(line)],
    ['JSON of texts', JSON.stringify(istioJson(line))],
    ['JSON of typed values', JSON.stringify(typedJson(line))],
    ['JSON without empty values', JSON.stringify(omittedJson(line))],
    ['JSON in another order, with spaces', JSON.stringify(reversed, null, 1).replaceAll('\n', ' ')],
  ];
}
