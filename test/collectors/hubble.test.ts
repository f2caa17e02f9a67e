import { describe, expect, it } from 'vitest';
import { hubble } from '../../collectors/hubble/index.ts';
import { decode } from '../support/decode.ts';
import { hubbleFlow, hubbleLine, pod, WORLD, type HubbleFlow } from '../support/hubble.ts';

const web = pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.1', { app: 'web' });
const cart = pod('shop', 'cart-0', '10.0.0.2', { app: 'cart' });
const base: HubbleFlow = { from: web, to: cart, port: 8080 };
const EDGE = 'shop/web-6b746f74dc-9rcxx@10.0.0.1 -> shop/cart-0@10.0.0.2 8080/TCP';
const line = (more: Partial<HubbleFlow> = {}): string => hubbleLine({ ...base, ...more });
const one = (record: string): string => decode(hubble, [record]).records[0] ?? '';

describe('Hubble: which way round', () => {
  it.each([
    ['a first packet', line(), `${EDGE} open forwarded unknown, destination:to-endpoint`],
    ['an answer turns it round', line({ reply: true }), `${EDGE} answer forwarded established, source:to-endpoint`],
    ['a refusal', line({ reply: true, flags: ['RST', 'ACK'] }), `${EDGE} answer forwarded refused, source:to-endpoint`],
    ['a later packet', line({ flags: ['ACK', 'PSH'] }), `${EDGE} ongoing forwarded unknown, destination:to-endpoint`],
    ['is_reply absent is not false', line({ flags: ['ACK'], extra: { is_reply: undefined } }), 'skip unoriented'],
    ['is_reply null is absent', line({ flags: ['ACK'], extra: { is_reply: null } }), 'skip unoriented'],
    ['absent, but SYN alone', line({ extra: { is_reply: undefined } }), `${EDGE} open forwarded unknown, destination:to-endpoint`],
    ['absent, SYN and ACK: a packet in an overlay', line({ flags: ['SYN', 'ACK'], point: 'TO_OVERLAY', extra: { is_reply: undefined } }), 'skip unoriented'],
    ['the deprecated reply', line({ reply: true, extra: { is_reply: undefined, reply: true } }), `${EDGE} answer forwarded established, source:to-endpoint`],
    ['a server on a high port', line({ port: 60_002, clientPort: 57_706, reply: true }), EDGE.replace('8080', '60002') + ' answer forwarded established, source:to-endpoint'],
    ['direction does not orient', line({ direction: 'EGRESS' }), `${EDGE} open forwarded unknown, destination:to-endpoint`],
  ])('%s', (_, record, expected) => {
    expect(one(record)).toBe(expected);
  });
});

describe('Hubble: verdicts', () => {
  const dropped = { verdict: 'DROPPED', extra: { is_reply: undefined, drop_reason_desc: 'POLICY_DENIED', event_type: { type: 1 } } } as const;
  it.each([
    ['dropped by policy', line(dropped), `${EDGE} open dropped rejected, destination:drop`],
    ['the same drop, as the policy’s verdict', line({ ...dropped, extra: { ...dropped.extra, event_type: { type: 5 } } }), `${EDGE} open dropped rejected, destination:policy-verdict`],
    ['dropped for another reason', line({ ...dropped, extra: { ...dropped.extra, drop_reason_desc: 'CT_MAP_INSERTION_FAILED' } }), `${EDGE} open dropped unanswered, destination:drop`],
    ['a lost answer: from a service port to a client’s', hubbleLine({ ...base, from: cart, to: web, port: 54_000, clientPort: 8080, flags: ['ACK'], ...dropped }), `${EDGE} lost-answer dropped rejected, source:drop`],
    ['from a service port to a client’s, but opening', hubbleLine({ ...base, from: cart, to: web, port: 54_000, clientPort: 8080, ...dropped }), `shop/cart-0@10.0.0.2 -> shop/web-6b746f74dc-9rcxx@10.0.0.1 54000/TCP open dropped rejected, destination:drop`],
    ['audited', line({ verdict: 'AUDIT', extra: { event_type: { type: 5 } } }), `${EDGE} open audited unknown, destination:policy-verdict`],
    ['redirected to the proxy', line({ verdict: 'REDIRECTED', direction: 'EGRESS', extra: { event_type: { type: 5 } } }), `${EDGE} open forwarded unknown, source:policy-verdict`],
    ['a socket event before translation', line({ verdict: 'TRANSLATED' }), 'skip translated'],
    ['traced', line({ extra: { Type: 'SOCK' } }), 'skip translated'],
    ['an unknown verdict', line({ verdict: 'SOMETHING_NEW' }), 'skip not-a-flow'],
    ['no verdict', line({ extra: { verdict: undefined } }), 'skip incomplete'],
    ['a verdict that is no text', line({ extra: { verdict: 1 } }), 'skip malformed'],
    ['a debug capture', line({ extra: { event_type: { type: 3 } } }), 'skip not-a-flow'],
  ])('%s', (_, record, expected) => {
    expect(one(record)).toBe(expected);
  });
});

