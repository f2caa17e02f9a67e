import { describe, expect, it } from 'vitest';
import { envoyAccessLog } from '../../../collectors/envoy-access-log/index.ts';
import { compileTimeFormat } from '../../../collectors/envoy-access-log/start-time.ts';
import type { Origin } from '../../../src/model/origin.ts';
import { callsFor } from '../../support/account.ts';
import { decode } from '../../support/decode.ts';
import { envoyDefault, istioOld } from '../../support/envoy-formats.ts';
import { accessLine, inbound, outbound, tcp } from '../../support/envoy.ts';

const ownedBy = (namespace: string, pod: string): Origin => ({ source: 'test', owner: { namespace, pod, container: 'istio-proxy' } });
const one = (record: string, origin: Origin = { source: 'test', owner: null }, accessLogFormat?: string): string => decode(envoyAccessLog, [record], { origin, ...(accessLogFormat === undefined ? {} : { accessLogFormat }) }).records[0] ?? '';
const DENIED = { code: 403, details: 'rbac_access_denied_matched_policy[none]', host: '-', upstreamLocal: '-' } as const;
const GATEWAY = { host: '10.0.0.5:8080', upstreamLocal: '10.0.0.9:41000', downstreamLocal: '10.0.0.9:8080', downstreamRemote: '203.0.113.7:50123', cluster: 'outbound|80||web.shop.svc.cluster.local' } as const;

