import { describe, expect, it } from 'vitest';
import { Progress } from '../../src/kubernetes/watch-progress.ts';
import { eventually, HandClock } from '../support/clock.ts';

const NEVER = new AbortController().signal;

function progress(): { readonly clock: HandClock; readonly progress: Progress; readonly until: (time: number, ms: number, signal?: AbortSignal) => Promise<boolean>; readonly hurries: () => number } {
  const clock = new HandClock(0);
  const made = new Progress(clock);
  let hurries = 0;
  return { clock, progress: made, until: (time, ms, signal = NEVER) => made.until(time, ms, signal, () => hurries++), hurries: () => hurries };
}

describe('how far a watch is', () => {
  it('is nowhere before it begins, and never goes back', () => {
    const { progress: at } = progress();
    expect([at.reached, at.has(0)]).toEqual([null, false]);
    at.reach(100);
    at.reach(50);
    expect([at.reached, at.has(100), at.has(101)]).toEqual([100, true, false]);
  });
});

describe('waiting for a watch', () => {
  it('is over at once where it is as far already', async () => {
    const { progress: at, until, hurries } = progress();
    at.reach(100);
    expect(await until(100, 5_000)).toBe(true);
    expect(hurries()).toBe(0);
  });

  it('is over as soon as it gets there', async () => {
    const { progress: at, until } = progress();
    const waiting = until(100, 5_000);
    at.reach(99);
    at.reach(101);
    expect(await waiting).toBe(true);
  });

  it('is over after the time that it may take, and asks to hurry meanwhile', async () => {
    const { clock, until, hurries } = progress();
    const waiting = until(100, 1_200);
    for (const ms of [500, 500, 200]) {
      await eventually(() => clock.sleeping.includes(ms), `it waits ${ms} ms`);
      clock.advance(ms);
    }
    expect(await waiting).toBe(false);
    expect(hurries()).toBe(3);
    expect(clock.sleeping).toEqual([]);
  });

  it('is of no use where nothing will come: before, or while it waits', async () => {
    const { progress: at, until } = progress();
    const waiting = until(100, 5_000);
    at.isHopeless = true;
    expect(await waiting).toBe(false);
    expect(await until(100, 5_000)).toBe(false);
    at.isHopeless = false;
    at.reach(100);
    expect(await until(100, 5_000)).toBe(true);
  });

  it('is given up when the signal aborts', async () => {
    const { until } = progress();
    const ending = new AbortController();
    const waiting = until(100, 5_000, ending.signal);
    ending.abort();
    expect(await waiting).toBe(false);
    expect(await until(100, 5_000, ending.signal)).toBe(false);
  });

  it('is the same for all who wait', async () => {
    const { progress: at, until } = progress();
    const waiting = Promise.all([until(100, 5_000), until(50, 5_000), until(100, 5_000)]);
    at.reach(100);
    expect(await waiting).toEqual([true, true, true]);
  });
});
