import { describe, expect, it } from 'vitest';
import { hubble } from '../../../collectors/hubble/index.ts';
import { decode } from '../../support/decode.ts';
import { hubbleLine, pod, WORLD, type HubbleEnd, type HubbleFlow } from '../../support/hubble.ts';

/** The traps of the format, each with what it must come to. */

const web = pod('shop', 'web-1', '10.0.0.1', { app: 'web' });
const cart = pod('shop', 'cart-0', '10.0.0.2', { app: 'cart' });
const base: HubbleFlow = { from: web, to: cart, port: 8080 };
const line = (more: Partial<HubbleFlow> = {}): string => hubbleLine({ ...base, ...more });
const all = (...records: readonly string[]): readonly string[] => decode(hubble, records).records;
const one = (record: string): string => all(record)[0] ?? '';
const EDGE = 'shop/web-1@10.0.0.1 -> shop/cart-0@10.0.0.2 8080/TCP';
const unsaid = (more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({ is_reply: undefined, ...more });

describe('Hubble’s traps: one connection, many records', () => {
  it('one HTTP request through a policy is told at each point, and only its answer makes an operation', () => {
    const http = { method: 'GET', url: 'http://cart:8080/items/7', code: 200 };
    const told = all(
      line({ verdict: 'REDIRECTED', direction: 'EGRESS', extra: { event_type: { type: 5 }, trace_observation_point: undefined } }),
      line({ point: 'TO_PROXY', direction: 'EGRESS' }),
      line({ direction: 'EGRESS', http: { method: 'GET', url: http.url } }),
      line({ flags: ['ACK', 'PSH'] }),
      line({ direction: 'EGRESS', reply: true, http }),
      line({ point: 'TO_PROXY', direction: 'EGRESS', reply: true }),
    );
    expect(told).toEqual([
      `${EDGE} open forwarded unknown, source:policy-verdict`,
      `${EDGE} open forwarded unknown, source:to-proxy`,
      `${EDGE} open forwarded unknown, source:l7`,
      `${EDGE} ongoing forwarded unknown, destination:to-endpoint`,
      `${EDGE} answer forwarded established, source:l7 GET /items/{id}`,
      `${EDGE} answer forwarded established, source:to-proxy`,
    ]);
  });

  it('a denial at the destination was forwarded at the source, which is no success', () => {
    const denied = { drop_reason_desc: 'POLICY_DENIED', trace_observation_point: undefined };
    expect(all(
      line({ point: 'TO_OVERLAY' }),
      line({ verdict: 'DROPPED', extra: unsaid({ ...denied, event_type: { type: 5 } }) }),
      line({ verdict: 'DROPPED', extra: unsaid({ ...denied, event_type: { type: 1 } }) }),
    )).toEqual([
      `${EDGE} open forwarded unknown, source:to-overlay`,
      `${EDGE} open dropped rejected, destination:policy-verdict`,
      `${EDGE} open dropped rejected, destination:drop`,
    ]);
  });

  it.each([
    ['POLICY_DENIED', 'rejected'],
    ['POLICY_DENY', 'rejected'],
    ['AUTH_REQUIRED', 'rejected'],
    [undefined, 'rejected'],
    ['STALE_OR_UNROUTABLE_IP', 'unanswered'],
    ['INVALID_SOURCE_IP', 'unanswered'],
    ['CT_TRUNCATED_OR_INVALID_HEADER', 'unanswered'],
    ['SOMETHING_NEW', 'unanswered'],
  ])('a drop because of %s is %s', (drop_reason_desc, outcome) => {
    expect(one(line({ verdict: 'DROPPED', extra: unsaid({ drop_reason_desc, event_type: { type: 1 } }) }))).toBe(`${EDGE} open dropped ${outcome}, destination:drop`);
  });

  it('a policy in audit mode let it through', () => {
    const audited = line({ verdict: 'AUDIT', direction: 'EGRESS', extra: { event_type: { type: 5 }, policy_match_type: 0 } });
    expect(one(audited)).toBe(`${EDGE} open audited unknown, source:policy-verdict`);
  });

  it.each([
    ['8080 to 32768', 8080, 32_768, ['ACK'], `${EDGE} lost-answer dropped rejected, source:drop`],
    ['32767 to 32768', 32_767, 32_768, ['ACK'], `${EDGE.replace('8080', '32767')} lost-answer dropped rejected, source:drop`],
    ['8080 to 32767', 8080, 32_767, ['ACK'], 'shop/cart-0@10.0.0.2 -> shop/web-1@10.0.0.1 32767/TCP open dropped rejected, destination:drop'],
    ['32768 to 40000', 32_768, 40_000, ['ACK'], 'shop/cart-0@10.0.0.2 -> shop/web-1@10.0.0.1 40000/TCP open dropped rejected, destination:drop'],
  ])('a drop from port %s', (_, from, to, flags, expected) => {
    const record = hubbleLine({ from: cart, to: web, clientPort: from, port: to, flags, verdict: 'DROPPED', extra: unsaid({ drop_reason_desc: 'POLICY_DENIED', event_type: { type: 1 } }) });
    expect(one(record)).toBe(expected);
  });

  it('a lost answer over UDP is no edge either', () => {
    const record = hubbleLine({ from: cart, to: web, protocol: 'UDP', clientPort: 53, port: 45_000, verdict: 'DROPPED', extra: unsaid({ event_type: { type: 1 } }) });
    expect(one(record)).toBe('shop/web-1@10.0.0.1 -> shop/cart-0@10.0.0.2 53/UDP lost-answer dropped rejected, source:drop');
  });

  it('a dropped record that says itself that it is an answer', () => {
    expect(one(line({ reply: true, verdict: 'DROPPED' }))).toBe(`${EDGE} lost-answer dropped rejected, source:to-endpoint`);
  });
});

describe('Hubble’s traps: which way round', () => {
  it.each([
    ['a socket event before translation', line({ extra: unsaid({ Type: 'SOCK', sock_xlate_point: 'SOCK_XLATE_POINT_PRE_DIRECTION_FWD' }) }), 'skip translated'],
    ['translated', line({ verdict: 'TRANSLATED', extra: unsaid() }), 'skip translated'],
    ['traced', line({ verdict: 'TRACED', extra: unsaid() }), 'skip translated'],
    ['a packet in an overlay that says nothing', line({ point: 'TO_OVERLAY', flags: ['ACK'], extra: unsaid() }), 'skip unoriented'],
    ['UDP that says nothing', line({ protocol: 'UDP', port: 53, extra: unsaid() }), 'skip unoriented'],
    ['a later packet that says nothing, from a low port', hubbleLine({ ...base, clientPort: 80, port: 50_000, flags: ['ACK'], extra: unsaid() }), 'skip unoriented'],
    ['neither flags nor a word', line({ flags: [], extra: unsaid() }), 'skip unoriented'],
    ['a request of layer 7', line({ http: { method: 'GET', url: '/' }, extra: unsaid() }), `${EDGE} open forwarded unknown, destination:l7`],
    ['an answer of layer 7', line({ reply: true, http: { method: 'GET', url: '/', code: 200 }, extra: unsaid() }), `${EDGE} answer forwarded established, destination:l7 GET /`],
    ['a sample of layer 7', line({ http: { method: 'GET', url: '/' }, extra: unsaid({ l7: { type: 'SAMPLE' } }) }), 'skip unoriented'],
    ['a word that is no truth', line({ flags: ['ACK'], extra: { is_reply: 'true' } }), 'skip unoriented'],
    ['the word counts before flags', line({ flags: ['SYN'], extra: { is_reply: true } }), 'shop/cart-0@10.0.0.2 -> shop/web-1@10.0.0.1 40000/TCP answer forwarded established, source:to-endpoint'],
    ['the word counts before the deprecated one', line({ extra: { is_reply: false, reply: true } }), `${EDGE} open forwarded unknown, destination:to-endpoint`],
    ['the deprecated word can only say yes', line({ flags: ['ACK'], extra: unsaid({ reply: false }) }), 'skip unoriented'],
    ['an API server that answers from a high port', hubbleLine({ from: web, to: { ip: '192.168.0.9', labels: ['reserved:kube-apiserver', 'reserved:remote-node'] }, port: 60_002, clientPort: 57_706, reply: true }), 'shop/web-1@10.0.0.1 -> @192.168.0.9:kube-apiserver 60002/TCP answer'],
  ])('%s', (_, record, expected) => {
    expect(one(record)).toContain(expected);
  });

  it('traffic_direction is wrong in chaining modes, and orients nothing', () => {
    for (const direction of ['INGRESS', 'EGRESS', 'TRAFFIC_DIRECTION_UNKNOWN']) expect(one(line({ direction }))).toBe(`${EDGE} open forwarded unknown, destination:to-endpoint`);
  });

  it.each([
    ['ICMPv4', 8, 'ICMP'],
    ['ICMPv6', 128, 'ICMPv6'],
  ])('%s: an echo has no port, and its answer confirms it', (kind, type, protocol) => {
    const answerType = kind === 'ICMPv4' ? undefined : 129;
    expect(one(line({ extra: { l4: { [kind]: { type } } } }))).toBe(`${EDGE.replace('8080/TCP', `0/${protocol}`)} open forwarded unknown, destination:to-endpoint`);
    expect(one(line({ reply: true, extra: { l4: { [kind]: { type: answerType } } } }))).toBe(`${EDGE.replace('8080/TCP', `0/${protocol}`)} answer forwarded established, source:to-endpoint`);
  });

  it.each([
    ['unreachable', { ICMPv4: { type: 3, code: 4 } }],
    ['time exceeded', { ICMPv4: { type: 11 } }],
    ['router solicitation', { ICMPv6: { type: 133 } }],
    ['neighbour advertisement', { ICMPv6: { type: 136 } }],
    ['a type that v6 does not know as an echo', { ICMPv6: {} }],
    ['VRRP', { VRRP: { vrid: 1 } }],
    ['IGMP', { IGMP: { type: 22 } }],
  ])('%s is no connection', (_, l4) => {
    expect(one(line({ extra: { l4, source: {}, destination: {}, IP: {} } }))).toBe('skip not-a-connection');
  });
});

describe('Hubble’s traps: the node', () => {
  const HOST: HubbleEnd = { ip: '192.168.0.1', labels: ['reserved:host'], identity: 1 };
  const REMOTE: HubbleEnd = { ip: '192.168.0.2', labels: ['reserved:remote-node'], identity: 6 };

  it.each([
    ['a probe of the pod’s own node', line({ from: HOST }), 'skip local-node'],
    ['a probe over UDP', line({ from: HOST, protocol: 'UDP' }), 'skip local-node'],
    ['a probe that was denied', line({ from: HOST, verdict: 'DROPPED', extra: unsaid({ event_type: { type: 1 } }) }), 'skip local-node'],
    ['the answer to a probe', line({ from: HOST, reply: true }), 'skip local-node'],
    ['a pod that connects to its node', line({ to: HOST, port: 10_250 }), 'shop/web-1@10.0.0.1 -> @192.168.0.1:host 10250/TCP open'],
    ['the node, on the way to another one', line({ from: HOST, point: 'TO_OVERLAY' }), '@192.168.0.1:host -> shop/cart-0@10.0.0.2 8080/TCP open'],
    ['another node', line({ from: REMOTE }), '@192.168.0.2:remote-node -> shop/cart-0@10.0.0.2 8080/TCP open'],
    ['the API server on the pod’s own node', line({ from: { ip: '192.168.0.1', labels: ['reserved:host', 'reserved:kube-apiserver'] } }), '@192.168.0.1:kube-apiserver -> shop/cart-0@10.0.0.2'],
    ['the gateway', line({ from: { ip: '10.0.9.9', labels: ['reserved:ingress'], identity: 8 } }), '@10.0.9.9:ingress -> shop/cart-0@10.0.0.2'],
    ['the CNI’s health checks', line({ from: { ip: '10.0.9.8', labels: ['reserved:health'] } }), 'skip health'],
    ['the outside', line({ from: WORLD('203.0.113.7') }), '@203.0.113.7:world -> shop/cart-0@10.0.0.2'],
  ])('%s', (_, record, expected) => {
    expect(one(record)).toContain(expected);
  });
});

describe('Hubble: who reported', () => {
  // Of a packet from client to server, the end on whose node the point lies.
  it.each([
    ['FROM_ENDPOINT', 'source'],
    ['TO_STACK', 'source'],
    ['TO_OVERLAY', 'source'],
    ['TO_NETWORK', 'source'],
    ['TO_CRYPTO', 'source'],
    ['FROM_PROXY', 'source'],
    ['TO_ENDPOINT', 'destination'],
    ['FROM_OVERLAY', 'destination'],
    ['FROM_NETWORK', 'destination'],
    ['FROM_CRYPTO', 'destination'],
  ])('%s is seen at the %s, and of an answer at the other end', (point, side) => {
    const word = point.toLowerCase().replaceAll('_', '-');
    const other = side === 'source' ? 'destination' : 'source';
    expect(one(line({ point }))).toBe(`${EDGE} open forwarded unknown, ${side}:${word}`);
    expect(one(line({ point, reply: true }))).toBe(`${EDGE} answer forwarded established, ${other}:${word}`);
  });

  it('the direction says whose policy decided', () => {
    const verdict = (direction: string): string => one(line({ direction, extra: { event_type: { type: 5 }, trace_observation_point: undefined } }));
    expect(verdict('INGRESS')).toContain('destination:policy-verdict');
    expect(verdict('EGRESS')).toContain('source:policy-verdict');
    expect(verdict('TRAFFIC_DIRECTION_UNKNOWN')).toContain('unknown:policy-verdict');
  });

  it('points that somebody made up are one', () => {
    const points = ['x y', '\u001b[31m', 'a'.repeat(33), '', 'to_endpoint', 'to-endpoint', ...Array.from({ length: 100 }, (_, i) => `MADE_UP_${i}`)];
    const { flows } = decode(hubble, points.map((point) => line({ point })));
    expect(flows).toHaveLength(points.length);
    expect(new Set(flows.map(({ witness }) => witness.point))).toEqual(new Set(['other']));
  });

  it('one witness is one object', () => {
    const { flows } = decode(hubble, [line(), line({ port: 9090 }), line({ point: 'TO_OVERLAY' })]);
    expect(flows[1]?.witness).toBe(flows[0]?.witness);
    expect(flows[2]?.witness).not.toBe(flows[0]?.witness);
  });
});
