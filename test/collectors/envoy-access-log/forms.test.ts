import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JSON_PRESET, PRESETS } from '../../../collectors/envoy-access-log/format.ts';
import { envoyAccessLog } from '../../../collectors/envoy-access-log/index.ts';
import { decoderOf } from '../../../src/decode/decoders.ts';
import { T0 } from '../../support/hubble.ts';
import { seededRandom } from '../../../src/demo/random.ts';
import type { Flow } from '../../../src/model/flow.ts';
import type { Origin } from '../../../src/model/origin.ts';
import { linesOf, mutated, ordinaryLine } from '../../support/access-log-lines.ts';
import { directoryOf, inventoryOf } from '../../support/directory.ts';
import { Directory } from '../../../src/resolve/directory.ts';
import { differences } from '../../support/dump.ts';
import { inEachFormat } from '../../support/envoy-formats.ts';
import { inbound, outbound, tcp } from '../../support/envoy.ts';
import { Told } from '../../support/fuzz/told.ts';
import { laidOut, TwoWays } from '../../support/fuzz/two-ways.ts';
import { BAD_ENVOY, GOOD_ENVOY } from '../../support/hostile.ts';
import { nodeObject, podObject } from '../../support/inventory.ts';
import { learntBy } from '../../support/learning.ts';

/** Formats that people configure: everything that a template or string can have. */
const CONFIGURED: readonly (readonly [string, string])[] = [
  ['with certificates', `${PRESETS[0]} %DOWNSTREAM_PEER_URI_SAN% %DOWNSTREAM_DIRECT_REMOTE_ADDRESS%`],
  ['without quotes', '%START_TIME% %RESPONSE_CODE% %RESPONSE_FLAGS% %UPSTREAM_HOST% %UPSTREAM_CLUSTER% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %BYTES_SENT%'],
  ['with equals signs', 'time=%START_TIME% host="%UPSTREAM_HOST%" local=%DOWNSTREAM_LOCAL_ADDRESS% from=%DOWNSTREAM_REMOTE_ADDRESS%, "%REQ(:METHOD)% %REQ(:PATH)%" %PROTOCOL% %RESPONSE_CODE% pod=%ENVIRONMENT(POD_NAME)%.%ENVIRONMENT(POD_NAMESPACE)%'],
  ['that ends with quotes', '[%START_TIME%] %RESPONSE_CODE% %UPSTREAM_CLUSTER% "%REQ(USER-AGENT)%" "%DOWNSTREAM_LOCAL_ADDRESS%"'],
  ['that ends with anything', '[%START_TIME%] %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %UPSTREAM_CLUSTER% "%REQ(USER-AGENT)%" %ROUTE_NAME% %REQ(X-OTHER)%'],
  ['with another time', '[%START_TIME(%s)%] %UPSTREAM_HOST% %DOWNSTREAM_LOCAL_ADDRESS%'],
  ['that begins with what a client says', '%REQ(X-A)% [%START_TIME%] %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS%'],
  ['that says things twice', '[%START_TIME%] %START_TIME% %BYTES_SENT% %BYTES_SENT% %UPSTREAM_HOST% %DOWNSTREAM_LOCAL_ADDRESS%'],
  ['JSON that nests', JSON.stringify({ ts: '%START_TIME%', peer: { from: '%DOWNSTREAM_REMOTE_ADDRESS%', san: '%DOWNSTREAM_PEER_URI_SAN%' }, to: { local: '%DOWNSTREAM_LOCAL_ADDRESS%', host: '%UPSTREAM_HOST%', cluster: '%UPSTREAM_CLUSTER%' }, http: { m: '%REQ(:METHOD)%', path: '%REQ(:PATH)%', code: '%RESPONSE_CODE%' }, n: 5 })],
  ['JSON with the names of Istio’s', JSON.stringify({ start_time: '%START_TIME%', upstream_host: '%DOWNSTREAM_LOCAL_ADDRESS%', downstream_remote_address: '%DOWNSTREAM_REMOTE_ADDRESS%', bytes_sent: '%BYTES_SENT%' })],
  ['JSON with several operators in a value', JSON.stringify({ start_time: '%START_TIME%', request: '%REQ(:METHOD)% %REQ(:PATH)%', upstream_host: '%UPSTREAM_HOST%' })],
  ['JSON that says things twice', JSON.stringify({ start_time: '%START_TIME%', a: '%BYTES_SENT%', b: '%BYTES_SENT%', upstream_host: '%UPSTREAM_HOST%', c: '%UPSTREAM_REMOTE_ADDRESS%' })],
];

const READINGS: readonly (readonly [string, string | null])[] = [['nothing configured', null], ...CONFIGURED];

/** Reads lines in both ways, call after call. */
class Both {
  readonly #ways: TwoWays | null;

  constructor(accessLogFormat: string | null = null) {
    this.#ways = TwoWays.of(envoyAccessLog, { accessLogFormat });
  }

  difference(lines: readonly (string | Buffer)[], owner: Origin['owner'] = null): ReturnType<TwoWays['difference']> {
    return this.#ways === null ? null : this.#ways.difference(lines.map((line) => Buffer.from(line)), seededRandom(lines.length), { source: 'test', owner });
  }

