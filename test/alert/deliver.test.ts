import { afterEach, describe, expect, it } from 'vitest';
import { deliver, type Delivery } from '../../src/alert/deliver.ts';
import { tell } from '../../src/alert/outbox.ts';
import { LockedError, OperationError, RetriableError } from '../../src/errors.ts';
import type { Alert } from '../../src/model/alert.ts';
import { BusyError, RefusedError, type Notifier } from '../../src/notifier.ts';
import { alertOf } from '../support/alerts.ts';
import { HandClock } from '../support/clock.ts';
import { FakeTarget } from '../support/notifiers.ts';
import { storeOf } from '../support/stores.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const down = (): never => { throw new RetriableError('down'); };
const refuse = (): never => { throw new RefusedError('HTTP 400'); };
const seconds = (target: FakeTarget): readonly number[] => target.calls.map(({ at }) => at / SECOND);

const ending: AbortController[] = [];
afterEach(() => {
  for (const end of ending.splice(0)) end.abort();
});

/** A process that delivers from a database in memory; its clock is moved by hand. */
class World {
  readonly clock = new HandClock(0);
  readonly store = storeOf();
  readonly deliveries: Delivery[] = [];
  #end = new AbortController();
  /** What the next transactions of the deliverer do instead of being committed. */
  failing: (() => never) | null = null;

  target(name: string, given: ConstructorParameters<typeof FakeTarget>[2] = {}): FakeTarget {
    return new FakeTarget(name, this.clock.now, given);
  }

