import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { edgeText, footpath, peerText, scratchForAll, type EdgeJson, type PeerJson, type Result, type Session } from '../../support/cli.ts';
import { books, cart, database, few, learnedShop, ledger, METADATA, must, watchedShop, web } from '../../support/shop.ts';

interface ItemJson extends EdgeJson {
  readonly edge?: string;
  readonly rule?: string;
  readonly standing: string;
  readonly workload?: PeerJson;
  readonly direction?: string;
  readonly edges?: readonly string[];
  readonly undecided?: number;
}

const itemsOf = (session: Session, ...args: readonly string[]): Promise<readonly ItemJson[]> => session.json<ItemJson[]>('review', ...args);

const itemText = (item: ItemJson): string => (item.rule === undefined ? edgeText(item) : `${peerText(item.workload)} ${item.direction} ${item.edges?.length}`);

function answer(session: Session, answers: readonly (object | string)[], ...args: readonly string[]): Promise<Result> {
  return session.run('review', '--answers', session.write('answers.jsonl', answers.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))), ...args);
}

/** Learned rules, a flagged edge, and one with an open alert. */
async function shop(): Promise<Session> {
  const session = await learnedShop();
  await session.observe(few(1, { from: web, to: database, port: 5432 }));
  return session;
}

const decisions = async (session: Session): Promise<readonly string[]> =>
  (await session.json<(EdgeJson & { readonly decision: { readonly action: string; readonly by: string; readonly scope: string; readonly comment: string | null } | null })[]>('edges')).flatMap(({ decision: own, port }) =>
    own === null ? [] : [`${port} ${own.action} ${own.by} ${own.scope.split(' ')[0]} ${own.comment}`],
  );

describe('footpath review -o', () => {
  it('json lists rules, then edges that no rule comes of, with the ids that answers name', async () => {
    const items = await itemsOf(await shop());
    expect(items.map(itemText)).toEqual([
      'pay/ledger egress 1', 'pay/books ingress 1', 'shop/cart ingress 1', 'shop/cart egress 1', 'shop/web egress 1', 'shop/web egress 1', 'shop/db ingress 1',
      'shop/web -> shop/db 5432/TCP observed [single-sighting]',
    ]);
    expect(items.every(({ standing }) => standing === 'open')).toBe(true);
    expect(items.at(-1)).toMatchObject({ edge: items.at(-1)!.id });
    expect(items[0]).toMatchObject({ undecided: 1, rule: expect.stringMatching(/^[0-9a-f]{16}$/) });
  });

  it('table and name are the same list', async () => {
    const session = await shop();
    const ids = (await itemsOf(session)).map(({ edge, rule }) => edge ?? rule);
    expect((await session.run('review', '-o', 'name')).out.trimEnd().split('\n')).toEqual(ids);
    const { out } = await session.run('review', '-o', 'table');
    expect(out.trimEnd().split('\n').slice(1).map((line) => line.split(' ').at(-1))).toEqual(ids);
    expect(out).toContain('edge  shop/web -> shop/db 5432/TCP');
  });

  it.each([
    [['--proposals'], 7],
    [['--undecided'], 1],
    [['--flagged'], 1],
    [['--flagged', '--proposals'], 0],
    [['-n', 'pay'], 2],
    [['-n', 'nowhere'], 0],
    [['--workload', 'shop/db'], 2],
    [['--workload', 'shop/web'], 3],
  ])('%j keeps to that', async (args, n) => {
    expect(await itemsOf(await shop(), ...args)).toHaveLength(n);
  });

  it('leaves out what is decided, unless --all asks for it', async () => {
    const session = await shop();
    await must(session, 'accept', '-n', 'pay');
    expect((await itemsOf(session)).map(itemText)).not.toContain('pay/ledger egress 1');
    expect((await itemsOf(session, '--all')).filter(({ standing }) => standing === 'accepted').map(itemText)).toEqual(['pay/ledger egress 1', 'pay/books ingress 1']);
    await must(session, 'reject', (await session.edges('-n', 'pay'))[0]!.id);
    expect((await itemsOf(session, '--all', '-n', 'pay')).map((item) => `${itemText(item)}: ${item.standing}`)).toEqual(['pay/ledger -> pay/books 5432/TCP rejected: rejected']);
  });

  it('counts what a baseline holds as decided', async () => {
    expect(await itemsOf(await watchedShop())).toEqual([]);
  });
});

