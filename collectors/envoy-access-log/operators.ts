/**
 * The command operators of Envoy's access log formats that say something about a connection, and how their values can look.
 * Everything else in a format is read over.
 */

export const FIELDS = [
  'time',
  'method',
  'path',
  'code',
  'flags',
  'details',
  'termination',
  'failure',
  'bytesReceived',
  'bytesSent',
  'upstreamHost',
  'upstreamCluster',
  'upstreamLocal',
  'downstreamLocal',
  'downstreamRemote',
  'downstreamDirect',
  'peerSan',
  'peerPrincipal',
  'podName',
  'podNamespace',
] as const;
export type Field = (typeof FIELDS)[number];

/** What came of a connection; all other fields say which one it is. */
export const OUTCOME: ReadonlySet<Field> = new Set<Field>(['method', 'path', 'code', 'flags', 'details', 'termination', 'failure', 'bytesReceived', 'bytesSent']);

/**
 * `token`: no spaces (numbers, flags, addresses, clusters). `protocol`, `host`: tokens that are `HTTP/…`, a name of a host, or none. `text`:
 * words of Envoy's or the operator's, which may have spaces and no quotes. `free`: whatever a client sends; it may hold anything, also what looks like the rest of the line.
 */
export type Shape = 'token' | 'protocol' | 'host' | 'text' | 'free';

export function canHoldSpaces(shape: Shape): boolean {
  return shape === 'text' || shape === 'free';
}

export interface Operator {
  readonly field: Field | null;
  readonly shape: Shape;
  /** Format of a START_TIME, '' for Envoy's default. */
  readonly timeFormat: string;
}

const PLAIN: Readonly<Record<string, readonly [Field | null, Shape]>> = {
  PROTOCOL: [null, 'protocol'],
  RESPONSE_CODE: ['code', 'token'],
  RESPONSE_FLAGS: ['flags', 'token'],
  RESPONSE_FLAGS_LONG: ['flags', 'token'],
  RESPONSE_CODE_DETAILS: ['details', 'token'],
  CONNECTION_TERMINATION_DETAILS: ['termination', 'token'],
  UPSTREAM_TRANSPORT_FAILURE_REASON: ['failure', 'text'],
  BYTES_RECEIVED: ['bytesReceived', 'token'],
  BYTES_SENT: ['bytesSent', 'token'],
  DURATION: [null, 'token'],
  UPSTREAM_HOST: ['upstreamHost', 'token'],
  UPSTREAM_REMOTE_ADDRESS: ['upstreamHost', 'token'],
  UPSTREAM_CLUSTER: ['upstreamCluster', 'token'],
  UPSTREAM_CLUSTER_RAW: ['upstreamCluster', 'token'],
  UPSTREAM_LOCAL_ADDRESS: ['upstreamLocal', 'token'],
  UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT: ['upstreamLocal', 'token'],
  DOWNSTREAM_LOCAL_ADDRESS: ['downstreamLocal', 'token'],
  DOWNSTREAM_REMOTE_ADDRESS: ['downstreamRemote', 'token'],
  DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: ['downstreamRemote', 'token'],
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS: ['downstreamDirect', 'token'],
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT: ['downstreamDirect', 'token'],
  DOWNSTREAM_PEER_URI_SAN: ['peerSan', 'token'],
  // The client's word, in its ClientHello; Envoy (from 1.31 on) writes no character of it that a host name cannot have.
  REQUESTED_SERVER_NAME: [null, 'host'],
  // Names of routes are the operator's; they may have spaces.
  ROUTE_NAME: [null, 'text'],
  HOSTNAME: ['podName', 'token'],
};

/** A bit for each field that a format writes. */
export function fieldsOf(operators: Iterable<Operator>): number {
  let bits = 0;
  for (const { field } of operators) if (field !== null) bits |= 1 << FIELDS.indexOf(field);
  return bits;
}

const HEADER_OPERATORS: ReadonlySet<string> = new Set(['REQ', 'REQUEST_HEADER', 'REQ_WITHOUT_QUERY', 'RESP', 'RESPONSE_HEADER', 'TRAILER', 'RESPONSE_TRAILER']);

/** What `%NAME(argument)%` writes. */
export function operatorOf(name: string, argument: string): Operator {
  const operator = (field: Field | null, shape: Shape): Operator => ({ field, shape, timeFormat: '' });
  if (name === 'START_TIME') return { field: 'time', shape: /\s|%e/.test(argument) ? 'text' : 'token', timeFormat: argument };
  if (name === 'PATH') return operator('path', 'free');
  // In the tunnel there is no certificate: Istio hands on whose it was that opened it.
  if (name === 'FILTER_STATE' && argument === 'io.istio.peer_principal:PLAIN') return operator('peerPrincipal', 'token');
  if (name === 'ENVIRONMENT') return operator(argument === 'POD_NAME' ? 'podName' : argument === 'POD_NAMESPACE' ? 'podNamespace' : null, 'token');
  if (HEADER_OPERATORS.has(name)) {
    const header = argument.toUpperCase();
    if (header === ':METHOD') return operator('method', 'token');
    if (header.split('?').includes(':PATH')) return operator('path', 'free');
    if (header === 'X-ENVOY-UPSTREAM-SERVICE-TIME') return operator(null, 'token');
    return operator(null, 'free');
  }
  const known = Object.hasOwn(PLAIN, name) ? PLAIN[name] : undefined;
  // What is not known (metadata, filter state) may hold what a client sent.
  return known === undefined ? operator(null, 'free') : operator(known[0], known[1]);
}
