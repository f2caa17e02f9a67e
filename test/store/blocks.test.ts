import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blocks, Children, query } from '../../src/store/blocks.ts';

type Child = [parent: number, name: string];

/** Parents with these numbers, and children with these parents and names. */
function familyOf(parents: readonly number[], children: readonly (readonly [parent: number, name: string | null])[]): Database.Database {
  const db = new Database(':memory:');
  db.exec('CREATE TABLE parents (id INTEGER PRIMARY KEY, age INTEGER) STRICT; CREATE TABLE children (parent INTEGER, name TEXT) STRICT; CREATE INDEX children_parent ON children (parent)');
  for (const id of parents) db.prepare('INSERT INTO parents VALUES (?, ?)').run(id, id % 7);
  for (const child of children) db.prepare('INSERT INTO children VALUES (?, ?)').run(...child);
  return db;
}

/** What is read of each parent, parent by parent. */
function read(db: Database.Database, condition?: string, ...parameters: readonly number[]): readonly [number, readonly string[]][] {
  const children = new Children<Child>(db, 'children', 'parent', 'name');
  const found: [number, readonly string[]][] = [];
  for (const block of blocks<[id: number, age: number]>(db, 'parents', 'age', condition, ...parameters)) {
    children.read(block);
    for (const [id] of block) found.push([id, children.of(id, ([, name]) => name)]);
  }
  return found;
}

describe('rows that are read block by block', () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 2 ** 40 }), { maxLength: 350 });

  it('are all of them in the order of their numbers, each with its children in theirs', () => {
    const families = numbers.chain((all) => fc.tuple(fc.subarray(all), fc.array(fc.tuple(all.length === 0 ? fc.constant(3) : fc.constantFrom(...all), fc.string()), { maxLength: 60 })));
    fc.assert(
      fc.property(families, ([parents, children]) => {
        const db = familyOf(parents, children);
        expect(read(db)).toEqual(parents.toSorted((a, b) => a - b).map((id) => [id, children.filter(([parent]) => parent === id).map(([, name]) => name)]));
        db.close();
      }),
      { numRuns: 40 },
    );
  });

  it('are those that the condition asks for', () => {
    const parents = Array.from({ length: 450 }, (_, i) => i + 1);
    const children = parents.map((id) => [id, `of ${id}`] as const);
    const wanted = parents.filter((id) => id % 7 < 2);
    expect(read(familyOf(parents, children), 'AND age < ?', 2)).toEqual(wanted.map((id) => [id, [`of ${id}`]]));
  });

  it('leave children of parents that were not asked for', () => {
    const children = new Children<Child>(familyOf([], [[1, 'a'], [2, 'b'], [4, 'c']]), 'children', 'parent', 'name');
    const named = (parent: number): readonly string[] => children.of(parent, ([, name]) => name);
    children.read([[1], [5]]);
    expect([named(2), named(3), named(5)]).toEqual([['b'], [], []]);
    children.read([[1]]);
    expect([named(1), named(4)]).toEqual([['a'], []]);
  });

  it('leave the database free: another statement may write before the last of them', () => {
    const db = familyOf([1, 2, 3], []);
    for (const block of blocks<[id: number, age: number]>(db, 'parents', 'age')) {
      db.exec('DELETE FROM parents WHERE id = 2');
      expect(block.map(([id]) => id)).toEqual([1, 2, 3]);
    }
    expect(read(db).map(([id]) => id)).toEqual([1, 3]);
  });
});

describe('a row', () => {
  const rowsOf = (...values: readonly (string | number | null)[]): readonly unknown[] => {
    const db = new Database(':memory:');
    db.exec('CREATE TABLE t (value ANY) STRICT');
    for (const value of values) db.prepare('INSERT INTO t VALUES (?)').run(value);
    return query<[unknown]>(db, 'value', 't ORDER BY rowid')().map(([value]) => value);
  };

  it.each(['', '"', '\\', '\u0000', 'a\u0000b', '\u001b[31m', '\u2028', '[1]', '{"a":1}', 'null', '😀', 'é', '\n'])('holds the text %j as it is', (text) => {
    expect(rowsOf(text)).toEqual([text]);
  });

  it('holds any text and any whole number as it is', () => {
    const values = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.maxSafeInteger(), fc.constant(null)), { maxLength: 20 });
    fc.assert(
      fc.property(values, (all) => {
        expect(rowsOf(...all)).toEqual(all);
      }),
    );
  });
});
