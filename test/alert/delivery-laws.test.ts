import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deliver } from '../../src/alert/deliver.ts';
import { tell } from '../../src/alert/outbox.ts';
import { OperationError, RetriableError } from '../../src/errors.ts';
import { BusyError, type Notification } from '../../src/notifier.ts';
import { Store } from '../../src/store/store.ts';
import { alertOf } from '../support/alerts.ts';
import { HandClock } from '../support/clock.ts';
import { FakeTarget, type Answer } from '../support/notifiers.ts';

/** Whatever fails in whatever order. */

const ANSWERS = ['takes it', 'is down', 'is busy', 'takes it and is lost', 'takes a part and is lost', 'hangs', 'has a bug'] as const;
type Misbehaviour = (typeof ANSWERS)[number];

function answer(kind: Misbehaviour, target: () => FakeTarget): Answer {
  const lost = (): never => { throw new RetriableError('reset'); };
  switch (kind) {
    case 'takes it':
      return () => {};
    case 'is down':
      return lost;
    case 'is busy':
      return () => { throw new BusyError('HTTP 429', 7_000); };
    case 'takes it and is lost':
      return (all) => { target().taken.push(...all); lost(); };
    case 'takes a part and is lost':
      return (all) => { target().taken.push(...all.slice(0, 1)); lost(); };
    case 'hangs':
      return () => new Promise(() => {});
    case 'has a bug':
      return () => { throw new TypeError('undefined is not a function'); };
  }
}

type Step =
  | { readonly do: 'alerts'; readonly firing: readonly string[] }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'restart' }
  | { readonly do: 'disk full'; readonly ms: number };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.subarray(['a', 'b', 'c', 'd']).map((firing): Step => ({ do: 'alerts', firing })) },
    { weight: 4, arbitrary: fc.constantFrom(100, 3_000, 20_000).map((ms): Step => ({ do: 'wait', ms })) },
    { weight: 1, arbitrary: fc.constant<Step>({ do: 'restart' }) },
    { weight: 1, arbitrary: fc.constantFrom(100, 5_000).map((ms): Step => ({ do: 'disk full', ms })) },
  ),
  { maxLength: 14 },
);
const misbehaviour = fc.array(fc.constantFrom(...ANSWERS), { maxLength: 15 });

interface Ran {
  readonly told: readonly Notification[];
  readonly queue: FakeTarget;
  readonly mirror: FakeTarget;
  readonly good: FakeTarget;
}

async function run(plan: readonly Step[], of: { readonly queue: readonly Misbehaviour[]; readonly mirror: readonly Misbehaviour[]; readonly batch: number }): Promise<Ran> {
  const clock = new HandClock(0);
  clock.chance = 0.371;
  const store = new Store(':memory:', { create: true });
  const queue = new FakeTarget('queue', clock.now, { batch: of.batch });
  const mirror = new FakeTarget('mirror', clock.now, { batch: of.batch, spacing: 1_000, resendEvery: 60_000 });
  const good = new FakeTarget('good', clock.now, { batch: 100 });
  queue.answers.push(...of.queue.map((kind) => answer(kind, () => queue)));
  mirror.answers.push(...of.mirror.map((kind) => answer(kind, () => mirror)));
  const targets = [queue, mirror, good];
  const told: Notification[] = [];
  let isFull = false;
  const transaction = <T>(work: () => T): T => {
    if (isFull) throw new OperationError('the disk is full');
    return store.transaction(work);
  };
  let end = new AbortController();
  let process = deliver(targets, { outbox: store.outbox, transaction, clock }, end.signal);
  try {
    for (const step of plan) {
      if (step.do === 'alerts') {
        const alerts = step.firing.map((id) => alertOf({ id }));
        store.transaction(() => tell(store.outbox, targets.map(({ name }) => ({ name, minSeverity: 'low' })), { alerts, now: clock.now(), nameOf: () => null }));
        for (const { notification } of store.outbox.due('good', clock.now(), 100)) if (!told.some(({ id }) => id === notification.id)) told.push(notification);
      } else if (step.do === 'wait') await clock.pass(step.ms);
      else if (step.do === 'disk full') {
        isFull = true;
        await clock.pass(step.ms);
        isFull = false;
      } else {
        end.abort();
        await process;
        end = new AbortController();
        process = deliver(targets, { outbox: store.outbox, transaction, clock }, end.signal);
      }
    }
    const waiting = (): number => targets.reduce((sum, { name }) => sum + store.outbox.state(name).waiting, 0);
    for (let minutes = 0; waiting() > 0; minutes++) {
      if (minutes > 60) throw new Error('it is never delivered');
      await clock.pass(60_000);
    }
    return { told, queue, mirror, good };
  } finally {
    end.abort();
    await process;
    store.close();
  }
}

const firsts = (all: readonly Notification[]): readonly Notification[] => all.filter(({ id }, i) => all.findIndex((other) => other.id === id) === i);

describe('whatever fails, in whatever order', () => {
  it('every target takes everything at least once, each under its own id, the end of an alert after its beginning', async () => {
    await fc.assert(
      fc.asyncProperty(steps, misbehaviour, misbehaviour, fc.constantFrom(1, 2, 50), async (plan, one, other, batch) => {
        const { told, queue, good } = await run(plan, { queue: one, mirror: other, batch });
        for (const { taken } of [queue, good]) {
          expect(new Set(taken.map(({ id }) => id))).toEqual(new Set(told.map(({ id }) => id)));
          for (const each of taken) expect(each).toEqual(told.find(({ id }) => id === each.id));
          for (const alert of ['a', 'b', 'c', 'd']) {
            const own = (all: readonly Notification[]): readonly string[] => firsts(all.filter(({ alert: { id } }) => id === alert)).map(({ id }) => id);
            expect(own(taken)).toEqual(own(told));
          }
        }
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  it('a target that forgets holds what fires in the end, has heard of each alert, and of none as firing after its end', async () => {
    await fc.assert(
      fc.asyncProperty(steps, misbehaviour, fc.constantFrom(1, 2, 50), async (plan, kinds, batch) => {
        const { told, mirror } = await run(plan, { queue: [], mirror: kinds, batch });
        const last = (all: readonly Notification[]): ReadonlyMap<string, string> => new Map(all.map(({ alert, event, since }) => [alert.id, `${event} ${since}`]));
        expect(last(mirror.taken)).toEqual(last(told));
        const ended = new Set<string>();
        for (const { alert, event, since } of mirror.taken) {
          if (event === 'resolved') ended.add(`${alert.id} ${since}`);
          else expect(ended).not.toContain(`${alert.id} ${since}`);
        }
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  it('no target waits for another: a good one takes all within a second, as if it were alone', async () => {
    await fc.assert(
      fc.asyncProperty(steps.map((plan) => plan.filter((step) => step.do === 'alerts' || step.do === 'wait')), misbehaviour, misbehaviour, async (plan, one, other) => {
        const { good } = await run(plan, { queue: one, mirror: other, batch: 1 });
        expect((await run(plan, { queue: [], mirror: [], batch: 1 })).good.calls).toEqual(good.calls);
        for (const { ids, at } of good.calls) for (const id of ids) expect(good.taken.some((each) => each.alert.id === id && at - each.at <= 1_000)).toBe(true);
      }),
      { numRuns: 20 },
    );
  }, 60_000);
});
