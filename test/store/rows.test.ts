import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rows } from '../../src/store/rows.ts';

const TABLE = 'CREATE TABLE counts (name TEXT NOT NULL, day INTEGER NOT NULL, n INTEGER NOT NULL, newest INTEGER, PRIMARY KEY (name, day)) STRICT, WITHOUT ROWID';
const MERGE = 'DO UPDATE SET n = n + excluded.n, newest = excluded.newest';

type Count = readonly [name: string, day: number, n: number, newest: number | null];

function database(): Sqlite.Database {
  const db = new Sqlite(':memory:');
  db.exec(TABLE);
  return db;
}

const content = (db: Sqlite.Database): unknown => db.prepare('SELECT * FROM counts').raw().all();

/** The same, a statement a row. */
function oneByOne(counts: readonly Count[]): unknown {
  const db = database();
  const insert = db.prepare(`INSERT INTO counts VALUES (?, ?, ?, ?) ON CONFLICT ${MERGE}`);
  for (const count of counts) insert.run(...count);
  return content(db);
}

const counts = fc.array(
  fc.tuple(fc.constantFrom('a', 'b', 'it’s', ''), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 2 ** 40 }), fc.option(fc.integer({ min: -1, max: 9 }))),
  { maxLength: 70 },
);

describe('rows that are written several at once', () => {
  it('are those that are written one by one, in their order', () => {
    fc.assert(
      fc.property(counts, fc.array(fc.nat(20)), (all, sizes) => {
        const db = database();
        const rows = new Rows(db, 'INSERT INTO counts', 4, MERGE);
        const rest = [...all];
        for (const size of [...sizes, all.length]) {
          for (const [name, day, n, newest] of rest.splice(0, size)) {
            if (n % 2 === 0) rows.add(name, day, n, newest);
            else rows.put(name).put(day).put(n).put(newest).end();
          }
          rows.flush();
        }
        expect(content(db)).toEqual(oneByOne(all));
      }),
      { numRuns: 200 },
    );
  });

  it('wait, and are written at the latest when they are asked to be', () => {
    const db = database();
    const rows = new Rows(db, 'INSERT INTO counts', 4, MERGE);
    for (let day = 0; day < 50; day++) rows.add('a', day, 1, null);
    const before = (content(db) as readonly unknown[]).length;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(50);
    rows.flush();
    expect(content(db)).toHaveLength(50);
  });

  it('that are given up do not come later', () => {
    const db = database();
    const rows = new Rows(db, 'INSERT INTO counts', 4, MERGE);
    rows.add('a', 1, 1, null);
    rows.put('b').put(2);
    rows.discard();
    rows.add('c', 3, 1, null);
    rows.flush();
    expect(content(db)).toEqual([['c', 3, 1, null]]);
  });

  it('that SQLite refuses are told, and given up with their transaction', () => {
    const db = database();
    const rows = new Rows(db, 'INSERT INTO counts', 4, MERGE);
    const write = db.transaction(() => {
      for (let day = 0; day < 40; day++) rows.add('a', day === 30 ? 'no day' : day, 1, null);
      rows.flush();
    });
    expect(write).toThrow(/cannot store TEXT value in INTEGER column/);
    rows.discard();
    rows.flush();
    expect(content(db)).toEqual([]);
  });
});
