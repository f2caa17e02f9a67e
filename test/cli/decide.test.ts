import { describe, expect, it } from 'vitest';
import { edgeText, type Session } from '../support/cli.ts';
import { pod } from '../support/hubble.ts';
import { books, cart, database, denied, few, HOUR, LATER, learnedShop, ledger, must, probes, unanswered, watchedShop, web } from '../support/shop.ts';

const FLAGGED = few(1, { from: web, to: database, port: 5432 });
const ALERTING = few(2, { from: cart, to: books, port: 9000 });

/** `shop/web -> shop/db 5432/TCP accepted` of the edges beside the usual ones. */
async function unusual(session: Session): Promise<readonly string[]> {
  const usual = ['shop/web -> shop/cart 8080', 'shop/cart -> shop/db 5432', 'pay/ledger -> pay/books 5432', 'shop/web -> external'];
  return (await session.edges()).map(edgeText).filter((text) => !usual.some((start) => text.startsWith(start)));
}

async function idOf(session: Session, port: number): Promise<string> {
  return (await session.edges()).find((edge) => edge.port === port)?.id ?? '';
}

/** Flagged edges that were learned before the switch, and one with an open alert. */
async function undecided(): Promise<Session> {
  const session = await learnedShop();
  await session.observe([...FLAGGED, ...few(2, { from: pod('pay', 'audit-0', '10.0.1.9'), to: books, port: 8443 }, denied)]);
  await must(session, 'watch', '-A');
  await session.observe(ALERTING);
  return session;
}

describe('a decision on edges', () => {
  it.each([
    ['accept', 'accepted'],
    ['reject', 'rejected'],
  ])('%s by id', async (word, state) => {
    const session = await undecided();
    const said = await must(session, word, await idOf(session, 9000));
    expect([said, await unusual(session)]).toEqual([
      `1 edge ${state}\n`,
      ['pay/audit -> pay/books 8443/TCP observed [no-success]', `shop/cart -> pay/books 9000/TCP ${state}`, 'shop/web -> shop/db 5432/TCP observed [single-sighting]'],
    ]);
  });

  it('takes several ids, and the first digits of one', async () => {
    const session = await undecided();
    await must(session, 'accept', (await idOf(session, 9000)).slice(0, 8).toUpperCase(), await idOf(session, 8443));
    expect((await unusual(session)).map((text) => text.split(' ')[4])).toEqual(['accepted', 'accepted', 'observed']);
  });

  it('is final for its edge until the next one: suspicion and mode do not count any more', async () => {
    const session = await learnedShop();
    await session.observe(FLAGGED);
    const id = (await session.edges('--flagged'))[0]!.id;
    await must(session, 'accept', id);
    expect((await session.policies('--workload', 'shop/web'))[0]?.spec.egress?.map(({ ports }) => ports)).toContainEqual([{ port: 5432, protocol: 'TCP' }]);
    await must(session, 'reject', id);
    expect(JSON.stringify(await session.policies('--workload', 'shop/web'))).not.toContain('5432');
  });
});

