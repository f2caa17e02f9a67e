import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { envoyAccessLog } from '../../../collectors/envoy-access-log/index.ts';
import { canonicalAddress } from '../../../src/model/address.ts';
import { decode } from '../../support/decode.ts';
import { typedJson } from '../../support/envoy-formats.ts';
import { inbound, outbound } from '../../support/envoy.ts';

const one = (record: string): string => decode(envoyAccessLog, [record]).records[0] ?? '';

describe('addresses of access logs', () => {
  it.each([
    ['10.0.0.2:9080', '@10.0.0.2 9080/TCP'],
    ['[fd00::1]:9080', '@fd00::1 9080/TCP'],
    ['[FD00:0:0:0:0:0:0:1]:9080', '@fd00::1 9080/TCP'],
    ['[::ffff:10.0.0.2]:9080', '@10.0.0.2 9080/TCP'],
    ['[::ffff:a00:2]:9080', '@10.0.0.2 9080/TCP'],
    ['10.0.0.2:65535', '@10.0.0.2 65535/TCP'],
    ['envoy://connect_originate/10.0.0.2:9080', '@10.0.0.2 9080/TCP'],
    ['envoy://connect_originate/[fd00::1]:9080', '@fd00::1 9080/TCP'],
    ['10.0.0.2:0', 'skip no-port'],
    ['10.0.0.2', 'skip no-port'],
    ['fd00::1', 'skip no-port'],
    ['[fd00::1]', 'skip no-port'],
    ['envoy://internal_client_address/', 'skip no-server'],
    ['envoy://internal_client_address', 'skip no-server'],
    ['envoy://', 'skip no-server'],
    ['/var/run/x.sock', 'skip no-server'],
    ['@abstract', 'skip no-server'],
    ['-', 'skip no-server'],
  ])('%s is %s', (host, expected) => {
    expect(one(outbound({ host }))).toContain(expected);
    expect(one(JSON.stringify(typedJson({ cluster: 'outbound|9080||reviews.shop.svc.cluster.local', host })))).toContain(expected);
  });

  it.each(['10.0.0.2:', '10.0.0.2:x', '10.0.0.2:65536', '10.0.0.2:000080', '10.0.0.2:-1', '10.0.0.256:80', '10.0.0:80', '010.0.0.2:80', '[fd00::1:80', '[fd00::1]80', '[fd00::1]:', '[fd00::1]:x', '[fd00::1%eth0]:80', '[]:80', 'fd00::1::2', '1:2:3', 'localhost:80', 'envoy://x/10.0.0.2:x'])(
    '%s is none',
    (host) => {
      expect(one(outbound({ host }))).toBe('skip malformed');
      expect(one(JSON.stringify(typedJson({ cluster: 'outbound|9080||reviews.shop.svc.cluster.local', host })))).toBe('skip malformed');
    },
  );

  it('every address and port that Envoy writes is read as it is', () => {
    const port = fc.integer({ min: 1, max: 65_535 });
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6().filter((text) => !text.includes('.'))), port, port, (text, server, client) => {
        const address = canonicalAddress(text);
        // 10.0.0.1 is the client itself, and loopback addresses are nobody's.
        fc.pre(address !== null && address !== '10.0.0.1' && address !== '::1' && !address.startsWith('127.'));
        const shown = text.includes(':') ? `[${text}]` : text;
        expect(one(outbound({ host: `${shown}:${server}`, downstreamRemote: `10.0.0.1:${client}` }))).toContain(`@10.0.0.1 -> @${address} ${server}/TCP`);
        expect(one(inbound({ downstreamRemote: `${shown}:${client}`, downstreamLocal: `10.0.0.2:${server}` }))).toContain(`@${address} -> @10.0.0.2 ${server}/TCP`);
      }),
      { numRuns: 300 },
    );
  });
});