describe('footpath review --answers', () => {
  it('decides as accept and reject do: who, why, and what was named', async () => {
    const session = await shop();
    const [rule, , , , , , , edge] = await itemsOf(session);
    const { status, out, err } = await answer(session, [{ rule: rule!.rule, answer: 'accept' }, '', { edge: edge!.edge, answer: 'reject', comment: 'never' }], '--by', 'ada', '--comment', 'all right');
    expect([status, out, err]).toEqual([0, '', '1 accepted (1 edge), 1 rejected (1 edge), 0 skipped, 0 unchanged; 5 left\n']);
    expect(await decisions(session)).toEqual(['5432 accept ada rule all right', '5432 reject ada edge never']);
  });

  it('takes an item of -o json with an answer added, and reads standard input', async () => {
    const session = await shop();
    const items = await itemsOf(session);
    const stdin = items.map(({ edge, rule, ...rest }) => JSON.stringify({ ...rest, edge: edge ?? null, rule: rule ?? null, answer: 'accept' })).join('\n');
    const { status, err } = await footpath(['review', '--answers', '-', '--db', session.db], { stdin });
    expect([status, err]).toEqual([0, expect.stringMatching(/; 0 left\n$/)]);
    expect((await session.edges()).every(({ state }) => state === 'accepted')).toBe(true);
    expect(await decisions(session)).toHaveLength(5);
  });

  it('a rejected rule is proposed no more', async () => {
    const session = await shop();
    const rule = (await itemsOf(session, '--workload', 'shop/web', '--proposals')).find(({ edges }) => edges?.length === 1)!;
    await answer(session, [{ rule: rule.rule, answer: 'reject' }]);
    expect((await itemsOf(session, '--all')).map(({ rule: id }) => id)).not.toContain(rule.rule);
    expect((await session.edges('--state', 'rejected')).map(({ id }) => id)).toEqual(rule.edges);
  });

  it('the same answers again change nothing, also where they took a rule away', async () => {
    const session = await shop();
    const items = await itemsOf(session);
    const answers = items.map(({ edge, rule }, i) => ({ ...(rule === undefined ? { edge } : { rule }), answer: i % 2 === 0 ? 'accept' : 'reject' }));
    const first = await answer(session, answers);
    expect(first.status).toBe(0);
    const before = [await session.edges(), await decisions(session)];
    const again = await answer(session, answers, '--by', 'somebody-else');
    expect([again.status, again.err]).toEqual([0, `0 accepted, 0 rejected, 0 skipped, ${items.length} unchanged; 0 left\n`]);
    expect([await session.edges(), await decisions(session)]).toEqual(before);
  });

  it('of several answers on an edge the last counts', async () => {
    const session = await shop();
    const [rule] = await itemsOf(session);
    const [edge] = rule!.edges!;
    const { err } = await answer(session, [{ rule: rule!.rule, answer: 'reject' }, { edge, answer: 'accept' }]);
    expect(err).toBe('1 accepted (1 edge), 0 rejected, 0 skipped, 1 unchanged; 6 left\n');
    expect(await decisions(session)).toEqual(['5432 accept tester edge null']);
  });

  it('may turn round what was decided', async () => {
    const session = await shop();
    const [rule] = await itemsOf(session);
    for (const word of ['reject', 'accept', 'reject'] as const) {
      const { err } = await answer(session, [{ rule: rule!.rule, answer: word }]);
      expect(err).toContain(`1 ${word}ed (1 edge)`);
    }
    expect(await decisions(session)).toEqual(['5432 reject tester rule null']);
  });

  it('skip decides nothing', async () => {
    const session = await shop();
    const items = await itemsOf(session);
    const { status, err } = await answer(session, items.map(({ edge, rule }) => ({ edge, rule, answer: 'skip' })));
    expect([status, err, await decisions(session)]).toEqual([0, `0 accepted, 0 rejected, ${items.length} skipped, 0 unchanged; ${items.length} left\n`, []]);
  });

  it('--dry-run says the same, and writes nothing', async () => {
    const session = await shop();
    const [rule] = await itemsOf(session);
    const dry = await answer(session, [{ rule: rule!.rule, answer: 'accept' }], '--dry-run');
    expect([dry.err, await decisions(session)]).toEqual(['dry run, nothing was written: 1 accepted (1 edge), 0 rejected, 0 skipped, 0 unchanged; 6 left\n', []]);
  });

  it('tells each line that cannot be followed, follows all others, and exits with 1', async () => {
    const session = await shop();
    const [rule] = await itemsOf(session);
    const { status, err } = await answer(session, [
      'accept',
      '[]',
      'null',
      { answer: 'accept' },
      { edge: 'a', rule: 'b', answer: 'accept' },
      { edge: 'ffffffffffffffff', answer: 'accept' },
      { rule: '\u001b[2J', answer: 'reject' },
      { rule: rule!.rule, answer: 'accept', comment: 7 },
      { rule: rule!.rule, answer: 'yes' },
      { rule: rule!.rule, answer: 'accept' },
      '['.repeat(200_000),
    ]);
    expect(status).toBe(1);
    expect(err.split('\n').map((line) => line.replace(/^footpath: --answers \S+answers\.jsonl: /, ''))).toEqual([
      'line 1: is no JSON: accept',
      'line 2: is no JSON object',
      'line 3: is no JSON object',
      'line 4: names neither one "edge" nor one "rule" by its id',
      'line 5: names neither one "edge" nor one "rule" by its id',
      'line 6: no edge has the id ffffffffffffffff; footpath review -o json lists them',
      'line 7: no rule has the id \\u001b[2J; footpath review -o json lists them',
      `line 8: "comment" must be text, for rule ${rule!.rule}`,
      `line 9: "answer" must be accept, reject or skip, for rule ${rule!.rule}`,
      expect.stringMatching(/^line 11: is no JSON: \[{80}$/),
      '1 accepted (1 edge), 0 rejected, 0 skipped, 0 unchanged; 6 left; 10 lines not followed',
      '',
    ]);
  });

  it('settles the alerts of what it decides', async () => {
    const session = await watchedShop();
    await session.observe([...few(2, { from: cart, to: METADATA, port: 80 }), ...few(2, { from: ledger, to: cart, port: 8080 }), ...few(2, { from: cart, to: books, port: 9000 })]);
    const items = await itemsOf(session);
    await answer(session, items.map(({ edge, port }) => ({ edge, answer: port === 80 ? 'reject' : 'accept' })));
    expect((await session.alerts()).map(({ state, port }) => `${port} ${state}`).toSorted()).toEqual(['80 rejected', '8080 accepted', '9000 accepted']);
  });
});

describe('the demo, answered', () => {
  const folder = join(scratchForAll(), 'demo');
  const asked = (...args: readonly string[]): Promise<Result> => footpath([...args, '--db', join(folder, 'footpath.db')]);

  it('everything accepted, all that was seen is proposed; the scan’s probes too, for a person said so', async () => {
    await footpath(['demo', '--out', folder]);
    const proposed = async (): Promise<string> => (await asked('propose', '-o', 'json')).out;
    const before = await proposed();
    const items = (await asked('review', '-o', 'json')).json() as readonly ItemJson[];
    expect([items.length, new Set(items.map(({ state }) => state))]).toEqual([20, new Set(['observed'])]);
    const stdin = items.map(({ edge }) => JSON.stringify({ edge, answer: 'accept' })).join('\n');
    const given = await footpath(['review', '--answers', '-', '--db', join(folder, 'footpath.db')], { stdin });
    expect([given.status, given.err]).toEqual([0, '20 accepted (20 edges), 0 rejected, 0 skipped, 0 unchanged; 0 left\n']);
    const after = await proposed();
    expect(before).not.toContain('169.254.169.254');
    for (const text of ['169.254.169.254', '203.0.113.66', '4444', '10250']) expect(after).toContain(text);
    expect(((await asked('edges', '-o', 'json')).json() as readonly EdgeJson[]).every(({ state }) => state === 'accepted')).toBe(true);
    expect(((await asked('review', '-o', 'json')).json() as readonly ItemJson[])).toEqual([]);
  }, 60_000);
});

describe('wrong usage of a review', () => {
  it.each([
    [[], 'review asks on a terminal that can be drawn on, and this is none: list the items with -o json, and answer them with --answers FILE'],
    [['--answers', '-', '-o', 'json'], '--answers and -o exclude each other: list the items first, then answer them'],
    [['--answers', '-', '-n', 'shop'], '--answers says itself what it is about: leave -n, --workload, --flagged, --proposals, --undecided and --all out'],
    [['--answers', '-', '--flagged'], '--answers says itself what it is about: leave -n, --workload, --flagged, --proposals, --undecided and --all out'],
    [['-o', 'json', '--proposals', '--undecided'], '--proposals and --undecided exclude each other: without both, rules come first, then edges'],
    [['-o', 'json', '--workload', 'cart'], '--workload cart: write it as namespace/name'],
    [['-o', 'dot'], '-o dot: no such form here (table, json, name)'],
  ])('%j exits with 2 and says what to do', async (args, message) => {
    const { status, out, err } = await (await learnedShop()).run('review', ...args);
    expect([status, out, err]).toEqual([2, '', `footpath: ${message}\n`]);
  });

  it('a file of answers that is not there is no success', async () => {
    const { status, err } = await (await learnedShop()).run('review', '--answers', '/nowhere/a.jsonl');
    expect([status, err]).toEqual([1, 'footpath: --answers /nowhere/a.jsonl: no such file\n']);
  });
});
