import { describe, expect, it } from 'vitest';
import { Handoff } from '../../../src/sources/kafka/handoff.ts';

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('what is handed over', () => {
  it('is made at the moment in which it is asked for', async () => {
    const handoff = new Handoff<string>();
    let made = 0;
    const offer = handoff.offer(() => `made ${++made}`);
    await turn();
    expect([made, offer.isTaken]).toEqual([0, false]);
    expect(await handoff.next()).toBe('made 1');
    await offer.taken;
    expect(offer.isTaken).toBe(true);
  });

  it('goes at once to somebody who waits', async () => {
    const handoff = new Handoff<string>();
    const asked = handoff.next();
    const offer = handoff.offer(() => 'a');
    await offer.taken;
    expect(await asked).toBe('a');
  });

  it('is not made any more once it is withdrawn', async () => {
    const handoff = new Handoff<string>();
    handoff.offer(() => 'stale').withdraw();
    const asked = handoff.next();
    await turn();
    handoff.offer(() => 'fresh');
    expect(await asked).toBe('fresh');
  });

  it('is not withdrawn by whoever offered before', async () => {
    const handoff = new Handoff<string>();
    const first = handoff.offer(() => 'a');
    await handoff.next();
    handoff.offer(() => 'b');
    first.withdraw();
    expect(await handoff.next()).toBe('b');
  });

  it('is nothing after the end, for whoever waits and whoever comes later', async () => {
    const handoff = new Handoff<string>();
    const waiting = handoff.next();
    handoff.end(null);
    handoff.end(new Error('too late to fail'));
    handoff.offer(() => 'too late');
    expect([await waiting, await handoff.next()]).toEqual([null, null]);
  });

  it('ends with what failed', async () => {
    const handoff = new Handoff<string>();
    const waiting = handoff.next();
    handoff.end(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    await expect(handoff.next()).rejects.toThrow('gone');
  });
});