describe('certificates of access logs', () => {
  const FORMAT = '[%START_TIME%] %RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %UPSTREAM_CLUSTER% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %DOWNSTREAM_PEER_URI_SAN%';
  const line = (san: string, remote = '10.0.0.1:41000'): string => `[2026-03-02T12:00:00.000Z] 200 via_upstream inbound|9080|| 10.0.0.2:9080 ${remote} ${san}`;
  const client = (san: string, remote?: string): string => {
    const [told = ''] = decode(envoyAccessLog, [line(san, remote)], { accessLogFormat: FORMAT }).records;
    return told.split(' -> ')[0] ?? '';
  };

  it.each([
    ['a SPIFFE identity', 'spiffe://cluster.local/ns/shop/sa/web', '@10.0.0.1(shop/web)'],
    ['another trust domain', 'spiffe://prod.example.com/ns/shop/sa/web', '@10.0.0.1(shop/web)'],
    ['several, the first that is one', 'https://example.com/x,spiffe://cluster.local/ns/shop/sa/web,spiffe://cluster.local/ns/other/sa/other', '@10.0.0.1(shop/web)'],
    ['none', '-', '@10.0.0.1'],
    ['another kind of identity', 'https://example.com/ns/shop/sa/web', '@10.0.0.1'],
    ['a namespace that cannot be', 'spiffe://cluster.local/ns/Sh_op/sa/web', '@10.0.0.1'],
    ['an account that cannot be', 'spiffe://cluster.local/ns/shop/sa/we..b', '@10.0.0.1'],
    ['an identity that only begins like one', 'spiffe://cluster.local/ns/shop', '@10.0.0.1'],
    ['an identity inside another', 'x-spiffe://cluster.local/ns/shop/sa/web', '@10.0.0.1'],
  ])('%s', (_, san, expected) => {
    expect(client(san)).toBe(expected);
  });

  it.each([
    ['the whole identity, with its trust domain', 'spiffe://prod.example.com/ns/shop/sa/web', 'prod.example.com/ns/shop/sa/web'],
    ['of several the first that is one', 'https://example.com/x,spiffe://cluster.local/ns/shop/sa/web', 'cluster.local/ns/shop/sa/web'],
    ['plaintext, where the format would show one', '-', 'plaintext'],
    ['not known, where it is of another kind', 'https://example.com/ns/shop/sa/web', null],
    ['not known, where more follows the account', 'spiffe://cluster.local/ns/shop/sa/web/x', null],
    ['not known, where the trust domain cannot be', 'spiffe://Cluster|local/ns/shop/sa/web', null],
  ])('who it speaks for is %s', (_, san, expected) => {
    const { flows } = decode(envoyAccessLog, [line(san)], { accessLogFormat: FORMAT });
    expect(flows[0]?.source.principal).toBe(expected);
  });

  it('a format that shows none, a gateway and a waypoint do not say that there was none', () => {
    const gateway = '[2026-03-02T12:00:00.000Z] 200 via_upstream outbound|9080||reviews.shop.svc.cluster.local 10.0.0.2:8080 198.51.100.7:41000 -';
    const waypoint = '[2026-03-02T12:00:00.000Z] 200 via_upstream inbound-vip|9080|http|reviews.shop.svc.cluster.local; 10.0.0.2:9080 10.0.0.1:41000 -';
    const told = [...decode(envoyAccessLog, [inbound()]).flows, ...decode(envoyAccessLog, [gateway, waypoint], { accessLogFormat: FORMAT }).flows];
    expect(told.length).toBeGreaterThan(1);
    expect(told.map(({ source }) => source.principal)).toEqual(told.map(() => null));
  });

  it('of a client in the tunnel is what Istio hands on, where a format has both', () => {
    const both = `${FORMAT} %FILTER_STATE(io.istio.peer_principal:PLAIN)%`;
    const line2 = (cluster: string, san: string, handed: string): string => `[2026-03-02T12:00:00.000Z] 200 via_upstream ${cluster} 10.0.0.2:9080 10.0.0.1:41000 ${san} ${handed}`;
    const [web, own] = ['spiffe://cluster.local/ns/shop/sa/web', 'cluster.local/ns/shop/sa/web'];
    const told = (text: string): string | null | undefined => decode(envoyAccessLog, [text], { accessLogFormat: both }).flows[0]?.source.principal;
    expect(told(line2('inbound|9080||', web, '-'))).toBe(own);
    expect(told(line2('inbound|9080||', '-', web))).toBe(own);
    expect(told(line2('inbound|9080||', '-', '-'))).toBe('plaintext');
  });

  it('is all there is where the address came from a header', () => {
    expect(client('spiffe://cluster.local/ns/shop/sa/web', '203.0.113.7:0')).toBe('(shop/web)');
    expect(client('-', '203.0.113.7:0')).toBe('skip no-client');
    expect(client('spiffe://cluster.local/ns/Sh_op/sa/web', '203.0.113.7:0')).toBe('skip no-client');
  });

  it('two clients behind one address are two clients', () => {
    const { flows } = decode(envoyAccessLog, ['web', 'job', 'web'].map((account) => line(`spiffe://cluster.local/ns/shop/sa/${account}`)), { accessLogFormat: FORMAT });
    expect(flows.map(({ source }) => source.serviceAccount)).toEqual(['web', 'job', 'web']);
    expect(flows[2]?.source).toBe(flows[0]?.source);
  });
});
