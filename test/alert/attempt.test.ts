import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attempt } from '../../src/alert/attempt.ts';
import { backOff } from '../../src/alert/back-off.ts';
import { RetriableError } from '../../src/errors.ts';
import { RefusedError, type Notification } from '../../src/notifier.ts';
import { notification } from '../support/alerts.ts';
import { HandClock } from '../support/clock.ts';
import { FakeTarget } from '../support/notifiers.ts';

const several = (n: number): readonly Notification[] => Array.from({ length: n }, (_, i) => notification({ alert: { id: `a${i}` } }));
const ids = (all: readonly Notification[]): readonly string[] => all.map(({ alert }) => alert.id);
const clock = new HandClock(0);
const never = new AbortController().signal;

describe('an attempt', () => {
  it('hands over in order, no more at once than the target takes', async () => {
    const target = new FakeTarget('t', clock.now, { batch: 2 });
    const { delivered, error } = await attempt(target, several(5), clock, never);
    expect([ids(delivered), error]).toEqual([['a0', 'a1', 'a2', 'a3', 'a4'], null]);
    expect(target.calls.map((call) => call.ids)).toEqual([['a0', 'a1'], ['a2', 'a3'], ['a4']]);
  });

  it('ends at an error that may pass, and says what is left', async () => {
    const target = new FakeTarget('t', clock.now, { batch: 2 });
    target.answers.push(() => {}, () => { throw new RetriableError('down'); });
    const { delivered, failed, error } = await attempt(target, several(5), clock, never);
    expect([ids(delivered), ids(failed), (error as Error).message]).toEqual([['a0', 'a1'], ['a2', 'a3', 'a4'], 'down']);
  });

  it('takes any error that says nothing else for one that may pass', async () => {
    const target = new FakeTarget('t', clock.now);
    target.always = () => { throw new TypeError('a bug'); };
    expect(await attempt(target, several(1), clock, never)).toMatchObject({ refused: [], failed: [{}] });
  });

  it('finds those that are to blame for a refusal, and delivers all others', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 40 }), fc.func(fc.boolean()), async (n, batch, isBad) => {
        const target = new FakeTarget('t', clock.now, { batch });
        target.always = (all) => { if (all.some(({ alert }) => isBad(alert.id))) throw new RefusedError('400'); };
        const all = several(n);
        const { delivered, refused, failed, error } = await attempt(target, all, clock, never);
        expect(ids(delivered)).toEqual(ids(all).filter((id) => !isBad(id)));
        expect(refused.map(({ notification: { alert }, reason }) => [alert.id, reason])).toEqual(ids(all).filter((id) => isBad(id)).map((id) => [id, '400']));
        expect([failed, error]).toEqual([[], null]);
        expect(target.events).toHaveLength(delivered.length);
      }),
      { numRuns: 100 },
    );
  });

  it('asks few questions to find the one among many', async () => {
    const target = new FakeTarget('t', clock.now, { batch: 64 });
    target.always = (all) => { if (ids(all).includes('a13')) throw new RefusedError('400'); };
    await attempt(target, several(64), clock, never);
    expect(target.calls.length).toBeLessThanOrEqual(13);
  });

  it('does not wait for ever for a target that says nothing, and tells it to stop', async () => {
    const target = new FakeTarget('t', clock.now);
    let told: AbortSignal | null = null;
    target.always = (_, signal) => { told = signal; return new Promise(() => {}); };
    const waiting = attempt(target, several(1), clock, never);
    await clock.pass(60_000);
    expect((await waiting).error).toMatchObject({ message: 'no answer within 60 seconds' });
    expect((told as AbortSignal | null)?.aborted).toBe(true);
  });

  it('ends at once with the process, also for a target that does not listen', async () => {
    const end = new AbortController();
    const target = new FakeTarget('t', clock.now);
    target.always = () => new Promise(() => {});
    const waiting = attempt(target, several(1), clock, end.signal);
    end.abort();
    expect((await waiting).failed).toHaveLength(1);
    expect((await attempt(target, several(1), clock, end.signal)).failed).toHaveLength(1);
  });
});

describe('back-off', () => {
  it('doubles from a second to a minute, and half of it is chance', () => {
    expect([1, 2, 3, 6, 7, 8, 1_000].map((n) => [backOff(n, 0), backOff(n, 1)])).toEqual([[500, 1_000], [1_000, 2_000], [2_000, 4_000], [16_000, 32_000], [30_000, 60_000], [30_000, 60_000], [30_000, 60_000]]);
  });

  it('is never shorter than the target asks, up to an hour', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(10_000_000), (failures, chance, asked) => {
        const delay = backOff(failures, chance, asked);
        expect(delay).toBeGreaterThanOrEqual(Math.min(asked, 3_600_000));
        expect(delay).toBeLessThanOrEqual(3_960_001);
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(500);
      }),
    );
  });
});
