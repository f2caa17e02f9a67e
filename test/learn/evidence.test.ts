import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EvidenceBuilder } from '../../src/learn/evidence.ts';
import type { StoredEdge, StoredPending } from '../../src/learn/stored.ts';
import { DAY, failedInSlot, hoursSeen, SLOT, totals } from '../../src/model/edge.ts';
import type { Witness } from '../../src/model/flow.ts';
import { refusedAtServer } from '../../src/learn/success.ts';
import { at, edge, tally, witness } from '../support/evidence.ts';

const source = witness('source');
const server = witness('destination');
const OPENED = tally({ opened: 1, firstSeen: 1, lastSeen: 2 });

let rows = 0;
const stored = (parts: Partial<StoredEdge> = {}): StoredEdge => ({
  ...edge('shop/web', 'shop/cart'),
  row: ++rows,
  witnesses: [{ witness: server, tally: OPENED }],
  days: [{ day: 100, hours: 1 }],
  pods: [],
  addresses: [],
  principals: [],
  operations: [],
  failedSlots: [],
  violations: [],
  ...parts,
});
const pending = (parts: Partial<StoredPending> = {}): StoredPending => ({
  ...edge('shop/web', at('10.0.0.2')),
  row: ++rows,
  sourcePod: 'shop/web-1',
  destinationPod: '',
  address: '',
  principal: '',
  witness: server,
  revision: 4,
  minute: (100 * DAY) / 60_000 + 61,
  records: 3,
  tally: tally({ opened: 2, answered: 1, firstAnswered: 100 * DAY }),
  operations: [],
  ...parts,
});
const NOTHING_MORE = { sourcePod: '', addresses: [], byLabels: false };
const of = (...edges: readonly StoredEdge[]): EvidenceBuilder => {
  const builder = new EvidenceBuilder();
  for (const one of edges) builder.addEdge(one, false);
  return builder;
};

describe('evidence of one edge', () => {
  it('adds up what was stored of it under several names, witness by witness', () => {
    const builder = of(
      stored({
        witnesses: [
          { witness: server, tally: tally({ opened: 2 }) },
          { witness: source, tally: tally({ opened: 5 }) },
        ],
        days: [{ day: 100, hours: 0b101 }],
        addresses: ['192.168.0.1'],
      }),
      stored({
        witnesses: [{ witness: server, tally: tally({ opened: 4 }) }],
        days: [
          { day: 100, hours: 0b11 },
          { day: 101, hours: 1 },
        ],
        addresses: ['192.168.0.1', '192.168.0.2'],
      }),
    );
    const evidence = builder.evidence();
    expect(totals(evidence).opened).toBe(6);
    expect(hoursSeen(evidence)).toBe(4);
    expect([...evidence.addresses]).toEqual(['192.168.0.1', '192.168.0.2']);
    expect(builder.rows).toHaveLength(2);
  });

  it('takes the largest of the witnesses for each pod and each operation, never their sum', () => {
    const pod = (name: string, who: Witness, opened: number): StoredEdge['pods'][number] => ({ pod: name, witness: who, opened });
    const operation = (path: string, who: Witness, count: number): StoredEdge['operations'][number] => ({ method: 'GET', path, witness: who, count });
    const evidence = of(
      stored({
        pods: [pod('shop/web-1', source, 3), pod('shop/web-1', server, 2), pod('shop/web-2', server, 1)],
        operations: [operation('/b', source, 3), operation('/b', server, 5), operation('/a', source, 1)],
      }),
      stored({ pods: [pod('shop/web-1', source, 4)], operations: [operation('/b', source, 4)] }),
    ).evidence();
    expect([...evidence.pods]).toEqual([
      ['shop/web-1', 7],
      ['shop/web-2', 1],
    ]);
    expect(evidence.operations).toEqual([
      { method: 'GET', path: '/a', count: 1 },
      { method: 'GET', path: '/b', count: 7 },
    ]);
  });

  it('sorts operations by path, then by method', () => {
    const operations = [
      ['POST', '/b'],
      ['GET', '/b'],
      ['PUT', '/a'],
    ].map(([method = '', path = '']) => ({ method, path, witness: server, count: 1 }));
    expect(
      of(stored({ operations }))
        .evidence()
        .operations.map(({ method, path }) => `${method} ${path}`),
    ).toEqual(['PUT /a', 'GET /b', 'POST /b']);
  });

  it('that labels alone tell backs what others show, and counts for nothing', () => {
    const builder = new EvidenceBuilder();
    builder.addEdge(stored({ pods: [{ pod: 'shop/web-1', witness: server, opened: 1 }], failedSlots: [{ witness: server, slot: 1, watched: 1 }] }), true);
    expect(builder.showsConnection()).toBe(false);
    expect(totals(builder.evidence()).opened).toBe(0);
    expect([...builder.evidence().byLabelsOnly]).toEqual(['hubble|destination|to-endpoint']);
    expect([builder.evidence().pods.size, builder.evidence().days.size, builder.evidence().failedSlots.size, builder.rows.length]).toEqual([0, 0, 0, 1]);
  });

  it('is of a connection only if somebody tried one', () => {
    expect(of(stored()).showsConnection()).toBe(true);
    expect(of(stored({ witnesses: [{ witness: server, tally: tally({ lostAnswers: 3 }) }] })).showsConnection()).toBe(false);
    expect(of(stored({ witnesses: [{ witness: server, tally: tally({ denied: 1 }) }] })).showsConnection()).toBe(true);
    expect(of().showsConnection()).toBe(false);
  });

  it('remembers in which slots it failed, and at which revision that was watched last', () => {
    const builder = of(
      stored({
        failedSlots: [
          { witness: server, slot: 1, watched: 0 },
          { witness: server, slot: 2, watched: 3 },
        ],
      }),
      stored({
        failedSlots: [
          { witness: server, slot: 2, watched: 5 },
          { witness: server, slot: 2, watched: 4 },
        ],
      }),
    );
    expect([...builder.evidence().failedSlots]).toEqual([
      [1, 0],
      [2, 5],
    ]);
  });

  it('keeps violations apart by the decision they were seen under', () => {
    const violation = (epoch: number, who: Witness, day: number, hours: number, opened: number): StoredEdge['violations'][number] => ({
      epoch,
      witness: who,
      day,
      hours,
      tally: tally({ opened }),
    });
    const all = of(
      stored({
        violations: [
          violation(5, server, 100, 0b1, 1),
          violation(0, server, 100, 0b1, 2),
          violation(0, server, 101, 0b11, 3),
          violation(0, source, 101, 0b100, 9),
        ],
      }),
    ).violations();
    expect(all.map(({ epoch, hours, witnesses }) => [epoch, hours, [...witnesses.values()].map(({ tally: own }) => own.opened)])).toEqual([
      [0, 4, [5, 9]],
      [5, 1, [1]],
    ]);
  });
});

