import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Admission } from '../../src/learn/admission.ts';
import type { Judgement } from '../../src/learn/edge-fold.ts';
import type { FoldEnd } from '../../src/learn/fold-end.ts';
import { Fold, type Judge } from '../../src/learn/fold.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/learn/limits.ts';
import { COUNTERS, DAY, emptyTally, HOUR, SLOT, type Tally } from '../../src/model/edge.ts';
import type { Flow } from '../../src/model/flow.ts';
import type { Peer } from '../../src/model/peer.ts';
import { PLAINTEXT } from '../../src/model/principal.ts';
import { APISERVER, at, NODE, outside, tally, workload } from '../support/evidence.ts';
import { AT_CLIENT, AT_SERVER, endpoint, flow } from '../support/flow.ts';

const LEARNING: Judgement = { watching: false, violates: false, epoch: 0 };
const judging = (judgement: Partial<Judgement>): Judge => ({ revision: 7, judge: () => ({ ...LEARNING, ...judgement }) });
const fresh = (judge = judging({}), limits: Partial<Limits> = {}): Fold => new Fold(new Admission({ ...DEFAULT_LIMITS, ...limits }, []), judge);
const end = (peer: Peer, pod = '', address: string | null = null): FoldEnd => ({ peer, pod, address });

// One object for one peer, as the resolver hands them on.
const web = workload('shop/web');
const WEB = end(web, 'shop/web-1', '10.0.0.1');
const CART = end(workload('shop/cart'), 'shop/cart-0', '10.0.0.2');
const T = 100 * DAY;
const GET = { method: 'GET', path: '/' };

/** Folds these flows between the two; returns the one edge. */
function folded(flows: readonly Partial<Flow>[], { source = WEB, destination = CART, judge = judging({}) } = {}): ReturnType<Fold['edges']>[number] {
  const fold = fresh(judge);
  for (const parts of flows) fold.add(source, destination, parts.port ?? 8080, flow({ time: T, ...parts }));
  const [edge] = fold.edges();
  if (edge === undefined) throw new Error('no edge');
  return edge;
}

const onlyTally = (edge: ReturnType<typeof folded>): Tally => {
  const [only] = [...edge.witnesses.values()];
  if (only === undefined || edge.witnesses.size !== 1) throw new Error('not one witness');
  return only.tally;
};

describe('a flow counts as', () => {
  const open = { phase: 'open', verdict: 'forwarded' } as const;
  it.each<[string, Partial<Flow>, Partial<Tally>]>([
    ['opened, while nobody knows more', { ...open, outcome: 'unknown' }, { opened: 1 }],
    ['opened and answered, where one record tells both', { ...open, outcome: 'established' }, { opened: 1, answered: 1, firstAnswered: T }],
    ['opened and refused', { ...open, outcome: 'refused' }, { opened: 1, refused: 1 }],
    ['failed, if it reached nobody', { ...open, outcome: 'unanswered' }, { failed: 1 }],
    ['ongoing', { ...open, phase: 'ongoing' }, { ongoing: 1 }],
    ['an answer', { phase: 'answer', verdict: 'forwarded', outcome: 'established' }, { answered: 1, firstAnswered: T }],
    ['a refusal', { phase: 'answer', verdict: 'forwarded', outcome: 'refused' }, { refused: 1 }],
    ['denied by a policy', { phase: 'open', verdict: 'dropped', outcome: 'rejected' }, { denied: 1 }],
    ['failed, if it was dropped for another reason', { phase: 'open', verdict: 'dropped', outcome: 'unanswered' }, { failed: 1 }],
    ['denied, if it was going on', { phase: 'ongoing', verdict: 'dropped', outcome: 'rejected' }, { denied: 1 }],
    ['audited, and not opened', { phase: 'open', verdict: 'audited', outcome: 'unknown' }, { audited: 1 }],
    ['as many as it stands for', { ...open, outcome: 'established', count: 5 }, { opened: 5, answered: 5, firstAnswered: T }],
    ['bytes, once for all that it stands for', { ...open, count: 5, bytesOut: 100, bytesIn: 7 }, { opened: 5, bytesOut: 100, bytesIn: 7 }],
  ])('%s', (_, parts, expected) => {
    expect(onlyTally(folded([parts]))).toEqual(tally({ ...expected, firstSeen: T, lastSeen: T }));
  });

  it('a lost answer alone, which is no sign of life', () => {
    expect(onlyTally(folded([{ phase: 'lost-answer', verdict: 'dropped', outcome: 'rejected' }]))).toEqual({ ...emptyTally(), lostAnswers: 1 });
  });

  it('and every counter is reached by some flow', () => {
    const flows: Partial<Flow>[] = [
      { outcome: 'established', bytesOut: 1, bytesIn: 1 },
      { outcome: 'refused' },
      { outcome: 'unanswered' },
      { phase: 'ongoing' },
      { verdict: 'dropped', outcome: 'rejected' },
      { verdict: 'audited' },
      { phase: 'lost-answer' },
    ];
    const total = onlyTally(folded(flows));
    for (const counter of COUNTERS) expect(total[counter]).toBeGreaterThan(0);
  });
});

