import fc from 'fast-check';
import { envoyAccessLog } from '../../collectors/envoy-access-log/index.ts';
import { hubble } from '../../collectors/hubble/index.ts';
import { istioJson } from './envoy-formats.ts';
import { inbound, outbound } from './envoy.ts';
import type { Log } from './graph.ts';
import { hubbleLine, pod, T0, WORLD, type HubbleEnd, type HubbleFlow } from './hubble.ts';

/** Records of a small cluster, each a log of its own: any of them, at any time of two days. */

const HOUR = 3_600_000;

const web = [pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.11', { app: 'web' }), pod('shop', 'web-6b746f74dc-x7x2l', '10.0.0.12', { app: 'web' })];
const cart = pod('shop', 'cart-0', '10.0.0.13', { app: 'cart' });
const books = pod('pay', 'books-0', '10.0.0.14', { app: 'books' });
/** One address, which changed hands in the night. */
const before = pod('shop', 'api-0', '10.0.0.15', { app: 'api' });
const after = pod('pay', 'report-28475520-x7k2p', '10.0.0.15', { app: 'report' });
const CHANGED = T0 + 15 * HOUR;

const addressOnly = ['10.0.0.11', '10.0.0.13', '10.0.0.15', '10.0.0.99', '172.16.0.9'].map((ip): HubbleEnd => ({ ip }));
const classes: readonly HubbleEnd[] = [
  WORLD('198.51.100.1'),
  WORLD('198.51.100.2'),
  { ip: '192.168.0.2', labels: ['reserved:remote-node'] },
  { ip: '192.168.0.9', labels: ['reserved:kube-apiserver'] },
];
const proxied: HubbleEnd = { ip: '10.0.0.200', labels: ['k8s:app=web', 'k8s:io.kubernetes.pod.namespace=shop'] };

const time = fc
  .tuple(fc.constantFrom(0, 1, 14, 16, 25, 40), fc.nat(2), fc.constantFrom(0, 20, 40))
  .map(([hour, minute, second]) => T0 + hour * HOUR + minute * 60_000 + second * 1000);
const named = (at: number): fc.Arbitrary<HubbleEnd> => fc.constantFrom(...web, cart, books, at < CHANGED ? before : after);
const end = (at: number): fc.Arbitrary<HubbleEnd> =>
  fc.oneof({ weight: 6, arbitrary: named(at) }, fc.constantFrom(...addressOnly), fc.constantFrom(...classes), fc.constant(proxied));

const DROPPED = {
  verdict: 'DROPPED',
  direction: 'INGRESS',
  extra: { is_reply: undefined, drop_reason_desc: 'POLICY_DENIED', event_type: { type: 5 } },
} as const;
type Told = (flow: HubbleFlow) => HubbleFlow;
const opening: Told = (flow) => flow;
const answer: Told = (flow) => ({ ...flow, reply: true });
const told = fc.constantFrom<Told>(
  opening,
  opening,
  opening,
  answer,
  answer,
  (flow) => ({ ...flow, reply: true, flags: ['RST'] }),
  (flow) => ({ ...flow, flags: ['ACK'] }),
  (flow) => ({ ...flow, point: 'TO_NETWORK', direction: 'EGRESS', node: 'node-b' }),
  (flow) => ({ ...flow, ...DROPPED }),
  (flow) => ({ ...flow, verdict: 'AUDIT', extra: { event_type: { type: 5 } } }),
  (flow) => ({ ...flow, protocol: 'UDP' }),
  (flow) => ({ ...flow, reply: true, direction: 'EGRESS', http: { method: 'GET', url: 'http://x/items', code: 200 } }),
  ({ from, to, ...flow }) => ({ ...flow, ...DROPPED, from: to, to: from, port: 54_000, clientPort: 8080, flags: ['ACK'] }),
);
const port = fc.constantFrom(8080, 8080, 8080, 8080, 8080, 5432, 22, 10_250);

const hubbleLog: fc.Arbitrary<Log> = time.chain((at) =>
  fc
    .tuple(end(at), end(at), port, told)
    .map(([from, to, number, how]) => ({
      lines: [hubbleLine(how({ from, to, port: number, time: at }))],
      collector: hubble,
      origin: { source: 'hubble', owner: null },
    })),
);

const accessLog: fc.Arbitrary<Log> = fc
  .tuple(time, fc.constantFrom('10.0.0.13', '10.0.0.15', '10.0.0.99'), fc.constantFrom(200, 403, 503), fc.boolean(), fc.constantFrom(undefined, '-', 'spiffe://cluster.local/ns/shop/sa/web'))
  .map(([at, server, code, atServer, san]) => {
    const client = '10.0.0.11';
    const request = { time: at, code, host: `${server}:9080`, downstreamLocal: `${server}:9080`, downstreamRemote: `${client}:41000` };
    const certified = san === undefined ? null : JSON.stringify({ ...istioJson({ ...request, cluster: 'inbound|9080||', upstreamLocal: '127.0.0.6:41000' }), downstream_peer_uri_san: san });
    const line = atServer
      ? (certified ?? inbound(request))
      : outbound({ time: at, code, host: `${server}:9080`, upstreamLocal: `${client}:41000`, downstreamRemote: `${client}:40000` });
    const owner = { namespace: 'shop', pod: atServer ? 'cart-0' : 'web-6b746f74dc-9rcxx', container: 'istio-proxy' };
    return { lines: [line], collector: envoyAccessLog, origin: { source: 'access', owner } };
  });

/** A dozen connections within a minute: to as many ports, where they fail, or to one, which works. */
const burst: fc.Arbitrary<Log> = time.chain((at) =>
  fc.tuple(end(at), named(at), fc.boolean()).map(([from, to, isScan]) => {
    const flows = Array.from({ length: 12 }, (_, i): HubbleFlow => ({
      from,
      to,
      port: isScan ? 20_000 + i : 8080,
      clientPort: 40_000 + i,
      time: at + i * 1000,
    }));
    return {
      lines: flows.flatMap((flow) => [hubbleLine(flow), hubbleLine({ ...flow, reply: true, ...(isScan ? { flags: ['RST'] } : {}) })]),
      collector: hubble,
      origin: { source: 'hubble', owner: null },
    };
  }),
);

/** A counterexample shows the lines alone. */
const shown = (log: Log): Log => Object.assign(log, { [fc.toStringMethod]: () => log.lines.join('\n') });

export const record: fc.Arbitrary<Log> = fc.oneof({ weight: 10, arbitrary: hubbleLog }, { weight: 2, arbitrary: accessLog }, burst).map(shown);

/** Records in another order, cut into batches: each number says how many records a batch takes. */
export const anotherWay = (records: readonly Log[]): fc.Arbitrary<readonly (readonly Log[])[]> =>
  fc
    .tuple(
      fc.shuffledSubarray([...records], { minLength: records.length, maxLength: records.length }),
      fc.array(fc.integer({ min: 1, max: 8 }), { minLength: records.length, maxLength: records.length }),
    )
    .map(([shuffled, sizes]) => {
      const batches: Log[][] = [];
      let next = 0;
      for (const size of sizes) {
        if (next >= shuffled.length) break;
        batches.push(shuffled.slice(next, next + size));
        next += size;
      }
      return batches;
    });
