import { describe, expect, it } from 'vitest';
import { envoyAccessLog } from '../../../collectors/envoy-access-log/index.ts';
import type { Origin } from '../../../src/model/origin.ts';
import { decode } from '../../support/decode.ts';
import { envoyDefault, inEachFormat } from '../../support/envoy-formats.ts';
import { accessLine, inbound, outbound, tcp, type AccessLine } from '../../support/envoy.ts';

const ownedBy = (namespace: string | null, pod: string): Origin => ({ source: 'test', owner: { namespace, pod, container: 'istio-proxy' } });
const NOBODY: Origin = { source: 'test', owner: null };
const one = (record: string, origin = NOBODY): string => decode(envoyAccessLog, [record], { origin }).records[0] ?? '';

const WEB = ownedBy('shop', 'web-1');
const REVIEWS = ownedBy('shop', 'reviews-1');
const GATEWAY = ownedBy('istio-system', 'ingress-1');

const OUTBOUND: AccessLine = { cluster: 'outbound|9080||reviews.shop.svc.cluster.local', path: '/reviews/0' };
const INBOUND: AccessLine = { cluster: 'inbound|9080||', path: '/reviews/0', upstreamLocal: '127.0.0.6:41000', downstreamLocal: '10.0.0.2:9080', downstreamRemote: '10.0.0.1:41000' };

describe('access logs: one request, as each format tells it', () => {
  it.each(inEachFormat(OUTBOUND))('the client’s sidecar: %s', (_, record) => {
    expect(one(record)).toBe('@10.0.0.1 -> @10.0.0.2 9080/TCP open forwarded established, source:outbound GET /reviews/{id}');
  });

  it.each(inEachFormat(INBOUND))('the server’s sidecar: %s', (_, record) => {
    expect(one(record)).toBe('@10.0.0.1 -> @10.0.0.2 9080/TCP open forwarded established, destination:inbound GET /reviews/{id}');
  });

  it.each(inEachFormat({ ...OUTBOUND, received: 1234, sent: 98_765 }))('bytes, as the client sees them: %s', (_, record) => {
    const [flow] = decode(envoyAccessLog, [record]).flows;
    expect(flow).toMatchObject({ bytesOut: 1234, bytesIn: 98_765, count: 1, time: Date.UTC(2026, 2, 2, 12), node: '' });
  });

  it('Envoy’s own default names neither its side nor the client: the log’s owner is the client', () => {
    const record = envoyDefault({ path: '/reviews/0' });
    expect(one(record, WEB)).toBe('shop/web-1 -> @10.0.0.2 9080/TCP open forwarded established, source:outbound GET /reviews/{id}');
    expect(one(record)).toBe('skip no-client');
  });

  it('a server’s line in Envoy’s default makes no edge from the server to itself', () => {
    expect(one(envoyDefault({ host: '127.0.0.1:9080' }), REVIEWS)).toBe('skip no-client');
  });

  it('reads a log of all formats mixed, each line as if it were alone', () => {
    const records = [...inEachFormat(OUTBOUND), ...inEachFormat(INBOUND)].map(([, record]) => record);
    const mixed = [...records, envoyDefault(), ...records.toReversed()];
    expect(decode(envoyAccessLog, mixed, { origin: WEB }).records).toEqual(mixed.map((record) => one(record, WEB)));
  });
});