describe('an edge', () => {
  it('knows how many records told of it: an answer tells of none of its own', () => {
    expect(folded([{ count: 5 }, {}, { phase: 'answer', outcome: 'established' }, { phase: 'lost-answer' }]).records).toBe(2);
  });

  it('keeps what each witness saw apart', () => {
    const edge = folded([{ witness: AT_CLIENT }, { witness: AT_CLIENT }, { witness: AT_SERVER }]);
    expect([...edge.witnesses].map(([who, { tally: own }]) => [who.side, own.opened])).toEqual([
      ['source', 2],
      ['destination', 1],
    ]);
  });

  it('is one for both directions of the packets, and another for the other direction of the connection', () => {
    const fold = fresh();
    fold.add(WEB, CART, 8080, flow());
    fold.add(WEB, CART, 8080, flow({ phase: 'answer', outcome: 'established' }));
    fold.add(CART, WEB, 8080, flow());
    expect(fold.edges()).toHaveLength(2);
  });

  it.each<[string, number, Flow['protocol']]>([
    ['port', 8081, 'TCP'],
    ['protocol', 8080, 'UDP'],
  ])('is another by %s', (_, port, protocol) => {
    const fold = fresh();
    fold.add(WEB, CART, 8080, flow());
    fold.add(WEB, CART, port, flow({ protocol }));
    expect(fold.edges()).toHaveLength(2);
  });

  it('is at the pod port, whatever port the flow has', () => {
    const fold = fresh();
    fold.add(WEB, CART, 8080, flow({ port: 80 }));
    expect(fold.edges().map(({ port }) => port)).toEqual([8080]);
  });

  it('remembers first and last by event time, in any order', () => {
    const total = onlyTally(folded([{ time: T + 5 }, { time: T }, { time: T + 3 }]));
    expect([total.firstSeen, total.lastSeen]).toEqual([T, T + 5]);
  });

  it('remembers its hours by day, with what was opened and sent', () => {
    const edge = folded([
      { bytesOut: 10 },
      { time: T + 5 * HOUR, bytesOut: 1 },
      { time: T + DAY, bytesIn: 2 },
      { time: T + DAY, phase: 'answer', outcome: 'established' },
    ]);
    const [days] = [...edge.witnesses.values()].map((own) => own.days);
    expect([...days!]).toEqual([
      [100, { hours: (1 << 0) | (1 << 5), opened: 2, bytesOut: 11, bytesIn: 0 }],
      [101, { hours: 1, opened: 1, bytesOut: 0, bytesIn: 2 }],
    ]);
  });

  it('was not seen in the hour of a lost answer', () => {
    const [days] = [...folded([{}, { time: T + 5 * HOUR, phase: 'lost-answer' }]).witnesses.values()].map((own) => own.days);
    expect([...days!.values()].map(({ hours }) => hours)).toEqual([1]);
  });

  it('has failed in no slot in which it was answered, be the witness another object', () => {
    const fold = fresh();
    fold.add(WEB, CART, 8080, flow({ time: T, phase: 'answer', outcome: 'established' }));
    fold.add(WEB, CART, 8080, flow({ time: T, witness: { ...AT_SERVER } }));
    const told = fold.edges().flatMap(({ witnesses }) => [...witnesses.values()].map(({ failedSlots }) => failedSlots));
    expect(told).toEqual([[]]);
  });

  it('under the workload that the record names, also where records name two for one pod', () => {
    const [first, second] = [fresh(), fresh()];
    const both = [WEB, end(CART.peer, WEB.pod)];
    for (const source of both) first.add(source, CART, 8080, flow({ time: T }));
    for (const source of both.toReversed()) second.add(source, CART, 8080, flow({ time: T }));
    const told = (fold: Fold): readonly unknown[] => fold.podHours().map(({ peer, pod, opened }) => `${'name' in peer ? peer.name : ''} ${pod} ${opened}`).toSorted();
    expect(told(first)).toEqual(['cart shop/web-1 1', 'web shop/web-1 1']);
    expect(told(second)).toEqual(told(first));
  });

  it('counts the pods that opened it, not those that went on or were denied', () => {
    const other = end(web, 'shop/web-2');
    const fold = fresh();
    for (const source of [WEB, WEB, other]) fold.add(source, CART, 8080, flow({ time: T }));
    fold.add(end(web), CART, 8080, flow({ time: T }));
    for (const parts of [{ phase: 'ongoing' }, { verdict: 'audited' }, { verdict: 'dropped', outcome: 'rejected' }] as const)
      fold.add(other, CART, 8080, flow({ time: T, ...parts }));
    const [edge] = fold.edges();
    expect(edge!.pods.map(({ pod, opened }) => [pod, opened])).toEqual([
      ['shop/web-1', 2],
      ['shop/web-2', 1],
    ]);
    expect(fold.podHours().map(({ pod, hour, opened }) => [pod, hour, opened])).toEqual([
      ['shop/web-1', 2400, 2],
      ['shop/web-2', 2400, 1],
    ]);
  });

  it('counts a pod’s connections by hour, to whomever', () => {
    const fold = fresh();
    fold.add(WEB, CART, 8080, flow({ time: T, count: 3 }));
    fold.add(WEB, end(workload('shop/db')), 5432, flow({ time: T }));
    fold.add(WEB, CART, 8080, flow({ time: T + HOUR }));
    expect(fold.podHours().map(({ hour, opened }) => [hour, opened])).toEqual([
      [2400, 4],
      [2401, 1],
    ]);
  });

  it('keeps the addresses that stood for a class, and no others', () => {
    expect([...folded([{}], { source: end(NODE, '', '192.168.0.1') }).addresses]).toEqual(['192.168.0.1']);
    expect([...folded([{}], { destination: end(APISERVER, '', '192.168.0.9') }).addresses]).toEqual(['192.168.0.9']);
    expect([...folded([{}], { destination: end(outside('198.51.100.7'), '', '198.51.100.7') }).addresses]).toEqual([]);
    expect([...folded([{}]).addresses]).toEqual([]);
  });

  it('keeps the certificates that its client showed when it was answered', () => {
    const showing = (principal: string | null, parts: Partial<Flow> = {}): Partial<Flow> => ({ source: endpoint({ address: '10.0.0.11', principal }), outcome: 'established', ...parts });
    const [own, other] = ['cluster.local/ns/shop/sa/web', 'cluster.local/ns/shop/sa/other'];
    expect([...folded([showing(own), showing(own), showing(PLAINTEXT), showing(null)]).principals]).toEqual([own, PLAINTEXT]);
    expect([...folded([showing(other, { verdict: 'dropped', outcome: 'rejected' }), showing(other, { outcome: 'unanswered' }), showing(null)]).principals]).toEqual([]);
  });

  it('counts operations by witness, as far as the server has room for them', () => {
    const get = { method: 'GET', path: '/a' };
    const edge = folded([{ operation: get }, { operation: get, count: 2 }, { operation: { method: 'GET', path: '/b' } }, {}]);
    expect(edge.operations.map(({ operation: { path }, count }) => [path, count])).toEqual([
      ['/a', 3],
      ['/b', 1],
    ]);
    const fold = fresh(judging({}), { pathsPerService: 1 });
    fold.add(WEB, CART, 8080, flow({ operation: get }));
    fold.add(WEB, CART, 8080, flow({ operation: { method: 'GET', path: '/b' } }));
    expect(fold.edges()[0]!.operations.map(({ operation }) => operation)).toEqual([get]);
  });
});