describe('Hubble: who', () => {
  const other = (end: HubbleFlow['to'], more: Partial<HubbleFlow> = {}): string => one(line({ to: end, ...more }));
  it.each([
    ['a workload without a pod', other({ ip: '10.0.0.2', namespace: 'shop', workload: ['StatefulSet', 'cart'] }), 'shop/StatefulSet/cart@10.0.0.2'],
    ['a pod with the identity of the world', other({ ...cart, labels: ['reserved:world'], identity: 2 }), 'shop/cart-0@10.0.0.2 8080'],
    ['the world', other(WORLD('198.51.100.7')), '@198.51.100.7:world'],
    ['a CIDR identity', other({ ip: '198.51.100.7', labels: ['cidr:198.51.100.0/24', 'reserved:world'] }), '@198.51.100.7:world'],
    ['an FQDN identity with its name', other({ ip: '198.51.100.7', labels: ['fqdn:*.example.com'] }, { names: ['API.example.com.'] }), '@198.51.100.7:world<api.example.com>'],
    ['names that are hosts’, and no whole domain’s, no pattern and no address', other({ ip: '198.51.100.7', labels: ['reserved:world'] }, { names: ['com', '*.com', '203.0.113.4', 'a.example.com', 'B.example.com.', 'x\n.example.com', 'x y.example.com'] }), '@198.51.100.7:world<a.example.com,b.example.com>'],
    ['a number alone', other({ ip: '198.51.100.7', identity: 2 }), '@198.51.100.7:world'],
    ['a node-local identity', other({ ip: '198.51.100.7', identity: 16_777_300 }), '@198.51.100.7:world'],
    ['the API server before the world', other({ ip: '192.168.0.1', labels: ['reserved:world', 'reserved:kube-apiserver'] }), ':kube-apiserver'],
    ['the API server before a node', other({ ip: '192.168.0.1', labels: ['reserved:remote-node', 'reserved:kube-apiserver'] }), ':kube-apiserver'],
    ['another node', other({ ip: '192.168.0.1', labels: ['reserved:remote-node'] }), ':remote-node'],
    ['its own node', other({ ip: '192.168.0.1', labels: ['reserved:host', 'reserved:remote-node'] }), ':host'],
    ['IPv6, however it is spelled', other({ ...cart, ip: '2001:DB8:0:0::1' }), '@2001:db8::1'],
    ['IPv4 in IPv6', other({ ...cart, ip: '::ffff:10.0.0.9' }), '@10.0.0.9'],
  ])('%s', (_, told, expected) => {
    expect(told).toContain(expected);
  });

  it('takes the namespace of a pod-less end from its labels, and its pod labels from those of Cilium apart', () => {
    const labels = ['k8s:app=cart', 'k8s:io.kubernetes.pod.namespace=shop', 'k8s:io.cilium.k8s.policy.serviceaccount=cart-sa', 'k8s:io.cilium.k8s.namespace.labels.team=a', 'reserved:nothing'];
    const [flow] = decode(hubble, [line({ to: { ip: '10.9.9.9', labels } })]).flows;
    expect(flow?.destination).toMatchObject({ pod: null, namespace: 'shop', serviceAccount: 'cart-sa', reserved: null });
    expect([...(flow?.destination.labels ?? [])]).toEqual([['app', 'cart']]);
  });

  it('leaves out a label that breaks the grammar, and keeps the record', () => {
    const [flow] = decode(hubble, [line({ to: { ...cart, labels: ['k8s:app=cart', 'k8s:desc=say "hi"', 'k8s:bad key=1'] } })]).flows;
    expect([...(flow?.destination.labels ?? [])]).toEqual([['app', 'cart']]);
  });

  it('gives the same object for the same bytes', () => {
    const { flows } = decode(hubble, [line(), line({ port: 9090 }), line({ reply: true })]);
    expect(flows[1]?.source).toBe(flows[0]?.source);
    expect(flows[2]?.destination).toBe(flows[0]?.destination);
  });

  it.each([
    ['a pod', { ...cart, pod: 'Cart_0' }],
    ['a namespace', { ...cart, namespace: 'shop/../x' }],
    ['a workload', { ...cart, workload: ['Deployment', 'a\u001b[31m'] as const }],
    ['a cluster', { ...cart, cluster: '../../etc' }],
  ])('refuses the name of %s that no object can have', (_, to) => {
    expect(one(line({ to }))).toBe('skip bad-name');
  });
});

