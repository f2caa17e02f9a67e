import fc from 'fast-check';
import { directoryOf } from './directory.ts';
import { hubbleFlow, hubbleLine, pod, T0, WORLD, type HubbleEnd, type HubbleFlow } from './hubble.ts';
import { nodeObject, podObject, serviceObject } from './inventory.ts';

/** Hubble's records of any kind between few ends, so that they meet: in one form, at one address, under one name. */

const MINUTE = 60_000;
const iso = (time: number): string => new Date(time).toISOString();

const deployment = (name: string, number: string, ip: string | undefined, more: Partial<HubbleEnd> = {}): HubbleEnd => pod('shop', `${name}-${number}`, ip ?? '', { app: name }, { workload: ['Deployment', name], identity: 3000, ...more, ...(ip === undefined ? { ip } : {}) });

const ENDS: readonly HubbleEnd[] = [
  // Three workloads with several pods each.
  ...['1', '2', '3'].map((n) => deployment('web', n, `10.0.0.1${n}`)),
  ...['1', '2', '3'].map((n) => deployment('api', n, `10.0.0.2${n}`)),
  ...['1', '2'].map((n) => deployment('cart', n, `10.0.0.3${n}`)),
  // Addresses that were others' before, in either order.
  deployment('api', '4', '10.0.0.11'),
  deployment('web', '4', '10.0.0.21'),
  deployment('cart', '3', '10.0.0.12'),
  // One pod under another workload's name, with another address, without one, with other labels, with more said of it.
  pod('shop', 'web-1', '10.0.0.41', {}, { workload: ['Deployment', 'cart'] }),
  deployment('web', '1', '10.0.0.51'),
  deployment('web', '1', undefined),
  deployment('web', '2', '10.0.0.12', { labels: ['k8s:app=web', 'k8s:version=2'] }),
  deployment('api', '1', '10.0.0.21', { local: true, cluster: 'default' }),
  deployment('api', '1', '10.0.0.21', { cluster: 'far' }),
  deployment('api', '2', '10.0.0.22', { labels: ['k8s:app=api', 'k8s:io.cilium.k8s.policy.serviceaccount=robot'] }),
  // Workloads by the names of their pods, by their labels, or without any pod.
  pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.61', { app: 'web' }),
  pod('shop', 'web-6b746f74dc-x7x2l', '10.0.0.62', { app: 'web' }),
  pod('bank', 'web-1', '10.0.0.63', { app: 'web' }),
  { ip: '10.0.0.64', namespace: 'shop', labels: ['k8s:app=job'] },
  { ip: '10.0.0.65', namespace: 'shop', workload: ['Deployment', 'api'] },
  { ip: '10.0.0.66', pod: 'cart-1' },
  { ip: '10.0.0.67', pod: 'alone-0' },
  { ip: '192.168.0.9', namespace: 'kube-system', pod: 'agent-x7x2l' },
  // Who is known by the address alone, if at all: one whose pod begins while records come, a Service.
  { ip: '10.0.0.71' },
  { ip: '10.0.0.72' },
  { ip: '10.96.0.10' },
  { ip: '10.0.0.11', labels: ['reserved:unmanaged'], identity: 3 },
  // What is no pod.
  { ip: '192.168.0.1', labels: ['reserved:host'], identity: 1 },
  { ip: '192.168.0.2', labels: ['reserved:remote-node'], identity: 6 },
  { ip: '192.168.0.3', labels: ['reserved:kube-apiserver', 'reserved:remote-node'], identity: 7 },
  { ip: '10.0.0.81', labels: ['reserved:health'], identity: 4 },
  { ip: '10.0.0.82', labels: ['reserved:ingress'], identity: 8 },
  WORLD('198.51.100.7'),
  WORLD('198.51.100.8'),
  { ip: '198.51.100.9', identity: 2 },
  // What breaks a grammar, and nobody.
  pod('shop', 'Web_1', '10.0.0.91'),
  { ip: '10.0.0.256', pod: 'web-1', namespace: 'shop' },
  {},
];

const OBJECTS: readonly object[] = [
  nodeObject('node-a', '192.168.0.1', '10.0.0.0/24', iso(T0 + 200 * MINUTE)),
  podObject({ namespace: 'shop', name: 'db-0', ip: '10.0.0.71', owner: ['StatefulSet', 'db'], start: iso(T0 + 11 * MINUTE + 31_415) }),
  podObject({ namespace: 'shop', name: 'alone-0', ip: '10.0.0.67', owner: ['StatefulSet', 'alone'] }),
  podObject({ namespace: 'kube-system', name: 'agent-x7x2l', ip: '192.168.0.9', hostIP: '192.168.0.9', hostNetwork: true, owner: ['DaemonSet', 'agent'] }),
  podObject({ namespace: 'shop', name: 'web-2', ip: '10.0.0.12', hostIP: '192.168.0.1', owner: ['Deployment', 'web'] }),
  serviceObject('shop', 'db', '10.96.0.10', { app: 'db' }, [{ port: 80, targetPort: 8080, protocol: 'TCP' }]),
];