describe('slots of failure', () => {
  const slot = T / SLOT;
  it.each<[string, readonly Partial<Flow>[], readonly number[]]>([
    ['are those in which something was tried', [{}, { time: T + SLOT }], [slot, slot + 1]],
    ['have 600 seconds', [{ time: T + SLOT - 1 }, { time: T + SLOT }], [slot, slot + 1]],
    ['are counted once', [{}, { time: T + 1 }], [slot]],
    [
      'hold what was denied, refused or dropped',
      [
        { verdict: 'dropped', outcome: 'rejected' },
        { time: T + SLOT, phase: 'answer', outcome: 'refused' },
        { time: T + 2 * SLOT, verdict: 'dropped', outcome: 'unanswered' },
      ],
      [slot, slot + 1, slot + 2],
    ],
    ['are none of a lost answer', [{ phase: 'lost-answer' }], []],
    ['are those before the first answer, which may come a slot late', [{}, { time: T + SLOT }, { time: T + 2 * SLOT, phase: 'answer', outcome: 'established' }, { time: T + 3 * SLOT }], [slot]],
  ])('%s', (_, flows, expected) => {
    const [own] = [...folded(flows).witnesses.values()];
    expect(own?.failedSlots).toEqual(expected);
  });
});

describe('a violation', () => {
  const breach = judging({ watching: true, violates: true, epoch: 3 });
  it('is none while nobody watches', () => {
    expect(folded([{}, { verdict: 'dropped', outcome: 'rejected' }])).toMatchObject({ watching: false, violation: null });
  });

  it('is counted by witness and day, under the decision that was in force', () => {
    const { violation, watching } = folded([{ count: 2 }, { time: T + HOUR }, { time: T + DAY }], { judge: breach });
    expect(watching).toBe(true);
    expect(violation?.epoch).toBe(3);
    const [days] = [...violation!.witnesses.values()];
    expect([...days!].map(([day, { hours, tally: own }]) => [day, hours, own.opened])).toEqual([
      [100, 3, 3],
      [101, 1, 1],
    ]);
  });

  it('of a known edge is a denial alone', () => {
    const known = judging({ watching: true, violates: false });
    expect(folded([{}], { judge: known }).violation).toBeNull();
    const { violation } = folded([{}, { verdict: 'dropped', outcome: 'rejected' }], { judge: known });
    expect([...[...violation!.witnesses.values()][0]!.values()].map(({ tally: own }) => [own.opened, own.denied])).toEqual([[0, 1]]);
  });

  it('of a rejected edge needs nobody to watch', () => {
    expect(folded([{}], { judge: judging({ watching: false, violates: true, epoch: 5 }) }).violation?.epoch).toBe(5);
  });

  it('is no lost answer', () => {
    expect(folded([{ phase: 'lost-answer' }], { judge: breach }).violation).toBeNull();
  });
});

