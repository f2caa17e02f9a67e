import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../src/source.ts';
import { Assignment, type AssignmentOptions } from '../../../src/sources/kafka/assignment.ts';
import { Handoff } from '../../../src/sources/kafka/handoff.ts';
import { PartitionReaders } from '../../../src/sources/kafka/partition.ts';
import type { Ends } from '../../../src/sources/kafka/place.ts';
import { recordsOf } from '../../support/batches.ts';
import { kafkaBatch, Payload } from '../../support/kafka-batches.ts';

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function member(ends: ReadonlyMap<number, Ends> = new Map(), more: Partial<AssignmentOptions> = {}) {
  const readers = new PartitionReaders('flows', { epoch: 1, positions: [] });
  const seeks: string[] = [];
  const another: number[] = [];
  const committed: number[] = [];
  const handoff = new Handoff<Batch>();
  const closing = new AbortController();
  const assignment = new Assignment({
    consumer: { seek: ({ partition, offset }) => void seeks.push(`${partition}@${offset}`) },
    topic: 'flows',
    readerOf: (partition) => readers.of('c', partition),
    ends,
    endsNow: () => Promise.resolve(ends),
    handoff,
    onCommit: (partition) => committed.push(partition),
    onAnotherLog: (partition) => another.push(partition),
    heartbeatEvery: 1_000,
    sleep: () => turn(),
    signal: closing.signal,
    ...more,
  });
  return { assignment, readers, seeks, another, committed, handoff, closing };
}

describe('a member of the group', () => {
  it('seeks each partition that it is given, before anything is fetched', () => {
    const { assignment, seeks } = member(new Map([[1, { start: 30, end: 90 }]]));
    assignment.assign([0, 1]);
    expect(seeks).toEqual(['0@0', '1@30']);
    expect([assignment.has(0), assignment.has(1), assignment.has(2)]).toEqual([true, true, false]);
  });

  it('says that a batch was read once somebody took it', async () => {
    const { assignment, handoff, committed } = member();
    assignment.assign([0]);
    const payload = new Payload(kafkaBatch(0, ['a', 'b']));
    const done = assignment.each(payload.value);
    await turn();
    expect(payload.resolved).toEqual([]);
    const batch = await handoff.next();
    await done;
    expect([recordsOf(batch?.runs ?? []), payload.resolved, committed]).toEqual([['a', 'b'], ['1'], []]);
    batch?.ack();
    expect(committed).toEqual([0]);
  });

  it('gives signs of life while nobody asks, and holds no more than the one batch', async () => {
    const { assignment, handoff } = member();
    assignment.assign([0]);
    const payload = new Payload(kafkaBatch(0, ['a']));
    const done = assignment.each(payload.value);
    for (let i = 0; i < 20; i++) await turn();
    expect(payload.heartbeats).toBeGreaterThan(3);
    await handoff.next();
    await done;
  });

  it('lets a batch go when the group is to be joined again, and nothing of it was read', async () => {
    const { assignment, handoff, readers } = member();
    assignment.assign([0]);
    const payload = new Payload(kafkaBatch(0, ['a']));
    payload.failure = new Error('The group is rebalancing');
    await expect(assignment.each(payload.value)).rejects.toThrow('rebalancing');
    const asked = handoff.next();
    await turn();
    handoff.end(null);
    expect(await asked).toBeNull();
    expect([payload.resolved, readers.of('c', 0).place.read]).toEqual([[], null]);
  });

  it('goes on behind a batch that was taken just before the group was joined again', async () => {
    const { assignment, handoff, seeks } = member();
    assignment.assign([0]);
    const payload = new Payload(kafkaBatch(0, ['a', 'b']));
    const done = assignment.each(payload.value);
    await handoff.next();
    assignment.assign([0]);
    await done;
    // From the last message on, to know the log by it; what is resolved under the old assignment would be wrong under the new.
    expect(seeks).toEqual(['0@0', '0@1']);
    expect(payload.resolved).toEqual([]);
  });

  it.each<[string, (payload: Payload, assignment: Assignment) => void]>([
    ['is stale', (payload) => (payload.isStale = true)],
    ['comes after the end', (payload) => (payload.isRunning = false)],
    ['is of a partition that was taken away', (_, assignment) => assignment.assign([1])],
  ])('takes nothing of a batch that %s', async (_, spoil) => {
    const { assignment, readers } = member();
    assignment.assign([0]);
    const payload = new Payload(kafkaBatch(0, ['a']));
    spoil(payload, assignment);
    await assignment.each(payload.value);
    expect([payload.resolved, readers.of('c', 0).place.read]).toEqual([[], null]);
  });

  it('stops waiting when it ends', async () => {
    const { assignment, closing } = member();
    assignment.assign([0]);
    const payload = new Payload(kafkaBatch(0, ['a']));
    const done = assignment.each(payload.value);
    closing.abort();
    await done;
    expect(payload.resolved).toEqual([]);
  });

  it('seeks back over a gap without saying that it was read', async () => {
    const { assignment, seeks } = member(new Map([[0, { start: 0, end: 90 }]]));
    assignment.assign([0]);
    const payload = new Payload(kafkaBatch(0, ['a'], 7));
    await assignment.each(payload.value);
    expect([seeks, payload.resolved]).toEqual([['0@0', '0@0'], []]);
  });

  it('counts what retention took before it was read', async () => {
    const { assignment, handoff } = member(new Map([[0, { start: 0, end: 90 }]]), { endsNow: () => Promise.resolve(new Map([[0, { start: 40, end: 90 }]])) });
    assignment.assign([0]);
    const first = assignment.each(new Payload(kafkaBatch(0, ['a', 'b'])).value);
    await handoff.next();
    await first;
    const second = assignment.each(new Payload(kafkaBatch(0, ['c'], 40)).value);
    const batch = await handoff.next();
    await second;
    expect([recordsOf(batch?.runs ?? []), batch?.lost]).toEqual([['c'], 38]);
  });

  it('begins another log at its start, and says so', async () => {
    const { assignment, handoff, seeks, another } = member(new Map(), { endsNow: () => Promise.resolve(new Map([[0, { start: 0, end: 1 }]])) });
    assignment.assign([0]);
    const first = assignment.each(new Payload(kafkaBatch(0, ['a', 'b', 'c'])).value);
    await handoff.next();
    await first;
    await assignment.each(new Payload(kafkaBatch(0, ['x'])).value);
    expect([seeks, another]).toEqual([['0@0', '0@0'], [0]]);
    const again = assignment.each(new Payload(kafkaBatch(0, ['x'])).value);
    const batch = await handoff.next();
    await again;
    expect([recordsOf(batch?.runs ?? []), batch?.position]).toMatchObject([['x'], { next: 1 }]);
  });
});

