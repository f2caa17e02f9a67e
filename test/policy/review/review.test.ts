import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprint } from '../../../src/fingerprint.ts';
import { isUndecided, type Graph } from '../../../src/learn/graph.ts';
import { isResolved } from '../../../src/learn/state.ts';
import { propose } from '../../../src/policy/propose/propose.ts';
import { reviewItems, standingOf, wordsOn, type ReviewItem } from '../../../src/policy/review/review.ts';
import { cluster, learnedCluster, recordsOf } from '../../support/arbitrary-cluster.ts';
import { SIGNED } from '../../support/choices.ts';
import { connection, hubbleLine, T0 } from '../../support/hubble.ts';
import { deployed, learned } from '../../support/proposals.ts';

const [web, cart, db] = [deployed('shop/web', '10.0.0.1'), deployed('shop/cart', '10.0.0.2'), deployed('shop/db', '10.0.0.3')];
const objects = [web, cart, db].flatMap((one) => one.objects);

const itemsOf = (graph: Graph): readonly ReviewItem[] => reviewItems(graph, propose(graph).proposals, fingerprint);

/** `rule shop/web egress: shop/web -> shop/cart 8080`, in a few words. */
function told(graph: Graph): readonly string[] {
  const edges = new Map(graph.edges.map((edge) => [edge.id, edge]));
  return itemsOf(graph).map((item) => {
    const own = item.edges.map((id) => edges.get(id)?.key.replaceAll(/workload\|\w*\||StatefulSet\|/g, ''));
    return `${item.kind === 'rule' ? `rule ${item.workload.name} ${item.rule.direction}` : 'edge'}: ${own.join(' ')}`;
  });
}

describe('what there is to review', () => {
  it('is the rules of the proposals, then the edges that are in none', () => {
    const learner = learned([{ from: web.end, to: cart.end, port: 8080 }], objects).read(connection({ from: cart.end, to: db.end, port: 5432 }));
    expect(told(learner.graph())).toEqual(['rule cart ingress: shop|web>shop|cart:8080/TCP', 'rule web egress: shop|web>shop|cart:8080/TCP', 'edge: shop|cart>shop|db:5432/TCP']);
  });

  it('has accepted edges too that no policy can name', () => {
    const ping = (time: number, reply = false): string => hubbleLine({ from: web.end, to: cart.end, port: 0, time, reply, extra: { l4: { ICMPv4: { type: reply ? 0 : 8 } } } });
    const learner = learned([], objects).read([0, 1].flatMap((i) => [ping(T0 + i * 60_000), ping(T0 + i * 60_000, true)]));
    expect(learner.edges()).toEqual(['shop/web -> shop/cart -/ICMP accepted']);
    expect(told(learner.graph())).toEqual(['edge: shop|web>shop|cart:0/ICMP']);
  });

  it('leaves out rules of which no edge is behind, for nobody can decide on them', () => {
    const graph = learned([{ from: web.end, to: cart.end, port: 8080 }], objects).graph();
    const proposals = propose(graph).proposals.map((proposal) => ({ ...proposal, rules: proposal.rules.map((rule) => ({ ...rule, edges: [] })) }));
    expect(reviewItems(graph, proposals, fingerprint).map(({ kind }) => kind)).toEqual(['edge']);
  });
});

describe('the id of a rule', () => {
  const ids = (graph: Graph): readonly string[] => itemsOf(graph).flatMap(({ kind, id }) => (kind === 'rule' ? [id] : []));
  const flow = { from: web.end, to: cart.end, port: 8080 };

  it('stays when the evidence grows', () => {
    const learner = learned([flow], objects);
    const before = ids(learner.graph());
    expect(ids(learner.read(connection({ ...flow, clientPort: 41_000 })).graph())).toEqual(before);
    learner.store.choices.decide('accept', learner.graph().edges.map((edge) => learner.graph().canon.storedEdge(edge)), 'edge', SIGNED);
    expect(ids(learner.graph())).toEqual(before);
  });

  it('changes with the edges behind it: an answer is never about others', () => {
    const before = ids(learned([flow], objects).graph());
    const after = ids(learned([flow, { ...flow, port: 8081 }], objects).graph());
    expect(after.filter((id) => before.includes(id))).toEqual([]);
  });
});

describe('where an item stands', () => {
  const item: ReviewItem = { kind: 'edge', id: 'a', edges: ['a', 'b'] };
  it.each([
    [{}, 'open'],
    [{ a: 'accept' }, 'open'],
    [{ a: 'reject' }, 'open'],
    [{ a: 'accept', b: 'accept' }, 'accepted'],
    [{ a: 'accept', b: 'reject' }, 'rejected'],
    [{ a: 'reject', b: 'reject' }, 'rejected'],
  ] as const)('%j is %s', (words, standing) => {
    expect(standingOf(item, new Map(Object.entries(words)))).toBe(standing);
  });

  it('is told by decisions and by the baseline, not by what was learned', () => {
    const learner = learned([{ from: web.end, to: cart.end, port: 8080 }, { from: cart.end, to: db.end, port: 5432 }], objects);
    expect(wordsOn(learner.graph()).size).toBe(0);
    const [first, second] = learner.graph().edges;
    learner.store.choices.decide('reject', [learner.graph().canon.storedEdge(first!)], 'edge', SIGNED);
    const frozen = learner.store.choices.setMode({ namespace: null, workload: null }, 'watching', SIGNED);
    learner.store.choices.freeze(frozen, [learner.graph().canon.storedEdge(second!)], []);
    expect([...wordsOn(learner.graph())]).toEqual([[first!.id, 'reject'], [second!.id, 'accept']]);
  });
});

describe('for every small cluster', () => {
  const inEach = (check: (graph: Graph) => void): void =>
    fc.assert(fc.property(cluster, (all) => check(learnedCluster(all).graph())), { numRuns: 40 });

  it('every undecided edge is in an item, and no item is about an edge that cannot be decided', () => {
    inEach((graph) => {
      const words = wordsOn(graph);
      const open = itemsOf(graph).filter((item) => standingOf(item, words) === 'open');
      const undecided = graph.edges.filter((edge) => isResolved(edge) && isUndecided(edge, graph.verdicts));
      expect([...new Set(open.flatMap(({ edges }) => edges))].toSorted()).toEqual(undecided.map(({ id }) => id).toSorted());
    });
  });

  it('ids are those of one item each', () => {
    inEach((graph) => {
      const ids = itemsOf(graph).map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
    });
  });

  it('is the same, in the same order, whatever order the records came in', () => {
    fc.assert(
      fc.property(cluster, (all) => {
        const backwards = recordsOf(all).toReversed().flat();
        expect(itemsOf(learnedCluster(all, backwards).graph())).toEqual(itemsOf(learnedCluster(all).graph()));
      }),
      { numRuns: 25 },
    );
  });
});
