import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { adminObject } from '../../support/admin-policy.ts';
import { Session, type PolicyJson } from '../../support/cli.ts';
import { pod, settledTraffic, WORLD, type HubbleFlow } from '../../support/hubble.ts';
import { listObject, ownerObject, podObject, serviceObject } from '../../support/inventory.ts';
import { meshed } from '../../support/mesh.ts';
import { deployed, used } from '../../support/proposals.ts';
import { cart, database, few, learnedShop, must, watchedShop, web } from '../../support/shop.ts';

const name = ({ metadata }: PolicyJson): string => `${metadata.namespace}/${metadata.name}`;
const ALL = ['pay/books', 'pay/ledger', 'shop/cart', 'shop/db', 'shop/web'];

describe('the policies that are proposed', () => {
  it('are a Kubernetes List as JSON', async () => {
    const session = await learnedShop();
    const list = await session.json<{ readonly apiVersion: string; readonly kind: string; readonly items: readonly PolicyJson[] }>('propose');
    expect([list.apiVersion, list.kind, list.items.map(name)]).toEqual(['v1', 'List', ALL]);
    expect(list.items[2]).toEqual({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'cart', namespace: 'shop', labels: { 'app.kubernetes.io/managed-by': 'footpath' } },
      spec: {
        podSelector: { matchLabels: { app: 'cart' } },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ port: 8080, protocol: 'TCP' }] }],
        egress: [{ to: [{ podSelector: { matchLabels: { app: 'db' } } }], ports: [{ port: 5432, protocol: 'TCP' }] }],
      },
    });
  });

  it('are the same as YAML, with the evidence of each rule in its comment', async () => {
    const session = await learnedShop();
    const { out } = await session.run('propose');
    expect(parseAllDocuments(out).map((document) => document.toJS() as unknown)).toEqual(await session.policies());
    expect(out).toMatch(/^# shop\/cart \(Deployment\): 1 edge in, 1 out; learned over 9 hours, coverage 1\.000$/m);
    expect(out).toContain('  # from shop/web: on several days, seen from both ends\n');
  });

  it.each([
    [['-n', 'pay'], ['pay/books', 'pay/ledger']],
    [['--workload', 'shop/web'], ['shop/web']],
    [['-A'], ALL],
    [['-n', 'pay', '--workload', 'pay/books'], ['pay/books']],
    [['-n', 'nowhere'], []],
  ])('are those that are asked for: %j', async (args, expected) => {
    expect((await (await learnedShop()).policies(...args)).map(name)).toEqual(expected);
  });

  it('say on stderr what they leave alone, and who gets none and why', async () => {
    const session = await learnedShop();
    await session.observe(few(1, { from: pod('shop', 'debug-0', '10.0.0.99', { app: 'debug' }), to: cart, port: 22 }));
    const { status, out, err } = await session.run('propose', '-o', 'json');
    expect([status, JSON.parse(out)]).toEqual([0, expect.objectContaining({ kind: 'List' })]);
    expect(err).toMatch(/^shop\/debug: no policy: .+$/m);
    expect(err).toMatch(/^shop\/db: egress left alone: .+$/m);
    expect(err).toMatch(/^pay\/ledger: ingress left alone: .+$/m);
  });

  it('are moot where an administrator’s rule decides first, which a warning says', async () => {
    const session = await learnedShop();
    const admin = adminObject('AdminNetworkPolicy', '{priority: 1, subject: {namespaces: {matchLabels: {kubernetes.io/metadata.name: pay}}}, ingress: [{action: Allow, from: [{namespaces: {}}]}]}');
    await session.observe([], '--inventory', session.write('admin.json', JSON.stringify(admin)));
    const { status, err } = await session.run('propose');
    expect(status).toBe(0);
    expect(err).toContain('warning: in the cluster, ingress rule 1 of AdminNetworkPolicy some decides before NetworkPolicies are asked: for other pods, those of pay/books are moot\n');
  });

  it('count accepted edges alone, unless observed ones are wanted, too', async () => {
    const session = await watchedShop();
    await session.observe(few(3, { from: web, to: database, port: 9999 }));
    expect((await session.run('propose')).out).not.toContain('9999');
    expect((await session.run('propose', '--include-observed')).out).toContain('9999');
  });

  it('are none, said on stderr, where nothing is accepted', async () => {
    const session = new Session();
    await session.observe([]);
    expect(await session.run('propose')).toMatchObject({ status: 0, out: '', err: 'no policies: no workload here has an accepted edge (footpath edges, footpath accept)\n' });
    expect((await session.json<{ items: unknown[] }>('propose')).items).toEqual([]);
  });

  it('do not change when they are asked for twice, in two databases, or after more of the same', async () => {
    const [one, other] = [await learnedShop(), await learnedShop()];
    const text = async (session: Session): Promise<string> => (await session.run('propose')).out;
    expect(await text(other)).toBe(await text(one));
  });

  it.each([
    [['--workload', 'shop/nobody'], 2, '--workload shop/nobody: no such workload; footpath status lists them'],
    [['--workload', 'web'], 2, '--workload web: write it as namespace/name'],
  ])('%j: status %i', async (args, status, message) => {
    expect(await (await learnedShop()).run('propose', ...args)).toMatchObject({ status, out: '', err: `footpath: ${message}\n` });
  });
});