describe('a full graph', () => {
  it('says so for each flow that finds no room, and goes on with what is in', () => {
    const fold = fresh(judging({}), { edges: 1 });
    expect(fold.add(WEB, CART, 8080, flow())).toBe(true);
    expect(fold.add(WEB, CART, 9090, flow())).toBe(false);
    expect(fold.add(WEB, CART, 9090, flow())).toBe(false);
    expect(fold.add(WEB, CART, 8080, flow())).toBe(true);
    expect(fold.edges().map(({ port }) => port)).toEqual([8080]);
  });

  it('adds the ports over the cap of a pair up in one edge', () => {
    const fold = fresh(judging({}), { portsPerPair: 1 });
    for (const port of [1, 2, 3, 2]) fold.add(WEB, CART, port, flow());
    const edges = fold.edges();
    expect(edges.map(({ port }) => port)).toContain(-1);
    expect(edges.filter(({ port }) => port === -1).reduce((sum, edge) => sum + onlyTally(edge).opened, 0)).toBe(3);
  });
});

describe('a port of a pair whose room is filled by packets into the void', () => {
  const intoTheVoid = { verdict: 'dropped', outcome: 'unanswered' } as const;
  const answer = { phase: 'answer', outcome: 'established' } as const;
  function flooded(): Fold {
    const fold = fresh();
    for (let port = 1; port <= 70; port++) fold.add(WEB, CART, port, flow(intoTheVoid));
    return fold;
  }
  const ofRedis = (fold: Fold): readonly Tally[] => fold.edges().filter(({ port }) => port === 6379).map(onlyTally);

  it('is an edge of its own once it is answered', () => {
    const fold = flooded();
    fold.add(WEB, CART, 6379, flow({ outcome: 'established' }));
    expect(ofRedis(fold).map(({ opened, answered }) => [opened, answered])).toEqual([[1, 1]]);
  });

  it('is one from its answer on, if its opening came alone; what comes later is its own', () => {
    const fold = flooded();
    fold.add(WEB, CART, 6379, flow({ outcome: 'unknown' }));
    expect(ofRedis(fold)).toEqual([]);
    fold.add(WEB, CART, 6379, flow(answer));
    fold.add(WEB, CART, 6379, flow({ outcome: 'unknown' }));
    expect(ofRedis(fold).map(({ opened, answered }) => [opened, answered])).toEqual([[1, 1]]);
  });

  it('stays with the others while nothing answers', () => {
    const fold = flooded();
    for (let i = 0; i < 3; i++) fold.add(WEB, CART, 6379, flow(intoTheVoid));
    expect(ofRedis(fold)).toEqual([]);
  });
});

