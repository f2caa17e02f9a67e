import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { envoyAccessLog } from '../../../collectors/envoy-access-log/index.ts';
import { anyText } from '../../support/any-text.ts';
import { decode } from '../../support/decode.ts';
import { envoyDefault, istioOld } from '../../support/envoy-formats.ts';
import { accessLine, inbound, outbound, tcp, type AccessLine } from '../../support/envoy.ts';

const owner = { source: 'test', owner: { namespace: 'shop', pod: 'web-1', container: null } };
const one = (record: string): string => decode(envoyAccessLog, [record], { origin: owner }).records[0] ?? '';
const LINE: AccessLine = { cluster: 'inbound|9080||', downstreamLocal: '10.0.0.2:9080', downstreamRemote: '10.0.0.1:41000', upstreamLocal: '127.0.0.6:41000' };
const EDGE = '@10.0.0.1 -> shop/web-1@10.0.0.2 9080/TCP open forwarded established, destination:inbound';

describe('access log text: lines as Istio and Envoy write them', () => {
  it.each([
    [
      'the client’s side of a request',
      '[2020-11-25T21:26:18.409Z] "GET /status/418 HTTP/1.1" 418 - via_upstream - "-" 0 135 4 4 "-" "curl/7.73.0-DEV" "84961386-6d84-929d-98bd-c5aee93b5c88" "httpbin:8000" "10.44.1.27:80" outbound|8000||httpbin.foo.svc.cluster.local 10.44.1.23:37652 10.0.45.184:8000 10.44.1.23:46520 - default',
      'shop/web-1@10.44.1.23 -> @10.44.1.27 80/TCP open forwarded established, source:outbound GET /status/{id}',
    ],
    [
      'the server’s side of it',
      '[2020-11-25T21:26:18.409Z] "GET /status/418 HTTP/1.1" 418 - via_upstream - "-" 0 135 3 1 "-" "curl/7.73.0-DEV" "84961386-6d84-929d-98bd-c5aee93b5c88" "httpbin:8000" "127.0.0.1:80" inbound|8000|| 127.0.0.1:41854 10.44.1.27:80 10.44.1.23:37652 outbound_.8000_._.httpbin.foo.svc.cluster.local default',
      '@10.44.1.23 -> shop/web-1@10.44.1.27 80/TCP open forwarded established, destination:inbound GET /status/{id}',
    ],
    [
      'a denial',
      '[2021-03-04T05:06:07.008Z] "DELETE /orders/1 HTTP/1.1" 403 - rbac_access_denied_matched_policy[none] - "-" 0 19 0 - "-" "curl/7.73.0" "0ad7f06c-3f4b-9a6c-8c4e-3c5c3c1f6c44" "orders:8080" "-" inbound|8080|| - 10.44.1.27:8080 10.44.1.23:37652 outbound_.8080_._.orders.shop.svc.cluster.local default',
      '@10.44.1.23 -> shop/web-1@10.44.1.27 8080/TCP open dropped rejected, destination:inbound',
    ],
    [
      'TCP',
      '[2021-03-04T05:06:07.008Z] "- - -" 0 - - - "-" 246 1100 33 - "-" "-" "-" "-" "10.44.2.5:3306" outbound|3306||mysql.db.svc.cluster.local 10.44.1.23:53208 10.0.77.1:3306 10.44.1.23:53206 - -',
      'shop/web-1@10.44.1.23 -> @10.44.2.5 3306/TCP open forwarded established, source:outbound',
    ],
    [
      'Envoy’s default',
      '[2016-04-15T20:17:00.310Z] "POST /api/v1/locations HTTP/2" 204 - 154 0 226 100 "10.0.35.28" "nsq2http" "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "locations" "10.2.3.4:8080"',
      'shop/web-1 -> @10.2.3.4 8080/TCP open forwarded established, source:outbound POST /api/v1/locations',
    ],
  ])('%s', (_, record, expected) => {
    expect(one(record)).toBe(expected);
  });

  it.each([
    ['a route’s name with spaces', { route: 'allow all of it' }],
    ['no route', { route: '-' }],
    ['a server’s name', { sni: 'outbound_.9080_._.reviews.shop.svc.cluster.local' }],
    ['a reason of several words', { failure: 'TLS error: 268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER' }],
    ['a path of quotes', { path: '/a"b"c' }],
    ['a very long agent', { agent: 'x'.repeat(20_000) }],
    ['bytes that are no UTF-8', { agent: '\u00ff\u00fe' }],
  ])('%s changes nothing of the rest', (_, more) => {
    expect(one(accessLine({ ...LINE, ...more }))).toContain(EDGE);
  });

  it.each([
    ['GET', '/', 'GET /'],
    ['POST', '/api/v1/orders/123', 'POST /api/v1/orders/{id}'],
    ['GET', '/a?b=c', 'GET /a'],
    ['GET', '/a"b', 'GET /{id}'],
    ['GET', '/t/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig', 'GET /t/{id}'],
    ['GET', '/u/alice@example.com', 'GET /u/{id}'],
    ['OPTIONS', '*', 'OPTIONS *'],
    ['get', '/', ''],
    ['CONNECT', 'example.com:443', ''],
    ['GET', '-', ''],
  ])('%s %s makes the operation “%s”', (method, path, operation) => {
    expect(one(accessLine({ ...LINE, method, path }))).toBe(operation === '' ? EDGE : `${EDGE} ${operation}`);
  });
});