describe('certificates of clients', () => {
  const web = 'cluster.local/ns/shop/sa/web';

  it('are those of all rows, whether they are settled yet or not', () => {
    const builder = of(stored({ principals: [web] }), stored({ principals: ['plaintext', web] }));
    builder.addPending(pending({ principal: 'cluster.local/ns/shop/sa/other' }), NOTHING_MORE, false, null);
    builder.addPending(pending({ principal: 'cluster.local/ns/shop/sa/denied', tally: tally({ denied: 1 }) }), NOTHING_MORE, false, null);
    expect([...builder.evidence().principals]).toEqual([web, 'plaintext', 'cluster.local/ns/shop/sa/other']);
  });

  it('are none of rows that are told by labels alone', () => {
    const builder = of(stored());
    builder.addEdge(stored({ principals: [web] }), true);
    builder.addPending(pending({ principal: web }), { ...NOTHING_MORE, byLabels: true }, false, null);
    expect([...builder.evidence().principals]).toEqual([]);
  });
});

describe('a minute that was settled', () => {
  it('counts like any other, in its hour, with its pod', () => {
    const builder = new EvidenceBuilder();
    builder.addPending(pending({ operations: [{ method: 'GET', path: '/a', count: 2 }] }), { sourcePod: 'shop/web-1', addresses: ['192.168.0.1'], byLabels: false }, false, null);
    const evidence = builder.evidence();
    expect(totals(evidence)).toMatchObject({ opened: 2, answered: 1 });
    expect([...evidence.days]).toEqual([[100, 0b10]]);
    expect([...evidence.pods]).toEqual([['shop/web-1', 2]]);
    expect([...evidence.addresses]).toEqual(['192.168.0.1']);
    expect(evidence.operations).toEqual([{ method: 'GET', path: '/a', count: 2 }]);
    expect([...evidence.principals]).toEqual([]);
    expect([builder.pendingRecords, builder.pendingRevision, builder.pendingRows.length, builder.rows.length]).toEqual([3, 4, 1, 0]);
  });

  it('failed in its slot if nothing was answered, watched at its own revision', () => {
    const builder = new EvidenceBuilder();
    const slot = (100 * DAY) / SLOT + 6;
    builder.addPending(pending({ tally: tally({ opened: 1 }) }), NOTHING_MORE, true, null);
    builder.addPending(pending({ tally: tally({ opened: 1 }), minute: (100 * DAY) / 60_000 + 71, revision: 9 }), NOTHING_MORE, false, null);
    expect([...builder.evidence().failedSlots]).toEqual([
      [slot, 4],
      [slot + 1, 0],
    ]);
    const answered = new EvidenceBuilder();
    answered.addPending(pending(), NOTHING_MORE, true, null);
    expect(answered.evidence().failedSlots.size).toBe(0);
  });

  it('violates what it is said to violate', () => {
    const builder = new EvidenceBuilder();
    builder.addPending(pending(), NOTHING_MORE, true, 3);
    builder.addPending(pending(), NOTHING_MORE, false, null);
    expect(builder.violations().map(({ epoch, hours, witnesses }) => [epoch, hours, totals({ ...builder.evidence(), witnesses }).opened])).toEqual([
      [3, 1, 2],
    ]);
  });

  it('is first known of at the earliest revision of all of them', () => {
    const builder = new EvidenceBuilder();
    for (const revision of [7, 2, 5]) builder.addPending(pending({ revision }), NOTHING_MORE, false, null);
    expect([builder.pendingRevision, builder.pendingRecords]).toEqual([2, 9]);
  });
});

