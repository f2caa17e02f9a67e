import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Learner, type Log } from '../support/graph.ts';
import { anotherWay, record } from '../support/traffic.ts';

/**
 * Same records, same answer: edges with their evidence, states and flags, readiness and alerts, byte for byte, in whatever
 * order the records come and however they are cut into batches and processes.
 */

const records = fc.array(record, { minLength: 15, maxLength: 40 });
const twoWays = records.chain((all) => fc.tuple(fc.constant([all]), anotherWay(all)));

function learned(batches: readonly (readonly Log[])[], { restarts = false, learner = new Learner() } = {}): Learner {
  for (const batch of batches) {
    learner.batch(batch);
    if (restarts) learner.restart();
  }
  return learner;
}

describe('the same records give the same answer', () => {
  it('in any order and any batches', () => {
    fc.assert(
      fc.property(twoWays, ([one, other]) => {
        expect(learned(other).answer()).toBe(learned(one).answer());
      }),
      { numRuns: 15 },
    );
  });

  it('though a new process reads every batch', () => {
    fc.assert(
      fc.property(twoWays, ([one, other]) => {
        expect(learned(other, { restarts: true }).answer()).toBe(learned(one).answer());
      }),
      { numRuns: 8 },
    );
  });

  it('whatever was learned before: a switch to watching is a point between batches', () => {
    fc.assert(
      fc.property(twoWays, twoWays, ([first, firstOther], [then, thenOther]) => {
        const one = learned(then, { learner: learned(first).switchTo('watching') });
        const other = learned(thenOther, { learner: learned(firstOther).switchTo('watching'), restarts: true });
        expect(other.answer()).toBe(one.answer());
      }),
      { numRuns: 10 },
    );
  });

  it('whether what was pending is settled for good or not', () => {
    fc.assert(
      fc.property(records, (all) => {
        const learner = learned([all]);
        const before = learner.answer();
        expect(learner.settle(Number.MAX_SAFE_INTEGER).answer()).toBe(before);
      }),
      { numRuns: 15 },
    );
  });
});

describe('the same records twice', () => {
  it('count twice, and change neither first and last time nor days and hours', () => {
    fc.assert(
      fc.property(records, (all) => {
        const once = learned([all]).graph({ withUnresolved: true });
        const twice = learned([all, all]).graph({ withUnresolved: true });
        expect(twice.edges.map(({ key }) => key)).toEqual(once.edges.map(({ key }) => key));
        for (const edge of once.edges) {
          const again = twice.byKey.get(edge.key);
          expect(again?.totals.opened).toBe(2 * edge.totals.opened);
          expect([again?.totals.firstSeen, again?.totals.lastSeen]).toEqual([edge.totals.firstSeen, edge.totals.lastSeen]);
          expect(again?.evidence.days).toEqual(edge.evidence.days);
        }
      }),
      { numRuns: 8 },
    );
  });
});