describe('access log text: what is no record', () => {
  it.each([
    ['Envoy’s own log', '[2024-01-01 00:00:00.000][12][warning][config] gRPC config stream closed: 14'],
    ['the agent’s log', '2024-01-01T00:00:00.000000Z\tinfo\txdsproxy\tconnected to upstream XDS server'],
    ['nothing', ''],
    ['a bracket', '['],
    ['JSON of another program', '{"level":"info","time":"2024-01-01T00:00:00Z","msg":"x"}'],
    ['an array', `[${JSON.stringify(outbound())}]`],
    ['a time that is none', outbound().replace('2026-03-02T12:00:00.000Z', 'yesterday')],
  ])('%s', (_, record) => {
    expect(one(record)).toBe('skip not-a-flow');
  });

  it.each([
    ['cut off after the request', outbound().slice(0, 60)],
    ['cut off before the server', outbound().slice(0, outbound().indexOf('"10.0.0.2'))],
    ['a column too few', outbound().replace(' 10.0.0.1:40000', '')],
    ['a column too many before the addresses', outbound().replace(' outbound|', ' x outbound|')],
    ['bytes that are no number', outbound({ received: Number.NaN })],
    ['a status that is no number', outbound({ code: Number.NaN })],
    ['addresses that are none', outbound({ downstreamRemote: 'somebody' })],
    ['a server name that no host has', outbound({ sni: 'a"b' })],
  ])('begins like one: %s', (_, record) => {
    expect(one(record)).toBe('skip malformed');
  });

  it('a line that is cut off anywhere is never read as another connection', () => {
    for (const whole of [accessLine(LINE), istioOld(LINE), tcp(), envoyDefault()]) {
      const told = new Set(Array.from({ length: whole.length }, (_, length) => one(whole.slice(0, length))));
      expect([one(whole), 'skip not-a-flow', 'skip malformed']).toEqual(expect.arrayContaining([...told]));
    }
  });
});

