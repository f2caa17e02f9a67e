import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { footpath, Session, type Result } from '../../support/cli.ts';
import { ownerObject, podObject } from '../../support/inventory.ts';

const OBJECTS: readonly object[] = [
  podObject({ namespace: 'shop', name: 'cart', ip: '10.0.0.2', labels: { app: 'cart' } }),
  ownerObject('Deployment', 'bank', 'web', { app: 'web' }),
  ownerObject('StatefulSet', 'bank', 'twin', { app: 'twin' }),
  ownerObject('DaemonSet', 'bank', 'twin', { app: 'twin' }),
];

const policy = (spec: object, metadata: object = {}, apiVersion = 'security.istio.io/v1'): object => ({ apiVersion, kind: 'AuthorizationPolicy', metadata: { name: 'web-only', namespace: 'shop', ...metadata }, spec });
const webOnly = policy({ rules: [{ from: [{ source: { principals: ['cluster.local/ns/bank/sa/web'] } }] }] });
const yaml = (objects: readonly object[]): string => objects.map((object) => stringify(object)).join('---\n');

/** Manifests in a folder of their own, and requests to what they hold. */
class Manifests {
  readonly #session = new Session();

  constructor(...policies: readonly object[]) {
    this.#session.write('all.yaml', yaml([...OBJECTS, ...policies]));
  }

  add(content: string): this {
    this.#session.write('more.yaml', content);
    return this;
  }

