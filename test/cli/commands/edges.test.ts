import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { edgeText, type EdgeJson, type Session } from '../../support/cli.ts';
import { hubbleFlow, hubbleLine, pod, WORLD } from '../../support/hubble.ts';
import { APISERVER, books, cart, database, few, HABITS, LATER, learnedShop, METADATA, must, NODE, refused, sessionIn, unanswered, usualTraffic, web } from '../../support/shop.ts';

const ID = /^[0-9a-f]{16}$/;

const variety = (): Promise<Session> =>
  sessionIn('one edge of every kind of peer', async (session) => {
    await session.observe([
      ...usualTraffic(),
      ...few(3, { from: cart, to: NODE, port: 10_250 }),
      ...few(3, { from: cart, to: APISERVER, port: 6443 }),
      ...few(3, { from: cart, to: METADATA, port: 80 }),
      ...few(3, { from: cart, to: WORLD('203.0.113.9'), port: 443, names: ['Files.Example.com.'] }),
      ...few(3, { from: { ip: '10.0.99.9' }, to: cart, port: 8080 }),
      ...few(3, { from: cart, to: { ip: '10.0.99.8' }, port: 8080 }, unanswered),
      ...few(2, { from: web, to: books, port: 9000 }, refused),
      ...Array.from({ length: 17 }, (_, i) => few(1, { from: WORLD(`198.18.0.${i + 1}`), to: web, port: 8443 })).flat(),
      hubbleLine({ from: cart, to: web, time: LATER, extra: { l4: { ICMPv4: { type: 8 } } } }),
    ]);
  });

describe('an edge as JSON', () => {
  it('has the fields of the contract, and no others', async () => {
    const session = await learnedShop();
    const [edge] = await session.edges('--workload', 'shop/db');
    expect(edge).toEqual({
      id: expect.stringMatching(ID) as string,
      source: { kind: 'workload', cluster: 'default', namespace: 'shop', workload: 'cart', workloadKind: 'Deployment' },
      destination: { kind: 'workload', cluster: 'default', namespace: 'shop', workload: 'db', workloadKind: 'StatefulSet' },
      port: 5432,
      protocol: 'TCP',
      state: 'accepted',
      flags: [],
      decision: null,
      firstSeen: '2026-03-02T12:00:00.000Z',
      lastSeen: '2026-03-04T17:00:00.000Z',
      connections: 9,
      refused: 0,
      denied: 0,
      bytesOut: null,
      bytesIn: null,
      hours: 9,
      days: 3,
      reporters: ['source', 'destination'],
      collectors: ['hubble'],
      operations: [],
      principals: [],
    });
  });

  it.each([
    ['a node', 10_250, { kind: 'node' }],
    ['the API server', 6443, { kind: 'apiserver' }],
    ['the metadata service', 80, { kind: 'external', ip: '169.254.169.254', cidr: null, name: 'metadata service' }],
    ['an outside address with the name that records gave it', 443, { kind: 'external', ip: '203.0.113.9', cidr: null, name: 'files.example.com' }],
  ])('has a peer of its kind: %s', async (_, port, destination) => {
    const edges = await (await variety()).edges('--workload', 'shop/cart');
    expect(edges.find((edge) => edge.port === port)?.destination).toEqual(destination);
  });

  it('has the public, and an unknown end, as sources of their kind', async () => {
    const session = await variety();
    const sources = (await session.edges()).map(({ source }) => source);
    expect(sources).toContainEqual({ kind: 'public' });
    expect(sources).toContainEqual({ kind: 'unresolved', ip: '10.0.99.9' });
  });

  it('has the word that holds on it', async () => {
    const session = await learnedShop();
    const [{ id } = { id: '' }] = await session.edges('--workload', 'shop/db');
    await must(session, 'reject', id, '--by', 'ada', '--comment', 'not any more');
    await must(session, 'accept', '--workload', 'shop/web', '--by', 'bob');
    const decisions = (await session.json<readonly (EdgeJson & { readonly decision: unknown })[]>('edges')).map(({ decision }) => decision);
    const at = '2026-04-01T00:00:00.000Z';
    const bob = { action: 'accept', by: 'bob', at, scope: 'shop/web', comment: null };
    expect(decisions).toEqual([null, { action: 'reject', by: 'ada', at, scope: 'edge', comment: 'not any more' }, bob, bob]);
  });

  it('has no port where the protocol has none', async () => {
    const edges = await (await variety()).edges();
    expect(edges.filter(({ protocol }) => protocol === 'ICMP').map(({ port }) => port)).toEqual([null]);
  });

  it('has the operations that the server performed', async () => {
    const session = await learnedShop();
    const http = { method: 'GET', url: 'http://cart:8080/items/42?token=secret', code: 200 };
    await session.observe(few(2, { ...HABITS[0]!, time: LATER, http }));
    expect((await session.edges('--workload', 'shop/web')).find(({ port }) => port === 8080)?.operations).toEqual([{ method: 'GET', path: '/items/{id}', count: 2 }]);
  });

  it('has no port for the ports beyond the cap of a pair, which are one edge and flagged', async () => {
    const session = await learnedShop();
    await session.observe(Array.from({ length: 80 }, (_, i) => few(1, { from: web, to: database, port: 1_000 + i })).flat());
    const edges = (await session.edges('--workload', 'shop/web')).filter(({ destination }) => destination.workload === 'db');
    const beyond = edges.filter(({ port }) => port === null).map(({ flags, state, connections }) => [flags.includes('many-ports'), state, connections]);
    // 64 ports are kept. The openings of 28 were added up before their answers were seen: a fifth of the room is for answered ones.
    expect([edges.length, beyond]).toEqual([65, [[true, 'observed', 28]]]);
    expect((await session.run('edges')).out).toMatch(/^shop\/web +shop\/db +many\/TCP +observed/m);
  });

  it('is the same whatever is asked beside it', async () => {
    const session = await variety();
    const all = await session.edges();
    for (const edge of await session.edges('-n', 'pay')) expect(all).toContainEqual(edge);
  });
});

