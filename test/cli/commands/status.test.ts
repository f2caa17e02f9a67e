import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Session } from '../../support/cli.ts';
import { connection, hubbleLine, settledTraffic, T0 } from '../../support/hubble.ts';
import { listObject, ownerObject } from '../../support/inventory.ts';
import { cart, DAY, few, HABITS, HOUR, LATER, learnedShop, must, usualTraffic, web } from '../../support/shop.ts';

interface WorkloadRow {
  readonly namespace: string;
  readonly workload: string;
  readonly mode: string;
  readonly readiness: string;
  readonly edges: number;
  readonly observedHours: number;
  readonly coverage: number | null;
  readonly expectedNewEdges: { readonly '24h': number | null; readonly '7d': number | null };
  readonly lastNewEdge: string | null;
  readonly missing: readonly string[];
}

interface Status {
  readonly workloads: readonly WorkloadRow[];
  readonly sources: readonly { readonly name: string; readonly records: number; readonly skipped: Readonly<Record<string, number>>; readonly lost: number; readonly lastRecord: string | null }[];
  readonly unresolved: number;
  readonly coverage: number | null;
}

const status = (session: Session, ...args: readonly string[]): Promise<Status> => session.json<Status>('status', ...args);

describe('the status as JSON', () => {
  it('has the fields of the contract', async () => {
    const session = await learnedShop();
    const { workloads, sources } = await status(session);
    expect(workloads[2]).toEqual({
      namespace: 'shop',
      workload: 'cart',
      workloadKind: 'Deployment',
      mode: 'learning',
      readiness: 'incomplete',
      edges: 2,
      observedHours: 9,
      coverage: 1,
      expectedNewEdges: { '24h': null, '7d': null },
      lastNewEdge: '2026-03-02T12:00:00.000Z',
      missing: ['no full week', '45 h without records', 'no restart seen'],
    });
    expect(sources).toEqual([{ name: 'hubble/node-a', records: 72, flows: 36, skipped: { reply: 36 }, lost: 0, overflow: 0, lastRecord: '2026-03-04T17:00:00.000Z' }]);
  });

  it('lists workloads by name, and those of a namespace alone', async () => {
    const names = async (...args: readonly string[]): Promise<readonly string[]> =>
      (await status(await learnedShop(), ...args)).workloads.map(({ namespace, workload }) => `${namespace}/${workload}`);
    expect(await names()).toEqual(['pay/books', 'pay/ledger', 'shop/cart', 'shop/db', 'shop/web']);
    expect(await names('-n', 'pay')).toEqual(['pay/books', 'pay/ledger']);
    expect(await names('-n', 'nowhere')).toEqual([]);
  });

  it('has the mode that a person chose beside what the engine says of readiness', async () => {
    const session = await learnedShop();
    const before = (await status(session)).workloads;
    await must(session, 'watch', 'shop/cart');
    const after = (await status(session)).workloads;
    expect(after).toEqual(before.map((row) => (row.workload === 'cart' ? { ...row, mode: 'watching' } : row)));
  });

  it('is the same in YAML', async () => {
    const session = await learnedShop();
    expect(parse((await session.run('status', '-o', 'yaml')).out)).toEqual(await status(session));
  });

  it('counts sources apart, with what was skipped and lost', async () => {
    const session = new Session();
    const usual = HABITS[0]!;
    await session.observe([
      ...connection({ ...usual, node: 'node-a' }),
      ...connection({ ...usual, node: 'node-b' }),
      '{"flow":{"node_name":"node-b"}}',
      '{"lost_events":{"num_events_lost":"7"},"node_name":"node-b","time":"2026-03-02T12:00:00Z"}',
    ]);
    expect((await status(session)).sources).toEqual([
      expect.objectContaining({ name: 'hubble/node-a', records: 2, skipped: { reply: 1 }, lost: 0 }),
      expect.objectContaining({ name: 'hubble/node-b', records: 4, skipped: { reply: 1, incomplete: 1, 'lost-events': 1 }, lost: 7 }),
    ]);
  });

  it('tells the share of flows that nobody is known to own', async () => {
    const session = new Session();
    await session.observe([...few(3, HABITS[0]!), hubbleLine({ from: { ip: '10.0.77.7' }, to: cart, port: 8080 })]);
    expect((await status(session)).unresolved).toBe(0.25);
  });
});

