import { describe, expect, it } from 'vitest';
import { envoyAccessLog } from '../../../collectors/envoy-access-log/index.ts';
import type { Origin } from '../../../src/model/origin.ts';
import { decode } from '../../support/decode.ts';
import { inEachFormat } from '../../support/envoy-formats.ts';
import { outbound } from '../../support/envoy.ts';

const problem = (accessLogFormat: string | null): string | null => envoyAccessLog.problem?.({ accessLogFormat }) ?? null;
const OWNER: Origin = { source: 'test', owner: { namespace: 'shop', pod: 'web-1', container: null } };
const one = (accessLogFormat: string, record: string, origin: Origin = OWNER): string => decode(envoyAccessLog, [record], { accessLogFormat, origin }).records[0] ?? '';
const T = '2026-03-02T12:00:00.000Z';

describe('access log formats of one’s own: text', () => {
  const EDGE = 'shop/web-1@10.0.0.1 -> @10.0.0.2 9080/TCP open forwarded established, source:outbound GET /reviews/{id}';
  it.each([
    ['keys and values', 'time=%START_TIME% method=%REQ(:METHOD)% path=%REQ(:PATH)% code=%RESPONSE_CODE% up=%UPSTREAM_HOST% own=%UPSTREAM_LOCAL_ADDRESS%', `time=${T} method=GET path=/reviews/7?x=1 code=200 up=10.0.0.2:9080 own=10.0.0.1:41000`],
    ['a line end, as mesh configurations have it', '%START_TIME% %REQ(:METHOD)% %PATH(NQ:ORIG)% %UPSTREAM_HOST% %RESPONSE_CODE% %UPSTREAM_LOCAL_ADDRESS%\n', `${T} GET /reviews/7 10.0.0.2:9080 200 10.0.0.1:41000`],
    ['a path that the proxy cut itself', '%START_TIME%|%REQ(:METHOD)%|%REQ_WITHOUT_QUERY(X-ENVOY-ORIGINAL-PATH?:PATH):256%|%UPSTREAM_HOST%|%RESPONSE_CODE%|%UPSTREAM_LOCAL_ADDRESS%', `${T}|GET|/reviews/7|10.0.0.2:9080|200|10.0.0.1:41000`],
    ['percent signs', '100%% %START_TIME% %REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% %UPSTREAM_HOST% %UPSTREAM_LOCAL_ADDRESS% %%', `100% ${T} GET /reviews/7 200 10.0.0.2:9080 10.0.0.1:41000 %`],
    ['operators that say nothing', '%START_TIME% %REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% %DURATION% %UPSTREAM_REMOTE_ADDRESS% %UPSTREAM_LOCAL_ADDRESS% "%DYNAMIC_METADATA(a:b(c))%"', `${T} GET /reviews/7 200 5 10.0.0.2:9080 10.0.0.1:41000 "any " thing"`],
    ['headers in the middle', '%START_TIME% %REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% "%REQ(REFERER)%" "%REQUEST_HEADER(USER-AGENT):80%" %UPSTREAM_HOST% %UPSTREAM_LOCAL_ADDRESS%', `${T} GET /reviews/7 200 "https://a/ b" "c" d" 10.0.0.2:9080 10.0.0.1:41000`],
    ['another START_TIME', '[%START_TIME(%d/%b/%Y:%H:%M:%S %z)%] %REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% %UPSTREAM_HOST% %UPSTREAM_LOCAL_ADDRESS%', '[02/Mar/2026:13:00:00 +0100] GET /reviews/7 200 10.0.0.2:9080 10.0.0.1:41000'],
  ])('%s', (_, format, record) => {
    expect(problem(format)).toBeNull();
    expect(one(format, record)).toBe(EDGE);
    expect(decode(envoyAccessLog, [record], { accessLogFormat: format }).flows[0]?.time).toBe(Date.UTC(2026, 2, 2, 12));
    // Only with its format: nothing in the line names it.
    expect(envoyAccessLog.detect(Buffer.from(record), 0, Buffer.byteLength(record), { accessLogFormat: format })).toBe(true);
    expect(envoyAccessLog.detect(Buffer.from(record), 0, Buffer.byteLength(record), { accessLogFormat: null })).toBe(false);
  });

  it('a path may have spaces between columns that have none', () => {
    const format = '%START_TIME% %REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% %UPSTREAM_HOST% %UPSTREAM_LOCAL_ADDRESS%';
    expect(one(format, `${T} GET /a 403 10.6.6.6:1 10.7.7.7:2 200 10.0.0.2:9080 10.0.0.1:41000`)).toContain('@10.0.0.1 -> @10.0.0.2 9080/TCP open forwarded established');
  });

  it('the pod may name itself', () => {
    const format = '%START_TIME% %ENVIRONMENT(POD_NAMESPACE)%/%ENVIRONMENT(POD_NAME)% %UPSTREAM_HOST%';
    const nobody = { source: 'test', owner: null };
    expect(one(format, `${T} shop/cart-0 10.0.0.2:9080`, nobody)).toContain('shop/cart-0 -> @10.0.0.2 9080/TCP');
    expect(one('%START_TIME% %HOSTNAME% %UPSTREAM_HOST%', `${T} cart-0 10.0.0.2:9080`, nobody)).toContain('?/cart-0 -> @10.0.0.2 9080/TCP');
    expect(one(format, `${T} shop/../etc 10.0.0.2:9080`, nobody)).toBe('skip no-client');
    // The log's envelope knows better than what the line says of itself.
    expect(one(format, `${T} evil/evil 10.0.0.2:9080`)).toContain('shop/web-1 -> @10.0.0.2 9080/TCP');
  });

  it('a direct remote address counts before one that may come from a header', () => {
    const format = '%START_TIME% %UPSTREAM_CLUSTER% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %DOWNSTREAM_DIRECT_REMOTE_ADDRESS%';
    const line = (remote: string, direct: string): string => `${T} inbound|9080|| 10.0.0.2:9080 ${remote} ${direct}`;
    expect(one(format, line('203.0.113.7:0', '10.0.0.9:41000'))).toContain('@10.0.0.9 -> shop/web-1@10.0.0.2 9080/TCP');
    expect(one(format, line('203.0.113.7:0', '-'))).toBe('skip no-client');
    const withoutPort = format.replace('DIRECT_REMOTE_ADDRESS', 'DIRECT_REMOTE_ADDRESS_WITHOUT_PORT');
    expect(one(withoutPort, line('203.0.113.7:0', '10.0.0.9'))).toContain('@10.0.0.9 -> shop/web-1@10.0.0.2 9080/TCP');
  });

  it('a TCP connection has no protocol, also where nothing tells the path', () => {
    const format = '%START_TIME% %PROTOCOL% %RESPONSE_CODE% %UPSTREAM_HOST% %UPSTREAM_LOCAL_ADDRESS%';
    expect(one(format, `${T} - 0 10.0.0.2:3306 10.0.0.1:41000`)).toContain('-> @10.0.0.2 3306/TCP open forwarded established');
  });

  it('a format that is nearly one of the defaults reads its lines with quotes all the same', () => {
    const format = '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER% %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %DOWNSTREAM_PEER_URI_SAN%';
    expect(one(format, outbound({ agent: 'say "hi"', route: '-' }))).toContain('shop/web-1@10.0.0.1 -> @10.0.0.2 9080/TCP open forwarded established');
  });

  it('reads the default formats too: a log is of many proxies', () => {
    const format = '%START_TIME%|%UPSTREAM_HOST%|%UPSTREAM_LOCAL_ADDRESS%';
    const records = ['2026-03-02T12:00:00Z|10.0.0.2:9080|10.0.0.1:41000', ...inEachFormat({ cluster: 'outbound|9080||reviews.shop.svc.cluster.local' }).map(([, record]) => record)];
    for (const told of decode(envoyAccessLog, [...records, ...records], { accessLogFormat: format, origin: OWNER }).records) {
      expect(told).toContain('shop/web-1@10.0.0.1 -> @10.0.0.2 9080/TCP open forwarded established, source:outbound');
    }
  });
});

