import { describe, expect, it } from 'vitest';
import { Session, type EdgeJson } from '../../support/cli.ts';
import { istioJson } from '../../support/envoy-formats.ts';
import { pod, settledTraffic, T0 } from '../../support/hubble.ts';
import { listObject } from '../../support/inventory.ts';
import { meshed } from '../../support/mesh.ts';
import { cart, few, learnedShop, METADATA, must, watchedShop } from '../../support/shop.ts';

interface Explained {
  readonly namespace: string;
  readonly workload: string;
  readonly workloadKind: string;
  readonly readiness: string;
  readonly reason: string | null;
  readonly rules: readonly { readonly direction: string; readonly edges: readonly EdgeJson[]; readonly widenings: readonly unknown[]; readonly comment: string }[];
  readonly leftAlone: readonly { readonly direction: string; readonly reason: string }[];
  readonly withoutRule: readonly EdgeJson[];
}

describe('footpath explain', () => {
  it('answers which edges made each rule', async () => {
    const session = await learnedShop();
    const { rules, reason, readiness, withoutRule, ...who } = await session.json<Explained>('explain', 'shop/cart');
    expect(who).toMatchObject({ namespace: 'shop', workload: 'cart', workloadKind: 'Deployment', leftAlone: [] });
    expect([reason, withoutRule, readiness]).toEqual([null, [], 'shop/cart (Deployment): 1 edge in, 1 out; learned over 9 hours, coverage 1.000']);
    expect(rules.map(({ direction }) => direction)).toEqual(['ingress', 'egress']);
    const all = await session.edges();
    expect(rules.flatMap(({ edges }) => edges)).toEqual([all.find(({ port }) => port === 8080), all.find(({ source, port }) => port === 5432 && source.workload === 'cart')]);
  });

  it('says of each rule all that was seen of it, once, and what a widening opens', async () => {
    const session = new Session();
    const end = (namespace: string, name: string, ip: string) => pod(namespace, `${name}-0`, ip, { app: name });
    const [web, server, log, dns] = [end('shop', 'web', '10.0.0.1'), end('shop', 'cart', '10.0.0.2'), end('shop', 'log', '10.0.0.3'), end('kube-system', 'coredns', '10.0.0.53')];
    await session.observe([
      ...settledTraffic({ from: web, to: server }),
      ...settledTraffic({ from: web, to: log }, 1),
      ...settledTraffic({ from: log, to: dns, port: 53, protocol: 'UDP' }),
    ]);
    const { out } = await session.run('explain', 'shop/web');
    expect(out).toContain('egress 8080/TCP: to shop/cart: on several days, seen from both ends; to shop/log: on one day, seen from both ends\n');
    expect(out).toContain(
      'egress 53/TCP, 53/UDP: nothing was seen of it, it is a widening alone\n  wider than its edges: dns-unseen (UDP and TCP 53 to kube-system/coredns): opens DNS to the cluster’s resolver, though no query was seen',
    );
    expect(out.match(/dns-unseen/g)).toHaveLength(1);
  });

  it('tells of certificates that clients showed, and that they showed none', async () => {
    const session = new Session();
    const [web, server] = [meshed('shop/web', '10.0.0.1', 'sidecar'), meshed('shop/cart', '10.0.0.2', 'sidecar')];
    const inventory = session.write('inventory.json', listObject([...web.objects, ...server.objects]));
    const lines = ['spiffe://cluster.local/ns/shop/sa/web', '-'].map((san, minute) => {
      const told = istioJson({ time: T0 + minute * 60_000, cluster: 'inbound|8080||', host: '10.0.0.2:8080', upstreamLocal: '127.0.0.6:41000', downstreamLocal: '10.0.0.2:8080', downstreamRemote: `10.0.0.1:4100${minute}` });
      return JSON.stringify({ ...told, downstream_peer_uri_san: san });
    });
    await session.observe(lines, '--inventory', inventory);
    expect((await session.run('explain', 'shop/cart')).out).toContain('\n    certificates: cluster.local/ns/shop/sa/web, none\n');
    expect((await session.edges())[0]).toMatchObject({ principals: ['cluster.local/ns/shop/sa/web', 'plaintext'] });
  });

  it('tells the evidence in words', async () => {
    const session = await learnedShop();
    const { status, out, err } = await session.run('explain', 'shop/cart');
    const id = (await session.edges()).find(({ port }) => port === 8080)?.id;
    expect([status, err]).toEqual([0, '']);
    expect(out.split('\n').slice(0, 7)).toEqual([
      'shop/cart (Deployment): 1 edge in, 1 out; learned over 9 hours, coverage 1.000',
      '',
      'rule 1, ingress 8080/TCP: from shop/web: on several days, seen from both ends',
      `  shop/web -> shop/cart 8080/TCP  ${id}`,
      '    9 connections in 9 hours of 3 days, 9 answers, 0 refused, 0 denied, from 1 pod',
      '    first 2026-03-02T12:00:00.000Z, last 2026-03-04T17:00:00.000Z; accepted',
      '    told by hubble at the destination, hubble at the source',
    ]);
  });

  it('keeps to one rule, counted from 1', async () => {
    const session = await learnedShop();
    expect((await session.json<Explained>('explain', 'shop/cart', '--rule', '2')).rules.map(({ direction }) => direction)).toEqual(['egress']);
    for (const rule of ['0', '3', 'x', '1.5', '-1']) {
      expect(await session.run('explain', 'shop/cart', '--rule', rule)).toMatchObject({ status: 2, out: '', err: `footpath: --rule ${rule}: its policy has 2 rules\n` });
    }
  });

  it('lists the edges that no rule comes of, with what holds them back', async () => {
    const session = await watchedShop();
    await session.observe(few(2, { from: cart, to: METADATA, port: 80 }));
    const { withoutRule } = await session.json<Explained>('explain', 'shop/cart');
    expect(withoutRule.map(({ port, state, flags }) => [port, state, flags])).toEqual([[80, 'observed', ['metadata']]]);
    expect((await session.run('explain', 'shop/cart')).out).toContain('\nno rule comes of:\n  shop/cart -> metadata 169.254.169.254 80/TCP: observed\n    metadata: the metadata service, which gives credentials away\n');
  });

  it('says who decided, when and why', async () => {
    const session = await learnedShop();
    await must(session, 'accept', '-n', 'shop', '--by', 'ada\u001b[2J', '--comment', 'as agreed\u0007');
    const { out } = await session.run('explain', 'shop/cart');
    expect(out).toContain('; accepted by ada\\u001b[2J at 2026-04-01T00:00:00.000Z: as agreed\\u0007\n');
  });

  it('says why there is no policy', async () => {
    const session = await learnedShop();
    await session.observe(few(1, { from: cart, to: { ip: '10.0.5.5', namespace: 'new', pod: 'lonely-0', labels: ['k8s:app=lonely'] }, port: 1 }));
    const explained = await session.json<Explained>('explain', 'new/lonely');
    expect([explained.rules, typeof explained.reason]).toEqual([[], 'string']);
    expect((await session.run('explain', 'new/lonely')).out).toContain(`no policy: ${explained.reason}`);
  });

  it('explains workloads of one name and several kinds one after the other, by kind', async () => {
    const session = new Session();
    const [deployment, set] = [pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.1', { app: 'web' }), pod('shop', 'web-0', '10.0.0.9', { app: 'webset' })];
    await session.observe([...settledTraffic({ from: deployment, to: cart, port: 8080 }), ...settledTraffic({ from: set, to: cart, port: 9090 })]);
    const { out } = await session.run('explain', 'shop/web');
    expect(out.match(/^shop\/web \(\w+\)|^rule \d, [^:]+|^no rule/gm)).toEqual(['shop/web (Deployment)', 'rule 1, egress 8080/TCP', 'shop/web (StatefulSet)', 'rule 2, egress 9090/TCP']);
    const { namesakes, ...first } = await session.json<Explained & { readonly namesakes: readonly Explained[] }>('explain', 'shop/web');
    expect([first, ...namesakes].map(({ workloadKind, rules }) => [workloadKind, rules.flatMap(({ edges }) => edges.map(({ port }) => port))])).toEqual([['Deployment', [8080]], ['StatefulSet', [9090]]]);
    expect(await session.json('explain', 'shop/web', '--rule', '2')).toMatchObject({ workloadKind: 'StatefulSet', namesakes: [] });
  });

  it.each([
    ['shop/nobody', 'shop/nobody: no such workload; footpath status lists them'],
    ['cart', /^footpath: cart: write it as namespace\/name$/],
    ['shop/cart/x', /write it as namespace\/name$/],
  ])('refuses %s', async (workload, message) => {
    const { status, out, err } = await (await learnedShop()).run('explain', workload);
    expect([status, out]).toEqual([2, '']);
    expect(err.trimEnd()).toMatch(typeof message === 'string' ? new RegExp(`^footpath: ${message}$`) : message);
  });
});
