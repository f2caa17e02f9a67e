import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { AdminKind } from '../../../src/model/admin-policy.ts';
import { adminObject } from '../../support/admin-policy.ts';
import { footpath, scratch, Session, type Result } from '../../support/cli.ts';
import { ownerObject, podObject, serviceObject, listObject } from '../../support/inventory.ts';
import { networkPolicy } from '../../support/policy.ts';
import { books, cart, few, LATER, learnedShop } from '../../support/shop.ts';

const OBJECTS: readonly object[] = [
  podObject({ namespace: 'shop', name: 'web', ip: '10.0.0.1', labels: { app: 'web' } }),
  podObject({ namespace: 'shop', name: 'cart', ip: '10.0.0.2', labels: { app: 'cart' }, ports: [{ name: 'http', containerPort: 8080 }] }),
  podObject({ namespace: 'shop', name: 'agent', ip: '192.168.0.1', labels: { app: 'agent' }, hostNetwork: true }),
  podObject({ namespace: 'shop', name: 'done', ip: '10.0.0.9', labels: { app: 'web' }, phase: 'Succeeded' }),
  podObject({ namespace: 'shop', name: 'migrated', phase: 'Failed' }),
  withDeletion(podObject({ namespace: 'shop', name: 'going', ip: '10.0.0.5' })),
  ownerObject('Deployment', 'bank', 'web', { app: 'web' }),
  ownerObject('CronJob', 'bank', 'nightly', { app: 'nightly' }),
  serviceObject('shop', 'cart', '10.96.0.2', { app: 'cart' }, [{ port: 80, targetPort: 8080 }]),
];

/** Asked to end, and still at work until then. */
function withDeletion(object: object): object {
  const { metadata, ...rest } = object as { readonly metadata: object };
  return { ...rest, metadata: { ...metadata, deletionTimestamp: '2026-03-02T12:00:00Z' } };
}

const admitWeb = networkPolicy(
  {
    podSelector: { matchLabels: { app: 'cart' } },
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }, { ipBlock: { cidr: '198.51.100.0/24' } }], ports: [{ port: 'http' }] }],
  },
  'shop',
  'admit-web',
);

const yaml = (objects: readonly object[]): string => objects.map((object) => stringify(object)).join('---\n');

/** Manifests in a folder of their own, and questions about them. */
class Manifests {
  readonly #session = new Session();

  constructor(content: string = yaml([...OBJECTS, admitWeb])) {
    this.#session.write('all.yaml', content);
  }