describe('readiness', () => {
  /** Every hour of so many days. */
  const hourly = (days: number): readonly string[] => Array.from({ length: days * 24 }, (_, hour) => connection({ ...HABITS[0]!, time: T0 + hour * HOUR })).flat();

  it.each([
    ['a few hours', few(3, HABITS[0]!), 'learning'],
    ['an edge that was seen every hour of a week', hourly(7), 'stable'],
    ['one with two others that were seen once', [...hourly(2), ...[9, 30].flatMap((hour) => few(1, { from: web, to: cart, port: hour, time: T0 + hour * HOUR }))], 'settling'],
    ['long gaps', settledTraffic(HABITS[0]!, 5), 'incomplete'],
    ['one event in fifty lost', [...hourly(2), '{"lost_events":{"num_events_lost":"2"},"node_name":"node-a","time":"2026-03-02T12:00:00Z"}'], 'incomplete'],
  ])('with %s', async (_, lines, expected) => {
    const session = new Session();
    await session.observe(lines);
    expect((await status(session)).workloads.map(({ readiness }) => readiness)).toEqual([expected, expected]);
  });

  it('names what the window has not held', async () => {
    const session = new Session();
    await session.observe(hourly(6));
    expect((await status(session)).workloads[0]?.missing).toEqual(['no full week', 'no restart seen']);
    await session.observe(hourly(8).slice(-2 * 48));
    await session.observe(few(2, { ...HABITS[0]!, from: { ...web, pod: 'web-6b746f74dc-bbbbb', ip: '10.0.0.40' }, time: T0 + 5 * DAY }));
    expect((await status(session)).workloads.map(({ workload, missing }) => [workload, missing])).toEqual([['cart', ['no restart seen']], ['web', []]]);
  });

  it('knows a CronJob that has not run', async () => {
    const session = await learnedShop();
    const cluster = session.write('cluster.json', listObject([ownerObject('CronJob', 'shop', 'weekly', { app: 'weekly' })]));
    await session.observe(few(2, { from: { ip: '10.0.0.70', namespace: 'shop', pod: 'weekly-29000000-bbbbb', labels: ['k8s:app=weekly'] }, to: cart, port: 8080 }), '--inventory', cluster);
    expect((await status(session)).workloads.find(({ workload }) => workload === 'weekly')?.missing).toContain('has not run');
  });
});

describe('the status in words', () => {
  it('answers in its first line, and tells each workload below', async () => {
    const { out } = await (await learnedShop()).run('status');
    const [first, second, ...rows] = out.trimEnd().split('\n');
    expect(first).toBe('5 workloads learning for 2 d 6 h · 4 edges · coverage 1.000 · 0 % unresolved');
    expect(second).toBe('not yet seen: no full week; 45 h without records');
    expect(rows[0]).toMatch(/^WORKLOAD +MODE +READINESS +EDGES +COVERAGE +24 H +LAST NEW EDGE +MISSING$/);
    expect(rows[3]).toMatch(/^shop\/cart +learning +incomplete +2 +1\.000 +- +2d ago +no restart seen$/);
  });

  it.each([
    [['-A'], '5 workloads watching for'],
    [['-n', 'pay'], '5 workloads 2 of them watching for'],
  ])('says how many watch: %j', async (args, expected) => {
    const session = await learnedShop();
    await must(session, 'watch', ...args);
    expect((await session.run('status')).out.startsWith(expected)).toBe(true);
  });

  it('counts ages back from the newest record', async () => {
    const session = await learnedShop();
    await session.observe(usualTraffic(1, LATER));
    expect((await session.run('status')).out).toMatch(/^shop\/cart .* 10d ago/m);
  });

  it('tells every source in full with -o wide', async () => {
    const { out } = await (await learnedShop()).run('status', '-o', 'wide');
    expect(out).toContain('hubble/node-a: 72 records, 50.0 % reply\n');
  });

  it('is an answer, not an error, in an empty database', async () => {
    const session = new Session();
    await session.observe([]);
    const { status: exit, out } = await session.run('status');
    expect([exit, out.split('\n')[0]]).toEqual([0, '0 workloads learning · 0 edges · 0 % unresolved']);
  });
});

describe('many sources with losses', () => {
  it('are not told of one by one: the worst are, and how many more there are', async () => {
    const session = new Session();
    const lost = (node: string, n: number): string => JSON.stringify({ lost_events: { source: 'HUBBLE_RING_BUFFER', num_events_lost: String(n) }, node_name: node, time: new Date(T0).toISOString() });
    await session.observe([...few(3, { from: web, to: cart, port: 8080 }), ...Array.from({ length: 6 }, (_, i) => lost(`node-${i}`, 10 * (i + 1)))]);
    const { out } = await session.run('status');
    expect(out.split('\n').filter((line) => line.startsWith('hubble/')).map((line) => line.slice(0, line.indexOf(':')))).toEqual(['hubble/node-5', 'hubble/node-4', 'hubble/node-3']);
    expect(out).toContain('3 more sources with lost or malformed records (-o wide lists them)\n');
    const wide = await session.run('status', '-o', 'wide');
    expect(wide.out.split('\n').filter((line) => line.startsWith('hubble/node-')).length).toBeGreaterThanOrEqual(6);
  });
});