describe('--default-deny', () => {
  it('adds one policy a namespace, with an empty selector, both directions, and nothing else', async () => {
    const policies = await (await learnedShop()).policies('--default-deny');
    const deny = policies.filter(({ metadata }) => metadata.name === 'default-deny');
    expect(deny.map(({ metadata, spec }) => [metadata.namespace, spec])).toEqual(['pay', 'shop'].map((namespace) => [namespace, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }]));
    expect(policies).toHaveLength(ALL.length + 2);
  });

  it('keeps to the namespace that is asked for', async () => {
    const policies = await (await learnedShop()).policies('--default-deny', '-n', 'pay');
    expect(policies.map(name)).toEqual(['pay/books', 'pay/default-deny', 'pay/ledger']);
  });

  it('says whom it would cut off', async () => {
    const session = await learnedShop();
    const cluster = session.write('cluster.json', listObject([
      ownerObject('StatefulSet', 'idle', 'queue', { app: 'queue' }),
      podObject({ namespace: 'idle', name: 'queue-0', ip: '10.0.4.4', labels: { app: 'queue' }, owner: ['StatefulSet', 'queue'] }),
    ]));
    await session.observe([], '--inventory', cluster);
    const { out, err } = await session.run('propose', '--default-deny', '-o', 'json');
    expect(out).toContain('"namespace": "idle"');
    expect(err).toContain('idle/queue: default-deny would cut it off: no connection of it was seen\n');
  });

  it('says what it would cut of a workload that has accepted edges, with the reason why no policy keeps them', async () => {
    const session = new Session();
    const [app, db, bare] = [deployed('shop/app', '10.0.0.1'), deployed('shop/db', '10.0.0.2'), deployed('shop/bare', '10.0.0.9', { labels: {}, selector: {} })];
    const outside = Array.from({ length: 65 }, (_, i): HubbleFlow => ({ from: app.end, to: WORLD(`198.51.100.${i + 1}`), port: 443, direction: 'EGRESS', point: 'TO_STACK' }));
    const flows: readonly HubbleFlow[] = [...outside, { from: db.end, to: app.end, port: 80 }, { from: bare.end, to: db.end, port: 5432 }];
    await session.observe(flows.flatMap(used), '--inventory', session.write('inventory.json', listObject([app, db, bare].flatMap(({ objects }) => objects))));
    const { err } = await session.run('propose', '--default-deny');
    expect(err.split('\n').filter((line) => line.includes('default-deny')).toSorted()).toEqual([
      'shop/app: default-deny would cut its egress, 65 edges',
      'shop/app: egress left alone: 65 outside addresses were used: merge them into a few ranges (--max-ranges), or name those that they are in (--ranges); default-deny closes it',
      'shop/bare: default-deny would cut it off: its pods have no stable label',
      'shop/db: default-deny would cut its ingress, 1 edge',
      'shop/db: ingress left alone: shop/bare cannot be selected: its pods have no stable label; default-deny closes it',
    ]);
  });

  it('keeps a resolver open that nobody was seen to ask, and says what it cuts of it', async () => {
    const session = new Session();
    const [app, db, dns] = [deployed('shop/app', '10.0.0.1'), deployed('shop/db', '10.0.0.2'), deployed('kube-system/coredns', '10.0.0.53', { labels: { 'k8s-app': 'kube-dns' } })];
    const service = serviceObject('kube-system', 'kube-dns', '10.96.0.10', { 'k8s-app': 'kube-dns' }, [{ port: 53, protocol: 'UDP' }]);
    const cluster = listObject([...[app, db, dns].flatMap(({ objects }) => objects), service]);
    await session.observe(used({ from: app.end, to: db.end, port: 5432 }), '--inventory', session.write('inventory.json', cluster));
    const { out, err } = await session.run('propose', '--default-deny');
    expect(out).toContain('# proved: has no accepted edge to keep; allows beyond them: dns-unseen: UDP and TCP 53 from shop/app\n');
    expect(err.split('\n').filter((line) => line.includes('default-deny'))).toEqual([
      'kube-system/coredns: egress left alone: no accepted edge leads out of it; default-deny closes it',
      'shop/app: ingress left alone: no accepted edge leads to it; default-deny closes it',
      'shop/db: egress left alone: no accepted edge leads out of it; default-deny closes it',
    ]);
  });

  it('cuts nothing of a workload that is gone', async () => {
    const session = new Session();
    const objects = (app: string, day: number): string => listObject([podObject({ namespace: 'shop', name: `${app}-0`, labels: { app }, owner: ['StatefulSet', app], start: `2026-03-0${day}T00:00:00Z` })]);
    await session.observe([], '--inventory', session.write('old.json', objects('old', 1)));
    await session.observe([], '--inventory', session.write('young.json', objects('young', 2)));
    const { err } = await session.run('propose', '--default-deny');
    expect(err.split('\n').filter((line) => line.includes('default-deny'))).toEqual(['shop/young: default-deny would cut it off: no connection of it was seen']);
  });

  it('cuts nothing of a workload on the host’s network', async () => {
    const session = new Session();
    const [agent, app] = [deployed('shop/agent', '192.168.0.1', { pod: { hostNetwork: true } }), deployed('shop/app', '10.0.0.1')];
    const lines = used({ from: app.end, to: agent.end, port: 9100 });
    await session.observe(lines, '--inventory', session.write('inventory.json', listObject([...agent.objects, ...app.objects])));
    const { err } = await session.run('propose', '--default-deny');
    expect(err).toContain('shop/agent: no policy: its pods are on the host');
    expect(err).not.toContain('shop/agent: default-deny');
  });
});