  ask(...args: readonly string[]): Promise<Result> {
    return footpath(['simulate', '--manifests', this.#session.folder, ...args]);
  }

  questions(lines: string): Promise<Result> {
    return footpath(['simulate', '--manifests', this.#session.folder, '--questions', '-'], { stdin: lines });
  }
}

const question = (from: string, to: string, ...more: readonly string[]): readonly string[] => [
  '--from',
  from,
  '--to',
  to,
  ...(more.includes('--port') ? [] : ['--port', '8080']),
  ...more,
];

describe('one question', () => {
  it('is answered with one JSON object and nothing else', async () => {
    const { status, out, err } = await new Manifests().ask(...question('shop/web', 'shop/cart'));
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(out)).toEqual({ allowed: true, because: 'ingress rule 1 of shop/admit-web admits it', warnings: [] });
  });

  it.each<[string, readonly string[], boolean | null, RegExp]>([
    ['a port that is not open', question('shop/web', 'shop/cart', '--port', '8081'), false, /no ingress rule of shop\/admit-web/],
    ['another protocol', question('shop/web', 'shop/cart', '--protocol', 'UDP'), false, /no ingress rule/],
    ['a protocol in small letters', question('shop/web', 'shop/cart', '--protocol', 'tcp'), true, /admits it/],
    ['an address outside', question('198.51.100.7', 'shop/cart'), true, /admits it/],
    ['an IPv6 address', question('2001:db8::7', 'shop/cart'), false, /no ingress rule/],
    ['to an address outside', question('shop/web', '203.0.113.9'), true, /no policy selects either end/],
    ['a workload by its name', question('bank/web', 'shop/cart'), false, /no ingress rule/],
    ['a workload without pods', question('bank/nightly', 'shop/web'), true, /no policy selects/],
    ['the host’s network', question('shop/agent', 'shop/cart'), null, /host's network/],
    ['a completed pod', question('shop/done', 'shop/cart'), null, /completed/],
    ['a completed pod whose address is not told', question('shop/cart', 'shop/migrated'), null, /completed/],
    ['a pod that is being deleted', question('shop/going', 'shop/web'), true, /no policy selects/],
    ['a Service’s address', question('shop/web', '10.96.0.2', '--port', '80'), null, /10\.96\.0\.2 is a Service's address/],
    ['ICMP, which needs no port', ['--from', 'shop/web', '--to', 'shop/cart', '--protocol', 'ICMP'], null, /ICMP/],
    ['a pod to itself', question('shop/cart', 'shop/cart', '--port', '1'), true, /itself/],
  ])('%s', async (_, args, allowed, because) => {
    const result = await new Manifests().ask(...args);
    expect(result.json()).toMatchObject({ allowed, because: expect.stringMatching(because) });
  });

  it('warns of an ipBlock that matches a pod by its address', async () => {
    const policy = networkPolicy({ ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/24' } }] }] });
    const result = await new Manifests(yaml([...OBJECTS, policy])).ask(...question('shop/web', 'shop/cart'));
    expect(result.json()).toMatchObject({ allowed: true, warnings: [expect.stringContaining('ipBlock')] });
  });

  it.each<[string, AdminKind, string, boolean, string]>([
    ['an administrator denies', 'AdminNetworkPolicy', '{priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}', false, 'ingress rule 1 of AdminNetworkPolicy some denies it'],
    ['an administrator accepts', 'ClusterNetworkPolicy', '{tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Accept, from: [{namespaces: {}}]}]}', true, 'ingress rule 1 of ClusterNetworkPolicy some allows it'],
    ['a baseline has no word where a NetworkPolicy is', 'BaselineAdminNetworkPolicy', '{subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}', true, 'ingress rule 1 of shop/admit-web admits it'],
  ])('%s', async (_, kind, spec, allowed, because) => {
    const { out, err } = await new Manifests(yaml([...OBJECTS, admitWeb, adminObject(kind, spec)])).ask(...question('shop/web', 'shop/cart'));
    expect({ answer: JSON.parse(out) as unknown, err }).toEqual({ answer: { allowed, because, warnings: [] }, err: '' });
  });

  it('nodes of the manifests are the peers of an administrator’s rule', async () => {
    const spec = '{priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{nodes: {matchLabels: {role: control}}}]}]}';
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a', labels: { role: 'control' } }, status: { addresses: [{ type: 'InternalIP', address: '192.168.0.9' }] } };
    const manifests = new Manifests(yaml([...OBJECTS, node, adminObject('AdminNetworkPolicy', spec)]));
    expect((await manifests.ask(...question('shop/web', '192.168.0.9'))).json()).toMatchObject({ allowed: false });
    expect((await manifests.ask(...question('shop/web', '192.168.0.8'))).json()).toMatchObject({ allowed: true });
  });

  it('a policy of an administrator that an API server would refuse is named with its field, and not evaluated', async () => {
    const { out, err } = await new Manifests(yaml([...OBJECTS, adminObject('AdminNetworkPolicy', '{priority: 1}')])).ask(...question('shop/web', 'shop/cart'));
    expect(JSON.parse(out)).toMatchObject({ allowed: true });
    expect(err).toContain('footpath: AdminNetworkPolicy some: spec.subject: must have exactly one field');
  });

  it.each([
    ['crd.antrea.io/v1beta1', 'ClusterNetworkPolicy', 'ClusterNetworkPolicy'],
    ['cilium.io/v2', 'CiliumNetworkPolicy', 'CiliumNetworkPolicy'],
    ['projectcalico.org/v3', 'NetworkPolicy', 'NetworkPolicy (projectcalico.org)'],
    ['projectcalico.org/v3', 'StagedNetworkPolicy', 'StagedNetworkPolicy'],
  ])('warns of policies that were not asked: %s', async (apiVersion, kind, said) => {
    const { out, err } = await new Manifests(yaml([...OBJECTS, { apiVersion, kind, metadata: { name: 'default' }, spec: {} }])).ask(...question('shop/web', 'shop/cart'));
    expect(JSON.parse(out)).toMatchObject({ warnings: [`1 of kind ${said} not evaluated`] });
    expect(err).toContain(`1 of kind ${said} not evaluated`);
  });
});

describe('many questions', () => {
  const line = (more: object): string =>
    JSON.stringify({ src: 'shop/web', src_kind: 'Pod', dst: 'shop/cart', dst_kind: 'Pod', port: 8080, protocol: 'TCP', ...more });
  const answers = ({ out }: Result): readonly unknown[] =>
    out
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => JSON.parse(text) as unknown);

  it('are answered one a line, in their order, with their ids as they are', async () => {
    const asked = [
      line({ id: 'a' }),
      line({ id: 7, port: 1 }),
      line({ id: null, src: '198.51.100.7', src_kind: 'IP' }),
      line({ id: { n: 1 }, src: 'bank/web', src_kind: 'Deployment' }),
    ];
    const result = await new Manifests().questions(asked.map((text) => `${text}\n`).join(''));
    expect({ status: result.status, err: result.err }).toEqual({ status: 0, err: '' });
    expect(answers(result)).toEqual([
      { id: 'a', allowed: true },
      { id: 7, allowed: false },
      { id: null, allowed: true },
      { id: { n: 1 }, allowed: false },
    ]);
  });

  it.each<[string, object, boolean | null]>([
    ['a port in quotes', { port: '8080' }, true],
    ['no protocol is TCP', { protocol: undefined }, true],
    ['a protocol in small letters', { protocol: 'tcp' }, true],
    ['ICMP', { protocol: 'ICMP' }, null],
    ['the host’s network', { src: 'shop/agent' }, null],
    ['a range of one address', { src: '198.51.100.7/32', src_kind: 'IP' }, true],
    ['no kinds', { src_kind: undefined, dst_kind: undefined }, true],
    ['a CronJob', { src: 'bank/nightly', src_kind: 'CronJob' }, false],
  ])('%s', async (_, more, allowed) => {
    expect(answers(await new Manifests().questions(line({ id: 1, ...more })))).toEqual([{ id: 1, allowed }]);
  });

  it('may end their lines as Windows does, and leave some empty', async () => {
    expect(answers(await new Manifests().questions(`\r\n${line({ id: 1 })}\r\n\r\n${line({ id: 2 })}`))).toEqual([
      { id: 1, allowed: true },
      { id: 2, allowed: true },
    ]);
  });

  it('a question that makes no sense is named and leaves the others alone; the status says so', async () => {
    const asked = [line({ id: 1 }), 'who?', '[]', line({ id: 2, dst: 'shop/none' }), line({ id: 3, dst_kind: 'Deployment' }), line({ id: 4 })];
    const result = await new Manifests().questions(asked.map((text) => `${text}\n`).join(''));
    expect(result.status).toBe(1);
    expect(answers(result)).toEqual([
      { id: 1, allowed: true },
      { id: 4, allowed: true },
    ]);
    expect(result.err.trimEnd().split('\n')).toHaveLength(4);
    expect(result.err).toContain('shop/none');
  });

  it('none is no error', async () => {
    expect(await new Manifests().questions('')).toMatchObject({ status: 0, out: '', err: '' });
  });
});

describe('what is read of manifests', () => {
  const allowed = async (manifests: Manifests): Promise<unknown> =>
    ((await manifests.ask(...question('shop/web', 'shop/cart', '--port', '1'))).json() as { readonly allowed: unknown }).allowed;
  const closed = networkPolicy({}, 'shop', 'closed');

  it.each<[string, string]>([
    ['documents of one file', yaml([...OBJECTS, closed])],
    ['a list', listObject([...OBJECTS, closed])],
    [
      'a list whose items have no kind',
      yaml([...OBJECTS, { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicyList', items: [{ ...closed, kind: undefined }] }]),
    ],
    ['Windows line ends and a byte order mark', `\ufeff${yaml([...OBJECTS, closed]).replaceAll('\n', '\r\n')}`],
    ['empty documents between', yaml([...OBJECTS, closed]).replaceAll('---\n', '---\n---\n# nothing\n---\n')],
    ['a broken document beside good ones', `a: [b\n---\n${yaml([...OBJECTS, closed])}`],
  ])('%s', async (_, content) => {
    expect(await allowed(new Manifests(content))).toBe(false);
  });

  it('files of a folder and of those in it, and nothing that is no manifest', async () => {
    const session = new Session();
    mkdirSync(join(session.folder, 'deep/er'), { recursive: true });
    session.write('pods.json', listObject(OBJECTS));
    session.write('deep/er/closed.yml', yaml([closed]));
    session.write('deep/README.md', '# not YAML: [');
    const result = await footpath(['simulate', '--manifests', session.folder, ...question('shop/web', 'shop/cart')]);
    expect(result).toMatchObject({ status: 3, err: '' });
    expect(result.json()).toMatchObject({ allowed: false, because: 'no ingress rule of shop/closed admits it' });
  });

  it('a policy that an API server would refuse is named with its field, and not evaluated', async () => {
    const bad = { ...closed, spec: { podSelector: {}, ingress: [{ from: [{}] }] } };
    const { out, err } = await new Manifests(yaml([...OBJECTS, bad])).ask(...question('shop/web', 'shop/cart'));
    expect(JSON.parse(out)).toMatchObject({ allowed: true });
    expect(err).toContain('policy shop/closed: spec.ingress[0].from[0]: must specify a peer');
  });

  it('a path that is not there', async () => {
    const { status, err } = await footpath(['simulate', '--manifests', join(scratch(), 'none'), ...question('shop/web', 'shop/cart')]);
    expect(status).toBe(1);
    expect(err).toMatch(/none: cannot be read: ENOENT/);
  });

  it('needs no database, and makes none', async () => {
    const folder = scratch();
    const result = await footpath([
      'simulate',
      '--manifests',
      new Session().write('all.yaml', yaml(OBJECTS)),
      ...question('shop/web', 'shop/cart'),
      '--db',
      join(folder, 'none', 'footpath.db'),
    ]);
    expect(result.status).toBe(0);
  });
});

describe('policies against what was learned', () => {
  const toCart = networkPolicy(
    { podSelector: { matchLabels: { app: 'cart' } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }] },
    'shop',
    'to-cart',
  );
  const open = networkPolicy(
    { podSelector: { matchLabels: { app: 'cart' } }, ingress: [{ from: [{ namespaceSelector: {} }, { ipBlock: { cidr: '192.0.2.0/24' } }] }] },
    'shop',
    'open',
  );
  const shutCart = networkPolicy({ podSelector: { matchLabels: { app: 'cart' } }, policyTypes: ['Ingress'] }, 'shop', 'shut-cart');

  async function simulate(policies: readonly object[], ...args: readonly string[]): Promise<Result> {
    const session = await learnedShop();
    return session.run('simulate', '--policies', session.write('policies.yaml', yaml(policies)), ...args);
  }

  it('show apart what they deny because nobody accepted it', async () => {
    const session = await learnedShop();
    await session.observe(few(1, { from: books, to: cart, port: 8080, time: LATER }));
    const result = await session.run('simulate', '--policies', session.write('policies.yaml', yaml([toCart])));
    expect(result.status).toBe(0);
    expect(result.out).toMatch(/denied, as nobody accepted them: 1 edge\n.*pay\/books -> shop\/cart 8080\/TCP/);
  });

  it('say as JSON what was judged, what was not, and why', async () => {
    const result = await simulate([shutCart], '-o', 'json');
    expect(result.status).toBe(3);
    const edge = { source: { workload: 'web' }, destination: { workload: 'cart' }, port: 8080, state: 'accepted' };
    expect(result.json()).toMatchObject({
      policies: 1,
      edges: 4,
      denied: [{ edge, because: 'no ingress rule of shop/shut-cart admits it', partly: false }],
      unjudged: [],
      unused: [],
      unusedCount: 0,
      unusedRanges: [],
      unusedRangesCount: 0,
      warnings: [],
    });
  });

  it('sum up what they allow though nobody used it, and list it where asked', async () => {
    const brief = await simulate([open]);
    expect(brief.out).toMatch(/allowed but never seen: [1-9]\d* ports between workloads, 1 outside range/);
    expect(brief.out).not.toContain('pay/ledger -> shop/cart');
    const wide = await simulate([open], '-o', 'wide');
    expect(wide.out).toContain('pay/ledger -> shop/cart 8080/TCP');
    expect(wide.out).toContain('shop/open from 192.0.2.0/24 (256 addresses)');
  });

  it('need a database', async () => {
    const session = new Session();
    expect(await session.run('simulate', '--policies', session.write('policies.yaml', yaml([toCart])))).toMatchObject({ status: 1, out: '' });
  });
});