describe('which edges are listed', () => {
  const listed = async (...args: readonly string[]): Promise<readonly EdgeJson[]> => (await variety()).edges(...args);

  it('those with either end in a namespace, for -n', async () => {
    const edges = await listed('-n', 'pay');
    expect(edges.map(edgeText)).toEqual(['pay/ledger -> pay/books 5432/TCP accepted', 'shop/web -> pay/books 9000/TCP observed [no-success]']);
  });

  it('those of a workload at either end', async () => {
    const edges = await listed('--workload', 'pay/books');
    expect(edges.map(edgeText)).toEqual(['pay/ledger -> pay/books 5432/TCP accepted', 'shop/web -> pay/books 9000/TCP observed [no-success]']);
  });

  it.each(['cart', 'shop/', '/cart', 'shop/cart/x'])('none, and that is wrong usage, for a workload that is not written as namespace/name: %s', async (text) => {
    const { status, out, err } = await (await learnedShop()).run('edges', '--workload', text);
    expect({ status, out, err }).toEqual({ status: 2, out: '', err: `footpath: --workload ${text}: write it as namespace/name\n` });
  });

  it('those of a state', async () => {
    expect((await listed('--state', 'rejected')).length).toBe(0);
    const states = new Set((await listed('--state', 'observed')).map(({ state }) => state));
    expect([...states]).toEqual(['observed']);
    const session = await variety();
    const rejected = (await session.edges()).find(({ port }) => port === 9000)!;
    await must(session, 'reject', rejected.id);
    expect((await session.edges('--state', 'rejected')).map(({ id }) => id)).toEqual([rejected.id]);
  });

  it('those that a suspicion holds back, for --flagged', async () => {
    const edges = await listed('--flagged');
    expect(edges.map(({ flags }) => flags.join()).toSorted()).toEqual(['kubelet', 'metadata', 'no-success', 'single-sighting,no-success'].toSorted());
  });

  it('those with an unknown end only where they are told in full', async () => {
    const session = await variety();
    for (const form of ['wide', 'json', 'yaml']) expect((await session.run('edges', '-o', form)).out).toMatch(/10\.0\.99\.8[^]*10\.0\.99\.9/);
    for (const form of ['table', 'name', 'tree', 'dot', 'mermaid', 'csv']) expect((await session.run('edges', '-o', form)).out).not.toContain('10.0.99.');
  });

  it('none, said on stderr, where nothing fits', async () => {
    const session = await variety();
    const { status, out, err } = await session.run('edges', '-n', 'nowhere', '--no-headers');
    expect([status, out, err]).toEqual([0, '', 'no edges\n']);
    expect(await session.edges('-n', 'nowhere')).toEqual([]);
  });
});

