import { describe, expect, it } from 'vitest';
import type { FilePosition } from '../../src/source.ts';
import { delta, edgeDelta } from '../support/deltas.ts';
import { databasePath, edgesOf, storeOf } from '../support/stores.ts';

function position(parts: Partial<FilePosition> = {}): FilePosition {
  return { file: { id: null }, headLength: 10, headHash: 'head', owner: '', offset: 100, tailHash: 'tail', marks: 'marks', done: null, ...parts };
}

describe('positions', () => {
  it('come back as they were written', () => {
    const store = storeOf();
    const all = [position(), position({ owner: 'shop/web-1/app', offset: 2 ** 40, done: { size: 2 ** 41, mtimeMs: 1_772_452_800_123.456 } })];
    store.transaction(() => store.add(delta({}), all));
    expect(store.positions.read()).toEqual(all.map((one, i) => ({ ...one, file: { id: i + 1 } })));
  });

  it('of one file are one row, which goes on', () => {
    const store = storeOf();
    const file = { id: null };
    store.transaction(() => store.positions.write(position({ file, offset: 1 })));
    store.transaction(() => store.positions.write(position({ file, offset: 2, done: { size: 2, mtimeMs: 1 } })));
    store.transaction(() => store.positions.write(position({ file, offset: 3, headLength: 20 })));
    expect(store.positions.read()).toEqual([position({ file: { id: 1 }, offset: 3, headLength: 20 })]);
  });

  it('of files that look alike are rows of their own', () => {
    const store = storeOf();
    store.transaction(() => store.add(delta({}), [position(), position()]));
    expect(store.positions.read().map(({ file }) => file.id)).toEqual([1, 2]);
  });

  it('go on where they were read from the database', () => {
    const path = databasePath();
    storeOf(path).positions.write(position());
    const [known] = storeOf(path).positions.read();
    const store = storeOf(path);
    store.positions.write({ ...known!, offset: 500 });
    expect(store.positions.read()).toMatchObject([{ file: { id: 1 }, offset: 500 }]);
  });

  it('are written anew if somebody deleted the row', () => {
    const store = storeOf();
    const file = { id: null };
    store.positions.write(position({ file }));
    store.db.exec('DELETE FROM positions');
    store.positions.write(position({ file, offset: 7 }));
    expect(store.positions.read().map(({ offset }) => offset)).toEqual([7]);
  });

  it('are in the transaction of the counts: both or none', () => {
    const store = storeOf();
    const failing = (): unknown =>
      store.transaction(() => {
        store.add(delta({ edges: [edgeDelta()] }), [position()]);
        throw new Error('a mistake');
      });
    expect(failing).toThrow('a mistake');
    expect([store.positions.read(), edgesOf(store)]).toEqual([[], []]);
    store.transaction(() => store.add(delta({ edges: [edgeDelta()] }), [position()]));
    expect([store.positions.read().length, edgesOf(store).length]).toEqual([1, 1]);
  });
});
