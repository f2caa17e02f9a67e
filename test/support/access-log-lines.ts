import fc from 'fast-check';
import { isJsonFormat, parseFormat, type TextFormat } from '../../collectors/envoy-access-log/format.ts';
import type { Field, Operator } from '../../collectors/envoy-access-log/operators.ts';

/** Lines of any access log format, with values that Envoy writes, that clients choose, and that nobody should. */

const ADDRESSES = ['10.0.0.1:40000', '10.0.0.1:40001', '10.0.0.1:0', '10.0.0.2:9080', '10.0.0.2', '127.0.0.6:51000', '[fd00::1]:443', '[fd00::1]:50', '[::ffff:10.0.0.1]:80', 'fd00::1', '-', '', 'envoy://connect_originate/10.0.0.2:9080', 'envoy://internal', '@/var/run/x', '10.0.0.1:99999', '10.0.0.300:80', '1:2:80', '[fd00::1]x:80', '10.0.0.1:08', 'cart:80', '10.96.0.2:15001'];
const PATHS = ['/', '/reviews/7?token=x', '/api/v1/items/550e8400-e29b-41d4-a716-446655440000', '/a/deadbeef01/b', '-', '*', '/search#12345678', '/a b HTTP/1.1', 'http://12345678/x', '/ünï/12', '?', ''];

const VALUES: Readonly<Record<Field, readonly string[]>> = {
  time: ['2026-03-02T12:00:00.000Z', '2026-03-02T12:00:00.001Z', '2026-03-02T12:09:59.999Z', '2026-03-02T12:10:00Z', '2026-03-02T13:00:00.123456789Z', '2026-03-02T12:00:60Z', '2026-02-30T12:00:00Z', '2026-03-02T12:00:00+01:00', '2026-03-02t12:00:00z', '-', ''],
  method: ['GET', 'GET', 'POST', '-', 'get', 'M-SEARCH', 'GE T', ''],
  path: PATHS,
  code: ['200', '200', '200', '403', '404', '503', '0', '-', '2OO', '', '1e2', '9999999999999999'],
  flags: ['-', '-', 'UF', 'URX,UF', 'UAEX', 'NR', 'UC', 'UpstreamConnectionFailure', 'DC', ''],
  details: ['via_upstream', 'via_upstream', '-', 'rbac_access_denied_matched_policy[none]', 'upstream_reset_before_response_started{connection_failure,delayed_connect_error:_111}', 'route_not_found'],
  termination: ['-', '-', 'rbac_access_denied_matched_policy[none]', 'tcp_proxy'],
  failure: ['-', '-', 'delayed connect error: 111', 'connection timeout', 'TLS error: Secret is not supplied'],
  bytesReceived: ['0', '5', '1234567', '-', '', '123456789012', '1234567890123', '999999999999999999', '1.5', 'x', '007'],
  bytesSent: ['0', '7', '1234567', '-', '', '12345678901234'],
  upstreamHost: ADDRESSES,
  upstreamCluster: ['inbound|9080||', 'inbound|9080||', 'outbound|9080|v1|reviews.shop.svc.cluster.local', 'outbound|443||api.example.com', 'outbound|443||api.example.com;', 'BlackHoleCluster', 'PassthroughCluster', 'InboundPassthroughClusterIpv4', 'inbound-vip|80|http|x', 'agent', 'prometheus_stats;', '-', 'outbound|x||y', 'out bound'],
  upstreamLocal: ADDRESSES,
  downstreamLocal: ADDRESSES,
  downstreamRemote: ADDRESSES,
  downstreamDirect: ADDRESSES,
  peerSan: ['spiffe://cluster.local/ns/shop/sa/web', 'spiffe://cluster.local/ns/shop/sa/api,spiffe://x/ns/a/sa/b', '-', 'DNS:x'],
  peerPrincipal: ['spiffe://cluster.local/ns/shop/sa/web', '-'],
  podName: ['web-6b746f74dc-9rcxx', '-', 'Not A Pod', ''],
  podNamespace: ['shop', '-', '_'],
};

const OTHERS: Readonly<Record<Operator['shape'], readonly string[]>> = {
  token: ['5', '-', 'a b', ''],
  protocol: ['HTTP/1.1', 'HTTP/2', '-', 'HTTX', 'SPDY/3', 'HT'],
  host: ['outbound_.9080_._.reviews.shop.svc.cluster.local', '-', 'a"b', 'a b', 'evil/host', '', 'ünï'],
  text: ['default', '-', 'a route with spaces', 'a "quoted" one'],
  free: ['-', 'curl/8', 'Mozilla/5.0 (X11; Linux)', 'x" "id" "host" "10.0.0.66:666" inbound|666|| 127.0.0.6:1 10.0.0.66:666 6.6.6.6:66 - default', '" 200 - via_upstream', '\\', '', '\u001b[2J'],
};

