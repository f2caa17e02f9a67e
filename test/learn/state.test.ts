import { describe, expect, it } from 'vitest';
import { isResolved, stateOf, type EdgeState } from '../../src/learn/state.ts';
import type { Suspicion } from '../../src/learn/suspicion.ts';
import type { Choices, EdgeDecision } from '../../src/model/decision.ts';
import type { EdgeKey } from '../../src/model/edge.ts';
import { baseline, decision, mode, verdicts } from '../support/choices.ts';
import { at, edge, outside, unresolved } from '../support/evidence.ts';

const own = edge('shop/web', 'shop/cart');
const watching = [mode(1, 'everything', 'watching')];
const frozen = [baseline(1, 'everything', [own])];

interface Facts {
  readonly of?: EdgeKey;
  readonly decided?: EdgeDecision['action'];
  readonly suspicions?: readonly Suspicion[];
  readonly violated?: boolean;
  readonly choices?: Partial<Choices>;
}

function state({ of = own, decided, suspicions = [], violated = false, choices = {} }: Facts): EdgeState {
  return stateOf(of, { decision: decided === undefined ? null : decision(2, decided, of), suspicions, violated }, verdicts(choices));
}

describe('the state of an edge', () => {
  it.each<[string, Facts, EdgeState]>([
    ['is accepted while learning, if nothing is suspicious', {}, 'accepted'],
    ['is observed while a suspicion holds', { suspicions: ['single-sighting'] }, 'observed'],
    ['is observed while watching', { choices: { modes: watching } }, 'observed'],
    ['is accepted while watching, if the baseline holds it', { choices: { modes: watching, baselines: frozen } }, 'accepted'],
    [
      'is accepted if the baseline holds it, whatever is suspicious by now',
      { suspicions: ['one-pod'], choices: { modes: watching, baselines: frozen } },
      'accepted',
    ],
    [
      'is accepted if the baseline holds it, though another end’s baseline does not',
      { choices: { modes: [...watching, mode(2, 'shop', 'watching')], baselines: [...frozen, baseline(2, 'shop', [])] } },
      'accepted',
    ],
    ['is observed if one end alone is watched', { of: edge('shop/web', 'pay/ledger'), choices: { modes: [mode(1, 'pay', 'watching')] } }, 'observed'],
    ['is accepted with an outside end, which has no mode', { of: edge('shop/web', outside('198.51.100.7')) }, 'accepted'],
    ['is observed once it violated a baseline, though all are learning again', { violated: true }, 'observed'],
    ['is what a person accepted', { decided: 'accept', violated: true, suspicions: ['no-success'], choices: { modes: watching } }, 'accepted'],
    ['is what a person rejected', { decided: 'reject' }, 'rejected'],
    ['is what a person rejected, though the baseline holds it', { decided: 'reject', choices: { modes: watching, baselines: frozen } }, 'rejected'],
    [
      'is what a person rejected, though all are learning: it is never learned again',
      { decided: 'reject', choices: { modes: [...watching, mode(3, 'everything', 'learning')] } },
      'rejected',
    ],
    ['is observed while an end is not known', { of: edge('shop/web', unresolved('10.0.0.9')) }, 'observed'],
    ['is observed while an end is not known, whatever was decided', { of: edge('shop/web', unresolved('10.0.0.9')), decided: 'accept' }, 'observed'],
  ])('%s', (_, facts, expected) => {
    expect(state(facts)).toBe(expected);
  });

  it('is resolved if both ends are', () => {
    expect(isResolved(own)).toBe(true);
    expect(isResolved(edge(unresolved('10.0.0.9'), 'shop/cart'))).toBe(false);
    expect(isResolved(edge('shop/cart', unresolved('10.0.0.9')))).toBe(false);
    expect(isResolved(edge(at('10.0.0.9'), 'shop/cart'))).toBe(true); // settled before anybody asks
  });
});
