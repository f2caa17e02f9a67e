import { describe, expect, it } from 'vitest';
import { deliver, type Delivery } from '../../src/alert/deliver.ts';
import { tell } from '../../src/alert/outbox.ts';
import { RetriableError } from '../../src/errors.ts';
import { alertOf } from '../support/alerts.ts';
import { HandClock } from '../support/clock.ts';
import { FakeTarget } from '../support/notifiers.ts';
import { storeOf } from '../support/stores.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const AWAY = 10 * MINUTE;
/** Alerts that come in each minute, and change from one look to the next. */
const EACH_MINUTE = 50;

describe('a target that is down for ten minutes', () => {
  it.each([['one at a time', 1], ['fifty at a time', 50]])('is asked now and then, keeps nobody waiting, and hears of all once it is back, %s', async (_, batch) => {
    const clock = new HandClock(0);
    const store = storeOf();
    const [target, good] = [new FakeTarget('t', clock.now, { batch }), new FakeTarget('good', clock.now, { batch: 100 })];
    const terms = [target, good].map(({ name }) => ({ name, minSeverity: 'low' as const }));
    const deliveries: Delivery[] = [];
    const end = new AbortController();
    const delivering = deliver([target, good], { outbox: store.outbox, transaction: (work) => store.transaction(work), clock, onDelivery: (delivery) => deliveries.push(delivery) }, end.signal);
    target.always = () => {
      throw new RetriableError('ECONNREFUSED');
    };
    let most = 0;
    for (let second = 0; second < AWAY / SECOND; second += 2) {
      // What fires grows; every third is over after a while, and each changes as long as it fires.
      const ids = Array.from({ length: Math.ceil((EACH_MINUTE * (second + 1)) / 60) }, (__, i) => i);
      const alerts = ids.filter((i) => i % 3 !== 0 || second < 60 + (60 * i) / EACH_MINUTE).map((i) => alertOf({ id: `a${i}`, count: second, lastSeen: second }));
      store.transaction(() => tell(store.outbox, terms, { alerts, now: clock.now(), nameOf: () => null }));
      most = Math.max(most, store.outbox.state('t').waiting);
      await clock.pass(2 * SECOND);
    }
    const alerts = 10 * EACH_MINUTE;
    expect(target.taken).toEqual([]);
    expect(new Set(good.events).size).toBe(good.events.length);
    expect(good.events.filter((event) => event.startsWith('firing'))).toHaveLength(alerts);
    // A beginning and an end for each alert at most: looks alone make nothing more of it.
    expect(most).toBeLessThanOrEqual(2 * alerts);
    expect(store.outbox.state('t')).toMatchObject({ waiting: good.events.length, dead: 0, reason: 'ECONNREFUSED' });
    // Half of each pause: chance is 0. After some failures a minute lies between two questions, and never less than half a one.
    const calls = target.calls.map(({ at }) => at);
    expect(calls.length).toBeLessThan(30);
    expect(calls.slice(8).map((at, i) => at - calls[i + 7]!).every((pause) => pause >= MINUTE / 2)).toBe(true);
    expect(deliveries.filter(({ target: name, outcome }) => name === 't' && outcome !== 'retried')).toEqual([]);

    target.always = null;
    await clock.pass(2 * MINUTE);
    const heard = (of: FakeTarget): readonly string[] => of.taken.map(({ id }) => id).toSorted();
    expect(heard(target)).toEqual(heard(good));
    for (let i = 0; i < alerts; i++) {
      const own = (of: FakeTarget): readonly string[] => of.taken.filter(({ alert }) => alert.id === `a${i}`).map(({ id }) => id);
      expect(own(target)).toEqual(own(good));
    }
    expect(store.outbox.state('t')).toMatchObject({ waiting: 0, dead: 0 });
    end.abort();
    await delivering;
  });
});
