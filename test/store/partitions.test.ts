import { describe, expect, it } from 'vitest';
import { SupersededError } from '../../src/errors.ts';
import type { Partition, PartitionPosition } from '../../src/source.ts';
import { delta, edgeDelta } from '../support/deltas.ts';
import { databasePath, edgesOf, storeOf } from '../support/stores.ts';

function partition(parts: Partial<Partition> = {}): Partition {
  return { cluster: 'c1', topic: 'flows', partition: 0, committed: null, ...parts };
}

function position(epoch: number, next: number, of: Partition = partition()): PartitionPosition {
  return { partition: of, epoch, next, last: { offset: next - 1, hash: `hash of ${next - 1}` } };
}

describe('positions of partitions', () => {
  it('come back to the next reader as they were written', () => {
    const store = storeOf();
    const { epoch, positions } = store.positions.claimPartitions();
    expect(positions).toEqual([]);
    const all = [position(epoch, 10), position(epoch, 2 ** 40, partition({ partition: 1 })), position(epoch, 7, partition({ topic: 'more' })), position(epoch, 8, partition({ cluster: '' }))];
    store.transaction(() => store.add(delta({}), all));
    const again = store.positions.claimPartitions();
    const key = ({ partition: { cluster, topic, partition: number } }: PartitionPosition): string => `${cluster}/${topic}/${number}`;
    expect(again.epoch).toBeGreaterThan(epoch);
    expect(again.positions.toSorted((a, b) => key(a).localeCompare(key(b)))).toEqual(
      all.map((one) => ({ ...one, epoch: again.epoch, partition: { ...one.partition, committed: one.next } })).toSorted((a, b) => key(a).localeCompare(key(b))),
    );
  });

  it('go on, message by message, once they are acknowledged', () => {
    const store = storeOf();
    const { epoch } = store.positions.claimPartitions();
    const own = partition();
    for (const next of [5, 6, 900]) {
      store.positions.write(position(epoch, next, own));
      own.committed = next;
    }
    expect(store.positions.claimPartitions().positions).toMatchObject([{ next: 900, last: { offset: 899, hash: 'hash of 899' } }]);
  });

  it('may go back: the topic was made anew', () => {
    const store = storeOf();
    const { epoch } = store.positions.claimPartitions();
    store.positions.write(position(epoch, 900));
    store.positions.write(position(epoch, 3, partition({ committed: 900 })));
    expect(store.positions.claimPartitions().positions).toMatchObject([{ next: 3 }]);
  });

  it('of an earlier reader are refused once there is a later one, whatever that has read', () => {
    const path = databasePath();
    const frozen = storeOf(path);
    const { epoch } = frozen.positions.claimPartitions();
    const later = storeOf(path).positions.claimPartitions();
    expect(() => frozen.positions.write(position(epoch, 5))).toThrow(SupersededError);
    storeOf(path).positions.write(position(later.epoch, 5));
  });

  it.each([
    ['two sources of one process read the same partition', 5, null],
    ['it goes on from an offset that is not the stored one', 5, 4],
  ])('are refused if %s', (_, stored, committed) => {
    const store = storeOf();
    const { epoch } = store.positions.claimPartitions();
    store.positions.write(position(epoch, stored));
    expect(() => store.positions.write(position(epoch, 9, partition({ committed })))).toThrow('partition 0 of topic flows');
    expect(store.positions.claimPartitions().positions).toMatchObject([{ next: stored }]);
  });

  it('are refused if somebody deleted the row that they go on from', () => {
    const store = storeOf();
    const { epoch } = store.positions.claimPartitions();
    expect(() => store.positions.write(position(epoch, 9, partition({ committed: 5 })))).toThrow(SupersededError);
  });

  it('that are refused take the counts with them', () => {
    const store = storeOf();
    const { epoch } = store.positions.claimPartitions();
    store.positions.claimPartitions();
    expect(() => store.transaction(() => store.add(delta({ edges: [edgeDelta()] }), [position(epoch, 5)]))).toThrow(SupersededError);
    expect(edgesOf(store)).toEqual([]);
    expect(store.positions.claimPartitions().positions).toEqual([]);
  });

  it('may be written again after a rollback: nothing was noted that is not stored', () => {
    const store = storeOf();
    const { epoch } = store.positions.claimPartitions();
    const one = position(epoch, 5);
    const failing = (): unknown =>
      store.transaction(() => {
        store.add(delta({}), [one]);
        throw new Error('the disk is full');
      });
    expect(failing).toThrow('the disk is full');
    store.transaction(() => store.add(delta({}), [one]));
    expect(store.positions.claimPartitions().positions).toMatchObject([{ next: 5 }]);
  });
});