describe('access log text: clients write parts of it', () => {
  const FAKES = [
    '" "10.6.6.6:666" inbound|666|| 127.0.0.6:1 10.6.6.6:666 10.7.7.7:777 - default',
    '" 403 UAEX rbac_access_denied - "-" 0 0 0 0 "-" "',
    '[2026-03-02T12:00:00.000Z] "GET / HTTP/1.1" 403 UH - - "-" 0 0 0 - "-" "-" "-" "-" "-" - - - - - -',
    '" "',
    '"',
    '\\"',
    ' ',
    '-',
    '',
  ];
  const HEADERS = ['forwardedFor', 'agent', 'authority'] as const;

  /** What came of it is open where the line can be read in two ways; which connection it is never is. */
  const orOpen = (told: string): RegExp => new RegExp(`^(${escaped(told)}|${escaped(told.replace(/forwarded established|dropped rejected/, 'forwarded unanswered').replace(/ GET .*$/, ''))})$`);
  const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const REJECTED = EDGE.replace('forwarded established', 'dropped rejected');

  it.each(FAKES.flatMap((fake) => HEADERS.map((header) => [header, fake] as const)))('%s cannot pose as Envoy’s words: %j', (header, fake) => {
    expect(one(accessLine({ ...LINE, [header]: fake }))).toMatch(orOpen(`${EDGE} GET /`));
    expect(one(accessLine({ ...LINE, [header]: fake, code: 403, details: 'rbac_access_denied_matched_policy[none]' }))).toMatch(orOpen(REJECTED));
    expect(one(istioOld({ ...LINE, [header]: fake, code: 403, flags: 'UAEX' }))).toMatch(/dropped rejected|forwarded unanswered/);
    expect(one(envoyDefault({ [header]: fake }))).toMatch(orOpen('shop/web-1 -> @10.0.0.2 9080/TCP open forwarded established, source:outbound GET /'));
  });

  it('quotes and what is no outcome leave no doubt', () => {
    for (const agent of ['"', '\\"', 'a "b" c', '" "', '" 200 via_upstream "']) expect(one(accessLine({ ...LINE, agent }))).toBe(`${EDGE} GET /`);
  });

  it('a path with a space is one, where nothing else can be meant', () => {
    expect(one(accessLine({ ...LINE, path: '/a b' }))).toBe(`${EDGE} GET /{id}`);
  });

  it('whatever the headers hold, the connection stays, and nothing becomes of a denial', () => {
    const piece = fc.oneof(fc.constantFrom(...FAKES, 'inbound|1||', '10.9.9.9:9', 'via_upstream', '403', ' - '), anyText(6));
    // A header holds no line ends.
    const header = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('').replaceAll(/[\r\n]/g, ' '));
    fc.assert(
      fc.property(header, header, header, fc.boolean(), (forwardedFor, agent, authority, denied) => {
        const line = accessLine({ ...LINE, forwardedFor, agent, authority, ...(denied ? { code: 403, details: 'rbac_access_denied_matched_policy[none]' } : {}) });
        expect(one(line)).toMatch(orOpen(denied ? REJECTED : `${EDGE} GET /`));
      }),
      { numRuns: 250 },
    );
  });

  it('a path of quotes and spaces hides no denial', () => {
    for (const path of ['/"', '/x"y', '/" 200', '/" 200 - via_upstream', '/ HTTP/1.1', '/x HTTP/1.1" 200']) {
      const told = one(accessLine({ ...LINE, path, code: 403, details: 'rbac_access_denied_matched_policy[none]' }));
      expect(told).toMatch(/dropped rejected|forwarded unanswered|^skip malformed$/);
    }
  });

  it('a record of another format is no success, wherever a client writes it', () => {
    const success = { ...LINE, path: '/x', code: 200 } as const;
    // From the path on, as far as a client can tell what Envoy writes there.
    const fakes = [accessLine(success), istioOld(success), envoyDefault(success)].flatMap((line) => {
      const from = line.slice(line.indexOf('/x'));
      return [from, from.slice(0, from.indexOf('"curl')), `${from.slice(0, from.indexOf('"curl'))}"a" "b" "c`];
    });
    const denied = { ...LINE, code: 403, flags: 'UAEX', host: '-', upstreamLocal: '-' } as const;
    for (const fake of fakes) {
      for (const header of ['path', ...HEADERS] as const) {
        for (const write of [accessLine, istioOld]) expect(one(write({ ...denied, [header]: fake }))).toMatch(/^skip malformed$|@10\.0\.0\.1 -> shop\/web-1@10\.0\.0\.2 9080\/TCP open (dropped rejected|forwarded unanswered)/);
        expect(one(envoyDefault({ code: 503, flags: 'UF', [header]: fake }))).toMatch(/^skip malformed$|^shop\/web-1 -> @10\.0\.0\.2 9080\/TCP open forwarded (refused|unanswered)/);
      }
    }
  });

  it('nobody hides behind a long header', () => {
    for (const piece of ['"', '" ', '" "', ' "', '" 200 ', ' HTTP/1.1" ', ' HTTP/1.1" 200 - "']) {
      for (const header of HEADERS) expect(one(accessLine({ ...LINE, [header]: piece.repeat(20_000 / piece.length) }))).toBe(`${EDGE} GET /`);
    }
  });

  it('secrets of a query are nowhere in the flow', () => {
    for (const record of [inbound({ path: '/login?user=alice&password=hunter2' }), outbound({ path: 'http://alice:hunter2@reviews/x?y=hunter2' }), envoyDefault({ path: '/a?hunter2' })]) {
      const { flows } = decode(envoyAccessLog, [record], { origin: owner });
      expect(flows).toHaveLength(1);
      expect(JSON.stringify(flows)).not.toContain('hunter2');
    }
  });
});
