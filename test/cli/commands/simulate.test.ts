import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adminObject } from '../../support/admin-policy.ts';
import { edgeText, footpath, scratch, type EdgeJson, type Session } from '../../support/cli.ts';
import { cart, few, learnedShop, must, watchedShop, web } from '../../support/shop.ts';

interface Simulated {
  readonly policies: number;
  readonly edges: number;
  readonly denied: readonly {
    readonly edge: EdgeJson;
    readonly because: string;
    readonly partly: boolean;
    readonly pods: readonly { readonly pod: string; readonly connections: number }[];
    readonly witnesses: readonly string[];
  }[];
  readonly unused: readonly string[];
  readonly warnings: readonly string[];
}

const policy = (spec: object, namespace = 'shop'): string => JSON.stringify({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'p', namespace }, spec });
const CLOSED = policy({ podSelector: {}, policyTypes: ['Ingress'] });

async function simulated(session: Session, content: string, ...args: readonly string[]) {
  const result = await session.run('simulate', '--policies', session.write('policies.yaml', content), '-o', 'json', ...args);
  return { ...result, value: result.json() as Simulated };
}

describe('simulate --policies', () => {
  it('finds that what was proposed breaks nothing, and exits with 0', async () => {
    const session = await learnedShop();
    const folder = join(session.folder, 'policies');
    await must(session, 'propose', '--out', folder);
    const { status, out } = await session.run('simulate', '--policies', folder);
    expect([status, out]).toEqual([0, '5 policies against 4 learned edges: 0 accepted edges would break\nallowed but never seen: 0 ports between workloads, 0 outside ranges\n']);
  });

  it('lists the accepted edges that would break, and exits with 3', async () => {
    const { status, value } = await simulated(await learnedShop(), CLOSED);
    expect([status, value.policies, value.edges]).toEqual([3, 1, 4]);
    expect(value.denied.map(({ edge, partly }) => [edgeText(edge), partly])).toEqual([
      ['shop/cart -> shop/db 5432/TCP accepted', false],
      ['shop/web -> shop/cart 8080/TCP accepted', false],
    ]);
  });

  it('names them in words, with what does not admit them', async () => {
    const session = await learnedShop();
    const { status, out, err } = await session.run('simulate', '--policies', session.write('p.yaml', CLOSED));
    expect([status, err, out.split('\n')[0]]).toEqual([3, '', '1 policy against 4 learned edges: 2 accepted edges would break']);
    expect(out).toMatch(/^ {2}shop\/web -> shop\/cart 8080\/TCP {3}last 0s ago {3}no ingress rule of shop\/p admits it$/m);
  });

  it('show who needs what would break: pods, their connections, and who told of them', async () => {
    const session = await learnedShop();
    const path = session.write('p.yaml', CLOSED);
    const { value } = await simulated(session, CLOSED);
    const broken = value.denied.find(({ edge }) => edge.source.workload === 'web');
    expect(broken).toMatchObject({ edge: { connections: expect.any(Number) as number, lastSeen: expect.stringMatching(/^20/) as string }, witnesses: ['hubble at the destination', 'hubble at the source'] });
    expect(broken?.pods.map(({ pod }) => pod)).toEqual(expect.arrayContaining([expect.stringMatching(/^shop\/web-/)]));
    const { out } = await session.run('simulate', '--policies', path);
    expect(out).toMatch(/^ {4}\d+ connections from shop\/web-\S+( and \d+ other pods?|, \S+)*, told by hubble at the destination, hubble at the source$/m);
  });

  it('does not fail for what nobody accepted: that is what policies are for', async () => {
    const session = await watchedShop();
    await session.observe(few(2, { from: cart, to: web, port: 9 }));
    const { status, value } = await simulated(session, policy({ podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'] }));
    expect([status, value.denied.map(({ edge }) => edge.state)]).toEqual([0, ['observed']]);
  });

  it('keeps to a namespace', async () => {
    const { status, value } = await simulated(await learnedShop(), CLOSED, '-n', 'pay');
    expect([status, value.denied]).toEqual([0, []]);
  });

  it('takes several policies together: what one admits, none denies', async () => {
    const open = policy({ podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: {} }] }] });
    const { status, value } = await simulated(await learnedShop(), `${CLOSED}\n---\n${open}\n`);
    expect([status, value.policies]).toEqual([0, 2]);
  });

  it('takes those of the cluster, as the inventory has them', async () => {
    const session = await learnedShop();
    expect(await session.run('simulate', '--policies', 'cluster')).toMatchObject({ status: 1, err: expect.stringContaining('cluster: the database knows no NetworkPolicies of it') });
    const inventory = session.write('policies-of-cluster.yaml', CLOSED);
    await session.observe([], '--inventory', inventory);
    const { status, value } = await simulated(session, CLOSED);
    const again = await session.run('simulate', '--policies', 'cluster', '-o', 'json');
    expect([again.status, again.json()]).toEqual([status, JSON.parse(JSON.stringify(value))]);
  });

  it('takes those of administrators too, from files and of the cluster', async () => {
    const admin = adminObject('AdminNetworkPolicy', '{priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}');
    const content = JSON.stringify({ ...admin, metadata: { name: 'walls' } });
    const session = await learnedShop();
    const { status, value } = await simulated(session, content);
    expect([status, value.policies]).toEqual([3, 1]);
    expect(new Set(value.denied.map(({ because }) => because))).toEqual(new Set(['ingress rule 1 of AdminNetworkPolicy walls denies it']));
    await session.observe([], '--inventory', session.write('admin.json', content));
    const again = await session.run('simulate', '--policies', 'cluster', '-o', 'json');
    expect([again.status, again.json()]).toEqual([3, JSON.parse(JSON.stringify(value))]);
  });

  it('exits with 3 where there is none but one that no cluster would take', async () => {
    const session = await learnedShop();
    const path = session.write('policies.yaml', policy({ podSelector: {}, policyTypes: ['Sideways'] }));
    expect((await session.run('simulate', '--policies', path)).status).toBe(3);
  });

  it('asks no question of policies alone', async () => {
    const session = await learnedShop();
    const path = session.write('policies.yaml', policy({ podSelector: {}, policyTypes: ['Ingress'] }));
    const { status, err } = await session.run('simulate', '--policies', path, '--from', 'shop/web', '--to', 'shop/cart', '--port', '80');
    expect([status, err]).toEqual([2, expect.stringContaining('are asked of --manifests')]);
  });

  it('exits with 3 though nothing would break, where one that no cluster would take is among them', async () => {
    const open = policy({ podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] });
    const session = await learnedShop();
    const path = session.write('policies.yaml', `${open}\n---\n${policy({ podSelector: {}, policyTypes: ['Sideways'] })}`);
    const { status, out, err } = await session.run('simulate', '--policies', path);
    expect([status, err]).toEqual([3, expect.stringContaining('spec.policyTypes[0]: must be Ingress or Egress')]);
    expect(out).toMatch(/^1 policy against .* 0 accepted edges would break\n/);
  });

  it.each([
    ['is not there', null, /^footpath: \S+policies\.yaml: cannot be read: ENOENT\n$/],
    ['holds no policies', 'kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n', /no valid NetworkPolicy found\n$/],
  ])('fails on a file that %s', async (_, content, message) => {
    const session = await learnedShop();
    const path = content === null ? join(session.folder, 'policies.yaml') : session.write('policies.yaml', content);
    const { status, out, err } = await session.run('simulate', '--policies', path);
    expect([status, out]).toEqual([1, '']);
    expect(err).toMatch(message);
  });
});