describe('access logs: a sidecar', () => {
  it.each([
    ['the pod behind the Service, at its own port', outbound({ downstreamLocal: '10.96.0.2:80', cluster: 'outbound|80||reviews.shop.svc.cluster.local' }), '@10.0.0.1 -> @10.0.0.2 9080/TCP'],
    ['a headless Service', outbound({ downstreamLocal: '10.0.0.2:9080' }), '@10.0.0.1 -> @10.0.0.2 9080/TCP'],
    ['a subset', outbound({ cluster: 'outbound|9080|v1|reviews.shop.svc.cluster.local' }), '@10.0.0.1 -> @10.0.0.2 9080/TCP'],
    ['a raw cluster name', outbound({ cluster: 'outbound|9080||reviews.shop.svc.cluster.local;' }), '@10.0.0.1 -> @10.0.0.2 9080/TCP'],
    ['a host of a ServiceEntry, with its name', outbound({ cluster: 'outbound|443||api.example.com', host: '198.51.100.7:443' }), '@10.0.0.1 -> @198.51.100.7<api.example.com> 443/TCP'],
    ['a raw cluster name of a ServiceEntry', outbound({ cluster: 'outbound|443||API.example.com;', host: '198.51.100.7:443' }), '@198.51.100.7<api.example.com> 443/TCP'],
    ['a wildcard host names nothing', outbound({ cluster: 'outbound|443||*.example.com', host: '198.51.100.7:443' }), '-> @198.51.100.7 443/TCP'],
    ['a passthrough to what the mesh does not know', outbound({ cluster: 'PassthroughCluster', host: '198.51.100.7:443', downstreamLocal: '198.51.100.7:443' }), '@10.0.0.1 -> @198.51.100.7 443/TCP open forwarded established'],
    ['a passthrough that failed: the client is told by where it wanted to go', outbound({ cluster: 'PassthroughCluster', host: '198.51.100.7:443', downstreamLocal: '198.51.100.7:443', upstreamLocal: '-', flags: 'UF', code: 503, details: 'upstream_reset_before_response_started{connection_timeout}' }), '@10.0.0.1 -> @198.51.100.7 443/TCP open forwarded unanswered'],
    ['a plain Envoy’s cluster', outbound({ cluster: 'service_reviews' }), '@10.0.0.1 -> @10.0.0.2 9080/TCP open forwarded established, source:outbound'],
    ['inbound at a port behind which the app listens elsewhere', inbound({ host: '127.0.0.1:80', cluster: 'inbound|8000||', downstreamLocal: '10.0.0.2:80' }), '@10.0.0.1 -> @10.0.0.2 80/TCP open forwarded established, destination:inbound'],
    ['inbound of old releases, whose cluster has the Service’s port', inbound({ cluster: 'inbound|80|http|reviews.shop.svc.cluster.local' }), '@10.0.0.1 -> @10.0.0.2 9080/TCP'],
    ['inbound passthrough', inbound({ cluster: 'InboundPassthroughCluster', downstreamLocal: '10.0.0.2:7777', host: '10.0.0.2:7777' }), '@10.0.0.1 -> @10.0.0.2 7777/TCP open forwarded established, destination:inbound'],
    ['inbound passthrough of old releases', inbound({ cluster: 'InboundPassthroughClusterIpv4', downstreamLocal: '10.0.0.2:7777' }), '@10.0.0.1 -> @10.0.0.2 7777/TCP'],
    ['IPv6', inbound({ downstreamLocal: '[fd00::2]:9080', downstreamRemote: '[fd00:0:0::1]:41000', host: '[fd00::2]:9080' }), '@fd00::1 -> @fd00::2 9080/TCP'],
    ['IPv4 within IPv6', inbound({ downstreamLocal: '[::ffff:10.0.0.2]:9080', downstreamRemote: '[::ffff:10.0.0.1]:41000' }), '@10.0.0.1 -> @10.0.0.2 9080/TCP'],
    ['the application’s own 403 is the server’s answer, and no operation', inbound({ code: 403, path: '/admin' }), 'open forwarded established, destination:inbound'],
  ])('%s', (_, record, expected) => {
    expect(one(record)).toContain(expected);
  });

  it('a Service’s own name is no DNS name', () => {
    for (const host of ['reviews.shop.svc.cluster.local', 'reviews.shop.svc', 'reviews.shop.global', 'reviews']) {
      expect(decode(envoyAccessLog, [outbound({ cluster: `outbound|9080||${host}` })]).flows[0]?.destination.names).toEqual([]);
    }
  });

  it('makes an operation only of what the server performed', () => {
    const told = (code: number): string => one(inbound({ code, path: '/orders/42?token=hunter2' }));
    for (const code of [200, 204, 301, 400, 409, 429, 500, 503]) expect(told(code)).toMatch(/established, destination:inbound GET \/orders\/\{id\}$/);
    for (const code of [401, 403, 404, 405]) expect(told(code)).toMatch(/established, destination:inbound$/);
  });

  it('takes the owner of the log for its own end, with the address that its socket shows', () => {
    expect(one(outbound(), WEB)).toContain('shop/web-1@10.0.0.1 -> @10.0.0.2 9080/TCP');
    expect(one(inbound(), REVIEWS)).toContain('@10.0.0.1 -> shop/reviews-1@10.0.0.2 9080/TCP');
    expect(one(inbound(), ownedBy(null, 'reviews-1'))).toContain('@10.0.0.1 -> ?/reviews-1@10.0.0.2 9080/TCP');
  });

  it('does not believe an owner whose name no pod can have', () => {
    expect(one(inbound(), ownedBy('shop', '../../etc/passwd'))).toContain('@10.0.0.1 -> @10.0.0.2 9080/TCP');
    expect(one(inbound(), ownedBy('Sh op', 'reviews-1'))).toContain('@10.0.0.1 -> ?/reviews-1@10.0.0.2 9080/TCP');
  });

  it('never takes the loopback for somebody’s address', () => {
    const line = inbound({ downstreamLocal: '127.0.0.1:9080' });
    expect(one(line)).toBe('skip self');
    expect(one(line, REVIEWS)).toContain('@10.0.0.1 -> shop/reviews-1 9080/TCP');
    expect(one(inbound({ downstreamLocal: '[::1]:9080' }), REVIEWS)).toContain('-> shop/reviews-1 9080/TCP');
  });

  it('gives the same endpoint for the same bytes', () => {
    const { flows } = decode(envoyAccessLog, [outbound(), inbound(), outbound({ path: '/other' }), inbound({ code: 500 })], { origin: WEB });
    expect(flows).toHaveLength(4);
    expect(flows[2]?.source).toBe(flows[0]?.source);
    expect(flows[2]?.destination).toBe(flows[0]?.destination);
    expect(flows[3]?.source).toBe(flows[1]?.source);
    expect(flows[3]?.destination).toBe(flows[1]?.destination);
  });
});

