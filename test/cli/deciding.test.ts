import { describe, expect, it } from 'vitest';
import { alertsIn } from '../../src/cli/alerting.ts';
import { decideEdges, takeBack, type Decided } from '../../src/cli/deciding.ts';
import { Learner } from '../support/graph.ts';
import { pod } from '../support/hubble.ts';
import { cart, database, few, usualTraffic } from '../support/shop.ts';

const ADA = { by: 'ada', at: 1, comment: 'as agreed' } as const;
const BOB = { by: 'bob', at: 2, comment: null } as const;
const stranger = pod('shop', 'stranger-0', '10.0.0.7', { app: 'stranger' });

/** The shop is watched; a workload that nobody knows talks to two of its own. */
function intruded(): Learner {
  return new Learner()
    .read(usualTraffic())
    .switchTo('watching')
    .restart()
    .read([...few(2, { from: stranger, to: cart, port: 8080 }), ...few(2, { from: stranger, to: database, port: 5432 })]);
}

function decide(learner: Learner, action: 'accept' | 'reject', text: string): Decided {
  const graph = learner.graph();
  const edges = graph.edges.filter(({ key }) => key.includes(text));
  return decideEdges(learner.store, { ...graph, alerts: alertsIn(learner.store, graph, 0) }, action, edges, 'edge', ADA);
}

const states = (learner: Learner): readonly string[] => learner.edges().filter((text) => text.includes('stranger'));
const newWorkload = (learner: Learner): readonly string[] => alertsIn(learner.store, learner.graph(), 0).flatMap(({ kind, state }) => (kind === 'new-workload' ? [state] : []));

describe('a decision', () => {
  it('that is the last on a new workload settles its alert too', () => {
    const learner = intruded();
    expect(newWorkload(learner)).toEqual(['firing']);
    decide(learner, 'accept', '8080');
    expect(newWorkload(learner)).toEqual(['firing']);
    const { settled } = decide(learner, 'accept', '5432');
    expect([settled.length, newWorkload(learner)]).toEqual([1, ['accepted']]);
  });

  it('knows what it replaced', () => {
    const learner = intruded();
    expect(decide(learner, 'reject', '8080').edges.map(({ before }) => before)).toContain(null);
    expect(decide(learner, 'accept', '8080').edges.map(({ before }) => before?.action)).toContain('reject');
  });
});

describe('a decision that is taken back', () => {
  it.each([['accept'], ['reject']] as const)('(%s) leaves everything as it was', (action) => {
    const learner = intruded();
    const before = learner.answer();
    const decided = decide(learner, action, 'stranger');
    expect(learner.answer()).not.toBe(before);
    takeBack(learner.store, learner.graph(), decided, 'undo', BOB);
    expect(learner.answer()).toBe(before);
  });

  it('is logged: nothing is removed from the log', () => {
    const learner = intruded();
    takeBack(learner.store, learner.graph(), decide(learner, 'accept', 'stranger|10.0'), 'undo', BOB);
    takeBack(learner.store, learner.graph(), decide(learner, 'accept', 'stranger'), 'undo', BOB);
    const { choices, revision } = learner.store.read((stored) => ({ choices: stored.choices, revision: stored.revision }));
    expect(choices.decisions.map(({ action, by, scope }) => `${action} ${by} ${scope}`)).toEqual([...Array<string>(2).fill('accept ada edge'), ...Array<string>(2).fill('withdraw bob undo')]);
    expect(revision).toBeGreaterThan(choices.decisions[0]!.revision);
  });

  it('brings back the decision that it replaced', () => {
    const learner = intruded();
    decide(learner, 'reject', 'stranger');
    const decided = decide(learner, 'accept', 'stranger');
    expect(states(learner).every((text) => text.includes('accepted'))).toBe(true);
    takeBack(learner.store, learner.graph(), decided, 'undo', BOB);
    expect(states(learner)).toEqual(['shop/stranger -> shop/cart 8080/TCP rejected', 'shop/stranger -> shop/db 5432/TCP rejected']);
    expect(learner.graph().edges.flatMap(({ decision }) => (decision === null ? [] : [decision.by]))).toEqual(['bob', 'bob']);
  });

  it('brings back what was said of the alert that it settled', () => {
    const learner = intruded();
    const id = alertsIn(learner.store, learner.graph(), 0).find(({ kind }) => kind === 'new-workload')!.id;
    const word = { id, state: 'acknowledged', since: 9, mutedUntil: null, ...ADA } as const;
    learner.store.alerts.say(word);
    const decided = decide(learner, 'accept', 'stranger');
    expect(learner.store.alerts.read().get(id)?.state).toBe('accepted');
    takeBack(learner.store, learner.graph(), decided, 'undo', BOB);
    expect(learner.store.alerts.read().get(id)).toEqual(word);
  });
});
