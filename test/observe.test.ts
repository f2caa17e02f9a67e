import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Store } from '../src/store/store.ts';
import { textOf } from './support/batches.ts';
import { scratch } from './support/cli.ts';
import { gzip, zstd } from './support/compressed.ts';
import { differing, dump, type Dump } from './support/dump.ts';
import { accounted, readFiles, traffic } from './support/reading.ts';
import { databasePath, storeOf } from './support/stores.ts';

const ALL = traffic(600);

/** A folder of logs. */
class Logs {
  readonly folder = scratch();

  at(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Buffer | readonly string[], flag = 'w'): string {
    mkdirSync(dirname(this.at(name)), { recursive: true });
    writeFileSync(this.at(name), typeof content === 'string' || Buffer.isBuffer(content) ? content : textOf(content), { flag });
    return this.at(name);
  }
}

/** What one clean reading of these lines stores. */
async function clean(lines: readonly string[]): Promise<Dump> {
  const store = storeOf();
  await readFiles(store, [new Logs().write('a.log', lines)]);
  return dump(store);
}

/** Everything but how far files were read. */
function learnt(all: Dump): Dump {
  return Object.fromEntries(Object.entries(all).filter(([table]) => table !== 'positions'));
}

const sum = (store: Store, kind: string): number =>
  store.coverage.read().reduce((total, { hours }) => total + [...hours.values()].reduce((n, counts) => n + (counts.get(kind) ?? 0), 0), 0);

describe('reading logs', () => {
  it('accounts for every record: flows, and what was skipped by its reason', async () => {
    const logs = new Logs();
    const store = storeOf();
    const long = 'x'.repeat((1 << 20) + 1);
    const { totals } = await readFiles(store, [logs.write('a.log', [...ALL, long]), logs.write('b.log', [long, 'no record', ...ALL])]);
    expect(accounted(totals)).toEqual({ records: 2 * ALL.length + 3, explained: 2 * ALL.length + 3 });
    for (const kind of ['flows', 'reply', 'lost-events', 'malformed', 'too-long', 'lost'] as const) expect(totals.get(kind), kind).toBeGreaterThan(0);
    expect(totals.get('too-long')).toBe(2);
    // What the run was told is what is stored.
    for (const [kind, n] of totals) if (kind !== 'unsure') expect(sum(store, kind), kind).toBe(n);
  });

  it('stores edges, pending flows and how far it has come', async () => {
    const stored = await clean(ALL);
    for (const table of ['edges', 'pending', 'pods', 'lives', 'edge_days', 'pod_hours', 'peer_attributes', 'coverage']) expect(stored[table]?.length, table).toBeGreaterThan(2);
    expect(stored['positions']).toHaveLength(1);
  });

  it('reads nothing from no file, and writes nothing', async () => {
    const store = storeOf();
    const before = dump(store);
    await readFiles(store, []);
    await readFiles(store, [new Logs().write('empty.log', '')]);
    expect(differing(dump(store), before)).toEqual([]);
  });

  it('leaves out what nobody understands, and reads on', async () => {
    const logs = new Logs();
    const store = storeOf();
    const paths = [logs.write('1.log', 'hello\nworld\n'), logs.write('2.log.gz', gzip('hello\n')), logs.write('3.log', ALL)];
    const { totals } = await readFiles(store, paths);
    expect(totals.get('records')).toBe(ALL.length);
    expect(differing(learnt(dump(store)), learnt(await clean(ALL)))).toEqual([]);
    expect(store.positions.read(), 'what was left out is looked at again next time').toHaveLength(1);
  });
});