describe('forms of the list', () => {
  it('name the same edges in the same order', async () => {
    const session = await learnedShop();
    const edges = await session.edges();
    const text = async (form: string): Promise<string> => (await session.run('edges', '-o', form)).out;
    expect(await text('name')).toBe(edges.map(({ id }) => `${id}\n`).join(''));
    expect(parse(await text('yaml'))).toEqual(edges);
    expect((await text('csv')).split('\n').slice(0, 2)).toEqual([
      'id,source,destination,port,protocol,state,flags,connections,firstSeen,lastSeen',
      `${edges[0]!.id},pay/ledger,pay/books,5432,TCP,accepted,,9,2026-03-02T12:00:00.000Z,2026-03-04T17:00:00.000Z`,
    ]);
    expect((await text('wide')).trimEnd().split('\n').slice(1).map((line) => line.split(/\s+/).at(-1))).toEqual(edges.map(({ id }) => id));
  });

  it('draw the graph: a tree, Graphviz, Mermaid', async () => {
    const session = await learnedShop();
    const text = async (form: string): Promise<string> => (await session.run('edges', '-o', form)).out;
    expect(await text('tree')).toBe(
      ['pay/ledger', '└─ 5432/TCP     pay/books', 'shop/web', '├─ 443/TCP      external 198.51.100.10', '└─ 8080/TCP     shop/cart', '   └─ 5432/TCP     shop/db', ''].join('\n'),
    );
    expect(await text('dot')).toMatch(/^digraph footpath \{\n[^]*\n\}\n$/);
    expect(await text('mermaid')).toMatch(/^flowchart LR\n/);
  });

  it('is a table by default, sorted by the names of the ends', async () => {
    const session = await learnedShop();
    expect((await session.run('edges')).out).toBe(
      [
        'SOURCE      DESTINATION             PORT      STATE     CONNS  DAYS  LAST SEEN  FLAGS',
        'pay/ledger  pay/books               5432/TCP  accepted      9     3  0s',
        'shop/cart   shop/db                 5432/TCP  accepted      9     3  0s',
        'shop/web    external 198.51.100.10  443/TCP   accepted      9     3  0s',
        'shop/web    shop/cart               8080/TCP  accepted      9     3  0s',
        '',
      ].join('\n'),
    );
  });

  it('shows the name of an outside address behind it, and flags', async () => {
    const { out } = await (await variety()).run('edges');
    expect(out).toMatch(/^shop\/cart +external 203\.0\.113\.9 \(files\.example\.com\) +443\/TCP +accepted/m);
    expect(out).toMatch(/^shop\/web +pay\/books +9000\/TCP +observed .* no-success$/m);
    expect(out).toMatch(/^shop\/cart +metadata 169\.254\.169\.254 +80\/TCP +observed .* metadata$/m);
  });
});

describe('ids of edges', () => {
  it('are equal in every database, whatever came first', async () => {
    const [one, other] = [await learnedShop(), await learnedShop()];
    const lines = [...few(2, { from: web, to: database, port: 1 }), ...few(2, { from: pod('new', 'a-0', '10.0.9.1'), to: cart, port: 2 })];
    await one.observe(lines);
    await other.observe([...usualTraffic(1, LATER), ...lines].toReversed());
    const ids = async (session: Session): Promise<readonly string[]> => (await session.edges()).map(({ id }) => id);
    expect(await ids(other)).toEqual(await ids(one));
  });

  it('know a pod by its workload, whatever records call it', async () => {
    const session = await learnedShop();
    const named = hubbleFlow({ from: { ...web, workload: ['Deployment', 'web'] }, to: cart, port: 8080, time: LATER });
    await session.observe([JSON.stringify(named)]);
    expect(await session.edges()).toHaveLength(4);
  });
});