describe('access log formats of one’s own: JSON', () => {
  const TEMPLATE = JSON.stringify({
    ts: '%START_TIME(%s.%3f)%',
    http: { request: { method: '%REQ(:METHOD)%', line: '%REQ(:PATH)% %PROTOCOL%' }, status: '%RESPONSE_CODE%' },
    conn: { up: { address: '%UPSTREAM_HOST%' }, own: 'local %UPSTREAM_LOCAL_ADDRESS%' },
    version: 2,
    constant: 'no operator',
    list: ['%UPSTREAM_HOST%'],
  });
  const value = { ts: '1772452800.000', http: { request: { method: 'GET', line: '/reviews/7?x=1 HTTP/2' }, status: 200 }, conn: { up: { address: '10.0.0.2:9080' }, own: 'local 10.0.0.1:41000' } };
  const EDGE = 'shop/web-1@10.0.0.1 -> @10.0.0.2 9080/TCP open forwarded established, source:outbound GET /reviews/{id}';

  it('reads nested keys, several operators in one text, and a time of its own', () => {
    expect(problem(TEMPLATE)).toBeNull();
    expect(one(TEMPLATE, JSON.stringify(value))).toBe(EDGE);
    expect(one(` ${TEMPLATE}\n`, JSON.stringify({ ...value, more: true }))).toBe(EDGE);
    expect(decode(envoyAccessLog, [JSON.stringify(value)], { accessLogFormat: TEMPLATE }).flows[0]?.time).toBe(1_772_452_800_000);
  });

  it('a text that is not as the template says is malformed', () => {
    expect(one(TEMPLATE, JSON.stringify({ ...value, conn: { ...value.conn, own: 'remote 10.0.0.1:41000' } }))).toBe('skip malformed');
    expect(one(TEMPLATE, JSON.stringify({ ...value, ts: 'noon' }))).toBe('skip malformed');
  });

  it('keys of the template are looked up where it has them, and nowhere else', () => {
    expect(one(TEMPLATE, JSON.stringify({ ...value, conn: {}, up: value.conn.up, 'conn.up.address': '10.0.0.2:9080' }))).toBe('skip no-server');
  });
});

