import { describe, expect, it } from 'vitest';
import { Lag } from '../../../src/sources/kafka/lag.ts';

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function lagOf(offsets: ReadonlyMap<number, number | null>, fails = 0) {
  const told: string[] = [];
  const end = new AbortController();
  let failures = fails;
  const lag = new Lag({
    consumer: {
      commitOffsets: (all) => {
        if (failures-- > 0) return Promise.reject(new Error('rebalancing'));
        told.push(all.map(({ topic, partition, offset }) => `${topic}/${partition}@${offset}`).join(' '));
        return Promise.resolve();
      },
    },
    topic: 'flows',
    committed: (partition) => offsets.get(partition) ?? null,
    sleep: () => turn(),
    signal: end.signal,
  });
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) await turn();
  };
  return { lag, told, end, settle };
}

describe('the group', () => {
  it('is told the latest of what comes together, at once', async () => {
    const offsets = new Map([[0, 5], [1, 8]]);
    const { lag, told, settle } = lagOf(offsets);
    for (const partition of [0, 1, 0]) lag.tell(partition);
    offsets.set(0, 9);
    await settle();
    expect(told).toEqual(['flows/0@9 flows/1@8']);
  });

  it('is told what comes while it is being told', async () => {
    const { lag, told, settle } = lagOf(new Map([[0, 5], [1, 8]]));
    lag.tell(0);
    await settle();
    lag.tell(1);
    await settle();
    expect(told).toEqual(['flows/0@5', 'flows/1@8']);
  });

  it('is not told of partitions that are not ours, or of which nothing is committed', async () => {
    const { lag, told, settle } = lagOf(new Map([[0, null]]));
    lag.tell(0);
    lag.tell(7);
    await settle();
    expect(told).toEqual([]);
  });

  it('need not hear it: the next time it is told all the same', async () => {
    const { lag, told, settle } = lagOf(new Map([[0, 5]]), 1);
    lag.tell(0);
    await settle();
    lag.tell(0);
    await settle();
    expect(told).toEqual(['flows/0@5']);
  });

  it('is told nothing after the end', async () => {
    const { lag, told, end, settle } = lagOf(new Map([[0, 5]]));
    lag.tell(0);
    end.abort();
    await settle();
    lag.tell(0);
    await settle();
    expect(told).toEqual([]);
  });
});