describe('Hubble: what is no flow', () => {
  it.each([
    ['probes: from the pod’s own node', line({ from: { ip: '192.168.0.1', labels: ['reserved:host'] } }), 'skip local-node'],
    ['answers to probes', line({ from: { ip: '192.168.0.1', labels: ['reserved:host'] }, reply: true }), 'skip local-node'],
    ['the CNI’s health checks', line({ to: { ip: '10.0.0.9', labels: ['reserved:health'] } }), 'skip health'],
    ['ICMP errors', line({ extra: { l4: { ICMPv4: { type: 3 } } } }), 'skip not-a-connection'],
    ['neighbour discovery', line({ extra: { l4: { ICMPv6: { type: 135 } } } }), 'skip not-a-connection'],
    ['VRRP', line({ extra: { l4: { VRRP: {} } } }), 'skip not-a-connection'],
    ['no layer 4', line({ extra: { l4: undefined } }), 'skip no-port'],
    ['a port that a mask took', line({ extra: { l4: { TCP: { source_port: 40_000 } } } }), 'skip no-port'],
    ['a port that is none', line({ extra: { l4: { TCP: { source_port: 40_000, destination_port: 65_536 } } } }), 'skip malformed'],
    ['a port that is text', line({ extra: { l4: { TCP: { source_port: 40_000, destination_port: 'http' } } } }), 'skip malformed'],
    ['no time', JSON.stringify({ flow: hubbleFlow({ ...base, extra: { time: undefined } }) }), 'skip incomplete'],
    ['a time that is none', line({ time: 'yesterday' }), 'skip malformed'],
    ['no address and no name', line({ to: {} }), 'skip incomplete'],
    ['an address that is none', line({ to: { ...cart, ip: '10.0.0.300' } }), 'skip malformed'],
    ['an address of the wrong type', line({ extra: { IP: { source: '10.0.0.1', destination: 7 } } }), 'skip malformed'],
    ['an end of the wrong type', line({ extra: { source: 'web' } }), 'skip malformed'],
    ['node status', '{"node_status":{"state_change":"NODE_CONNECTED","node_names":["node-a"]},"time":"2026-03-02T12:00:00Z"}', 'skip not-a-flow'],
    ['an agent event', '{"agent_event":{"type":"AGENT_STARTED"}}', 'skip not-a-flow'],
    ['a kind that is not known yet', '{"something_new":{"a":1}}', 'skip not-a-flow'],
    ['a flow of the wrong type', '{"flow":"x"}', 'skip malformed'],
    ['no JSON', 'level=info msg="starting"', 'skip malformed'],
    ['cut off', line().slice(0, 300), 'skip malformed'],
    ['an array', `[${line()}]`, 'skip malformed'],
  ])('%s', (_, record, expected) => {
    expect(one(record)).toBe(expected);
  });

  it('tells an echo request from its answer', () => {
    const echo = (type: number, reply: boolean): string => one(line({ reply, extra: { l4: { ICMPv4: { type } } } }));
    expect(echo(8, false)).toBe('shop/web-6b746f74dc-9rcxx@10.0.0.1 -> shop/cart-0@10.0.0.2 0/ICMP open forwarded unknown, destination:to-endpoint');
    expect(echo(0, true)).toContain('answer forwarded established');
  });

  it('counts lost events beside the record that tells of them', () => {
    const { records, lost } = decode(hubble, ['{"lost_events":{"source":"HUBBLE_RING_BUFFER","num_events_lost":"118"},"node_name":"node-b","time":"2026-03-02T12:00:00Z"}']);
    expect(records).toEqual(['skip lost-events']);
    expect(lost).toBe(118);
  });
});