describe('whether all was read', () => {
  const ends = new Map([[0, { start: 0, end: 2 }], [1, { start: 5, end: 5 }]]);
  const done = (partition: number, lastOffset: number, highWatermark: number, batchSize = 1) => ({ partition, batchSize, lastOffset: String(lastOffset), highWatermark: String(highWatermark) });

  it('is told by the ends of the logs when partitions are assigned', () => {
    const { assignment } = member(ends);
    assignment.assign([1]);
    expect(assignment.isCaughtUp).toBe(true);
    assignment.assign([0, 1]);
    expect(assignment.isCaughtUp).toBe(false);
  });

  it('is so once the last message was taken, and not when it was merely fetched', async () => {
    const { assignment, handoff } = member(ends);
    assignment.assign([0]);
    assignment.processed(done(0, 1, 2));
    expect(assignment.isCaughtUp).toBe(false);
    const taking = assignment.each(new Payload(kafkaBatch(0, ['a', 'b'])).value);
    expect(assignment.isCaughtUp).toBe(false);
    await handoff.next();
    await taking;
    assignment.processed(done(0, 1, 2));
    expect(assignment.isCaughtUp).toBe(true);
    // More has come meanwhile; what ends a transaction is no message, and nothing to take.
    assignment.processed(done(0, 1, 3));
    expect(assignment.isCaughtUp).toBe(false);
    assignment.processed(done(0, 2, 3, 0));
    expect(assignment.isCaughtUp).toBe(true);
  });

  it('is not so while a batch waits to be taken, however long nothing else comes', async () => {
    const { assignment, handoff } = member(new Map([[0, { start: 0, end: 0 }]]));
    assignment.assign([0]);
    expect(assignment.isCaughtUp).toBe(true);
    const taking = assignment.each(new Payload(kafkaBatch(0, ['a'])).value);
    expect(assignment.isCaughtUp).toBe(false);
    await handoff.next();
    await taking;
    assignment.processed(done(0, 0, 1));
    expect(assignment.isCaughtUp).toBe(true);
  });

  it('is no matter of partitions that others have by now', () => {
    const { assignment } = member(ends);
    assignment.assign([0]);
    assignment.assign([1]);
    assignment.processed(done(0, 0, 9));
    expect(assignment.isCaughtUp).toBe(true);
  });
});