describe('a decision on many edges at once', () => {
  it.each([
    ['--all', ['--all']],
    ['all namespaces, said', ['-A']],
    ['a namespace', ['-n', 'pay']],
    ['a workload', ['--workload', 'pay/books']],
  ])('leaves edges with an open alert and flagged ones alone: %s', async (_, args) => {
    const session = await undecided();
    const before = await unusual(session);
    const said = await must(session, 'accept', ...args);
    expect(await unusual(session)).toEqual(before);
    expect(said).toContain('0 edges accepted\n');
    expect(said).toContain('1 edge with an open alert left alone (footpath alerts)\n');
    expect(said).toContain('left alone (footpath edges --flagged; --flagged takes them too)\n');
  });

  it.each([
    [['--all'], ['accepted', 'observed', 'accepted']],
    [['-n', 'pay'], ['accepted', 'observed', 'observed']],
    [['-n', 'shop'], ['observed', 'observed', 'accepted']],
    [['--workload', 'shop/db'], ['observed', 'observed', 'accepted']],
  ])('takes flagged ones with --flagged, and those with an open alert never: %j', async (args, states) => {
    const session = await undecided();
    await must(session, 'accept', '--flagged', ...args);
    expect((await unusual(session)).map((text) => text.split(' ')[4])).toEqual(states);
  });

  it.each([
    ['ack', 'observed'],
    ['mute', 'observed'],
    ['reject', 'rejected'],
    ['accept', 'accepted'],
  ])('leaves an edge alone whose alert somebody has taken in hand (%s)', async (word, state) => {
    const session = await undecided();
    await must(session, 'alerts', word, (await session.alerts())[0]!.id);
    await must(session, 'accept', '--all', '--flagged');
    expect((await unusual(session)).find((text) => text.includes('9000'))).toContain(state);
  });

  it.each([
    ['nobody took it in hand', null, 4],
    ['somebody looks into it', 'ack', 4],
    ['it is muted', 'mute', 4],
    ['it is decided', 'reject', 14],
  ])('leaves what an open scan tells of alone, until that is decided: %s', async (_, word, accepted) => {
    const session = await watchedShop();
    await session.observe(probes(10));
    if (word !== null) await must(session, 'alerts', word, (await session.alerts())[0]!.id);
    await must(session, 'accept', '--all', '--flagged');
    expect(await session.edges('--state', 'accepted')).toHaveLength(accepted);
  });

  it('never turns round what was decided', async () => {
    const session = await undecided();
    await must(session, 'reject', await idOf(session, 8443));
    await must(session, 'accept', '--all', '--flagged');
    expect((await unusual(session))[0]).toBe('pay/audit -> pay/books 8443/TCP rejected [no-success]');
  });

  it('counts what the baseline holds as decided', async () => {
    const session = await watchedShop();
    expect(await must(session, 'reject', '--all')).toBe('0 edges rejected\n');
    expect((await session.edges()).map(({ state }) => state)).toEqual(Array(4).fill('accepted'));
  });

  it('makes accepted edges decided while learning: more evidence cannot take them back', async () => {
    const session = await learnedShop();
    expect(await must(session, 'accept', '-n', 'shop')).toBe('3 edges accepted\n');
    expect(await must(session, 'accept', '--all')).toBe('1 edge accepted\n');
    expect(await must(session, 'accept', '--all')).toBe('0 edges accepted\n');
  });

  it('takes no edge without a workload that is known', async () => {
    const session = await learnedShop();
    await session.observe([...few(3, { from: { ip: '10.0.77.7' }, to: cart, port: 8080 }), ...few(3, { from: web, to: { ip: '10.0.77.8' }, port: 8080 }, unanswered)]);
    expect(await must(session, 'accept', '--all', '--flagged')).toBe('4 edges accepted\n');
    expect((await session.edges('--state', 'observed')).map(edgeText)).toEqual(['shop/web -> unresolved 10.0.77.8 8080/TCP observed', 'unresolved 10.0.77.7 -> shop/cart 8080/TCP observed']);
  });

  it('takes nothing of a namespace that nobody knows', async () => {
    expect(await must(await learnedShop(), 'accept', '-n', 'nowhere')).toBe('0 edges accepted\n');
  });
});

describe('wrong usage of a decision', () => {
  it.each([
    [[], /^footpath: say which: ids of edges .*--workload NS\/NAME, -n NS, or --all\n$/],
    [['abcdef', '--all'], /^footpath: give ids, or a scope \(--workload, -n, --all\), not both\n$/],
    [['abcdef', '-n', 'shop'], /not both\n$/],
    [['--workload', 'cart'], /^footpath: --workload cart: write it as namespace\/name\n$/],
    [['ffffffffffffffff'], /^footpath: ffffffffffffffff: no edge has this id; footpath edges -o name lists them\n$/],
    [['not-an-id'], /^footpath: not-an-id: no edge has this id/],
    [['\u001b[2J'], /^footpath: \\u001b\[2J: no edge has this id/],
  ])('%j exits with 2, says why, and changes nothing', async (args, message) => {
    const session = await undecided();
    const before = await unusual(session);
    for (const word of ['accept', 'reject']) {
      const { status, out, err } = await session.run(word, ...args);
      expect([status, out]).toEqual([2, '']);
      expect(err).toMatch(message);
    }
    expect(await unusual(session)).toEqual(before);
  });

  it('asks for more digits where two ids begin alike', async () => {
    const session = await learnedShop();
    await session.observe(probes(40, undefined, { from: ledger, to: cart, time: LATER + HOUR }));
    const ids = (await session.edges()).map(({ id }) => id);
    const shared = ids.map((id) => id.slice(0, 2)).find((start, i, all) => all.indexOf(start) !== i)!;
    const { status, err } = await session.run('accept', shared);
    expect(status).toBe(2);
    expect(err).toMatch(/^footpath: [0-9a-f]{2}: \d+ edges begin so; give more digits \([0-9a-f]{16}, [0-9a-f]{16}.*\)\n$/);
  });
});