describe('clients of one public entry', () => {
  it('are different connections: they are added up', () => {
    const together = new EvidenceBuilder();
    together.addClient(
      of(
        stored({
          witnesses: [{ witness: server, tally: tally({ opened: 2, answered: 2, firstSeen: 10, lastSeen: 20 }) }],
          days: [{ day: 1, hours: 1 }],
          operations: [{ method: 'GET', path: '/a', witness: server, count: 2 }],
        }),
      ),
    );
    together.addClient(
      of(
        stored({
          witnesses: [{ witness: server, tally: tally({ opened: 3, answered: 1, firstSeen: 5, lastSeen: 9 }) }],
          days: [
            { day: 1, hours: 2 },
            { day: 2, hours: 1 },
          ],
          operations: [{ method: 'GET', path: '/a', witness: server, count: 3 }],
        }),
      ),
    );
    const evidence = together.evidence();
    expect(totals(evidence)).toMatchObject({ opened: 5, answered: 3, firstSeen: 5, lastSeen: 20 });
    expect(hoursSeen(evidence)).toBe(3);
    expect(evidence.operations).toEqual([{ method: 'GET', path: '/a', count: 5 }]);
    expect(together.rows).toHaveLength(2);
  });

  it('bring their violations and what of them is pending', () => {
    const one = of(stored({ violations: [{ epoch: 2, witness: server, day: 1, hours: 1, tally: tally({ opened: 1 }) }] }));
    one.addPending(pending({ revision: 6 }), NOTHING_MORE, false, null);
    const together = new EvidenceBuilder();
    together.addClient(one);
    together.addClient(of(stored({ violations: [{ epoch: 2, witness: server, day: 1, hours: 2, tally: tally({ opened: 4 }) }] })));
    expect(together.violations()).toMatchObject([{ epoch: 2, hours: 2 }]);
    expect([...together.violations()[0]!.witnesses.values()].map(({ tally: own }) => own.opened)).toEqual([5]);
    expect([together.pendingRecords, together.pendingRevision, together.pendingRows.length]).toEqual([3, 6, 1]);
  });
});

describe('slots of failure', () => {
  const counts = fc.record({ opened: fc.nat(1), answered: fc.nat(1), denied: fc.nat(1), firstAnswered: fc.integer({ min: 0, max: 8 }) });
  const seen = fc.tuple(fc.constantFrom(source, server), counts, fc.uniqueArray(fc.nat(7), { maxLength: 4 }));
  const row = fc.uniqueArray(seen, { minLength: 1, maxLength: 2, selector: ([who]) => who }).map((witnesses) =>
    stored({
      witnesses: witnesses.map(([who, { firstAnswered, ...rest }]) => ({ witness: who, tally: tally(rest.answered > 0 ? { ...rest, firstAnswered: firstAnswered * SLOT } : rest) })),
      failedSlots: witnesses.flatMap(([who, , slots]) => slots.map((slot) => ({ witness: who, slot, watched: slot % 3 }))),
    }),
  );

  it('are told by all rows of the edge together, whichever of them held an answer', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), (edges) => {
        const { witnesses, failedSlots } = of(...edges).evidence();
        const refused = refusedAtServer(witnesses);
        const firstAnswered = refused ? Number.MAX_SAFE_INTEGER : Math.min(...edges.flatMap((one) => one.witnesses.map((counted) => counted.tally.firstAnswered)));
        const failed = edges.flatMap((one) => one.failedSlots).filter(({ witness: who, slot }) => failedInSlot(slot, firstAnswered) && !(refused && who.side !== 'destination'));
        expect(new Set(failedSlots.keys())).toEqual(new Set(failed.map(({ slot }) => slot)));
      }),
      { numRuns: 500 },
    );
  });
});
