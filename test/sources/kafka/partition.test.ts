import { describe, expect, it } from 'vitest';
import { fetchedOf, PartitionReaders } from '../../../src/sources/kafka/partition.ts';
import { decide } from '../../../src/sources/kafka/place.ts';
import type { PartitionPosition } from '../../../src/source.ts';
import { kafkaBatch, kafkaMessage } from '../../support/kafka-batches.ts';
import { recordsOf } from '../../support/batches.ts';

function readers(positions: readonly PartitionPosition[] = []): PartitionReaders {
  return new PartitionReaders('flows', { epoch: 3, positions });
}

const stored: PartitionPosition = { partition: { cluster: 'c1', topic: 'flows', partition: 2, committed: 50 }, epoch: 3, next: 50, last: { offset: 49, hash: 'h' } };

describe('a partition', () => {
  it('gives records with their origin and the position behind them, which counts once it is committed', () => {
    const reader = readers().of('c1', 2);
    const batch = kafkaBatch(2, ['{"a":1}', null, '{"b":2}\n{"c":3}', '']);
    const step = decide(reader.place, fetchedOf(batch), null);
    if (step.kind !== 'take') throw new Error(step.kind);
    let commits = 0;
    const taken = reader.take(batch, step, () => commits++);
    expect(recordsOf(taken.runs)).toEqual(['{"a":1}', '{"b":2}', '{"c":3}']);
    expect(taken.runs.map(({ origin }) => origin)).toEqual([{ source: 'flows/2', owner: null }]);
    expect(taken.position).toMatchObject({ epoch: 3, next: 4, last: { offset: 3 }, partition: { cluster: 'c1', topic: 'flows', partition: 2, committed: null } });
    expect([taken.lost, taken.tooLong, reader.committed, commits]).toEqual([0, 0, null, 0]);
    taken.ack();
    expect([reader.committed, commits, reader.place.read?.next]).toEqual([4, 1, 4]);
  });

  it('leaves out what was read before', () => {
    const reader = readers().of('c1', 0);
    const first = kafkaBatch(0, ['a', 'b', 'c']);
    for (const batch of [first, kafkaBatch(0, ['b', 'c', 'd'], 1)]) {
      const step = decide({ ...reader.place, expected: 0 }, fetchedOf(batch), { start: 0, end: 4 });
      if (step.kind !== 'take') throw new Error(step.kind);
      const taken = reader.take(batch, step, () => undefined);
      expect(recordsOf(taken.runs)).toEqual(batch === first ? ['a', 'b', 'c'] : ['d']);
    }
  });

  it('begins where the database says, in its own cluster and topic', () => {
    const all = readers([stored, { ...stored, partition: { ...stored.partition, topic: 'other', partition: 3 } }]);
    expect(all.of('c1', 2).place.read).toEqual({ next: 50, last: stored.last });
    expect(all.of('c1', 2).committed).toBe(50);
    expect([all.of('c2', 2), all.of('c1', 1), all.of('c1', 3)].map(({ place, committed }) => [place.read, committed])).toEqual([[null, null], [null, null], [null, null]]);
  });

  it('is the same one each time it is asked for', () => {
    const all = readers();
    expect(all.of('c1', 0)).toBe(all.of('c1', 0));
    expect(all.of('c1', 0)).not.toBe(all.of('c1', 1));
    expect(all.of('c1', 0)).not.toBe(all.of('c2', 0));
  });

  it('skips a value that is longer than a record may be', () => {
    const reader = readers().of('c1', 0);
    const batch = kafkaBatch(0, ['a', 'x'.repeat((1 << 20) + 1), 'b']);
    const step = decide(reader.place, fetchedOf(batch), null);
    if (step.kind !== 'take') throw new Error(step.kind);
    const taken = reader.take(batch, step, () => undefined);
    expect([recordsOf(taken.runs), taken.tooLong]).toEqual([['a', 'b'], 1]);
  });
});

describe('a message', () => {
  const hashOf = (...args: Parameters<typeof kafkaMessage>): string => fetchedOf({ ...kafkaBatch(0, ['']), messages: [kafkaMessage(...args)] }).hash(0);

  it('is told from others by its value, key and time, not by its offset', () => {
    const variants = [
      hashOf(5, 'value'),
      hashOf(5, 'other'),
      hashOf(5, null),
      hashOf(5, ''),
      hashOf(5, 'alue', { key: Buffer.from('v') }),
      hashOf(5, 'value', { key: Buffer.from('') }),
      hashOf(5, 'value', { timestamp: '1772452800001' }),
    ];
    expect(new Set(variants).size).toBe(variants.length);
    expect(hashOf(6, 'value')).toBe(variants[0]);
  });
});