/** Manifests of three pods in two namespaces; only web may reach cart, at one port. */
function manifests(): string {
  const path = join(scratch(), 'manifests.yaml');
  const of = (namespace: string, name: string, more = ''): string => `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, namespace: ${namespace}, labels: { app: ${name} } }\nspec: { containers: [{ name: a }]${more} }\n`;
  const allow = policy({ podSelector: { matchLabels: { app: 'cart' } }, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ port: 8080, protocol: 'TCP' }] }] });
  writeFileSync(path, [of('shop', 'web'), of('shop', 'cart'), of('pay', 'books'), of('shop', 'agent', ', hostNetwork: true'), allow].join('---\n'));
  return path;
}

const ask = (...args: readonly string[]) => footpath(['simulate', '--manifests', manifests(), ...args]);

describe('simulate --from --to', () => {
  it.each([
    ['shop/web', 'shop/cart', '8080', 'TCP', true],
    ['shop/web', 'shop/cart', '8081', 'TCP', false],
    ['shop/web', 'shop/cart', '8080', 'UDP', false],
    ['shop/web', 'shop/cart', '8080', 'tcp', true],
    ['pay/books', 'shop/cart', '8080', 'TCP', false],
    ['shop/cart', 'pay/books', '5432', 'TCP', true],
    ['198.51.100.7', 'shop/cart', '8080', 'TCP', false],
    ['shop/agent', 'shop/cart', '8080', 'TCP', null],
    ['shop/web', 'shop/cart', '8080', 'ICMP', null],
  ])('%s -> %s %s/%s: %s', async (from, to, port, protocol, allowed) => {
    const { status, out, err } = await ask('--from', from, '--to', to, '--port', port, '--protocol', protocol);
    expect([status, err]).toEqual([allowed === false ? 3 : 0, '']);
    expect(JSON.parse(out)).toEqual({ allowed, because: expect.stringMatching(/./) as string, warnings: expect.any(Array) as unknown[] });
  });

  it.each([
    [['--from', 'shop/web'], 'say --from and --to, and --port; or --questions -'],
    [['--from', 'shop/web', '--to', 'shop/cart'], '--port: must be between 1 and 65535'],
    [['--from', 'shop/web', '--to', 'shop/cart', '--port', '0'], '--port 0: must be between 1 and 65535'],
    [['--from', 'shop/web', '--to', 'shop/cart', '--port', '65536'], '--port 65536: must be between 1 and 65535'],
    [['--from', 'shop/web', '--to', 'shop/cart', '--port', 'http'], '--port http: must be between 1 and 65535'],
    [['--from', 'shop/nobody', '--to', 'shop/cart', '--port', '80'], 'shop/nobody: not in the manifests, and no address'],
    [['--from', 'shop/web', '--to', '10.0.0.256', '--port', '80'], '10.0.0.256: not in the manifests, and no address'],
    [['--questions', 'file.jsonl'], '--questions takes - (standard input)'],
    [['--policies', 'x'], '--policies and --manifests exclude each other: give all files of a question with --manifests'],
  ])('refuses %j', async (args, message) => {
    expect(await ask(...args)).toMatchObject({ status: 2, out: '', err: `footpath: ${message}\n` });
  });

  it('asks for one of the two', async () => {
    expect(await footpath(['simulate'])).toMatchObject({ status: 2, out: '', err: 'footpath: give --policies to replay the learned edges, or --manifests to ask about what they hold\n' });
  });
});

