import { describe, expect, it } from 'vitest';
import { edgeText, type Session } from '../support/cli.ts';
import { pod, T0 } from '../support/hubble.ts';
import { listObject, ownerObject, podObject } from '../support/inventory.ts';
import { alertTexts, books, cart, database, DAY, few, HOUR, LATER, learnedShop, ledger, must, usualTraffic, watchedShop, web } from '../support/shop.ts';

interface Status {
  readonly workloads: readonly { readonly namespace: string; readonly workload: string; readonly mode: string }[];
}

async function modes(session: Session): Promise<Readonly<Record<string, string>>> {
  const { workloads } = await session.json<Status>('status');
  return Object.fromEntries(workloads.map(({ namespace, workload, mode }) => [`${namespace}/${workload}`, mode]));
}

const ALL_LEARNING = { 'pay/books': 'learning', 'pay/ledger': 'learning', 'shop/cart': 'learning', 'shop/db': 'learning', 'shop/web': 'learning' };
const foreign = { from: cart, to: books, port: 9000 };
const foreignEdge = async (session: Session): Promise<string | undefined> => (await session.edges()).find(({ port }) => port === 9000)?.state;

describe('whose mode is switched', () => {
  it('learns in a new database', async () => {
    expect(await modes(await learnedShop())).toEqual(ALL_LEARNING);
  });

  it.each([
    [['-A'], ['pay/books', 'pay/ledger', 'shop/cart', 'shop/db', 'shop/web']],
    [['-n', 'pay'], ['pay/books', 'pay/ledger']],
    [['shop/cart'], ['shop/cart']],
    [['shop/cart', 'pay/books'], ['pay/books', 'shop/cart']],
  ])('watch %j', async (args, watching) => {
    const session = await learnedShop();
    await must(session, 'watch', ...args);
    expect(await modes(session)).toEqual({ ...ALL_LEARNING, ...Object.fromEntries(watching.map((name) => [name, 'watching'])) });
  });

  it('the most specific mode wins, whatever was said last', async () => {
    const session = await learnedShop();
    await must(session, 'learn', 'shop/cart');
    await must(session, 'watch', '-n', 'shop');
    await must(session, 'learn', '-A');
    expect(await modes(session)).toEqual({ ...ALL_LEARNING, 'shop/db': 'watching', 'shop/web': 'watching' });
  });

  it('a wider switch clears none of the narrower ones, and names those that differ', async () => {
    const session = await learnedShop();
    await must(session, 'learn', '-n', 'pay');
    await must(session, 'learn', 'shop/cart');
    const said = await must(session, 'watch', '-A');
    expect(said).toContain('2 narrower scopes keep their own mode: shop/cart, namespace pay');
    expect(await modes(session)).toEqual({ ...ALL_LEARNING, 'shop/db': 'watching', 'shop/web': 'watching' });
  });

  it('holds for namespaces and workloads that come later', async () => {
    const session = await watchedShop();
    await session.observe(few(2, { from: pod('later', 'a-0', '10.0.8.1'), to: pod('later', 'b-0', '10.0.8.2'), port: 80 }));
    expect((await modes(session))['later/a']).toBe('watching');
    expect(await alertTexts(session)).toEqual(['medium new-workload firing', 'medium new-workload firing']);
  });

  it('says how much of the graph is the baseline now, and what will alert', async () => {
    const session = await learnedShop();
    await session.observe(few(1, foreign));
    expect((await must(session, 'watch', '-A')).split('\n')).toEqual([
      'watching everything from now on: 4 edges of 5 workloads are the baseline',
      '1 edge is observed only and will alert when used again (footpath edges --state observed)',
      '',
    ]);
  });

  it.each([
    [[], 'say what: NS/NAME for a workload, -n NS for a namespace, or -A for all'],
    [['shop/cart', '-A'], 'say what: NS/NAME for a workload, -n NS for a namespace, or -A for all'],
    [['-n', 'shop', '-A'], '-n and -A exclude each other: name one namespace, or all'],
    [['cart'], 'cart: write it as namespace/name'],
    [['shop/cart/1'], 'shop/cart/1: write it as namespace/name'],
    [['Shop/cart'], 'Shop/cart: write it as namespace/name'],
    [['-n', 'Shop'], '-n Shop: is no name of a namespace'],
  ])('refuses %j', async (args, message) => {
    const session = await learnedShop();
    for (const command of ['watch', 'learn']) {
      const { status, out, err } = await session.run(command, ...args);
      expect({ status, out, err }).toEqual({ status: 2, out: '', err: `footpath: ${message}\n` });
    }
    expect(await modes(session)).toEqual(ALL_LEARNING);
  });
});