describe('access log formats of one’s own: what is wrong with them', () => {
  it.each([
    ['', 'empty'],
    ['  \n', 'empty'],
    ['{"start_time": "%START_TIME%"', 'no valid JSON'],
    ['%UPSTREAM_HOST% %RESPONSE_CODE%', 'START_TIME'],
    ['plain text', 'START_TIME'],
    ['%START_TIME% %DOWNSTREAM_REMOTE_ADDRESS%', 'UPSTREAM_HOST'],
    ['{"t":"%START_TIME%","c":"%RESPONSE_CODE%"}', 'UPSTREAM_HOST'],
    ['{"u":"%UPSTREAM_HOST%"}', 'START_TIME'],
    ['%START_TIME%%UPSTREAM_HOST%', 'nothing between'],
    ['{"t":"%START_TIME%","u":"%UPSTREAM_HOST%%UPSTREAM_CLUSTER%"}', 'nothing between'],
    ['%START_TIME%\n%UPSTREAM_HOST%', 'one line'],
  ])('%j', (format, said) => {
    expect(problem(format)).toContain(said);
  });

  it.each([null, '%START_TIME% %UPSTREAM_HOST%', '%START_TIME% %DOWNSTREAM_LOCAL_ADDRESS%\n', '{"t":"%START_TIME%","nested":{"u":"%UPSTREAM_HOST%"}}'])('nothing is wrong with %j', (format) => {
    expect(problem(format)).toBeNull();
  });

  it('a format that will not do leaves those that everybody has', () => {
    expect(one('nonsense', outbound())).toContain('shop/web-1@10.0.0.1 -> @10.0.0.2 9080/TCP');
  });
});
