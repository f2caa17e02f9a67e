import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SKIP_REASONS } from '../../src/model/flow.ts';
import { Learner, type LearnerOptions } from '../support/graph.ts';
import { connection, hubbleLine, pod, T0, WORLD } from '../support/hubble.ts';
import { record } from '../support/traffic.ts';

const web = pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.11');
const cart = pod('shop', 'cart-0', '10.0.0.12');

/** What was counted of all sources and hours, by kind. */
function counted(learner: Learner): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { hours } of learner.graph().stored.coverage)
    for (const counts of hours.values()) for (const [kind, n] of counts) sums[kind] = (sums[kind] ?? 0) + n;
  return sums;
}

const toPorts = (n: number): readonly string[] => [...Array(n).keys()].map((port) => hubbleLine({ from: web, to: cart, port: port + 1 }));

describe('every record', () => {
  it('is a flow or was skipped for a reason of the closed list, whatever the caps', () => {
    const limits: fc.Arbitrary<LearnerOptions> = fc.constantFrom(
      {},
      { limits: { edges: 2 } },
      { limits: { portsPerPair: 1, outsideAddresses: 1 } },
      { limits: { pendingRows: 1 } },
    );
    fc.assert(
      fc.property(limits, fc.array(record, { minLength: 10, maxLength: 30 }), (options, logs) => {
        const sums = counted(new Learner(options).batch(logs));
        const skipped = SKIP_REASONS.reduce((sum, reason) => sum + (sums[reason] ?? 0), 0);
        expect(sums['records']).toBe(logs.reduce((sum, { lines }) => sum + lines.length, 0));
        expect(sums['records']).toBe((sums['flows'] ?? 0) + skipped);
        for (const kind of Object.keys(sums)) expect(['records', 'flows', 'overflow', 'lost', ...SKIP_REASONS]).toContain(kind);
      }),
      { numRuns: 20 },
    );
  });
});

describe('what finds no room is counted', () => {
  it('edge by edge, record by record, and counted as a flow', () => {
    const learner = new Learner({ limits: { edgesPerWorkload: 3 } }).read([...toPorts(5), ...toPorts(5)]);
    expect(counted(learner)).toMatchObject({ records: 10, flows: 10, overflow: 4 });
    expect(learner.edges()).toHaveLength(3);
  });

  it('also by a later process, which knows what is stored', () => {
    const learner = new Learner({ limits: { edgesPerWorkload: 3 } }).read(toPorts(3)).restart().read(toPorts(5));
    expect(counted(learner)['overflow']).toBe(2);
    expect(learner.edges()).toHaveLength(3);
  });

  it('not where an edge stands for it: ports beyond the cap are one, and no rule', () => {
    const learner = new Learner({ limits: { portsPerPair: 2 } }).read([...toPorts(9), ...connection({ from: cart, to: web })]);
    expect(counted(learner)['overflow']).toBeUndefined();
    const many = learner.graph().edges.filter(({ port }) => port === -1);
    expect(many.map(({ totals, state }) => [totals.opened, state])).toEqual([[7, 'observed']]);
  });

  it('not where a peer stands for it: addresses beyond the cap are one', () => {
    const calls = [...Array(5).keys()].flatMap((n) => connection({ from: web, to: WORLD(`198.51.100.${n}`), port: 443 }));
    const learner = new Learner({ limits: { outsideAddresses: 2 } }).read(calls);
    expect(learner.edges().map((text) => text.split(' 443')[0])).toEqual([
      'shop/web -> external 198.51.100.0',
      'shop/web -> external 198.51.100.1',
      'shop/web -> external others',
    ]);
    expect(learner.graph().edges.map(({ totals }) => totals.opened)).toEqual([1, 1, 3]);
  });

  it('row by row of what is pending', () => {
    const strangers = [...Array(5).keys()].map((n) => hubbleLine({ from: { ip: `10.0.9.${n}` }, to: cart, time: T0 + n * 60_000 }));
    const learner = new Learner({ limits: { pendingRows: 3 } }).read([...strangers, ...strangers]);
    expect(counted(learner)).toMatchObject({ records: 10, flows: 10, overflow: 4 });
    expect(learner.edges({ withUnresolved: true })).toHaveLength(3);
  });

  it('pod by pod: beyond the cap an edge keeps its connections, not whose they were', () => {
    const pods = [...'bcdfg'].map((c, i) => pod('shop', `web-6b746f74dc-9rcx${c}`, `10.0.1.${i}`));
    const [edge] = new Learner({ limits: { podsPerEdge: 2 } }).read(pods.map((from) => hubbleLine({ from, to: cart }))).graph().edges;
    expect([edge?.totals.opened, edge?.evidence.pods.size]).toEqual([5, 2]);
  });

  it('address by address of a class', () => {
    const nodes = [...Array(5).keys()].map((n) => hubbleLine({ from: { ip: `192.168.0.${n}`, labels: ['reserved:remote-node'] }, to: cart }));
    const [edge] = new Learner({ limits: { addressesPerEdge: 2 } }).read(nodes).graph().edges;
    expect([edge?.totals.opened, edge?.evidence.addresses.size]).toEqual([5, 2]);
  });
});

describe('a spoofed label', () => {
  it('cannot fill a workload with label sets', () => {
    const spoofed = [...Array(9).keys()].map((n) =>
      hubbleLine({ from: pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.11', { app: `x${n}` }), to: cart }),
    );
    const learner = new Learner({ limits: { labelSetsPerWorkload: 3 } }).read(spoofed);
    const sets = learner.graph().stored.peers.flatMap(({ labelSets }) => labelSets);
    expect(sets).toHaveLength(3);
    expect(learner.edges()).toHaveLength(1);
  });
});