describe('watching', () => {
  it('freezes the baseline: what is seen from then on is not learned, however often', async () => {
    const session = await watchedShop();
    await session.observe([0, 1, 2, 3, 4].flatMap((day) => few(50, { ...foreign, time: LATER + day * DAY })));
    expect(await foreignEdge(session)).toBe('observed');
  });

  it('keeps an edge that was flagged at the switch, and alerts when it is seen again, once', async () => {
    const session = await learnedShop();
    await session.observe(few(1, foreign));
    expect((await session.edges('--flagged')).map(edgeText)).toEqual(['shop/cart -> pay/books 9000/TCP observed [single-sighting]']);
    await must(session, 'watch', '-A');
    expect(await session.alerts()).toEqual([]);
    const first = await session.observe([1, 2, 3].flatMap((day) => few(5, { ...foreign, time: LATER + day * DAY })));
    const second = await session.observe(few(5, { ...foreign, time: LATER + 4 * DAY }));
    expect([first.alerts, second.alerts]).toEqual([1, 0]);
    expect([await foreignEdge(session), await alertTexts(session)]).toEqual(['observed', ['high new-edge cross-namespace firing']]);
  });

  it('goes by when records are read, never by the time in them', async () => {
    const session = await watchedShop();
    await session.observe(few(2, { ...foreign, time: T0 - 5 * DAY }));
    expect(await alertTexts(session)).toEqual(['high new-edge cross-namespace firing']);
  });

  it.each([
    ['its source', 'shop/cart'],
    ['its destination', 'pay/books'],
  ])('judges an edge by either end: %s', async (_, name) => {
    const session = await learnedShop();
    await must(session, 'watch', name);
    await session.observe([...few(2, foreign), ...few(2, { from: web, to: ledger, port: 9000, time: LATER })]);
    expect(await alertTexts(session)).toEqual(['high new-edge cross-namespace firing']);
  });

  it('keeps what it froze when it is said again', async () => {
    const session = await watchedShop();
    await session.observe(few(2, foreign));
    await must(session, 'watch', '-A');
    expect([await foreignEdge(session), await alertTexts(session)]).toEqual(['observed', ['high new-edge cross-namespace firing']]);
  });
});

describe('learning after watching', () => {
  it('keeps the baseline, and learns anew on top of it', async () => {
    const session = await watchedShop();
    await must(session, 'learn', '-A');
    await session.observe([0, 1, 2].flatMap((day) => few(3, { ...foreign, time: LATER + day * DAY })));
    expect((await session.edges()).map(({ state }) => state)).toEqual(Array(5).fill('accepted'));
    await must(session, 'watch', '-A');
    await session.observe([...few(2, { ...foreign, time: LATER + 5 * DAY }), ...usualTraffic(1, LATER + 5 * DAY)]);
    expect(await session.alerts()).toEqual([]);
  });

  it('never learns an edge that broke the baseline: that waits for a person', async () => {
    const session = await watchedShop();
    await session.observe(few(1, foreign));
    await must(session, 'learn', '-A');
    await session.observe([0, 1, 2, 3].flatMap((day) => few(30, { ...foreign, time: LATER + day * DAY })));
    expect(await foreignEdge(session)).toBe('observed');
    expect(await alertTexts(session)).toEqual(['high new-edge cross-namespace firing']);
  });

  it('raises no alert for what it learns', async () => {
    const session = await watchedShop();
    await must(session, 'learn', '-A');
    expect((await session.observe(few(5, { from: web, to: database, port: 5432 }))).alerts).toBe(0);
    expect(await session.alerts()).toEqual([]);
  });
});

describe('a flow whose owner is found later', () => {
  const stranger = { ip: '10.0.0.50' };
  const flow = { from: stranger, to: books, port: 9000 };
  const inventory = (session: Session): string =>
    session.write('cluster.json', listObject([
      ownerObject('Deployment', 'shop', 'cart', { app: 'cart' }),
      ownerObject('ReplicaSet', 'shop', 'cart-7d9f8b6c5d', { app: 'cart' }, { owner: ['Deployment', 'cart'] }),
      podObject({ namespace: 'shop', name: 'cart-7d9f8b6c5d-bbbbb', ip: '10.0.0.50', labels: { app: 'cart' }, owner: ['ReplicaSet', 'cart-7d9f8b6c5d'], start: '2026-03-01T00:00:00Z' }),
    ]));

  it('keeps the mode that it was read in: watched, it is an alert though all learn now', async () => {
    const session = await watchedShop();
    await session.observe(few(3, flow));
    expect(await session.alerts()).toEqual([]);
    await must(session, 'learn', '-A');
    await session.observe([], '--inventory', inventory(session));
    expect(await alertTexts(session)).toEqual(['high new-edge cross-namespace firing']);
  });

  it('keeps the mode that it was read in: learned, it is none though all watch now', async () => {
    const session = await learnedShop();
    await session.observe([...few(3, flow), ...few(3, { ...flow, time: LATER + HOUR })]);
    await must(session, 'watch', '-A');
    await session.observe([], '--inventory', inventory(session));
    expect(await session.alerts()).toEqual([]);
  });
});
