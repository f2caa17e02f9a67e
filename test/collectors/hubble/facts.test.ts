import { describe, expect, it } from 'vitest';
import { hubble } from '../../../collectors/hubble/index.ts';
import { decode } from '../../support/decode.ts';
import { hubbleLine, pod, type HubbleFlow } from '../../support/hubble.ts';

const base: HubbleFlow = { from: pod('shop', 'web-1', '10.0.0.1'), to: pod('shop', 'cart-0', '10.0.0.2'), port: 8080 };
const line = (more: Partial<HubbleFlow> = {}): string => hubbleLine({ ...base, ...more });
const one = (record: string): string => decode(hubble, [record]).records[0] ?? '';
const EDGE = 'shop/web-1@10.0.0.1 -> shop/cart-0@10.0.0.2 8080/TCP';

describe('Hubble: layer 7', () => {
  const http = (more: Partial<HubbleFlow> & { readonly code?: number; readonly method?: string; readonly url?: string } = {}): string => {
    const { code = 200, method = 'GET', url = 'http://cart:8080/items', ...rest } = more;
    return line({ reply: true, http: { method, url, code }, direction: 'EGRESS', ...rest });
  };

  it.each([
    ['a path', 'http://cart:8080/items', 'GET /items'],
    ['a path alone', '/items', 'GET /items'],
    ['ids', 'http://cart:8080/users/7/orders/3f2a9c2e1b2c4d5e8f90', 'GET /users/{id}/orders/{id}'],
    ['a query', 'http://cart:8080/login?user=alice&password=hunter2', 'GET /login'],
    ['a user and password', 'http://alice:hunter2@cart:8080/items', 'GET /items'],
    ['a fragment', 'http://cart:8080/items#hunter2', 'GET /items'],
    ['no path', 'http://cart:8080', 'GET /'],
    ['escapes', 'http://cart:8080/it"ems\u0007/x', 'GET /{id}/x'],
  ])('makes an operation of %s', (_, url, operation) => {
    expect(one(http({ url }))).toBe(`${EDGE} answer forwarded established, source:l7 ${operation}`);
    expect(JSON.stringify(decode(hubble, [http({ url })]).flows)).not.toContain('hunter2');
  });

  it.each([
    ['a method that is none', http({ method: 'get it' })],
    ['a URL that is none', http({ url: 'cart:8080' })],
    ['no status', http({ extra: { l7: { type: 'RESPONSE', http: { method: 'GET', url: '/items' } } } })],
    ['a request', line({ direction: 'EGRESS', http: { method: 'GET', url: '/items', code: 200 } })],
    ['a dropped answer', http({ verdict: 'DROPPED' })],
    ['not performed: 401', http({ code: 401 })],
    ['not performed: 403', http({ code: 403 })],
    ['not performed: 404', http({ code: 404 })],
    ['not performed: 405', http({ code: 405 })],
  ])('makes no operation of %s', (_, record) => {
    const [flow] = decode(hubble, [record]).flows;
    expect(flow?.operation).toBeNull();
    expect(flow?.witness.point).toBe('l7');
  });

  it('an operation is told of a server’s failure too', () => {
    for (const code of [200, 302, 400, 429, 500, 503]) expect(one(http({ code }))).toContain('answer forwarded established, source:l7 GET /items');
  });

  it('a request that the policy of layer 7 refused is a denial', () => {
    const record = line({ direction: 'INGRESS', verdict: 'DROPPED', http: { method: 'DELETE', url: '/items' } });
    expect(one(record)).toBe(`${EDGE} open dropped rejected, destination:l7`);
  });

  it('the same method and URL make the same operation object, whatever their queries', () => {
    const urls = ['/items?a=1', '/items?b=2', '/items'].map((path) => `http://cart:8080${path}`);
    const [first, ...others] = decode(hubble, urls.map((url) => http({ url }))).flows.map(({ operation }) => operation);
    expect(first).toEqual({ method: 'GET', path: '/items' });
    for (const other of others) expect(other).toBe(first);
  });

  it('DNS is a connection to port 53, and makes no operation', () => {
    const dns = (reply: boolean): string =>
      line({
        protocol: 'UDP',
        port: 53,
        reply,
        direction: 'EGRESS',
        extra: { Type: 'L7', event_type: { type: 129 }, trace_observation_point: undefined, l7: { type: reply ? 'RESPONSE' : 'REQUEST', latency_ns: '3', dns: { query: 'a.b.', qtypes: ['A'], rcode: 3, ips: ['10.9.9.9'] } } },
      });
    expect(one(dns(false))).toBe(`${EDGE.replace('8080/TCP', '53/UDP')} open forwarded unknown, source:l7`);
    // A name that does not exist is an answer too.
    expect(one(dns(true))).toBe(`${EDGE.replace('8080/TCP', '53/UDP')} answer forwarded established, source:l7`);
  });

  it('other protocols of layer 7 are connections as well', () => {
    const record = line({ extra: { Type: 'L7', event_type: { type: 129 }, trace_observation_point: undefined, l7: { type: 'REQUEST', kafka: { api_key: 'fetch', topic: 'x' } } } });
    expect(one(record)).toBe(`${EDGE} open forwarded unknown, destination:l7`);
  });

  it('layer 7 is known by its event where the type is missing', () => {
    expect(one(http({ extra: { Type: undefined } }))).toContain('source:l7 GET /items');
  });
});