describe('access logs: what is no edge', () => {
  it.each([
    ['no server was chosen', outbound({ host: '-', upstreamLocal: '-', flags: 'UH', code: 503, details: 'no_healthy_upstream' }), 'skip no-server'],
    ['no route', outbound({ host: '-', upstreamLocal: '-', cluster: '-', flags: 'NR', code: 404, details: 'route_not_found' }), 'skip no-server'],
    ['the client’s address came from a header', inbound({ downstreamRemote: '203.0.113.7:0', forwardedFor: '203.0.113.7' }), 'skip no-client'],
    ['no client', inbound({ downstreamRemote: '-' }), 'skip no-client'],
    ['a client behind a socket of the file system', inbound({ downstreamRemote: '/var/run/app.sock' }), 'skip no-client'],
    ['a server behind a socket of the file system', outbound({ host: '/var/run/app.sock' }), 'skip no-server'],
    ['an abstract socket', outbound({ host: '@app' }), 'skip no-server'],
    ['an internal listener', outbound({ host: 'envoy://internal_listener/' }), 'skip no-server'],
    ['no port', inbound({ downstreamLocal: '10.0.0.2', host: '10.0.0.2' }), 'skip no-port'],
    ['the proxy’s control plane', outbound({ cluster: 'xds-grpc', host: '10.0.0.77:15012' }), 'skip proxy-internal'],
    ['the proxy’s certificates', outbound({ cluster: 'sds-grpc', host: '/var/run/sds' }), 'skip proxy-internal'],
    ['the proxy’s agent', outbound({ cluster: 'agent', host: '127.0.0.1:15020' }), 'skip proxy-internal'],
    ['the proxy’s statistics', outbound({ cluster: 'prometheus_stats', host: '127.0.0.1:15000' }), 'skip proxy-internal'],
    ['a port that is none', outbound({ host: '10.0.0.2:99999' }), 'skip malformed'],
    ['an address that is none', outbound({ host: '10.0.0.300:80' }), 'skip malformed'],
  ])('%s', (_, record, expected) => {
    expect(one(record)).toBe(expected);
  });
});

describe('access logs: a gateway shows two connections', () => {
  const line: AccessLine = {
    cluster: 'outbound|80||web.shop.svc.cluster.local',
    path: '/cart',
    host: '10.0.0.5:8080',
    upstreamLocal: '10.0.0.9:41000',
    downstreamLocal: '10.0.0.9:8443',
    downstreamRemote: '203.0.113.7:50123',
  };
  const OUTSIDE = '@203.0.113.7 -> istio-system/ingress-1@10.0.0.9 8443/TCP open forwarded established, destination:gateway';
  const BEHIND = 'istio-system/ingress-1@10.0.0.9 -> @10.0.0.5 8080/TCP open forwarded';

  it.each(inEachFormat(line))('from outside to the gateway, and from the gateway to the server: %s', (_, record) => {
    expect(one(record, GATEWAY)).toBe(`${OUTSIDE} + ${BEHIND} established, source:outbound GET /cart`);
  });

  it('the gateway is known by its address where nothing names it', () => {
    expect(one(accessLine(line))).toContain('@203.0.113.7 -> @10.0.0.9 8443/TCP');
    expect(one(accessLine(line))).toContain(' + @10.0.0.9 -> @10.0.0.5 8080/TCP');
  });

  it('the gateway took the connection, whatever became of the request behind it', () => {
    expect(one(accessLine({ ...line, code: 504, flags: 'UT', details: 'upstream_response_timeout' }), GATEWAY)).toBe(`${OUTSIDE} + ${BEHIND} unanswered, source:outbound`);
  });

  it('an address from a header makes no edge from outside', () => {
    const record = accessLine({ ...line, downstreamRemote: '198.51.100.66:0', forwardedFor: '198.51.100.66' });
    expect(one(record, GATEWAY)).toBe(`${BEHIND} established, source:outbound GET /cart`);
  });

  it('no header ever makes an edge', () => {
    const forged = accessLine({ ...line, forwardedFor: '6.6.6.6,7.7.7.7', authority: '8.8.8.8:80', agent: '9.9.9.9:9', sni: '5.5.5.5' });
    expect(one(forged, GATEWAY)).toBe(one(accessLine(line), GATEWAY));
  });
});

