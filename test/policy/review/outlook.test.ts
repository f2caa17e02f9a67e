import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprint } from '../../../src/fingerprint.ts';
import type { Graph, GraphEdge } from '../../../src/learn/graph.ts';
import { outlookOn, type Closing, type Outlook } from '../../../src/policy/review/outlook.ts';
import { propose } from '../../../src/policy/propose/propose.ts';
import { replay } from '../../../src/policy/replay/replay.ts';
import { reviewItems } from '../../../src/policy/review/review.ts';
import { cluster, learnedCluster } from '../../support/arbitrary-cluster.ts';
import { SIGNED } from '../../support/choices.ts';
import type { Learner } from '../../support/graph.ts';
import { connection, WORLD } from '../../support/hubble.ts';
import { deployed, edgeOf, learned, workloadName } from '../../support/proposals.ts';

const [web, cart, db] = [deployed('shop/web', '10.0.0.1'), deployed('shop/cart', '10.0.0.2'), deployed('shop/db', '10.0.0.3')];
const objects = [web, cart, db].flatMap((one) => one.objects);

/** web -> cart is accepted; whatever else was seen once only is not. */
function shop(...once: readonly { readonly from: typeof web.end; readonly to: typeof web.end; readonly port: number; readonly protocol?: 'UDP' }[]): Learner {
  return learned([{ from: web.end, to: cart.end, port: 8080 }], objects).read(once.flatMap((flow) => connection(flow)));
}

function on(learner: Learner, ...texts: readonly string[]): Outlook {
  const graph = learner.graph();
  return outlookOn(graph, texts.map((text) => edgeOf(graph, text)));
}

const closing = (one: Closing): string => (one.closed ? `closed but for ${one.rules.length}` : `open: ${one.reason.replace(/ \(footpath.*/, '')}`);

/** `egress shop/web: closed but for 1, with it closed but for 2; +1 ~0 -0`. */
function told({ ends }: Outlook): readonly string[] {
  return ends.map(({ workload, direction, without, with: having, changes }) => {
    const n = (which: (change: (typeof changes)[number]) => boolean): number => changes.filter(which).length;
    return `${direction} ${workloadName(workload)}: ${closing(without)}; with it ${closing(having)}; +${n(({ before }) => before === null)} ~${n(({ before, after }) => before !== null && after !== null)} -${n(({ after }) => after === null)}`;
  });
}

describe('with an edge', () => {
  it('a closed direction has a rule more', () => {
    expect(told(on(shop({ from: web.end, to: db.end, port: 5432 }), 'db:5432'))[0]).toBe('egress shop/web: closed but for 1; with it closed but for 2; +1 ~0 -0');
  });

  it('a direction that nothing closed is closed', () => {
    expect(told(on(shop({ from: web.end, to: db.end, port: 5432 }), 'db:5432'))[1]).toBe(
      'ingress shop/db: open: its one edge is not accepted: flagged single-sighting; with it closed but for 1; +1 ~0 -0',
    );
  });

  it('a rule grows', () => {
    expect(told(on(shop({ from: web.end, to: cart.end, port: 9090 }), 'cart:9090'))).toEqual([
      'egress shop/web: closed but for 1; with it closed but for 1; +0 ~1 -0',
      'ingress shop/cart: closed but for 1; with it closed but for 1; +0 ~1 -0',
    ]);
  });

  it('that goes outside, one end is of the cluster', () => {
    expect(told(on(shop({ from: cart.end, to: WORLD('198.51.100.7'), port: 443 }), '198.51.100.7'))).toHaveLength(1);
  });

  it('many addresses more, a direction is left open to everybody: so says the outlook', () => {
    const outside = Array.from({ length: 65 }, (_, i) => ({ from: web.end, to: WORLD(`198.51.100.${i + 1}`), port: 443 }));
    const learner = learned(outside.slice(0, 64), objects).read(connection(outside[64]!));
    const [egress] = on(learner, '198.51.100.65').ends;
    expect([egress?.without.closed, egress?.with.closed]).toEqual([true, false]);
  });
});

