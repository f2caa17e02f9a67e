import { describe, expect, it } from 'vitest';
import { edgeText, type Session } from '../../support/cli.ts';
import { books, cart, database, DAY, few, HABITS, LATER, learnedShop, must, usualTraffic, watchedShop, web } from '../../support/shop.ts';

const texts = async (session: Session): Promise<readonly string[]> => (await session.edges()).map(edgeText);

describe('footpath forget', () => {
  it('deletes edges by id, and their rules with them', async () => {
    const session = await learnedShop();
    const edge = (await session.edges()).find(({ port }) => port === 8080)!;
    expect(await must(session, 'forget', edge.id.slice(0, 8))).toBe('1 edge forgotten\n');
    expect(await texts(session)).toEqual(['pay/ledger -> pay/books 5432/TCP accepted', 'shop/cart -> shop/db 5432/TCP accepted', 'shop/web -> external 198.51.100.10 443/TCP accepted']);
    expect((await session.run('propose', '-o', 'json')).out).not.toContain('8080');
  });

  it('deletes all edges of a workload, at either end', async () => {
    const session = await learnedShop();
    expect(await must(session, 'forget', '--workload', 'shop/cart')).toBe('2 edges forgotten\n');
    expect(await texts(session)).toEqual(['pay/ledger -> pay/books 5432/TCP accepted', 'shop/web -> external 198.51.100.10 443/TCP accepted']);
  });

  it.each([
    ['2026-03-10T00:00:00Z', 3],
    ['5d', 3],
    ['30d', 0],
    ['2026-03-13T00:00:00Z', 4],
  ])('deletes what was last seen before %s: %i', async (before, n) => {
    const session = await learnedShop();
    await session.observe(few(1, { ...HABITS[0]!, time: LATER }));
    expect(await must(session, 'forget', '--before', before)).toBe(`${n} edge${n === 1 ? '' : 's'} forgotten\n`);
    expect(await session.edges()).toHaveLength(4 - n);
  });

  it('takes a workload and a time together', async () => {
    const session = await learnedShop();
    await session.observe(few(1, { ...HABITS[0]!, time: LATER }));
    await must(session, 'forget', '--workload', 'shop/cart', '--before', '5d');
    expect(await texts(session)).toContain('shop/web -> shop/cart 8080/TCP accepted');
    expect((await texts(session)).join()).not.toContain('shop/db');
  });

  it('learns anew what comes again, from the beginning', async () => {
    const session = await learnedShop();
    await must(session, 'forget', '--workload', 'shop/db');
    await session.observe(few(1, { ...HABITS[1]!, time: LATER }));
    expect((await session.edges('--workload', 'shop/db')).map(({ connections, firstSeen, state }) => [connections, firstSeen, state])).toEqual([[1, '2026-03-12T12:00:00.000Z', 'observed']]);
  });

  it('does not read the same files again', async () => {
    const session = await learnedShop();
    const log = session.write('more.log', usualTraffic(1, LATER));
    await session.json('observe', log);
    await must(session, 'forget', '--workload', 'shop/web');
    await session.json('observe', log);
    expect((await session.edges('--workload', 'shop/web'))).toEqual([]);
  });

  it('keeps decisions: they hold when the edge comes again', async () => {
    const session = await learnedShop();
    const edge = (await session.edges()).find(({ port }) => port === 8080)!;
    await must(session, 'reject', edge.id);
    await must(session, 'forget', edge.id);
    await session.observe(few(9, { ...HABITS[0]!, time: LATER + DAY }));
    expect((await session.edges()).find(({ id }) => id === edge.id)?.state).toBe('rejected');
  });

  it('keeps the baseline: what it held may come back', async () => {
    const session = await watchedShop();
    await must(session, 'forget', '--workload', 'shop/cart');
    await session.observe(few(1, { ...HABITS[0]!, time: LATER }));
    expect(await session.alerts()).toEqual([]);
    expect((await session.edges('--workload', 'shop/cart')).map(({ state }) => state)).toEqual(['accepted']);
  });

  it('deletes what nobody is known to own, too', async () => {
    const session = await learnedShop();
    await session.observe(few(2, { from: { ip: '10.0.88.8' }, to: cart, port: 8080 }));
    const stranger = (await session.edges()).find(({ source }) => source.kind === 'unresolved')!;
    await must(session, 'forget', stranger.id);
    expect(JSON.stringify(await session.edges())).not.toContain('10.0.88.8');
  });

  it.each([
    [[], /^footpath: say what: ids of edges, --workload NS\/NAME, or --before TIME\n$/],
    [['ffffffff'], /^footpath: ffffffff: no edge has this id/],
    [['--workload', 'web'], /^footpath: --workload web: write it as namespace\/name\n$/],
    [['--before', 'soon'], /^footpath: soon: is no time/],
  ])('refuses %j, and deletes nothing', async (args, message) => {
    const session = await learnedShop();
    const { status, out, err } = await session.run('forget', ...args);
    expect([status, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(await session.edges()).toHaveLength(4);
  });

  it('leaves the other workload’s edges to a namespace of the same name alone', async () => {
    const session = await learnedShop();
    await session.observe(few(2, { from: web, to: database, port: 1234 }));
    await must(session, 'forget', '--workload', 'pay/db');
    expect(await session.edges()).toHaveLength(5);
    await must(session, 'forget', '--workload', 'pay/books');
    expect((await texts(session)).join()).not.toContain(books.namespace);
  });
});