describe('--out', () => {
  it('writes one file a policy, and a kustomization that lists them', async () => {
    const session = await learnedShop();
    const folder = join(session.folder, 'policies');
    const { status, out, err } = await session.run('propose', '--out', folder);
    expect([status, out]).toEqual([0, '']);
    expect(err).toContain(`5 policies written to ${folder}\n`);
    const files = ALL.map((path) => `${path.replace('/', '__')}.yaml`);
    expect(readdirSync(folder).toSorted()).toEqual(['kustomization.yaml', ...files].toSorted());
    expect(parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8'))).toEqual({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources: files });
    expect(files.map((file) => parse(readFileSync(join(folder, file), 'utf8')) as unknown)).toEqual(await session.policies());
  });

  it('writes the same bytes again', async () => {
    const session = await learnedShop();
    const folder = join(session.folder, 'policies');
    const bytes = async (): Promise<readonly string[]> => {
      await must(session, 'propose', '--out', folder);
      return readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
    };
    expect(await bytes()).toEqual(await bytes());
  });

  it('replaces a link, and leaves what it leads to as it is', async () => {
    const session = await learnedShop();
    const [folder, secret] = [join(session.folder, 'policies'), session.write('secret.txt', 'secret')];
    mkdirSync(folder);
    for (const file of ['shop__web.yaml', 'shop__web.yaml.new']) symlinkSync(secret, join(folder, file));
    await must(session, 'propose', '--out', folder);
    expect([readFileSync(secret, 'utf8'), parse(readFileSync(join(folder, 'shop__web.yaml'), 'utf8'))]).toEqual(['secret', expect.objectContaining({ kind: 'NetworkPolicy' })]);
    expect(existsSync(join(folder, 'shop__web.yaml.new'))).toBe(false);
  });

  it('fails in one line where it cannot write', async () => {
    const session = await learnedShop();
    const file = session.write('file', '');
    const { status, out, err } = await session.run('propose', '--out', file);
    expect([status, out]).toEqual([1, '']);
    expect(err.split('\n').filter((line) => line.startsWith('footpath: '))).toEqual([expect.stringMatching(/^footpath: \S+file: cannot be written: E\w+; check the folder and its rights$/)]);
  });

  it('touches nothing else in the folder', async () => {
    const session = await learnedShop();
    const folder = join(session.folder, 'policies');
    mkdirSync(folder);
    writeFileSync(join(folder, 'mine.yaml'), 'mine');
    await must(session, 'propose', '--out', folder);
    expect(readFileSync(join(folder, 'mine.yaml'), 'utf8')).toBe('mine');
  });
});

describe('the form of a network plugin', () => {
  interface Rendered {
    readonly items: readonly { readonly apiVersion: string; readonly kind: string; readonly metadata: { readonly name: string; readonly namespace: string } }[];
  }

  it.each([
    [['--as', 'cilium'], 'cilium.io/v2', 'CiliumNetworkPolicy'],
    [['--as', 'cilium', '--l7'], 'cilium.io/v2', 'CiliumNetworkPolicy'],
    [['--as', 'calico'], 'projectcalico.org/v3', 'StagedNetworkPolicy'],
    [['--as', 'calico', '--enforced'], 'projectcalico.org/v3', 'NetworkPolicy'],
  ])('%j is one policy a workload, under the same names', async (args, apiVersion, kind) => {
    const session = await learnedShop();
    const { items } = await session.json<Rendered>('propose', ...args);
    expect(items.map((item) => `${item.metadata.namespace}/${item.metadata.name}`)).toEqual(ALL);
    expect(new Set(items.map((item) => `${item.apiVersion} ${item.kind}`))).toEqual(new Set([`${apiVersion} ${kind}`]));
  });

  it('is written to a folder as the other forms are', async () => {
    const session = await learnedShop();
    const folder = join(session.folder, 'policies');
    await must(session, 'propose', '--as', 'cilium', '--default-deny', '--out', folder);
    expect(readdirSync(folder).toSorted()).toEqual(['kustomization.yaml', 'pay__books.yaml', 'pay__default-deny.yaml', 'pay__ledger.yaml', 'shop__cart.yaml', 'shop__db.yaml', 'shop__default-deny.yaml', 'shop__web.yaml']);
    expect(readFileSync(join(folder, 'shop__cart.yaml'), 'utf8')).toContain('  # from shop/web: on several days, seen from both ends\n  - fromEndpoints:\n');
    // Another form of the same policies takes their place.
    await must(session, 'propose', '--as', 'calico', '--enforced', '--default-deny', '--out', folder);
    expect(readFileSync(join(folder, 'shop__cart.yaml'), 'utf8')).toContain('apiVersion: projectcalico.org/v3');
  });

  it.each([
    [['--as', 'kubernetes', '--l7'], 'footpath: --l7: kubernetes policies have no such choice (--as cilium'],
    [['--as', 'calico', '--l7'], 'footpath: --l7: calico policies have no such choice (--as cilium'],
    [['--as', 'cilium', '--enforced'], 'footpath: --enforced: cilium policies have no such choice (--as calico)'],
    [['--as', 'kubernetes', '--trust-domain', 'td.example.com'], 'footpath: --trust-domain: kubernetes policies have no such choice (--as istio)'],
    [['--as', 'kubernetes', '--by-port'], 'footpath: --by-port: kubernetes policies have no such choice (--as istio)'],
    [['--as', 'istio', '--trust-domain', 'Not/One'], 'footpath: --trust-domain Not/One: not a trust domain, such as cluster.local'],
    [['--as', 'calcio'], 'footpath: --as calcio: no such form; did you mean calico?'],
  ])('%j is refused', async (args, said) => {
    const { status, out, err } = await (await learnedShop()).run('propose', ...args);
    expect([status, out, err.startsWith(said)], err).toEqual([2, '', true]);
  });
});

describe('the form of a mesh', () => {
  it('is the NetworkPolicies where nobody is in the mesh, and says of whom', async () => {
    const { status, out, err } = await (await learnedShop()).run('propose', '--as', 'istio', '-o', 'json');
    const { items } = JSON.parse(out) as { readonly items: readonly (PolicyJson & { readonly kind: string })[] };
    expect([status, items.map((item) => `${item.kind} ${name(item)}`)]).toEqual([0, ALL.map((own) => `NetworkPolicy ${own}`)]);
    expect(err).toMatch(/^shop\/cart: no AuthorizationPolicy: .+ the mesh/m);
  });

  it('is two policies a workload that is in the mesh, in files of their names', async () => {
    const session = new Session();
    const [client, server] = [meshed('shop/web', '10.0.0.1', 'sidecar'), meshed('shop/cart', '10.0.0.2', 'sidecar')];
    const inventory = session.write('inventory.json', listObject([...client.objects, ...server.objects]));
    await session.observe(used({ from: client.end, to: server.end, port: 8080 }), '--inventory', inventory);
    const folder = join(session.folder, 'policies');
    const { err } = await session.run('propose', '--as', 'istio', '--default-deny', '--trust-domain', 'td.example.com', '--out', folder);
    expect(readdirSync(folder).toSorted()).toEqual(['kustomization.yaml', 'shop__cart-authorization.yaml', 'shop__cart.yaml', 'shop__default-deny-authorization.yaml', 'shop__default-deny.yaml', 'shop__web.yaml']);
    expect(readFileSync(join(folder, 'shop__cart-authorization.yaml'), 'utf8')).toContain('- td.example.com/ns/shop/sa/web\n');
    expect(err).toContain('5 policies written to');
    const { out, status } = await session.run('simulate', '--policies', folder);
    expect([status, out]).toEqual([0, expect.stringContaining('0 accepted edges would break')]);
  });
});

describe('a folder of an earlier run', () => {
  it('keeps what a run for a part was not asked for, and does not say to delete it', async () => {
    const session = await learnedShop();
    const folder = join(session.folder, 'policies');
    await must(session, 'propose', '--out', folder);
    for (const part of [['-n', 'shop'], ['--workload', 'shop/web']]) {
      const { err } = await session.run('propose', ...part, '--out', folder);
      expect(err).toMatch(/there of an earlier run are not in kustomization\.yaml: without -n and --workload all are$/m);
      expect(err).not.toContain('delete');
    }
    expect(readdirSync(folder)).toContain('pay__books.yaml');
  });
});

describe('a label that looks like a number', () => {
  it.each(['0o14', '0O14', '0X1F', '0B11'])('to Go is quoted: %s', async (word) => {
    const session = new Session();
    await session.observe(settledTraffic({ from: pod('shop', 'odd-0', '10.0.5.1', { app: word }), to: pod('shop', 'db-0', '10.0.5.2', { app: 'db' }), port: 5432 }));
    const { out } = await session.run('propose', '--workload', 'shop/odd');
    expect(out).toMatch(new RegExp(`app: ["']${word}["']`));
  });
});
