import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Delta } from '../../src/learn/delta.ts';
import { Store } from '../../src/store/store.ts';
import { AT_SOURCE, additions, delta, edgeDelta } from '../support/deltas.ts';
import { differences, differing, dump, type Dump } from '../support/dump.ts';
import { storeOf } from '../support/stores.ts';

/** What is in a database after these batches, each in a transaction of its own. */
function stored(batches: readonly (readonly Delta[])[], forgetting = false): Dump {
  const store = new Store(':memory:', { create: true });
  try {
    for (const batch of batches) {
      store.transaction(() => {
        for (const addition of batch) store.add(addition, []);
      });
      // As if another process, which remembers no rows, wrote the next one.
      if (forgetting) store.forgetRows();
    }
    return dump(store);
  } finally {
    store.close();
  }
}

const some = fc.array(additions, { minLength: 1, maxLength: 12 });

describe('what is stored', () => {
  it('is the same in any order and in any batches', () => {
    const orders = some.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }), fc.array(fc.integer({ min: 1, max: 4 })), fc.boolean()));
    fc.assert(
      fc.property(orders, ([all, shuffled, sizes, forgetting]) => {
        const rest = [...shuffled];
        const batches = sizes.map((size) => rest.splice(0, size));
        expect(differences(stored([all]), stored([...batches, rest], forgetting))).toEqual([]);
      }),
      { numRuns: 120 },
    );
  });

  it('is the same whether two processes wrote it or one', () => {
    fc.assert(
      fc.property(some, some, (a, b) => {
        expect(differences(stored([[...a, ...b]]), stored([b, a], true))).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('is not the same when something comes twice: counts are sums', () => {
    const addition = delta({ edges: [edgeDelta({ tally: { opened: 3 }, pods: ['shop/web-1'], operations: [{ method: 'GET', path: '/' }] })] });
    const [once, twice] = [stored([[addition]]), stored([[addition, addition]])];
    expect(differing(once, twice).toSorted()).toEqual(['edge_operations', 'edge_pods', 'edge_witnesses']);
  });

  it('is the same in one large batch, whose rows are written several at once, and one by one', () => {
    fc.assert(
      fc.property(fc.array(additions, { minLength: 40, maxLength: 120 }), (all) => {
        const revision = 1;
        const together = delta({
          revision,
          edges: all.flatMap(({ edges }) => edges),
          pending: all.flatMap(({ pending }) => pending),
          podHours: all.flatMap(({ podHours }) => podHours),
          sightings: all.flatMap(({ sightings }) => sightings),
          attributes: all.flatMap(({ attributes }) => attributes),
          coverage: all.flatMap((one) => one.coverage),
        });
        const alone = all.map((one) => [{ ...one, revision }]);
        expect(differences(stored([[together]]), stored(alone, true))).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it('is the same for edges one by one and together', () => {
    const edges = [edgeDelta({ port: 1 }), edgeDelta({ port: 2, tally: { opened: 2 } }), edgeDelta({ port: 1, witness: AT_SOURCE })];
    expect(differences(stored([[delta({ edges })]]), stored(edges.map((edge) => [delta({ edges: [edge] })])))).toEqual([]);
  });
});

describe('ids of rows', () => {
  it('are what a batch says that it touched', () => {
    const store = storeOf();
    const add = (...ports: readonly number[]): readonly number[] => [...store.transaction(() => store.add(delta({ edges: ports.map((port) => edgeDelta({ port })) }), [])).edges.keys()];
    const first = add(1, 2);
    expect(add(2, 3, 1)).toEqual([first[1], expect.any(Number), first[0]]);
    expect(store.edges.maxRow()).toBe(3);
  });

  it('come with the records that the batch added to each, of all its parts', () => {
    const store = storeOf();
    const edges = [edgeDelta({ port: 1, records: 2 }), edgeDelta({ port: 2, records: 5 }), edgeDelta({ port: 1, records: 1, witness: AT_SOURCE })];
    expect([...store.transaction(() => store.add(delta({ edges }), [])).edges.values()]).toEqual([3, 5]);
  });
});