describe('reading again', () => {
  it.each([
    ['a file', [['a.log', ALL]]],
    ['gzip', [['a.log.gz', gzip(textOf(ALL))]]],
    ['zstd', [['a.log.zst', zstd(textOf(ALL))]]],
    ['a folder', [['1.log', ALL.slice(0, 99)], ['2.log', ALL.slice(99, 300)], ['sub/3.log.gz', gzip(textOf(ALL.slice(300)))]]],
    ['a last line without its end', [['a.log', textOf(ALL).trimEnd()]]],
  ] as const)('adds nothing: %s', async (_, files) => {
    const logs = new Logs();
    const path = databasePath();
    for (const [name, content] of files) logs.write(name, content);
    await readFiles(storeOf(path), [logs.folder]);
    const before = dump(storeOf(path));
    expect(differing(learnt(before), learnt(await clean(ALL)))).toEqual([]);
    const { totals } = await readFiles(storeOf(path), [logs.folder]);
    expect(totals.size).toBe(0);
    expect(differing(dump(storeOf(path)), before)).toEqual([]);
  });

  it('adds the rest of a file that has grown, and no more', async () => {
    const logs = new Logs();
    const store = storeOf();
    for (const [from, to] of [[0, 1], [1, 2], [2, 50], [50, 51], [51, 400], [400, 600]] as const) {
      const { totals } = await readFiles(store, [logs.write('a.log', ALL.slice(from, to), 'a')]);
      expect(totals.get('records')).toBe(to - from);
    }
    expect(differing(learnt(dump(store)), learnt(await clean(ALL)))).toEqual([]);
    expect(store.positions.read()).toHaveLength(1);
  });

  it('adds nothing of a file that was cut within a line, until the line is whole', async () => {
    const logs = new Logs();
    const store = storeOf();
    const text = textOf(ALL);
    let records = 0;
    for (let at = 0; at < text.length; at += 40_001) records += (await readFiles(store, [logs.write('a.log', text.slice(at, at + 40_001), 'a')])).totals.get('records') ?? 0;
    expect(records).toBe(ALL.length);
    expect(differing(learnt(dump(store)), learnt(await clean(ALL)))).toEqual([]);
  });

  it.each([
    ['renamed', (logs: Logs) => renameSync(logs.at('a.log'), logs.at('a.log.1'))],
    ['compressed', (logs: Logs) => (rmSync(logs.at('a.log')), logs.write('a.log.1.gz', gzip(textOf(ALL))))],
    ['copied', (logs: Logs) => logs.write('b.log', ALL)],
    ['copied, with the copy compressed', (logs: Logs) => logs.write('a.log.zst', zstd(textOf(ALL)))],
    ['truncated after it was copied', (logs: Logs) => (logs.write('a.log.1', ALL), logs.write('a.log', ''))],
  ])('adds nothing of a file that was %s', async (_, change) => {
    const logs = new Logs();
    const store = storeOf();
    logs.write('a.log', ALL);
    await readFiles(store, [logs.folder]);
    const before = learnt(dump(store));
    change(logs);
    const { totals } = await readFiles(store, [logs.folder]);
    expect(totals.size).toBe(0);
    expect(differing(learnt(dump(store)), before)).toEqual([]);
  });

  it('adds what is new beside rotated files that were read', async () => {
    const logs = new Logs();
    const store = storeOf();
    const [first, second, third] = [ALL.slice(0, 200), ALL.slice(200, 400), ALL.slice(400)];
    await readFiles(store, [logs.write('app.log', first.slice(0, 150))]);
    logs.write('app.log', first.slice(150), 'a');
    renameSync(logs.at('app.log'), logs.at('app.log.1'));
    await readFiles(store, [logs.write('app.log', second.slice(0, 10)), logs.at('app.log.1')]);
    rmSync(logs.at('app.log.1'));
    logs.write('app.log.2.gz', gzip(textOf(first)));
    logs.write('app.log', second.slice(10), 'a');
    renameSync(logs.at('app.log'), logs.at('app.log.1'));
    logs.write('app.log', third);
    await readFiles(store, [logs.folder]);
    expect(differing(learnt(dump(store)), learnt(await clean(ALL)))).toEqual([]);
  });
});

describe('two files', () => {
  it('with equal heads are both read', async () => {
    const logs = new Logs();
    const store = storeOf();
    const head = ALL.slice(0, 20);
    const [one, two] = [[...head, ...ALL.slice(20, 90)], [...head, ...ALL.slice(90, 200)]];
    expect(textOf(head).length).toBeGreaterThan(4_096);
    await readFiles(store, [logs.write('1.log', one)]);
    await readFiles(store, [logs.write('1.log', one), logs.write('2.log', two)]);
    expect(sum(store, 'records')).toBe(one.length + two.length);
    expect(differing(learnt(dump(store)), learnt(await clean([...one, ...two])))).toEqual([]);
  });
});

describe('the last line without its end', () => {
  const [first, second] = ALL.filter((line) => line.startsWith('{')) as [string, string];
  it.each([
    ['counts if it is whole JSON', `${first}\n${second}`, 2],
    ['waits if it is cut', `${first}\n${second.slice(0, -1)}`, 1],
    ['waits in a compressed file that is cut', gzip(`${first}\n${second.slice(0, -9)}`).subarray(0, -8), 1],
    ['counts in a compressed file, and is malformed', gzip(`${first}\n${second.slice(0, -9)}`), 2],
  ])('%s', async (_, content, records) => {
    const logs = new Logs();
    const store = storeOf();
    await readFiles(store, [logs.write('a.log', content)]);
    expect(sum(store, 'records')).toBe(records);
    // Whatever it was, it counts once when its end comes.
    await readFiles(store, [logs.write('a.log', [first, second])]);
    if (typeof content === 'string') expect(sum(store, 'records')).toBe(2);
  });
});

describe('the same records', () => {
  it('store the same, however they are cut into files, in whatever order, with whatever interruptions', async () => {
    const records = traffic(60);
    const whole = learnt(await clean(records));
    const cut = fc.tuple(
      fc.shuffledSubarray([...records], { minLength: records.length }),
      fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 4 }),
      fc.array(fc.constantFrom<(text: string) => string | Buffer>((text) => text, gzip, zstd), { minLength: 5, maxLength: 5 }),
      fc.integer({ min: 1, max: 3 }),
    );
    const check = async ([shuffled, sizes, forms, at]: typeof cut extends fc.Arbitrary<infer T> ? T : never): Promise<void> => {
      const logs = new Logs();
      const store = storeOf();
      const rest = [...shuffled];
      for (const [i, size] of [...sizes, rest.length].entries()) logs.write(`${i}.log`, forms[i]!(textOf(rest.splice(0, size))));
      // The first reading is stopped, and whoever comes next goes on.
      const abort = new AbortController();
      let batches = 0;
      await readFiles(store, [logs.folder], { signal: abort.signal, onBatch: () => ++batches === at && abort.abort() });
      await readFiles(store, [logs.folder]);
      for (const table of differing(learnt(dump(store)), whole)) {
        // Whether a try failed is worked out over a batch's edge; what follows from it is worked out over all.
        if (table !== 'edge_slots') expect(dump(store)[table], table).toEqual(whole[table]);
      }
    };
    await expect(fc.assert(fc.asyncProperty(cut, check), { numRuns: 20 })).resolves.toBeUndefined();
  });
});