/** What is known of the cluster: nothing, some, and the same again, which is asked anew. */
export const DIRECTORIES = [directoryOf(), directoryOf(OBJECTS), directoryOf(OBJECTS), directoryOf(OBJECTS, { cluster: 'far' })] as const;

const EXTRAS: readonly Readonly<Record<string, unknown>>[] = [
  ...Array.from({ length: 5 }, () => ({})),
  { drop_reason_desc: 'POLICY_DENIED' },
  { drop_reason_desc: 'UNSUPPORTED_L3_PROTOCOL' },
  { trace_reason: 'ESTABLISHED' },
  { aggregate: { ingress_flow_count: 3 } },
  { reply: true },
  ...[{ ICMPv4: { type: 8 } }, { ICMPv4: {} }, { ICMPv4: { type: 3 } }, { ICMPv6: { type: 129 } }, null].map((l4) => ({ l4 })),
  ...['/items/1', '/items/22?q=1', '/carts/9b74c989/lines', 'http://cart:8080/items/1', '*', ''].map((url) => ({ Type: 'L7', l7: { type: 'RESPONSE', http: { method: 'GET', url, code: 200 } } })),
  ...[404, 500].map((code) => ({ Type: 'L7', l7: { type: 'RESPONSE', http: { method: 'POST', url: '/orders', code } } })),
];

const flow = fc
  .record({
    from: fc.nat(ENDS.length - 1),
    to: fc.nat(ENDS.length - 1),
    // Three hours, in many slots and minutes.
    time: fc.oneof(fc.integer({ min: 0, max: 3 * 60 * MINUTE }), fc.integer({ min: 0, max: 50 }), fc.integer({ min: 10 * MINUTE - 5, max: 12 * MINUTE })),
    ports: fc.constantFrom<readonly [number, number]>([40_000, 8080], [40_001, 8080], [50_000, 8080], [40_000, 53], [8080, 40_000], [8080, 53], [40_000, 50_000], [40_000, 0], [0, 80], [32_767, 32_768]),
    protocol: fc.constantFrom('TCP' as const, 'TCP' as const, 'UDP' as const, 'SCTP' as const),
    flags: fc.constantFrom(['SYN'], ['SYN', 'ACK'], ['ACK'], ['RST'], ['ACK', 'PSH']),
    isReply: fc.constantFrom(false, false, true, undefined),
    verdict: fc.constantFrom('FORWARDED', 'FORWARDED', 'FORWARDED', 'DROPPED', 'AUDIT', 'REDIRECTED', 'TRACED', 'ERROR'),
    point: fc.constantFrom('TO_ENDPOINT', 'TO_OVERLAY', 'TO_STACK', 'FROM_ENDPOINT', 'MADE_UP'),
    direction: fc.constantFrom('INGRESS', 'EGRESS', 'TRAFFIC_DIRECTION_UNKNOWN'),
    event: fc.constantFrom(4, 4, 4, 1, 5, 129, 2),
    node: fc.constantFrom('node-a', 'node-b', 'far/node-a', '', 'bad node'),
    names: fc.constantFrom<readonly string[]>([], [], ['api.example.com'], ['www.example.com', 'api.example.com']),
    extra: fc.constantFrom(...EXTRAS),
  })
  .map(({ from, to, time, ports: [clientPort, port], isReply, event, ...rest }): HubbleFlow => {
    return { ...rest, from: ENDS[from]!, to: ENDS[to]!, time: T0 + time, clientPort, port, extra: { is_reply: isReply, event_type: { type: event }, ...rest.extra } };
  });

const others = fc.constantFrom(
  `{"lost_events":{"num_events_lost":"3"},"node_name":"node-a","time":"${iso(T0)}"}`,
  `{"lost_events":{},"node_name":"node-a","time":"${iso(T0)}"}`,
  `{"node_status":{},"node_name":"node-a","time":"${iso(T0 + 70 * MINUTE)}"}`,
  '{"flow":{"time":"2026-03-02T12:00:00Z"}}',
  '{"flow":{"verdict":"FORWARDED"}}',
  'x',
  '',
);

/** A record in one of the ways in which it may be written. */
export const hubbleRecord: fc.Arbitrary<string> = fc.oneof(
  { weight: 20, arbitrary: flow.map(hubbleLine) },
  { weight: 2, arbitrary: flow.map((one) => hubbleLine(one).replaceAll('":', '": ')) },
  { weight: 1, arbitrary: flow.map((one) => JSON.stringify(hubbleFlow(one))) },
  { weight: 1, arbitrary: others },
);

/** Ordinary traffic between the workloads: what the kernel is for. */
export const ordinaryRecord: fc.Arbitrary<string> = fc
  .record({ from: fc.nat(7), to: fc.nat(7), time: fc.integer({ min: 0, max: 3 * 60 * MINUTE }), clientPort: fc.integer({ min: 32_768, max: 60_999 }), port: fc.constantFrom(80, 8080), reply: fc.boolean(), flags: fc.constantFrom(['SYN'], ['ACK']), node: fc.constantFrom('node-a', 'node-b') })
  .map(({ from, to, time, ...rest }) => hubbleLine({ ...rest, from: ENDS[from]!, to: ENDS[to]!, time: T0 + time }));