describe('what a proxy’s line means', () => {
  it('a forged x-envoy-original-path makes no success of a denial', () => {
    const told = one(inbound({ path: '/x HTTP/1.1" 200 - via_upstream - "-" 0 100 5 4 "-"', ...DENIED }));
    expect(told).not.toContain('established');
  });
  it('fields between two that clients write cannot be forged, in formats of one’s own', () => {
    const format = '[%START_TIME%] "%REQ(USER-AGENT)%" %RESPONSE_CODE% %RESPONSE_CODE_DETAILS% "%REQ(:AUTHORITY)%" %REQ(:METHOD)% %UPSTREAM_CLUSTER% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS%';
    const agent = 'x" 200 via_upstream "y';
    const line = `[2026-03-02T12:00:00.000Z] "${agent}" 403 rbac_access_denied_matched_policy[none] "reviews" GET inbound|9080|| 10.0.0.2:9080 10.0.0.1:41000`;
    expect(one(line, undefined, format)).not.toContain('established');
  });
  it('a gateway that fails upstream is not at its client’s address', () => {
    const line = accessLine({ ...GATEWAY, cluster: 'outbound|8080||web.shop.svc.cluster.local', upstreamLocal: '-', flags: 'UF', code: 503, details: 'upstream_reset_before_response_started{connection_timeout}' });
    const { flows } = decode(envoyAccessLog, [line], { origin: ownedBy('istio-system', 'ingress-1') });
    const ends = flows.flatMap(({ source, destination }) => [source, destination]).filter(({ pod }) => pod === 'ingress-1');
    expect(ends.map(({ address }) => address)).toEqual([null]);
  });
  it('what comes to the capture port is no flow to it, and gives the pod no foreign address', () => {
    const line = tcp({ cluster: 'BlackHoleCluster', host: '-', upstreamLocal: '-', flags: 'UH', downstreamLocal: '10.0.0.2:15006', downstreamRemote: '10.0.0.1:40000' });
    expect(one(line, ownedBy('shop', 'reviews-1'))).toBe('skip proxy-internal');
    expect(one(inbound({ cluster: 'InboundPassthroughCluster', downstreamLocal: '10.0.0.2:15006' }))).toBe('skip proxy-internal');
  });
  it('old Istio: a 403 without a server is no success', () => {
    const line = istioOld({ cluster: 'inbound|9080|http|reviews.shop.svc.cluster.local', downstreamLocal: '10.0.0.2:9080', code: 403, host: '-', upstreamLocal: '-' });
    expect(one(line)).not.toContain('established');
  });
  it('the configured format is asked first, whatever came before', () => {
    const preset = accessLine({ cluster: 'inbound|9080||', downstreamLocal: '10.0.0.2:9080', upstreamLocal: '127.0.0.6:1', route: 'allow all' });
    const own = accessLine({ cluster: 'inbound|9080||', downstreamLocal: '10.0.0.2:9080', upstreamLocal: '127.0.0.6:1', route: 'spiffe://cluster.local/ns/shop/sa/web' });
    const format = '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER% %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %DOWNSTREAM_PEER_URI_SAN%';
    const alone = decode(envoyAccessLog, [own], { accessLogFormat: format }).records[0];
    expect(decode(envoyAccessLog, [preset, own], { accessLogFormat: format }).records[1]).toBe(alone);
  });
  it('the time of a malformed line is told, whatever came before', () => {
    const decoder = envoyAccessLog.decoder({ accessLogFormat: null });
    const bad = Buffer.from(outbound().slice(0, 60));
    const expected = [{ call: 'skip', reason: 'malformed', time: Date.UTC(2026, 2, 2, 12), node: '' }];
    expect(callsFor(decoder, bad)).toEqual(expected);
    callsFor(decoder, Buffer.from(envoyDefault()));
    expect(callsFor(decoder, bad)).toEqual(expected);
  });
  it('a plain Envoy’s clusters may begin like Istio’s own', () => {
    for (const cluster of ['agentic-backend', 'zipkin-frontend', 'main_internal_api', 'encapsulated']) expect(one(outbound({ cluster }))).toContain('@10.0.0.1 -> @10.0.0.2 9080/TCP');
    for (const cluster of ['agent', 'prometheus_stats;', 'xds-grpc', 'zipkin']) expect(one(outbound({ cluster }))).toBe('skip proxy-internal');
  });
  it('IPv6 loopback is the loopback', () => {
    expect(one(envoyDefault({ host: '[::1]:9080' }), ownedBy('shop', 'reviews-1'))).toBe(one(envoyDefault({ host: '127.0.0.1:9080' }), ownedBy('shop', 'reviews-1')));
  });
  it('an IPv6 direct remote address without a port', () => {
    const format = '%START_TIME% %UPSTREAM_CLUSTER% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%';
    const line = (direct: string): string => `2026-03-02T12:00:00.000Z inbound|9080|| [fd00::2]:9080 ${direct}`;
    expect(one(line('fd00::1'), undefined, format)).toContain('@fd00::1 -> @fd00::2 9080/TCP');
  });
  it('a START_TIME that is not understood is a problem of the format', () => {
    for (const accessLogFormat of ['[%START_TIME(%j)%] %UPSTREAM_HOST%', '{"t":"%START_TIME(%c)%","u":"%UPSTREAM_HOST%"}']) expect(envoyAccessLog.problem?.({ accessLogFormat })).toContain('START_TIME');
  });
  it('seconds and milliseconds without a point', () => {
    const text = Buffer.from('1772452800123');
    expect(compileTimeFormat('%s%3f')?.(text, 0, text.length)).toBe(1_772_452_800_123);
  });
  it('minutes and seconds over 59 are none', () => {
    for (const own of ['2026-03-02 10:99:00', '2026-03-02 10:00:99', '0026-03-02 10:00:00']) {
      const text = Buffer.from(own);
      expect(compileTimeFormat('%Y-%m-%d %H:%M:%S')?.(text, 0, text.length)).toBeNaN();
    }
  });
  it('a status without a method is HTTP all the same', () => {
    const format = '%START_TIME% %RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %UPSTREAM_HOST% %UPSTREAM_LOCAL_ADDRESS%';
    expect(one('2026-03-02T12:00:00.000Z 504 upstream_response_timeout 10.0.0.2:9080 10.0.0.1:41000', undefined, format)).toContain('unanswered');
  });
  it('a denial at a gateway is a denial', () => {
    const line = accessLine({ ...GATEWAY, ...DENIED });
    expect(one(line, ownedBy('istio-system', 'ingress-1'))).toBe('@203.0.113.7 -> istio-system/ingress-1@10.0.0.9 8080/TCP open dropped rejected, destination:gateway');
  });
  it('a pod that calls itself through its Service', () => {
    expect(one(outbound({ host: '10.0.0.1:9080' }))).toBe('skip self');
    expect(one(outbound({ host: '127.0.0.1:9080' }))).toBe('skip self');
  });
  it('a gateway on a dual-stack listener', () => {
    const line = accessLine({ ...GATEWAY, downstreamLocal: '[::ffff:10.0.0.9]:8080', downstreamRemote: '[::ffff:203.0.113.7]:50123' });
    expect(one(line)).toBe(one(accessLine(GATEWAY)));
  });
  it('long response flags', () => {
    const format = '%START_TIME% %RESPONSE_CODE% %RESPONSE_FLAGS_LONG% %UPSTREAM_HOST% %UPSTREAM_LOCAL_ADDRESS%';
    expect(one('2026-03-02T12:00:00.000Z 503 UpstreamConnectionFailure 10.0.0.2:9080 10.0.0.1:41000', undefined, format)).not.toContain('established');
  });
  it('inbound without cluster: 127.0.0.6 marks the server’s side', () => {
    const format = '%START_TIME% %RESPONSE_CODE% %UPSTREAM_HOST% %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS%';
    const line = '2026-03-02T12:00:00.000Z 200 10.0.0.2:9080 127.0.0.6:41000 10.0.0.2:9080 10.0.0.1:41000';
    expect(one(line, ownedBy('shop', 'reviews-1'), format)).not.toContain('reviews-1 ->');
  });
  it('so it is where IPv6 is spoken', () => {
    const format = '%START_TIME% %RESPONSE_CODE% %UPSTREAM_HOST% %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS%';
    const line = '2026-03-02T12:00:00.000Z 200 [fd00::2]:9080 [::6]:41000 [fd00::2]:9080 [fd00::1]:41000';
    expect(one(line, ownedBy('shop', 'reviews-1'), format)).toContain('@fd00::1 -> shop/reviews-1@fd00::2 9080/TCP');
  });
  it('a gateway that names itself in its lines is not at its client’s address either', () => {
    const format = '%START_TIME% %ENVIRONMENT(POD_NAME)% %RESPONSE_CODE% %RESPONSE_FLAGS% %UPSTREAM_HOST% %UPSTREAM_CLUSTER% %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS%';
    const line = '2026-03-02T12:00:00.000Z ingress-1 503 UF 10.0.0.5:8080 outbound|8080||web.shop.svc.cluster.local - 10.0.0.9:8080 203.0.113.7:50123';
    expect(one(line, undefined, format)).toMatch(/^\?\/ingress-1 -> @10\.0\.0\.5 8080\/TCP open forwarded (refused|unanswered)/);
  });
  it('a TCP connection for which no server was chosen reached none', () => {
    expect(one(inbound({ method: '-', path: '-', protocol: '-', code: 0, details: '-', host: '-', upstreamLocal: '-', flags: 'DC' }))).toContain('forwarded unanswered');
  });
  it('nor did a request, whatever the details say', () => {
    expect(one(inbound({ host: '-', upstreamLocal: '-' }))).toContain('forwarded unanswered');
  });
  it('a cluster may begin like the black hole', () => {
    expect(one(outbound({ cluster: 'BlackHoleClusterTwo' }))).toContain('@10.0.0.1 -> @10.0.0.2 9080/TCP open forwarded established');
  });
});