describe('a flow with an end that nobody is known to own yet', () => {
  const minute = T / 60_000;
  const stranger = end(at('10.0.0.9'), '', '10.0.0.9');
  function held(flows: readonly Partial<Flow>[], source = stranger): ReturnType<Fold['pending']> {
    const fold = fresh();
    for (const parts of flows) fold.hold(source, CART, parts.port ?? 8080, flow({ time: T, ...parts }));
    expect(fold.edges()).toEqual([]);
    return fold.pending();
  }

  it('is kept by its minute, with what was counted', () => {
    const rows = held([{}, { time: T + 59_999, phase: 'answer', outcome: 'established' }, { time: T + 60_000 }]);
    expect(rows.map(({ minute: own, records }) => [own, records])).toEqual([
      [minute, 1],
      [minute + 1, 1],
    ]);
    expect(rows[0]?.tally).toEqual(tally({ opened: 1, answered: 1, firstSeen: T, lastSeen: T + 59_999, firstAnswered: T + 59_999 }));
  });

  it.each<[string, Partial<Flow>]>([
    ['port', { port: 8081 }],
    ['protocol', { protocol: 'UDP' }],
    ['witness', { witness: AT_CLIENT }],
    ['certificate', { source: endpoint({ address: '10.0.0.9', principal: 'cluster.local/ns/shop/sa/web' }) }],
  ])('is kept apart by %s', (_, other) => {
    expect(held([{}, other])).toHaveLength(2);
  });

  it('is kept apart by the pod that opened it', () => {
    const fold = fresh();
    for (const pod of ['shop/web-1', 'shop/web-2', 'shop/web-1']) fold.hold(end(web, pod), stranger, 8080, flow({ time: T }));
    expect(fold.pending().map(({ sourcePod, records }) => [sourcePod, records])).toEqual([
      ['shop/web-1', 2],
      ['shop/web-2', 1],
    ]);
  });

  it('counts flows, not connections, and keeps its operations', () => {
    const [row] = held([{ count: 5, operation: { method: 'GET', path: '/a' } }]);
    expect([row?.records, row?.tally.opened, [...row!.operations.values()]]).toEqual([1, 5, [5]]);
  });
});

describe('the size of a fold', () => {
  it('is the number of rows that it comes to, some more where an answer came late', () => {
    const rowsOf = (fold: Fold): number => {
      let rows = fold.podHours().length + fold.pending().length;
      for (const { witnesses, pods, addresses, principals, operations, violation } of fold.edges()) {
        rows += 1 + witnesses.size + addresses.size + principals.size + pods.length + operations.length;
        for (const { days, failedSlots } of witnesses.values()) rows += days.size + failedSlots.length;
        for (const byDay of violation?.witnesses.values() ?? []) rows += byDay.size;
      }
      return rows;
    };
    const ends = fc.constantFrom(WEB, end(web, 'shop/web-2'), CART, end(NODE, '', '192.168.0.1'), end(at('10.0.0.9'), '', '10.0.0.9'));
    const parts = fc.record({
      time: fc.integer({ min: T, max: T + 3 * DAY }),
      witness: fc.constantFrom(AT_CLIENT, AT_SERVER),
      outcome: fc.constantFrom('unknown', 'unanswered', 'refused'),
      operation: fc.constantFrom(null, GET),
    } as const);
    fc.assert(
      fc.property(fc.array(fc.tuple(ends, ends, fc.integer({ min: 1, max: 3 }), parts), { maxLength: 60 }), fc.boolean(), (flows, violates) => {
        const fold = fresh(judging({ violates }));
        for (const [source, destination, port, own] of flows) {
          const isHeld = source.peer.type === 'address' || destination.peer.type === 'address';
          if (isHeld) fold.hold(source, destination, port, flow(own));
          else fold.add(source, destination, port, flow(own));
        }
        expect(fold.size).toBe(rowsOf(fold));
      }),
      { numRuns: 200 },
    );
    const late = fresh();
    for (const own of [{ time: T }, { time: T + SLOT }, { time: T, phase: 'answer', outcome: 'established' }] as const) late.add(WEB, CART, 8080, flow(own));
    expect(late.size).toBe(rowsOf(late) + 2);
  });
});