describe('Hubble: the rest of the format', () => {
  it('reads bare flows, keys in any order, with what is not known between', () => {
    const flow = hubbleFlow(base) as Record<string, unknown>;
    const reversed = Object.fromEntries(Object.entries({ ...flow, unknown: { is_reply: true, verdict: 'DROPPED' } }).toReversed());
    const expected = `${EDGE} open forwarded unknown, destination:to-endpoint`;
    expect(one(JSON.stringify(flow))).toBe(expected);
    expect(one(JSON.stringify(reversed))).toBe(expected);
    expect(one(JSON.stringify({ time: flow['time'], node_name: 'n', flow: reversed }))).toBe(expected);
    expect(one(JSON.stringify({ cluster_name: 'x', tenant_id: 3, ...flow }))).toBe(expected);
  });

  it('is not fooled by labels that look like keys', () => {
    const to = { ...cart, labels: ['k8s:is_reply=true', 'k8s:verdict=DROPPED', 'k8s:app=cart'] };
    expect(one(line({ to }))).toBe(`${EDGE} open forwarded unknown, destination:to-endpoint`);
  });

  it('takes the last of a repeated key, as JSON does', () => {
    const text = line().replace('"is_reply":false', '"is_reply":false,"is_reply":true');
    expect(one(text)).toContain('answer');
  });

  it('makes an operation of a response that the server performed, without its query', () => {
    const http = (code: number, url = 'http://cart:8080/items/42?token=hunter2'): string => one(line({ reply: true, direction: 'EGRESS', http: { method: 'GET', url, code } }));
    expect(http(200)).toBe(`${EDGE} answer forwarded established, source:l7 GET /items/{id}`);
    expect(http(503)).toContain('GET /items/{id}');
    for (const code of [401, 403, 404, 405]) expect(http(code)).toBe(`${EDGE} answer forwarded established, source:l7`);
    expect(one(line({ http: { method: 'GET', url: 'http://cart:8080/items' } }))).toBe(`${EDGE} open forwarded unknown, destination:l7`);
  });

  it('reads UDP and SCTP, aggregates, and 64-bit numbers as text', () => {
    expect(one(line({ protocol: 'UDP', port: 53 }))).toContain('53/UDP open');
    expect(one(line({ protocol: 'SCTP', port: 36_412 }))).toContain('36412/SCTP open');
    expect(one(line({ extra: { aggregate: { ingress_flow_count: 3, egress_flow_count: '4' } } }))).toContain(' x7');
  });

  it('follows trace_reason where there are no flags', () => {
    const udp = (reason: string): string => one(line({ protocol: 'UDP', port: 53, extra: { trace_reason: reason } }));
    expect(udp('NEW')).toContain(' open ');
    expect(udp('ESTABLISHED')).toContain(' ongoing ');
  });
});
