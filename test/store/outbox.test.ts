import { describe, expect, it } from 'vitest';
import { tell } from '../../src/alert/outbox.ts';
import type { Alert } from '../../src/model/alert.ts';
import type { Store } from '../../src/store/store.ts';
import { alertOf } from '../support/alerts.ts';
import { databasePath, storeOf } from '../support/stores.ts';

const HOUR = 3_600_000;
const START = 1_000_000;
const HOOK = [{ name: 'hook', minSeverity: 'low' }] as const;

function telling(store: Store, alerts: readonly Alert[], now = START, targets: Parameters<typeof tell>[1] = HOOK): number {
  return store.transaction(() => tell(store.outbox, targets, { alerts, now, nameOf: () => null }));
}

const waiting = (store: Store, now = START, target = 'hook'): readonly string[] => store.outbox.due(target, now, 100).map(({ notification: { event, alert } }) => `${event} ${alert.id}`);
const rowsOf = (store: Store, now = START): readonly number[] => store.outbox.due('hook', now, 100).map(({ row }) => row);

describe('the outbox', () => {
  it('holds what a target is to be told, each with an id of its own, until it was delivered', () => {
    const store = storeOf();
    expect(telling(store, [alertOf(), alertOf({ id: 'a2' })])).toBe(2);
    expect(waiting(store)).toEqual(['firing a1', 'firing a2']);
    const [first, second] = store.outbox.due('hook', START, 2);
    expect(first!.notification.id).not.toBe(second!.notification.id);
    expect(first!.notification).toMatchObject({ event: 'firing', at: START, since: START, alert: { id: 'a1', reason: alertOf().reason } });
    store.outbox.delivered([first!.row]);
    expect(waiting(store)).toEqual(['firing a2']);
  });

  it('takes nothing twice, whoever opens the database next', () => {
    const path = databasePath();
    const store = storeOf(path);
    telling(store, [alertOf()]);
    store.close();
    const next = storeOf(path);
    expect(telling(next, [alertOf()], START + 5)).toBe(0);
    expect(waiting(next)).toEqual(['firing a1']);
  });

  it('is as it was if the transaction fails: what was told and what waits go together', () => {
    const store = storeOf();
    const failing = (): void =>
      store.transaction(() => {
        tell(store.outbox, HOOK, { alerts: [alertOf()], now: START, nameOf: () => null });
        throw new Error('after all');
      });
    expect(failing).toThrow('after all');
    expect([waiting(store), store.outbox.readTold('hook').size]).toEqual([[], 0]);
    expect(telling(store, [alertOf()])).toBe(1);
  });

  it('tells each target by itself, and a new one of what fires', () => {
    const store = storeOf();
    telling(store, [alertOf(), alertOf({ id: 'a2', severity: 'low' })], START, [{ name: 'hook', minSeverity: 'high' }]);
    telling(store, [alertOf(), alertOf({ id: 'a2', severity: 'low' })], START, [...HOOK, { name: 'chat', minSeverity: 'low' }]);
    expect([waiting(store), waiting(store, START, 'chat')]).toEqual([['firing a1', 'firing a2'], ['firing a1', 'firing a2']]);
  });

  it('keeps a growth until it is due, the newest of them alone, and drops it for the end', () => {
    const store = storeOf();
    const grown = (n: number, state: Alert['state'] = 'firing'): Alert => alertOf({ kind: 'new-workload', state, decides: Array.from({ length: n }, () => ({ source: alertOf().source!, destination: alertOf().source!, protocol: 'TCP' as const, port: n })) });
    for (const n of [1, 2, 3]) telling(store, [grown(n)], START + n);
    expect(waiting(store, START + 10)).toEqual(['firing a1']);
    expect(store.outbox.due('hook', START + 2 * HOUR, 9).map(({ notification }) => notification.alert.edges)).toEqual([1, 3]);
    telling(store, [grown(3, 'accepted')], START + 20);
    expect(waiting(store, START + 20)).toEqual(['firing a1', 'resolved a1']);
  });

  it('gives nothing before an earlier one of the same alert', () => {
    const store = storeOf();
    telling(store, [alertOf(), alertOf({ id: 'a2' })]);
    telling(store, [alertOf({ state: 'accepted' })], START + 1);
    store.outbox.retry(rowsOf(store).slice(0, 1), START + HOUR, 'down');
    expect(waiting(store, START + 2)).toEqual(['firing a2', 'resolved a2']);
    expect(waiting(store, START + HOUR)).toEqual(['firing a1', 'firing a2', 'resolved a1', 'resolved a2']);
    expect(store.outbox.due('hook', START + HOUR, 1)).toMatchObject([{ attempts: 1 }]);
  });

  it('gives no more than it is asked for', () => {
    const store = storeOf();
    telling(store, [1, 2, 3].map((n) => alertOf({ id: `a${n}` })));
    expect(store.outbox.due('hook', START, 2)).toHaveLength(2);
  });

  it('keeps dead letters with their reason, the newest thousand of a target', () => {
    const store = storeOf();
    telling(store, Array.from({ length: 1_005 }, (_, i) => alertOf({ id: `a${i}` })));
    telling(store, [alertOf()], START, [{ name: 'chat', minSeverity: 'low' }]);
    const rows = store.outbox.due('hook', START, 2_000).map(({ row }) => row);
    store.transaction(() => store.outbox.bury(rows, START + 7, 'HTTP 400'));
    const letters = store.outbox.deadLetters('hook');
    expect([letters.length, letters[0]?.notification.alert.id, letters[0]?.reason, letters[0]?.at]).toEqual([1_000, 'a5', 'HTTP 400', START + 7]);
    expect(store.outbox.state('hook')).toEqual({ waiting: 0, dead: 1_000, reason: 'HTTP 400' });
    expect(store.outbox.state('chat')).toEqual({ waiting: 1, dead: 0, reason: null });
  });

  it('says how a target does by what waits first, then by what died', () => {
    const store = storeOf();
    telling(store, [alertOf(), alertOf({ id: 'a2' })]);
    const [first, second] = rowsOf(store);
    store.outbox.bury([first!], START, 'refused');
    expect(store.outbox.state('hook').reason).toBe('refused');
    store.outbox.retry([second!], START, 'down');
    expect(store.outbox.state('hook')).toEqual({ waiting: 1, dead: 1, reason: 'down' });
    expect(store.outbox.state('nobody')).toEqual({ waiting: 0, dead: 0, reason: null });
  });
});

