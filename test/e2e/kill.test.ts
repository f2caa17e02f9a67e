import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { Store } from '../../src/store/store.ts';
import { footpath, scratch } from '../support/cli.ts';
import { differing, dump, type Dump } from '../support/dump.ts';
import { copyOf, MAIN, Reading, writeLog } from '../support/killed.ts';

/** What is committed at once. */
const PORTION = 32 << 20;

const SIZE = 10 * PORTION;

/** When a reading is killed: when it has read so many portions, or in the midst of its first commit. */
const COMMIT = 'commit';
const KILLS = [0.2, 1.6, COMMIT, 0.5, 1.35, COMMIT, 0.03, 1.45, COMMIT, 0.9, 1.3, COMMIT, 0.35, COMMIT, 0.65, COMMIT, 0.8, 0.1, 0.97, 0.45] as const;

function look<T>(db: string, work: (store: Store) => T): T {
  const store = new Store(db, { create: false });
  try {
    return work(store);
  } finally {
    store.close();
  }
}

/** How far it has come for good. */
const committed = (store: Store): number => store.positions.read()[0]?.offset ?? 0;

const answers = async (db: string): Promise<readonly string[]> =>
  Promise.all([['edges', '-o', 'json'], ['status', '-o', 'json']].map(async (args) => (await footpath([...args, '--db', db])).out));

describe('footpath observe, killed', () => {
  it.for([1, 2])('at twenty moments between and during its portions, has counted every record once in the end: on %i cores', { timeout: 120_000 }, async (jobs, { skip }) => {
    const isBuilt = existsSync(MAIN);
    const sentence = 'dist/src/main.js is not there: npm run build makes it';
    skip(!isBuilt && (process.env['CI'] ?? '') === '', sentence);
    expect(isBuilt, sentence).toBe(true);
    const folder = scratch();
    const log = join(folder, 'events.log');
    const lines = writeLog(log, SIZE);
    const { size } = statSync(log);

    // On one core, whatever the others are read on.
    const calm = join(folder, 'calm.db');
    const began = performance.now();
    expect((await new Reading(log, calm, 0).finish()).records).toBe(lines);
    const bytesPerMs = size / (performance.now() - began);

    const db = join(folder, 'killed.db');
    const fell: { readonly offset: number; readonly moment: number | typeof COMMIT }[] = [];
    for (const [i, wanted] of KILLS.entries()) {
      // The end is kept for the last reading.
      const isNearEnd = size - (fell.at(-1)?.offset ?? 0) < 2.2 * PORTION;
      const moment = isNearEnd && (wanted === COMMIT || wanted > 1) ? i / KILLS.length : wanted;
      const reading = new Reading(log, db, bytesPerMs, jobs);
      const isKilled = await (moment === COMMIT ? reading.killAtWrite(0.5 * PORTION, 60 * i) : reading.killAfter(moment * PORTION));
      expect(isKilled, `reading ${i} was over before it could be killed`).toBe(true);
      const left = look(copyOf(db, folder, `left-${i}.db`), (store) => ({ offset: committed(store), problems: store.check() }));
      expect(left.problems, `after kill ${i}`).toEqual([]);
      fell.push({ offset: left.offset, moment });
    }
    // They fell at different positions: after different commits, and at different moments between two of them.
    expect(new Set(fell.map(({ offset }) => offset)).size, 'different commits').toBeGreaterThanOrEqual(4);
    expect(fell.map(({ offset }) => offset)).toEqual(fell.map(({ offset }) => offset).toSorted((a, b) => a - b));
    expect(Math.max(...fell.map(({ offset }) => offset))).toBeLessThan(size);
    expect(new Set(fell.map(({ offset, moment }) => `${offset} ${moment}`)).size, 'different moments').toBeGreaterThanOrEqual(15);

    const missing = (size - look(db, committed)) / size;
    const { records } = await new Reading(log, db, bytesPerMs, jobs).finish();
    expect(records, 'only what was not committed was read again').toBeLessThanOrEqual(Math.ceil(missing * lines) + 2_000);
    const [killed, clean] = [db, calm].map((path): Dump => look(path, dump));
    expect(differing(killed!, clean!)).toEqual([]);
    expect(killed!['positions']?.[0]).toContain(`offset=${size} `);
    expect(look(db, (store) => store.check())).toEqual([]);
    expect(await answers(db)).toEqual(await answers(calm));
    expect((await new Reading(log, db, bytesPerMs, jobs).finish()).records).toBe(0);
  });
});
