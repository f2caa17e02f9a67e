import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planAnswers, readAnswer, writePlan, type Answer } from '../../../src/cli/review/answers.ts';
import { fingerprint } from '../../../src/fingerprint.ts';
import type { Graph } from '../../../src/learn/graph.ts';
import { propose } from '../../../src/policy/propose/propose.ts';
import { reviewItems, wordsOn, type ReviewItem } from '../../../src/policy/review/review.ts';
import { cluster, learnedCluster } from '../../support/arbitrary-cluster.ts';
import type { Learner } from '../../support/graph.ts';
import { learned } from '../../support/proposals.ts';
import { cart, web } from '../../support/shop.ts';

describe('a line', () => {
  const answer: Answer = { line: 3, about: 'edge', id: 'ab12', answer: 'accept', comment: null };
  it.each<[string, string, unknown]>([
    ['about an edge', '{"edge":"ab12","answer":"accept"}', answer],
    ['about a rule', '{"rule":"ab12","answer":"reject","comment":"no"}', { ...answer, about: 'rule', answer: 'reject', comment: 'no' }],
    ['with more than is asked for', '{"edge":"ab12","rule":null,"answer":"skip","comment":null,"state":"observed"}', { ...answer, answer: 'skip' }],
    ['with a comment of nothing', '{"edge":"ab12","answer":"accept","comment":""}', answer],
    ['with a comment that acts on terminals', '{"edge":"ab12","answer":"accept","comment":"\\u001b[2J"}', { ...answer, comment: '\\u001b[2J' }],
    ['after a byte order mark', '\ufeff{"edge":"ab12","answer":"accept"}', answer],
    ['with __proto__', '{"__proto__":{"edge":"x"},"edge":"ab12","answer":"accept"}', answer],
    ['of spaces', '  ', null],
    ['of text', 'ab12 accept', { line: 3, problem: 'is no JSON: ab12 accept' }],
    ['of a number', '7', { line: 3, problem: 'is no JSON object' }],
    ['without a word', '{"edge":"ab12"}', { line: 3, problem: '"answer" must be accept, reject or skip, for edge ab12' }],
    ['about nothing', '{"answer":"skip"}', { line: 3, problem: 'names neither one "edge" nor one "rule" by its id' }],
    ['about a number', '{"edge":7,"answer":"skip"}', { line: 3, problem: 'names neither one "edge" nor one "rule" by its id' }],
  ])('%s', (_, text, expected) => {
    expect(readAnswer(text, 3)).toEqual(expected);
  });

  it('is always an answer, a problem, or nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const read = readAnswer(text, 1);
        expect(read === null ? text.trim() : 'answer' in read ? read.id : read.problem).toBeTypeOf('string');
      }),
    );
  });
});

const itemsOf = (graph: Graph): readonly ReviewItem[] => reviewItems(graph, propose(graph).proposals, fingerprint);

function give(learner: Learner, answers: readonly Answer[]): { readonly problems: readonly unknown[]; readonly written: number } {
  const graph = learner.graph();
  const plan = planAnswers(graph, itemsOf(graph), answers);
  writePlan(learner.store, { graph, alerts: [] }, plan, (comment) => ({ by: 'ada', at: 1, comment }));
  return { problems: plan.problems, written: plan.planned.reduce((sum, { edges }) => sum + edges.length, 0) };
}

describe('for every small cluster and whatever is answered', () => {
  const chosen = fc.array(fc.record({ n: fc.nat(), answer: fc.constantFrom('accept' as const, 'reject' as const, 'skip' as const) }), { maxLength: 12 });
  const answersTo = (graph: Graph, choices: readonly { readonly n: number; readonly answer: Answer['answer'] }[]): readonly Answer[] => {
    const items = itemsOf(graph);
    const ids = [...items.map(({ kind, id }) => ({ about: kind, id })), ...graph.edges.map(({ id }) => ({ about: 'edge' as const, id }))];
    return choices.flatMap(({ n, answer }, line) => (ids.length === 0 ? [] : [{ line, answer, comment: null, ...ids[n % ids.length]! }]));
  };

  it('the last word on each edge holds; given again, in a new run, nothing is written', () => {
    fc.assert(
      fc.property(cluster, chosen, (all, choices) => {
        const learner = learnedCluster(all);
        const graph = learner.graph();
        const answers = answersTo(graph, choices);
        const edgesOf = new Map(itemsOf(graph).map(({ id, edges }) => [id, edges]));
        const last = new Map(answers.flatMap(({ id, answer }) => (answer === 'skip' ? [] : (edgesOf.get(id) ?? [id]).map((edge) => [edge, answer] as const))));
        expect(give(learner, answers).problems).toEqual([]);
        expect(wordsOn(learner.graph())).toEqual(last);
        const before = learner.store.choices.revision;
        expect(give(learner, answers)).toEqual({ problems: [], written: 0 });
        expect(learner.store.choices.revision).toBe(before);
      }),
      { numRuns: 60 },
    );
  });
});

describe('answers', () => {
  it('are not written where another process decided something since the graph was read', () => {
    const learner = learned([{ from: web, to: cart, port: 8080 }]);
    const graph = learner.graph();
    const plan = planAnswers(graph, itemsOf(graph), [{ line: 1, about: 'edge', id: graph.edges[0]!.id, answer: 'accept', comment: null }]);
    learner.store.choices.advance();
    expect(() => writePlan(learner.store, { graph, alerts: [] }, plan, (comment) => ({ by: 'ada', at: 1, comment }))).toThrow(/another process decided something meanwhile: nothing was written/);
    expect(wordsOn(learner.graph()).size).toBe(0);
  });

  it('on an edge that was forgotten since are problems, in whatever words it was answered', () => {
    const learner = learned([{ from: web, to: cart, port: 8080 }]);
    const graph = learner.graph();
    const [rule] = itemsOf(graph);
    const answers: readonly Answer[] = [{ line: 1, about: 'rule', id: rule!.id, answer: 'reject', comment: null }];
    expect(give(learner, answers).written).toBe(1);
    learner.store.edges.remove(learner.graph().edges.flatMap(({ rows }) => rows));
    expect(give(learner, answers).problems).toEqual([{ line: 1, problem: `no rule has the id ${rule!.id}; footpath review -o json lists them` }]);
  });
});