/** Most are what Envoy writes: the first ones of their list. */
function valueOf({ field, shape }: Operator): fc.Arbitrary<string> {
  const all = field === null ? OTHERS[shape] : VALUES[field];
  return fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...all.slice(0, 4)) }, { weight: 1, arbitrary: fc.constantFrom(...all) });
}

function textOf({ literals, operators }: TextFormat): fc.Arbitrary<string> {
  return fc.tuple(...operators.map(valueOf)).map((values) => between(literals, values));
}

function between(literals: readonly Buffer[], values: readonly string[]): string {
  return literals.map((literal, i) => `${literal.toString()}${values[i] ?? ''}`).join('');
}

/** A key's text: as a template's values mostly are, or typed, or missing, or what nobody expects; a key may come again. */
const TYPED = (text: string): fc.Arbitrary<string> => {
  const plain = JSON.stringify(text);
  const typed = /^[0-9]{1,18}$/.test(text) && !/^0./.test(text) ? text : text === '-' ? 'null' : plain;
  const escaped = plain.replace(/[a-z0-9:/]/, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`);
  return fc.oneof({ weight: 20, arbitrary: fc.constantFrom(plain, typed) }, { weight: 1, arbitrary: fc.constantFrom(escaped, 'null', 'true', '{}', '[1]', '""', '-0', '1.5', '7', '12') });
};

type Tree = Map<string, Tree | string>;

function jsonOf(format: string): fc.Arbitrary<string> {
  const parsed = parseFormat(format);
  if (!isJsonFormat(parsed)) throw new Error('no JSON template');
  const leaf = ({ path, format: text }: (typeof parsed.leaves)[number]): fc.Arbitrary<readonly [readonly string[], string] | null> =>
    fc.oneof({ weight: 15, arbitrary: textOf(text).chain(TYPED).map((value) => [path, value] as const) }, { weight: 1, arbitrary: fc.constant(null) });
  const extra = fc.constantFrom('"authority":"reviews:9080"', '"extra":{"upstream_host":"6.6.6.6:1","nested":[1,{"method":"DELETE"}]}', '"upstream_host ":"6.6.6.6:1"', '"duration":5', '"\\u0070ath":"/x"', '"path":"/again"');
  return fc.tuple(fc.tuple(...parsed.leaves.map(leaf)), fc.array(extra, { maxLength: 2 }), fc.constantFrom('', '', '', ' '), fc.nat(1000)).map(([leaves, extras, space, turn]) => {
    const root: Tree = new Map();
    const present = leaves.filter((entry) => entry !== null);
    // In another order than the template's.
    const cut = present.length === 0 ? 0 : turn % present.length;
    for (const [path, value] of [...present.slice(cut), ...present.slice(0, cut)]) {
      let node = root;
      for (const key of path.slice(0, -1)) node = childOf(node, key);
      node.set(path.at(-1)!, value);
    }
    const text = written(root, space);
    return extras.length === 0 ? text : text.replace(/\}$/, `${root.size > 0 ? ',' : ''}${extras.join(',')}}`);
  });
}

function childOf(node: Tree, key: string): Tree {
  const known = node.get(key);
  if (known instanceof Map) return known;
  const child: Tree = new Map();
  node.set(key, child);
  return child;
}

function written(tree: Tree, space: string): string {
  return `{${[...tree].map(([key, value]) => `${JSON.stringify(key)}:${space}${typeof value === 'string' ? value : written(value, space)}`).join(`,${space}`)}}`;
}

/** Lines that this format could have written. */
export function linesOf(format: string): fc.Arbitrary<string> {
  const parsed = parseFormat(format);
  return isJsonFormat(parsed) ? jsonOf(format) : textOf(parsed);
}

/** A line of a format string as Envoy mostly writes it. */
export function ordinaryLine(format: string): string {
  const parsed = parseFormat(format);
  if (isJsonFormat(parsed)) throw new Error('a JSON template');
  return between(parsed.literals, parsed.operators.map(({ field, shape }) => (field === null ? OTHERS[shape] : VALUES[field])[0]!));
}

/** A line to which something happened on its way. */
export function mutated(line: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  const change = fc.record({ at: fc.nat(2000), cut: fc.nat(3), put: fc.oneof(fc.constantFrom('"', ' ', '{', '}', ',', ':', '\\', '-', '[', ']', '\t', '\u0000', '" "', '0'), fc.string({ minLength: 1, maxLength: 3 })) });
  return fc.tuple(line, fc.array(change, { minLength: 1, maxLength: 3 })).map(([text, changes]) => {
    let bytes = Buffer.from(text);
    for (const { at, cut, put } of changes) {
      const from = at % (bytes.length + 1);
      bytes = Buffer.concat([bytes.subarray(0, from), Buffer.from(put, 'latin1'), bytes.subarray(from + cut)]);
    }
    return Buffer.from(bytes.map((byte) => (byte === 0x0a ? 0x20 : byte)));
  });
}