  one(request: object | string, ...more: readonly string[]): Promise<Result> {
    return footpath(['simulate', '--manifests', this.#session.folder, '--request', typeof request === 'string' ? request : JSON.stringify(request), ...more]);
  }

  many(lines: string, ...more: readonly string[]): Promise<Result> {
    return footpath(['simulate', '--manifests', this.#session.folder, '--requests', '-', ...more], { stdin: lines });
  }
}

const web = { dst: 'shop/cart', port: 8080, protocol: 'HTTP', principal: 'cluster.local/ns/bank/sa/web', ip: '10.0.0.9', host: 'cart', method: 'GET', path: '/' };

describe('simulate --request', () => {
  it('says what decided, and exits with 0 or 3', async () => {
    const manifests = new Manifests(webOnly);
    const [yes, no] = [await manifests.one(web), await manifests.one({ ...web, principal: null })];
    expect([yes.status, yes.json()]).toEqual([0, { allowed: true, because: 'ALLOW rule 1 of shop/web-only admits it', warnings: [] }]);
    expect([no.status, no.json()]).toEqual([3, { allowed: false, because: 'no ALLOW rule of shop/web-only admits it', warnings: [] }]);
  });

  it('exits with 0 where nothing is decided', async () => {
    const custom = policy({ action: 'CUSTOM', provider: { name: 'opa' }, rules: [{}] });
    expect(await new Manifests(custom).one(web)).toMatchObject({ status: 0, out: expect.stringContaining('"allowed":null') as string });
  });

  it('leaves out what other meshes call so', async () => {
    const linkerd = policy({ targetRef: { kind: 'Server', name: 'x' } }, {}, 'policy.linkerd.io/v1alpha1');
    expect(await new Manifests(linkerd).one(web)).toMatchObject({ status: 0, err: '' });
  });

  it('needs a port and a destination alone', async () => {
    const open = await new Manifests().one({ dst: 'shop/cart', port: '8080' });
    expect([open.status, open.json()]).toEqual([0, { allowed: true, because: 'no AuthorizationPolicy keeps anything from shop/cart', warnings: [] }]);
  });

  it('takes the older version of the API as well', async () => {
    const older = policy({}, {}, 'security.istio.io/v1beta1');
    expect((await new Manifests(older).one(web)).status).toBe(3);
  });

  it('reads policies of its own root namespace and trust domain', async () => {
    const rooted = new Manifests(policy({}, { namespace: 'mesh' }));
    expect([(await rooted.one(web)).status, (await rooted.one(web, '--root-namespace', 'mesh')).status]).toEqual([0, 3]);
    const named = new Manifests(webOnly);
    const principal = 'td.example/ns/bank/sa/web';
    const domains = [[], ['--trust-domain', 'td.example'], ['--trust-domain', 'new.example', 'td.example']];
    expect(await Promise.all(domains.map(async (domain) => (await named.one({ ...web, principal }, ...domain)).status))).toEqual([3, 0, 0]);
  });

  it('says which values of a request are missing to an answer', async () => {
    const result = await new Manifests(policy({ action: 'DENY', rules: [{ when: [{ key: 'request.headers[x-a]', values: ['b'] }, { key: 'connection.sni', values: ['c'] }] }] })).one(web);
    expect(result.json()).toMatchObject({
      allowed: true,
      warnings: ['shop/web-only asks for request.headers[x-a], of which the request says nothing: taken as absent', 'shop/web-only asks for connection.sni, of which the request says nothing: taken as absent'],
    });
  });

  it.each<[string, object | string, string]>([
    ['no object', 'x', '--request takes a JSON object'],
    ['a number', '5', '--request takes a JSON object'],
    ['an unknown destination', { ...web, dst: 'shop/none' }, 'dst shop/none: no pod of the manifests'],
    ['an address', { ...web, dst: '10.0.0.2' }, 'dst 10.0.0.2: no pod of the manifests'],
    ['a name of two workloads', { ...web, dst: 'bank/twin' }, 'dst bank/twin: no pod of the manifests'],
    ['no port', { ...web, port: null }, 'port null: must be between 1 and 65535'],
    ['a port beyond the last', { ...web, port: 65_536 }, 'port 65536: must be between 1 and 65535'],
    ['another protocol', { ...web, protocol: 'UDP' }, 'protocol UDP: must be HTTP or TCP'],
    ['an address that is none', { ...web, ip: '10.0.0' }, 'ip 10.0.0: no address'],
    ['a principal that is a number', { ...web, principal: 5 }, 'principal 5: must be text or null'],
    ['headers that are a list', { ...web, headers: [] }, 'headers: must be an object'],
  ])('refuses %s', async (_, request, expected) => {
    const { status, out, err } = await new Manifests(webOnly).one(request);
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain(expected);
  });
});

describe('simulate --requests', () => {
  it('answers each line with its id, in the order of the input', async () => {
    const lines = [{ id: 1, ...web }, { id: 'two', ...web, principal: 'cluster.local/ns/bank/sa/other' }, { id: null, ...web, dst: 'bank/web' }];
    const { status, out, err } = await new Manifests(webOnly).many(lines.map((line) => JSON.stringify(line)).join('\n'));
    expect([status, err]).toEqual([0, '']);
    expect(out).toBe('{"id":1,"allowed":true}\n{"id":"two","allowed":false}\n{"id":null,"allowed":true}\n');
  });

  it('says what is wrong with a line on stderr, answers the others, and exits with 1', async () => {
    const { status, out, err } = await new Manifests(webOnly).many(['nonsense', 'null', '{"id":3,"dst":"shop/none","port":1}', JSON.stringify({ id: 4, ...web }), ''].join('\n'));
    expect([status, out]).toEqual([1, '{"id":4,"allowed":true}\n']);
    expect(err.trimEnd().split('\n')).toHaveLength(3);
    expect(err).toContain('request null: is no JSON object');
    expect(err).toContain('no pod of the manifests, nor the only workload so called');
  });

  it('escapes what a terminal could take for its own', async () => {
    const { err } = await new Manifests().many('{"id":1,"dst":"a\\u001b[31m","port":1}\n');
    expect(err).not.toContain('\u001b');
  });

  it('leaves out what an API server would refuse, and says so', async () => {
    const bad = policy({ rules: [{ from: [{ source: { principals: [''] } }] }] }, { name: 'bad' });
    const { status, out, err } = await new Manifests(webOnly, bad).add('a: [').many(JSON.stringify({ id: 1, ...web }));
    expect([status, out]).toEqual([0, '{"id":1,"allowed":true}\n']);
    expect(err).toContain('policy shop/bad: spec.rules[0].from[0].source.principals[0] must not be empty');
    expect(err).toContain('more.yaml: document 1 is left out');
  });

  it('says what is legal and surely not meant', async () => {
    const { err } = await new Manifests(policy({ action: 'DENY', rules: [{ to: [{ operation: { methods: ['GET'] } }] }] })).many('');
    expect(err).toContain('policy shop/web-only: spec.rules[0] asks for HTTP alone');
  });
});

describe('what does not go together', () => {
  it.each<[string, readonly string[], string]>([
    ['requests without manifests', ['--requests', '-'], 'are asked of --manifests'],
    ['a file of requests', ['--manifests', '.', '--requests', 'file'], '--requests takes - (standard input)'],
    ['an unknown data plane', ['--manifests', '.', '--requests', '-', '--data-plane', 'linkerd'], '--data-plane linkerd: must be sidecar, ztunnel, waypoint'],
    ['policies and manifests', ['--manifests', '.', '--policies', '.', '--requests', '-'], 'exclude each other'],
  ])('%s', async (_, args, expected) => {
    const { status, err } = await footpath(['simulate', ...args]);
    expect(status).toBe(2);
    expect(err).toContain(expected);
  });
});