  /** How many of the lines are left to the reference. */
  left(lines: readonly string[]): number {
    const before = this.#ways?.left.unsure ?? 0;
    return this.difference(lines) === null ? (this.#ways?.left.unsure ?? lines.length) - before : Number.NaN;
  }
}

const OWNERS = [null, { namespace: 'shop', pod: 'web-6b746f74dc-9rcxx', container: 'istio-proxy' }];

describe('access log lines by their form say what each says by itself', () => {
  it.each(READINGS)('%s: lines of that format and of those that are known', (_, configured) => {
    const both = new Both(configured);
    const own = configured ?? PRESETS[0]!;
    const line = fc.oneof({ weight: 12, arbitrary: linesOf(own) }, ...[...PRESETS, JSON_PRESET].map((format) => ({ weight: 2, arbitrary: linesOf(format) })));
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 12 }), fc.constantFrom(...OWNERS), (lines, owner) => {
        expect(both.difference(lines, owner)).toBeNull();
      }),
      { numRuns: 100 },
    );
  });

  it.each(READINGS)('%s: lines to which something happened', (_, configured) => {
    const both = new Both(configured);
    const line = fc.oneof(...[configured ?? PRESETS[0]!, JSON_PRESET].map((format) => mutated(linesOf(format))));
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 12 }), (lines) => {
        expect(both.difference(lines)).toBeNull();
      }),
      { numRuns: 100 },
    );
  });

  it('lines that are at both sides, or at none', () => {
    const both = new Both();
    const pods = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.5', '10.0.0.6'];
    const address = fc.constantFrom(...pods);
    const line = fc.record({ client: address, own: fc.constantFrom('127.0.0.6', null, '-'), server: address, local: fc.constantFrom(null, '10.96.0.7', ...pods), cluster: fc.constantFrom('inbound|9080||', 'outbound|9080||cart.shop.svc.cluster.local', 'PassthroughCluster', 'BlackHoleCluster'), second: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(line, { minLength: 2, maxLength: 30 }), (lines) => {
        const written = lines.map(({ client, own, server, local, cluster, second }) =>
          inbound({ time: T0 + second * 1_000, cluster, host: `${server}:9080`, upstreamLocal: own === '-' ? '-' : `${own ?? client}:41000`, downstreamLocal: `${local ?? server}:9080`, downstreamRemote: `${client}:52000` }),
        );
        expect(both.difference(written)).toBeNull();
      }),
      { numRuns: 300 },
    );
  });

  it('the database is the same', () => {
    const fast = decoderOf(envoyAccessLog, { accessLogFormat: null });
    const directory = directoryOf([
      nodeObject('node-a', '192.168.0.1', '10.0.0.0/24'),
      podObject({ namespace: 'shop', name: 'web-0', ip: '10.0.0.1', owner: ['StatefulSet', 'web'] }),
      podObject({ namespace: 'shop', name: 'cart-0', ip: '10.0.0.2', owner: ['StatefulSet', 'cart'], start: '2026-03-02T12:05:00Z' }),
    ]);
    const part = fc.record({ records: fc.array(fc.oneof(linesOf(PRESETS[0]!), linesOf(JSON_PRESET)), { minLength: 1, maxLength: 20 }) });
    fc.assert(
      fc.property(fc.array(fc.record({ directory: fc.constant(directory), parts: fc.array(part, { minLength: 1, maxLength: 2 }) }), { minLength: 1, maxLength: 3 }), (portions) => {
        expect(differences(learntBy(envoyAccessLog.decoder({ accessLogFormat: null }), portions), learntBy(fast, portions))).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('the database is the same where pods come, go, and leave their addresses to others', () => {
    const fast = decoderOf(envoyAccessLog, { accessLogFormat: null });
    const minute = (n: number): string => new Date(T0 + n * 60_000).toISOString();
    const pod = (name: string, owner: string, ip: string, start: number): object => podObject({ namespace: 'shop', name, ip, owner: ['StatefulSet', owner], start: minute(start) });
    const inventory = inventoryOf(
      nodeObject('node-a', '192.168.0.1', '10.0.0.0/24', minute(90)),
      pod('web-0', 'web', '10.0.0.1', -60),
      pod('web-1', 'web', '10.0.0.2', 3),
      pod('cart-0', 'cart', '10.0.0.3', -60),
      pod('cart-1', 'cart', '10.0.0.1', 9),
      pod('cart-2', 'cart', '10.0.0.4', -60),
      pod('cart-3', 'cart', '10.0.0.4', 21),
      pod('db-0', 'db', '10.0.0.5', 12),
    );
    const ends = new Map([['web-0', T0 + 7 * 60_000], ['cart-2', T0 + 20 * 60_000]]);
    const directory = new Directory({ ...inventory, pods: inventory.pods.map((fact) => ({ ...fact, until: ends.get(fact.name) ?? fact.until })) }, [], null);
    const address = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5');
    const line = fc
      .record({ client: address, server: address, at: fc.nat(30 * 60), isInbound: fc.boolean(), path: fc.constantFrom('/a', '/b/7'), code: fc.constantFrom(200, 404) })
      .map(({ client, server, at, isInbound, path, code }) => {
        const said = { time: T0 + at * 1_000, path, code, host: `${server}:9080`, downstreamRemote: `${client}:52000` };
        return isInbound ? inbound({ ...said, downstreamLocal: `${server}:9080` }) : outbound({ ...said, upstreamLocal: `${client}:41000`, downstreamLocal: '10.96.0.7:9080' });
      });
    const parts = fc.array(fc.record({ records: fc.array(line, { minLength: 1, maxLength: 60 }) }), { minLength: 1, maxLength: 2 });
    fc.assert(
      fc.property(fc.array(fc.record({ directory: fc.constant(directory), parts }), { minLength: 1, maxLength: 2 }), (portions) => {
        expect(differences(learntBy(envoyAccessLog.decoder({ accessLogFormat: null }), portions), learntBy(fast, portions))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('what attackers, crashes and broken tools write', () => {
    expect(new Both().difference([...GOOD_ENVOY, ...BAD_ENVOY.map(([, record]) => record).filter(({ length }) => length < 1 << 20)])).toBeNull();
  });
});

describe('access log lines by their form: which are read with certainty', () => {
  const both = new Both();
  const formats = inEachFormat({ cluster: 'inbound|9080||', path: '/reviews/7?a=b' });

  it.each([
    ['a server’s', inbound()],
    ['a client’s', outbound()],
    ['a connection’s', tcp()],
    ['a denial', inbound({ flags: 'UAEX', code: 403, details: 'rbac_access_denied_matched_policy[none]', host: '-' })],
    ['IPv6', outbound({ downstreamRemote: '[fd00::1]:40000' })],
    ['spaces in what a client says', inbound({ path: '/a b c', agent: 'x y z', forwardedFor: 'a, b' })],
    ['spaces in what Envoy says', outbound({ failure: 'delayed connect error: 111', route: 'a route' })],
  ])('%s', (_, line) => {
    expect(both.left([line])).toBe(0);
  });

  it.each(formats.filter(([format]) => format !== 'text of 1.4 to 1.8'))('%s', (_, line) => {
    expect(both.left([line])).toBe(0);
  });

  it('text and JSON in one log', () => {
    expect(both.left(formats.map(([, record]) => record))).toBe(1);
  });

  it.each(CONFIGURED.slice(0, 5))('a format %s, and Istio’s JSON beside it', (_, configured) => {
    expect(new Both(configured).left([ordinaryLine(configured), formats.at(-1)![1]])).toBe(0);
  });

  it.each(CONFIGURED.slice(5, 8))('a format %s: the text or the JSON beside it, not both', (_, configured) => {
    expect(new Both(configured).left([ordinaryLine(configured), formats.at(-1)![1]])).toBe(1);
  });

  it.each([
    ['a quote of the client’s', inbound({ agent: 'a"b' })],
    ['a path with quotes', inbound({ path: '/a" 200' })],
    ['a name of a host that is none', inbound({ sni: 'a/b' })],
    ['bytes that are no number', inbound().replace(' 0 100 ', ' 0 1O0 ')],
    ['an address that is none', inbound({ downstreamRemote: 'server:80' })],
    ['a time that is none', inbound().replace('T12', 'T25')],
    ['another line', 'info\tready'],
    ['nothing', ''],
    ['JSON with nothing but a time', '{"start_time":"2026-03-02T12:00:00Z"}'],
    ['a key twice', '{"start_time":"2026-03-02T12:00:00Z","path":"/a","path":"/b"}'],
    ['a value of another kind', '{"start_time":"2026-03-02T12:00:00Z","path":{}}'],
    ['bytes behind an escape', String.raw`{"start_time":"2026-03-02T12:00:00Z","bytes_sent":"\u0031"}`],
  ])('not %s', (_, record) => {
    expect(both.left([record])).toBe(1);
  });

  it('not a token with a space before what has to follow it', () => {
    const [, configured] = CONFIGURED[2]!;
    const line = ordinaryLine(configured);
    expect(new Both(configured).left([line, line.replace('local=', 'local=1 ')])).toBe(1);
  });

  it('lines that differ in what says nothing are one form', () => {
    const lines = Array.from({ length: 500 }, (_, i) => inbound({ path: `/items/${i}?n=${i}`, received: i, downstreamRemote: `10.0.0.1:${30_000 + i}`, upstreamLocal: `127.0.0.6:${20_000 + i}`, agent: `agent ${i}`, code: 200 + (i % 3) }));
    expect(both.left(lines)).toBe(0);
    const records: number[] = [];
    const decoder = decoderOf(envoyAccessLog, { accessLogFormat: null });
    const told = new (class extends Told {
      override bundle(flow: Flow): void {
        records.push(flow.records);
      }
    })();
    decoder.decode(laidOut(lines.map((line) => Buffer.from(line)), '\n'), { source: 'test', owner: null }, told);
    decoder.flush?.(told);
    expect(records).toEqual([500]);
  });
});