describe('without an edge', () => {
  it('that was never accepted, what is closed cuts it, and says which end', () => {
    const { cut, kept } = on(shop({ from: web.end, to: db.end, port: 5432 }), 'db:5432');
    expect([cut.map(({ because }) => because), kept]).toEqual([[expect.stringContaining('shop/web')], []]);
  });

  it('nothing is cut where nothing is closed', () => {
    const { cut, kept } = on(shop({ from: db.end, to: web.end, port: 22 }), 'web:22');
    expect([cut, kept.length]).toEqual([[], 1]);
  });

  it('that was all there was, the direction is left open', () => {
    expect(told(on(shop(), 'cart:8080'))).toEqual([
      expect.stringMatching(/^egress shop\/web: open: .*; with it closed but for 1; \+1 ~0 -0$/),
      expect.stringMatching(/^ingress shop\/cart: open: .*; with it closed but for 1; \+1 ~0 -0$/),
    ]);
  });

  it('one of several edges of a rule, the rule is smaller', () => {
    const learner = learned([{ from: web.end, to: cart.end, port: 8080 }, { from: web.end, to: cart.end, port: 8081 }], objects);
    expect(told(on(learner, 'cart:8081'))[0]).toBe('egress shop/web: closed but for 1; with it closed but for 1; +0 ~1 -0');
  });
});

describe('for every small cluster and each item in it', () => {
  const decided = (learner: Learner, edges: readonly GraphEdge[], action: 'accept' | 'reject'): Graph => {
    const { canon } = learner.graph();
    learner.store.choices.decide(action, edges.map((edge) => canon.storedEdge(edge)), 'edge', SIGNED);
    return learner.graph();
  };
  const rulesOf = (graph: Graph, { workload, direction }: Outlook['ends'][number]): string =>
    JSON.stringify(propose(graph).proposals.filter((one) => JSON.stringify(one.workload) === JSON.stringify(workload)).flatMap(({ rules }) => rules).filter((rule) => rule.direction === direction).map(({ peers, ports }) => [peers, ports]));
  const shownRules = (one: Closing): string => JSON.stringify((one.closed ? one.rules : []).map(({ peers, ports }) => [peers, ports]));

  it('what is foretold of accepting and rejecting is what comes of it', () => {
    fc.assert(
      fc.property(cluster, fc.nat(), (all, n) => {
        const learner = learnedCluster(all);
        const graph = learner.graph();
        const items = reviewItems(graph, propose(graph).proposals, fingerprint);
        const item = items[n % Math.max(1, items.length)];
        if (item === undefined) return;
        const edges = graph.edges.filter(({ id }) => item.edges.includes(id));
        const shown = edges.slice(0, 2);
        const { ends, cut, kept, unjudged } = outlookOn(graph, edges, shown);
        const accepted = decided(learner, edges, 'accept');
        for (const end of ends) expect(shownRules(end.with)).toBe(rulesOf(accepted, end));
        const rejected = decided(learner, edges, 'reject');
        for (const end of ends) expect(shownRules(end.without)).toBe(rulesOf(rejected, end));
        const { broken } = replay(rejected, propose(rejected).proposals.map(({ policy }) => policy));
        const isShown = ({ edge: { id } }: { readonly edge: GraphEdge }): boolean => shown.some((edge) => edge.id === id);
        expect(cut.map(({ edge }) => edge.id)).toEqual(broken.filter(isShown).map(({ edge }) => edge.id));
        expect([...cut, ...unjudged].map(({ edge }) => edge.id).concat(kept.map(({ id }) => id)).toSorted()).toEqual(shown.map(({ id }) => id).toSorted());
      }),
      { numRuns: 60 },
    );
  });
});