describe('simulate --questions -', () => {
  const question = (id: unknown, src: string, dst: string, port: unknown = 8080, more: object = {}): string => JSON.stringify({ id, src, src_kind: 'Pod', dst, dst_kind: 'Pod', port, protocol: 'TCP', ...more });
  const answers = async (lines: readonly string[]) => footpath(['simulate', '--manifests', manifests(), '--questions', '-'], { stdin: lines.join('\n') });

  it('a line over a mebibyte is said and left out, and no text of JSON ends one', async () => {
    const result = await answers(['x'.repeat((1 << 20) + 1), '{"id":"a\u2028b","src":"10.9.9.9","dst":"10.9.9.8","port":80}']);
    expect(result).toMatchObject({ status: 1, out: '{"id":"a\u2028b","allowed":true}\n' });
    expect(result.err).toBe('footpath: a question is longer than 1048576 bytes\n');
  });

  it('answers one line a question, with its id, in their order', async () => {
    const { status, out, err } = await answers([
      question(1, 'shop/web', 'shop/cart'),
      question('two', 'pay/books', 'shop/cart'),
      '',
      question({ three: 3 }, '198.51.100.7', 'shop/web', 80, { src_kind: 'IP' }),
      question(null, 'shop/agent', 'shop/cart'),
    ]);
    expect([status, err]).toEqual([0, '']);
    expect(out.trimEnd().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual([
      { id: 1, allowed: true },
      { id: 'two', allowed: false },
      { id: { three: 3 }, allowed: true },
      { id: null, allowed: null },
    ]);
  });

  it.each([
    ['no JSON', 'hello', 'question hello: '],
    ['a number', '7', 'question 7: '],
    ['null', 'null', 'question null: '],
    ['a name that is not there', question(1, 'shop/nobody', 'shop/cart'), 'shop/nobody: not in the manifests, and no address'],
    ['no port', question(1, 'shop/web', 'shop/cart', undefined).replace(',"port":8080', ''), 'port: must be between 1 and 65535'],
    ['a port that is null', question(1, 'shop/web', 'shop/cart', null), 'port null: must be between 1 and 65535'],
    ['a port that is 0', question(1, 'shop/web', 'shop/cart', 0), 'port 0: must be between 1 and 65535'],
    ['a port over the last one', question(1, 'shop/web', 'shop/cart', 70_000), 'port 70000: must be between 1 and 65535'],
    ['a port by name', question(1, 'shop/web', 'shop/cart', 'http'), 'port http: must be between 1 and 65535'],
    ['a port that is true', question(1, 'shop/web', 'shop/cart', true), 'port true: must be between 1 and 65535'],
    ['a protocol by number', question(1, 'shop/web', 'shop/cart', 80, { protocol: 5 }), 'protocol 5: must be TCP, UDP or SCTP'],
    ['an escape', '{"id":"\u001b[2J', 'question {"id":"\\u001b[2J: '],
  ])('answers the others and exits with 1 after a bad one: %s', async (_, bad, message) => {
    const { status, out, err } = await answers([bad, question(2, 'shop/web', 'shop/cart')]);
    expect([status, out.trimEnd()]).toEqual([1, '{"id":2,"allowed":true}']);
    expect(err).toMatch(/^footpath: question [^\n]*\n$/);
    expect(err).toContain(message);
  });

  it('answers thousands', async () => {
    const { status, out } = await answers(Array.from({ length: 5_000 }, (_, i) => question(i, 'shop/web', 'shop/cart', i % 2 === 0 ? 8080 : 8081)));
    expect(status).toBe(0);
    expect(out.trimEnd().split('\n').map((line) => (JSON.parse(line) as { readonly allowed: boolean }).allowed)).toEqual(Array.from({ length: 5_000 }, (_, i) => i % 2 === 0));
  });
});