describe('access logs: a waypoint', () => {
  const line: AccessLine = {
    cluster: 'inbound-vip|9080|http|details.bookinfo.svc.cluster.local',
    path: '/details/0',
    host: 'envoy://connect_originate/10.244.0.32:9080',
    upstreamLocal: 'envoy://internal_client_address/',
    downstreamLocal: '10.96.185.196:9080',
    downstreamRemote: '10.244.0.37:52134',
  };
  const EDGE = '@10.244.0.37 -> @10.244.0.32 9080/TCP open forwarded established, unknown:waypoint GET /details/{id}';

  it.each(inEachFormat(line))('names the client’s pod and the pod behind it: %s', (_, record) => {
    expect(one(record, ownedBy('bookinfo', 'waypoint-1'))).toBe(EDGE);
  });

  it.each([
    ['a raw cluster name', { cluster: `${line.cluster};` }],
    ['a single pod', { cluster: 'inbound-pod|9080||10.244.0.32' }],
    ['without HBONE to the pod', { host: '10.244.0.32:9080', upstreamLocal: '10.244.0.44:58916' }],
  ])('%s', (_, more) => {
    expect(one(accessLine({ ...line, ...more }))).toBe(EDGE);
  });

  it('IPv6 behind an internal listener', () => {
    expect(one(accessLine({ ...line, host: 'envoy://connect_originate/[fd00::32]:9080' }))).toContain('@10.244.0.37 -> @fd00::32 9080/TCP');
  });

  it('a denial names the Service that was asked for', () => {
    const record = accessLine({ ...line, host: '-', upstreamLocal: '-', code: 403, details: 'rbac_access_denied_matched_policy[none]' });
    expect(one(record)).toBe('@10.244.0.37 -> @10.96.185.196 9080/TCP open dropped rejected, unknown:waypoint');
  });

  it('no client, no edge', () => {
    expect(one(accessLine({ ...line, downstreamRemote: 'envoy://internal_client_address/' }))).toBe('skip no-client');
  });
});

describe('access logs: TCP', () => {
  it.each([
    ['the client’s side', tcp(), '@10.0.0.1 -> @10.0.0.3 3306/TCP open forwarded established, source:outbound'],
    ['the server’s side', inbound({ method: '-', path: '-', protocol: '-', code: 0, details: '-', cluster: 'inbound|3306||', downstreamLocal: '10.0.0.3:3306' }), '@10.0.0.1 -> @10.0.0.3 3306/TCP open forwarded established, destination:inbound'],
    ['a client that went', tcp({ flags: 'DC' }), 'open forwarded established'],
    ['a server that refused', tcp({ flags: 'UF,URX', failure: 'delayed_connect_error:_111', upstreamLocal: '-' }), '@10.0.0.1 -> @10.0.0.3 3306/TCP open forwarded refused'],
    ['a server that never answered', tcp({ flags: 'UF', failure: 'connection timeout', upstreamLocal: '-' }), '@10.0.0.1 -> @10.0.0.3 3306/TCP open forwarded unanswered'],
    ['denied by an AuthorizationPolicy', inbound({ method: '-', path: '-', protocol: '-', code: 0, details: '-', host: '-', termination: 'rbac_access_denied_matched_policy[none]' }), '@10.0.0.1 -> @10.0.0.2 9080/TCP open dropped rejected, destination:inbound'],
    ['closed by REGISTRY_ONLY', tcp({ cluster: 'BlackHoleCluster', host: '-', upstreamLocal: '-', flags: 'UH', downstreamLocal: '198.51.100.7:443' }), '@10.0.0.1 -> @198.51.100.7 443/TCP open dropped rejected, source:outbound'],
  ])('%s', (_, record, expected) => {
    expect(one(record)).toContain(expected);
  });

  it('a black hole needs both ends', () => {
    const record = tcp({ cluster: 'BlackHoleCluster', host: '-', upstreamLocal: '-', downstreamLocal: '-' });
    expect(one(record)).toBe('skip no-server');
    expect(one(tcp({ cluster: 'BlackHoleCluster', host: '-', downstreamRemote: '-' }))).toBe('skip no-client');
  });
});
