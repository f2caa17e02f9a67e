import { envoyAccessLog } from '../../../collectors/envoy-access-log/index.ts';
import { hubble } from '../../../collectors/hubble/index.ts';
import { samplesOf } from '../account.ts';
import { inEachFormat } from '../envoy-formats.ts';
import { inbound, outbound, tcp, type AccessLine } from '../envoy.ts';
import { BAD_ENVOY, BAD_HUBBLE, GOOD_ENVOY, GOOD_L4, GOOD_L7 } from '../hostile.ts';
import { hubbleLine, pod, WORLD, type HubbleFlow } from '../hubble.ts';
import type { Format } from './fuzz.ts';

const web = pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.1', { app: 'web' }, { identity: 3418 });
const cart = pod('shop', 'cart-0', '10.0.0.2', { app: 'cart' }, { workload: ['StatefulSet', 'cart'] });
const base: HubbleFlow = { from: web, to: cart };

/** Of each kind one: what its fixtures do not say. */
const HUBBLE: readonly string[] = [
  hubbleLine({ ...base, protocol: 'UDP', port: 53 }),
  hubbleLine({ ...base, protocol: 'SCTP', reply: true }),
  hubbleLine({ ...base, verdict: 'DROPPED', point: 'l7', port: 40_000, clientPort: 80, flags: ['ACK'], extra: { drop_reason_desc: 'CT_MAP_INSERTION_FAILED', event_type: { type: 1 } } }),
  hubbleLine({ ...base, extra: { l4: { ICMPv4: { type: 8 } } } }),
  hubbleLine({ ...base, extra: { l4: { ICMPv6: { type: 129 } }, is_reply: undefined } }),
  hubbleLine({ ...base, extra: { l4: { VRRP: {} } } }),
  hubbleLine({ ...base, to: WORLD('198.51.100.7'), names: ['api.example.com'], extra: { aggregate: { ingress_flow_count: 3, egress_flow_count: '4' } } }),
  hubbleLine({ ...base, from: { ip: '192.168.0.1', labels: ['reserved:host'], identity: 1 }, point: 'TO_OVERLAY' }),
  hubbleLine({ ...base, reply: true, http: { method: 'GET', url: 'http://cart:8080/items/123/9b74c9897bac770f?q=1', code: 200 } }),
  hubbleLine({ ...base, reply: true, http: { method: 'POST', url: '/items/6fa459ea-ee8a-3ca4-894e-db77e160355e/x;v=1#f', code: 404 } }),
  '{"lost_events":{"source":"PERF_EVENT_RING_BUFFER","num_events_lost":"3"},"node_name":"node-a","time":"2026-03-02T12:00:00Z"}',
  '{"node_status":{"state_change":1},"node_name":"node-a","time":"2026-03-02T12:00:00Z"}',
];

const good = [...samplesOf(hubble), ...HUBBLE.map((record) => Buffer.from(record))];
const odd = [...GOOD_L4, ...GOOD_L7, ...BAD_HUBBLE.map(([, record]) => record)].map((record) => Buffer.from(record)).filter(({ length }) => length < 5_000);

const LINES: readonly AccessLine[] = [
  { cluster: 'inbound|9080||', path: '/items/123/9b74c9897bac770f?q=1', upstreamLocal: '127.0.0.6:41000', downstreamLocal: '10.0.0.2:9080', downstreamRemote: '[fd00::1]:40000' },
  { cluster: 'outbound|443||api.example.com', host: '198.51.100.7:443', method: '-', path: '-', protocol: '-', code: 0, details: '-', failure: 'delayed connect error: 111', flags: 'UF,URX' },
  { cluster: 'inbound-vip|80|http|cart.shop.svc.cluster.local', host: 'envoy://connect_originate/10.0.0.2:8080', downstreamRemote: '10.0.0.1:0' },
];
const ENVOY = [inbound(), outbound(), tcp(), ...LINES.flatMap((line) => inEachFormat(line).map(([, record]) => record)), ...GOOD_ENVOY];
const envoyGood = [...samplesOf(envoyAccessLog), ...ENVOY.map((record) => Buffer.from(record))];
const envoyOdd = BAD_ENVOY.map(([, record]) => Buffer.from(record)).filter(({ length }) => length < 5_000);

const CONFIGURED = 'time=%START_TIME% host="%UPSTREAM_HOST%" cluster=%UPSTREAM_CLUSTER% local=%DOWNSTREAM_LOCAL_ADDRESS% from=%DOWNSTREAM_REMOTE_ADDRESS%, "%REQ(:METHOD)% %REQ(:PATH)%" %PROTOCOL% %RESPONSE_CODE% %BYTES_SENT%|%RESPONSE_FLAGS%|%ROUTE_NAME% pod=%ENVIRONMENT(POD_NAME)%.%ENVIRONMENT(POD_NAMESPACE)%';
const CONFIGURED_LINES = ['inbound|8080||', 'outbound|8080||cart.shop.svc.cluster.local'].map(
  (cluster) => `time=2026-03-02T12:00:00.000Z host="10.0.0.2:8080" cluster=${cluster} local=10.0.0.2:8080 from=10.0.0.1:40000, "GET /items/7 8?q=1" HTTP/1.1 200 57|-|a route pod=cart-0.shop`,
);

/** Every format whose decoder has forms, with the records that mutated ones are made of. */
export const FORMATS: readonly Format[] = [
  {
    name: 'hubble',
    collector: hubble,
    settings: { accessLogFormat: null },
    // Mutated ones are odd enough.
    seeds: [...good, ...good, ...good, ...odd],
  },
  { name: 'envoy-access-log, another format', collector: envoyAccessLog, settings: { accessLogFormat: CONFIGURED }, seeds: CONFIGURED_LINES.map((line) => Buffer.from(line)) },
  { name: 'envoy-access-log', collector: envoyAccessLog, settings: { accessLogFormat: null }, seeds: [...envoyGood, ...envoyGood, ...envoyOdd] },
];