describe('Hubble: which part of a connection', () => {
  it.each([
    ['SYN', { flags: ['SYN'] }, 'open forwarded unknown'],
    ['ACK', { flags: ['ACK'] }, 'ongoing forwarded unknown'],
    ['FIN', { flags: ['FIN', 'ACK'] }, 'ongoing forwarded unknown'],
    ['RST from the client', { flags: ['RST'] }, 'ongoing forwarded unknown'],
    ['a verdict of a policy, whatever its flags', { flags: ['ACK'], extra: { event_type: { type: 5 } } }, 'open forwarded unknown'],
    ['no flags, new', { flags: [], extra: { l4: { TCP: { source_port: 40_000, destination_port: 8080 } }, trace_reason: 'NEW' } }, 'open forwarded unknown'],
    ['no flags, established', { flags: [], extra: { l4: { TCP: { source_port: 40_000, destination_port: 8080 } }, trace_reason: 'ESTABLISHED' } }, 'ongoing forwarded unknown'],
    ['an answer', { reply: true, flags: ['SYN', 'ACK'] }, 'answer forwarded established'],
    ['a later answer', { reply: true, flags: ['ACK', 'PSH'] }, 'answer forwarded established'],
    ['an answer that refuses', { reply: true, flags: ['RST', 'ACK'] }, 'answer forwarded refused'],
    ['an answer that ends', { reply: true, flags: ['FIN', 'ACK'] }, 'answer forwarded established'],
    ['flags that are no truths', { flags: [], extra: { l4: { TCP: { source_port: 40_000, destination_port: 8080, flags: { SYN: 'true', RST: 1, ACK: null } } } } }, 'ongoing forwarded unknown'],
  ])('%s', (_, more, expected) => {
    expect(one(line(more as Partial<HubbleFlow>))).toContain(`${EDGE} ${expected}`);
  });

  it.each([
    ['UDP', 53],
    ['SCTP', 36_412],
  ] as const)('%s has no flags', (protocol, port) => {
    const edge = EDGE.replace('8080/TCP', `${port}/${protocol}`);
    expect(one(line({ protocol, port }))).toBe(`${edge} open forwarded unknown, destination:to-endpoint`);
    expect(one(line({ protocol, port, extra: { trace_reason: 'ESTABLISHED' } }))).toBe(`${edge} ongoing forwarded unknown, destination:to-endpoint`);
    expect(one(line({ protocol, port, reply: true }))).toBe(`${edge} answer forwarded established, source:to-endpoint`);
  });
});

describe('Hubble: aggregates', () => {
  const count = (aggregate: unknown): number | undefined => decode(hubble, [line({ extra: { aggregate } })]).flows[0]?.count;

  it.each([
    ['one flow', undefined, 1],
    ['one way', { ingress_flow_count: 12 }, 12],
    ['both ways and neither', { ingress_flow_count: 1, egress_flow_count: 2, unknown_direction_flow_count: 3 }, 6],
    ['64-bit numbers as text', { egress_flow_count: '4000000000' }, 4_000_000_000],
    ['zeros', { ingress_flow_count: 0, egress_flow_count: 0 }, 1],
    ['no numbers', { ingress_flow_count: 'many', egress_flow_count: -3, unknown_direction_flow_count: 1.5 }, 1],
    ['an absurd number', { ingress_flow_count: '999999999999999' }, 1],
    ['something else', [3], 1],
    ['null', null, 1],
  ])('%s', (_, aggregate, expected) => {
    expect(count(aggregate)).toBe(expected);
  });

  it('an aggregate without ports is counted, and makes no edge', () => {
    expect(one(line({ extra: { aggregate: { ingress_flow_count: 3 }, l4: { TCP: {} } } }))).toBe('skip no-port');
    expect(one(line({ extra: { aggregate: { ingress_flow_count: 3 }, l4: undefined } }))).toBe('skip no-port');
  });
});

describe('Hubble: what a field mask takes away', () => {
  it.each([
    ['the verdict', { verdict: undefined }, 'skip incomplete'],
    ['the addresses of pods', { IP: undefined }, 'shop/web-1 -> shop/cart-0 8080/TCP open'],
    ['one end', { destination: undefined, IP: { source: '10.0.0.1' } }, 'skip incomplete'],
    ['both ends, but not the addresses', { source: {}, destination: {} }, '@10.0.0.1 -> @10.0.0.2 8080/TCP open'],
    ['where it was seen', { trace_observation_point: undefined, traffic_direction: undefined }, `${EDGE} open forwarded unknown, unknown:other`],
    ['the event’s type', { event_type: undefined }, `${EDGE} open forwarded unknown, destination:to-endpoint`],
    ['the word that orients', { is_reply: undefined, l4: { TCP: { source_port: 40_000, destination_port: 8080 } } }, 'skip unoriented'],
    ['the client’s port', { l4: { TCP: { destination_port: 8080 } } }, `${EDGE} open`],
  ])('%s', (_, extra, expected) => {
    expect(one(line({ extra }))).toContain(expected);
  });
});