describe('what stands', () => {
  const standing = (store: Store, endedAfter: number): readonly string[] => store.outbox.standing('hook', endedAfter).map(({ event, alert }) => `${event} ${alert.id}`);

  it('is what fires, what ended of late, and what still waits', () => {
    const store = storeOf();
    telling(store, [alertOf(), alertOf({ id: 'a2' })]);
    telling(store, [alertOf()], START + 5);
    expect(standing(store, START + 5)).toEqual(['firing a1', 'resolved a2']);
    expect(standing(store, START + 6)).toEqual(['firing a1', 'resolved a2']);
    store.outbox.delivered(rowsOf(store, START + 5));
    expect(standing(store, START + 6)).toEqual(['firing a1']);
  });

  it('is as it is now: newer counts, and the id of what was told last', () => {
    const store = storeOf();
    telling(store, [alertOf()]);
    telling(store, [alertOf({ count: 77 })], START + 5);
    const [waits] = store.outbox.due('hook', START + 5, 1);
    expect(store.outbox.standing('hook', 0)).toMatchObject([{ id: waits!.notification.id, since: START, at: START, alert: { count: 77 } }]);
    expect(waits!.notification.alert.count).toBe(2);
    telling(store, [alertOf({ state: 'accepted' })], START + 9);
    expect(store.outbox.standing('hook', 0)).toMatchObject([{ event: 'resolved', since: START, at: START + 9, alert: { over: 'accepted' } }]);
  });

  it('is forgotten a month after its end, but not what still waits', () => {
    const store = storeOf();
    telling(store, [alertOf(), alertOf({ id: 'a2' })]);
    telling(store, [], START + 5);
    store.outbox.delivered(store.outbox.due('hook', START + 5, 9).filter(({ notification }) => notification.alert.id === 'a1').map(({ row }) => row));
    telling(store, [], START + 24 * HOUR);
    expect(store.outbox.readTold('hook').size).toBe(2);
    telling(store, [], START + 31 * 24 * HOUR);
    expect([...store.outbox.readTold('hook').keys()]).toEqual(['a2']);
  });
});