  start(...targets: readonly Notifier[]): Promise<void> {
    this.#end = new AbortController();
    ending.push(this.#end);
    const { clock, store } = this;
    const transaction = <T>(work: () => T): T => (this.failing === null ? store.transaction(work) : this.failing());
    return deliver(targets, { outbox: store.outbox, transaction, clock, onDelivery: (delivery) => this.deliveries.push(delivery) }, this.#end.signal);
  }

  stop(): void {
    this.#end.abort();
  }

  tell(alerts: readonly Alert[], ...names: readonly string[]): void {
    this.store.transaction(() => tell(this.store.outbox, (names.length === 0 ? ['t'] : names).map((name) => ({ name, minSeverity: 'low' })), { alerts, now: this.clock.now(), nameOf: () => null }));
  }

  get state() {
    return this.store.outbox.state('t');
  }
}

const several = (n: number): readonly Alert[] => Array.from({ length: n }, (_, i) => alertOf({ id: `a${i}` }));

describe('delivery', () => {
  it('takes what waits, in order, once', async () => {
    const world = new World();
    const target = world.target('t');
    world.tell(several(3));
    void world.start(target);
    await world.clock.pass(SECOND);
    world.tell([]);
    await world.clock.pass(MINUTE);
    expect(target.events).toEqual(['firing a0', 'firing a1', 'firing a2', 'resolved a0', 'resolved a1', 'resolved a2']);
    expect(world.state).toEqual({ waiting: 0, dead: 0, reason: null });
    expect(world.deliveries).toHaveLength(6);
    expect(world.deliveries[0]).toMatchObject({ target: 't', outcome: 'delivered', alerts: [expect.any(String)], reason: null });
  });

  it('tries again, later and later, until the target is back', async () => {
    const world = new World();
    const target = world.target('t');
    target.always = down;
    world.tell(several(1));
    void world.start(target);
    await world.clock.pass(10 * MINUTE);
    // Looks are half a second apart; chance is 0: half of each delay.
    expect(seconds(target).slice(0, 8)).toEqual([0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 61.5]);
    expect(world.state).toEqual({ waiting: 1, dead: 0, reason: 'down' });
    target.always = null;
    await world.clock.pass(MINUTE);
    expect(target.events).toEqual(['firing a0']);
    expect(new Set(world.deliveries.map(({ outcome }) => outcome))).toEqual(new Set(['retried', 'delivered']));
  });

  it('is spread by chance, so that many do not come at once', async () => {
    const world = new World();
    const target = world.target('t');
    world.clock.chance = 0.7654321;
    target.answers.push(down, down, down);
    world.tell(several(1));
    void world.start(target);
    await world.clock.pass(MINUTE);
    expect(seconds(target)).toEqual([0, 0.883, 2.649, 6.18]);
    expect(target.events).toEqual(['firing a0']);
  });

  it('waits as long as a busy target asks', async () => {
    const world = new World();
    const target = world.target('t');
    target.answers.push(() => { throw new BusyError('HTTP 429', 90 * SECOND); });
    world.tell(several(1));
    void world.start(target);
    await world.clock.pass(2 * MINUTE);
    expect(seconds(target)).toEqual([0, 90]);
  });

  it('keeps the pace that the target wants, and gathers what comes meanwhile', async () => {
    const world = new World();
    const target = world.target('t', { batch: 10, spacing: 5 * SECOND });
    void world.start(target);
    world.tell(several(1));
    await world.clock.pass(SECOND);
    for (let n = 2; n < 5; n++) {
      world.tell(several(n));
      await world.clock.pass(SECOND);
    }
    await world.clock.pass(MINUTE);
    expect(target.calls).toEqual([{ at: 500, ids: ['a0'] }, { at: 5_500, ids: ['a1', 'a2', 'a3'] }]);
  });

  it('lets no alert wait for one that is never taken, but the end of that one', async () => {
    const world = new World();
    const target = world.target('t');
    target.always = ([first]) => { if (first?.alert.id === 'a0') down(); };
    world.tell(several(3));
    world.tell(several(3).slice(1));
    void world.start(target);
    await world.clock.pass(5 * MINUTE);
    expect(target.events).toEqual(['firing a1', 'firing a2']);
    target.always = null;
    await world.clock.pass(2 * MINUTE);
    expect(target.events.slice(2)).toEqual(['firing a0', 'resolved a0']);
  });

  it('buries what is refused, with the reason, and what is not taken for three days', async () => {
    const world = new World();
    const target = world.target('t');
    target.answers.push(refuse);
    world.tell(several(2));
    void world.start(target);
    await world.clock.pass(SECOND);
    expect(target.events).toEqual(['firing a1']);
    target.always = down;
    world.tell([alertOf({ id: 'late' }), ...several(2)]);
    await world.clock.pass(3 * DAY - MINUTE);
    expect(world.state).toMatchObject({ waiting: 1, dead: 1 });
    await world.clock.pass(3 * MINUTE);
    expect(world.state).toMatchObject({ waiting: 0, dead: 2 });
    expect(world.store.outbox.deadLetters('t').map(({ notification: { alert }, reason }) => `${alert.id} ${reason}`)).toEqual(['a0 HTTP 400', 'late down']);
    expect(world.deliveries.filter(({ outcome }) => outcome === 'dead')).toMatchObject([{ reason: 'HTTP 400' }, { reason: 'down' }]);
  });

  it('buries nothing at its first failure, however old it is', async () => {
    const world = new World();
    const target = world.target('t');
    world.tell(several(1));
    await world.clock.pass(5 * DAY);
    target.answers.push(down, down);
    void world.start(target);
    await world.clock.pass(MINUTE);
    expect(target.events).toEqual(['firing a0']);
  });

  it('goes on where a process ended, under the same ids, twice at worst', async () => {
    const world = new World();
    const first = world.target('t');
    // Taken, but the process ends before it knows.
    first.always = (all) => { first.taken.push(...all); return new Promise(() => {}); };
    world.tell(several(2));
    const ended = world.start(first);
    await world.clock.pass(SECOND);
    world.stop();
    await ended;
    const second = world.target('t');
    void world.start(second);
    await world.clock.pass(SECOND);
    expect(second.events).toEqual(['firing a0', 'firing a1']);
    expect(second.taken[0]).toEqual(first.taken[0]);
    expect(world.store.outbox.due('t', DAY, 9)).toEqual([]);
  });

  it('counts nothing against a target because the process ended', async () => {
    const world = new World();
    const target = world.target('t');
    target.always = () => new Promise(() => {});
    world.tell(several(1));
    const ended = world.start(target);
    await world.clock.pass(SECOND);
    world.stop();
    await ended;
    expect(world.store.outbox.due('t', world.clock.now(), 1)).toMatchObject([{ attempts: 0 }]);
    expect(world.deliveries).toEqual([]);
  });

  it('survives a database that takes nothing: it delivers again once it does', async () => {
    const world = new World();
    const target = world.target('t');
    world.failing = () => { throw new OperationError('the disk is full'); };
    world.tell(several(1));
    void world.start(target);
    await world.clock.pass(SECOND);
    world.failing = null;
    await world.clock.pass(MINUTE);
    expect(new Set(target.taken.map(({ id }) => id)).size).toBe(1);
    expect(world.state.waiting).toBe(0);
    expect(world.deliveries[0]).toMatchObject({ outcome: 'retried', reason: 'the disk is full' });
  });

  it('sends nothing again and again because the database takes nothing: its row goes once it can', async () => {
    const world = new World();
    const target = world.target('t');
    world.failing = () => { throw new OperationError('the disk is full'); };
    world.tell(several(2));
    void world.start(target);
    await world.clock.pass(HOUR);
    expect(target.events).toEqual(['firing a0']);
    world.failing = null;
    await world.clock.pass(2 * MINUTE);
    expect(target.events).toEqual(['firing a0', 'firing a1']);
    expect(world.state.waiting).toBe(0);
  });

  it('takes no notice of another process that holds the database for a moment', async () => {
    const world = new World();
    const target = world.target('t');
    world.failing = () => { throw new LockedError('locked'); };
    world.tell(several(1));
    void world.start(target);
    await world.clock.pass(2 * SECOND);
    world.failing = null;
    await world.clock.pass(SECOND);
    expect(world.deliveries).toMatchObject([{ target: 't', outcome: 'delivered', alerts: [expect.any(String)], reason: null }]);
  });
});

describe('a target that forgets', () => {
  const forgetful = (world: World, name = 't'): FakeTarget => world.target(name, { batch: 100, spacing: SECOND, resendEvery: MINUTE });

  it('is told again every minute of all that fires, at once of what is new, and of an end for a quarter of an hour', async () => {
    const world = new World();
    const target = forgetful(world);
    world.tell(several(1));
    void world.start(target);
    await world.clock.pass(90 * SECOND);
    world.tell(several(2));
    await world.clock.pass(SECOND);
    expect(target.calls.map(({ at, ids }) => `${Math.floor(at / SECOND)} ${ids.join(',')}`)).toEqual(['0 a0', '60 a0', '90 a0,a1']);
    world.tell(several(1));
    await world.clock.pass(HOUR);
    const ends = target.taken.filter(({ event }) => event === 'resolved');
    expect(new Set(ends.map(({ id, at, alert }) => `${id} ${at} ${alert.id}`)).size).toBe(1);
    expect(ends.length).toBeGreaterThanOrEqual(14);
    expect(ends.length).toBeLessThanOrEqual(17);
    expect(target.calls.at(-1)?.ids).toEqual(['a0']);
  });

  it('is told of an end that it missed, however long it was away', async () => {
    const world = new World();
    const target = forgetful(world);
    world.tell(several(1));
    void world.start(target);
    await world.clock.pass(SECOND);
    target.always = down;
    world.tell([]);
    await world.clock.pass(5 * HOUR);
    target.always = null;
    await world.clock.pass(2 * MINUTE);
    expect(target.events.at(-1)).toBe('resolved a0');
    expect(world.state.waiting).toBe(0);
  });

  it('is never told that something fires which is over', async () => {
    const world = new World();
    const target = forgetful(world);
    target.always = down;
    world.tell(several(1));
    void world.start(target);
    await world.clock.pass(MINUTE);
    world.tell([]);
    target.always = null;
    await world.clock.pass(2 * MINUTE);
    expect(new Set(target.events)).toEqual(new Set(['resolved a0']));
  });

  it('is not asked again to take what it refused, but takes all else, and what comes of that one later', async () => {
    const world = new World();
    const target = forgetful(world);
    target.always = (all) => { if (all.some(({ alert }) => alert.id === 'a1')) refuse(); };
    world.tell(several(3));
    void world.start(target);
    await world.clock.pass(SECOND);
    expect(target.events.toSorted()).toEqual(['firing a0', 'firing a2']);
    expect(world.state).toEqual({ waiting: 0, dead: 1, reason: 'HTTP 400' });
    const { length } = target.calls;
    await world.clock.pass(5 * MINUTE);
    expect(target.calls.slice(length).map(({ ids }) => ids)).toEqual(Array.from({ length: 5 }, () => ['a0', 'a2']));
    target.always = null;
    world.tell(several(1));
    await world.clock.pass(2 * SECOND);
    expect(target.events).toContain('resolved a1');
  });

  it('is told every minute of all that fires, though the database takes nothing', async () => {
    const world = new World();
    const target = forgetful(world);
    world.tell(several(1));
    world.failing = () => { throw new OperationError('the disk is full'); };
    void world.start(target);
    await world.clock.pass(10 * MINUTE);
    const pauses = target.calls.map(({ at }, i) => at - (target.calls[i - 1]?.at ?? 0));
    expect(Math.max(...pauses)).toBeLessThanOrEqual(MINUTE);
  });

  it('is told of all that fires by a new process', async () => {
    const world = new World();
    world.tell(several(2));
    void world.start(forgetful(world));
    await world.clock.pass(MINUTE);
    world.stop();
    const next = forgetful(world);
    void world.start(next);
    await world.clock.pass(0);
    expect(next.events).toEqual(['firing a0', 'firing a1']);
  });
});

describe('targets', () => {
  it('do not wait for each other', async () => {
    const world = new World();
    const [slow, dead, good] = [world.target('slow'), world.target('dead'), world.target('good')];
    slow.always = () => new Promise(() => {});
    dead.always = down;
    world.tell(several(3), 'slow', 'dead', 'good');
    void world.start(slow, dead, good);
    await world.clock.pass(0);
    expect(good.events).toEqual(['firing a0', 'firing a1', 'firing a2']);
    expect([slow.taken, dead.taken]).toEqual([[], []]);
  });
});
