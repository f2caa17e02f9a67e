import { describe, expect, it } from 'vitest';
import { EVERYTHING, type Choices, type Mode } from '../../src/model/decision.ts';
import type { EdgeKey } from '../../src/model/edge.ts';
import { PUBLIC } from '../../src/model/peer.ts';
import { baseline, decision, mode, verdicts, withdrawal } from '../support/choices.ts';
import { APISERVER, edge, NODE, outside, workload } from '../support/evidence.ts';

const known = edge('shop/web', 'shop/cart');
const stranger = edge('shop/web', 'shop/db', 5432);

describe('the mode of a workload', () => {
  const modes = [mode(1, 'everything', 'watching'), mode(2, 'shop', 'learning'), mode(3, 'shop/web', 'watching'), mode(4, 'pay/ledger', 'learning')];
  it.each<[string, Partial<Choices>, string, Mode]>([
    ['is learning in a new database', {}, 'shop/web', 'learning'],
    ['is the default of all', { modes }, 'mail/smtp', 'watching'],
    ['is its namespace’s', { modes }, 'shop/cart', 'learning'],
    ['is its own', { modes }, 'shop/web', 'watching'],
    ['is its own, whatever its namespace’s', { modes }, 'pay/ledger', 'learning'],
    ['is not that of its name in another namespace', { modes }, 'pay/web', 'watching'],
    [
      'is the most specific, however old',
      { modes: [mode(1, 'shop/web', 'learning'), mode(2, 'everything', 'watching'), mode(3, 'shop', 'watching')] },
      'shop/web',
      'learning',
    ],
    [
      'is the latest of its scope',
      { modes: [mode(1, 'shop', 'watching'), mode(2, 'shop', 'learning'), mode(3, 'shop', 'watching')] },
      'shop/web',
      'watching',
    ],
    [
      'is the latest of its scope, in whatever order they are given',
      { modes: [mode(3, 'shop', 'watching'), mode(2, 'shop', 'learning')] },
      'shop/web',
      'watching',
    ],
  ])('%s', (_, choices, name, expected) => {
    expect(verdicts(choices).modeOf(workload(name))).toBe(expected);
  });

  it('holds for all workloads of its name, of whatever kind', () => {
    expect(verdicts({ modes }).modeOf(workload('shop/StatefulSet/web'))).toBe('watching');
  });

  it('is learning for whoever is no workload', () => {
    for (const peer of [NODE, APISERVER, PUBLIC, outside('198.51.100.7')])
      expect(verdicts({ modes: [mode(1, 'everything', 'watching')] }).modeOf(peer)).toBe('learning');
  });

  it('says which narrower scopes differ from a new one', () => {
    const of = verdicts({ modes });
    expect(of.defaultMode).toBe('watching');
    expect(of.differing(EVERYTHING, 'watching')).toEqual([
      { namespace: 'pay', workload: 'ledger' },
      { namespace: 'shop', workload: null },
    ]);
    expect(of.differing(EVERYTHING, 'learning')).toEqual([{ namespace: 'shop', workload: 'web' }]);
    expect(of.differing({ namespace: 'shop', workload: null }, 'learning')).toEqual([{ namespace: 'shop', workload: 'web' }]);
    expect(of.differing({ namespace: 'pay', workload: 'ledger' }, 'watching')).toEqual([]);
    expect(verdicts({}).defaultMode).toBe('learning');
  });
});

describe('an edge is watched', () => {
  const shop = verdicts({ modes: [mode(1, 'shop', 'watching')] });
  it.each<[string, EdgeKey, boolean]>([
    ['if both ends are', known, true],
    ['if its source is', edge('shop/web', 'pay/ledger'), true],
    ['if its destination is', edge('pay/ledger', 'shop/web'), true],
    ['not if neither is', edge('pay/ledger', 'pay/books'), false],
    ['if its workload is, whoever is at the other end', edge('shop/web', outside('198.51.100.7')), true],
    ['if its server is, whoever calls', edge(NODE, 'shop/web'), true],
    ['not if its workload is not', edge('pay/ledger', APISERVER), false],
  ])('%s', (_, of, expected) => {
    expect(shop.isWatched(of)).toBe(expected);
    expect(shop.judge(of)).toEqual({ watching: expected, violates: expected, epoch: 0 });
  });
});

describe('an edge violates', () => {
  const watching = [mode(1, 'everything', 'watching')];
  const frozen = [baseline(1, 'everything', [known])];
  it.each<[string, Partial<Choices>, EdgeKey, boolean]>([
    ['nothing while learning', {}, stranger, false],
    ['the baseline that does not hold it', { modes: watching, baselines: frozen }, stranger, true],
    ['nothing, if the baseline holds it', { modes: watching, baselines: frozen }, known, false],
    [
      'nothing, if an older baseline holds it',
      { modes: [...watching, mode(2, 'shop', 'watching')], baselines: [...frozen, baseline(2, 'shop', [])] },
      known,
      false,
    ],
    ['nothing, once it was accepted', { modes: watching, baselines: frozen, decisions: [decision(2, 'accept', stranger)] }, stranger, false],
    ['its rejection, while watching', { modes: watching, baselines: frozen, decisions: [decision(2, 'reject', known)] }, known, true],
    ['its rejection, while learning', { decisions: [decision(2, 'reject', stranger)] }, stranger, true],
    ['nothing, if it was accepted last', { modes: watching, decisions: [decision(2, 'reject', known), decision(3, 'accept', known)] }, known, false],
    ['its rejection, if that was last', { modes: watching, decisions: [decision(3, 'reject', known), decision(2, 'accept', known)] }, known, true],
    ['the baseline that does not hold it, once its acceptance was taken back', { modes: watching, baselines: frozen, decisions: [decision(2, 'accept', stranger), withdrawal(3, stranger)] }, stranger, true],
    ['nothing, once its rejection was taken back', { modes: watching, baselines: frozen, decisions: [decision(2, 'reject', known), withdrawal(3, known)] }, known, false],
    ['its rejection, if that came after one that was taken back', { decisions: [decision(2, 'reject', known), withdrawal(3, known), decision(4, 'reject', known)] }, known, true],
    [
      'nothing, though it is watched again: the baseline stays',
      {
        modes: [...watching, mode(2, 'everything', 'learning'), mode(3, 'everything', 'watching')],
        baselines: [...frozen, baseline(3, 'everything', [])],
      },
      known,
      false,
    ],
  ])('%s', (_, choices, of, expected) => {
    expect(verdicts(choices).judge(of).violates).toBe(expected);
  });

  it('under the decision that was in force', () => {
    const of = verdicts({ modes: watching, decisions: [decision(2, 'reject', known), decision(5, 'reject', known)] });
    expect(of.judge(known).epoch).toBe(5);
    expect(of.decision(known)?.revision).toBe(5);
    expect(of.judge(stranger).epoch).toBe(0);
    expect(of.decision(stranger)).toBeNull();
  });

  it('under none, once the decision was taken back: neither it nor the one before it', () => {
    const choices: Partial<Choices> = { modes: watching, decisions: [decision(2, 'accept', known), decision(3, 'reject', known), withdrawal(4, known)] };
    expect(verdicts(choices).decision(known)).toBeNull();
    expect(verdicts(choices).judge(known).epoch).toBe(0);
    expect(verdicts(choices, 3).decision(known)?.action).toBe('reject');
  });
});

describe('at an earlier revision', () => {
  const choices: Partial<Choices> = {
    modes: [mode(2, 'everything', 'watching'), mode(6, 'everything', 'learning')],
    baselines: [baseline(2, 'everything', [known])],
    decisions: [decision(4, 'accept', stranger)],
  };
  it.each([
    [1, { watching: false, violates: false }, { watching: false, violates: false }],
    [2, { watching: true, violates: false }, { watching: true, violates: true }],
    [3, { watching: true, violates: false }, { watching: true, violates: true }],
    [4, { watching: true, violates: false }, { watching: true, violates: false }],
    [6, { watching: false, violates: false }, { watching: false, violates: false }],
  ])('%i only what was said until then counts', (revision, ofKnown, ofStranger) => {
    const then = verdicts(choices, revision);
    expect(then.judge(known)).toMatchObject(ofKnown);
    expect(then.judge(stranger)).toMatchObject(ofStranger);
  });
});

describe('whoever comes from outside', () => {
  const entry = { destination: workload('shop/web'), protocol: 'TCP', port: 8080 } as const;
  const client = edge(outside('198.51.100.7'), 'shop/web', 8080);
  const watching = [mode(1, 'everything', 'watching')];
  it.each<[string, Partial<Choices>, EdgeKey, boolean]>([
    ['to a public entry of the baseline, is the public', { baselines: [baseline(1, 'everything', [], [entry])] }, client, false],
    ['to another port of it, is not', { baselines: [baseline(1, 'everything', [], [entry])] }, edge(outside('198.51.100.7'), 'shop/web', 8081), true],
    [
      'over another protocol, is not',
      { baselines: [baseline(1, 'everything', [], [entry])] },
      edge(outside('198.51.100.7'), 'shop/web', 8080, 'UDP'),
      true,
    ],
    ['to no public entry, is a stranger', {}, client, true],
    ['to an accepted public entry, is the public', { decisions: [decision(2, 'accept', edge(PUBLIC, 'shop/web', 8080))] }, client, false],
    [
      'to a rejected public entry, violates',
      { baselines: [baseline(1, 'everything', [], [entry])], decisions: [decision(2, 'reject', edge(PUBLIC, 'shop/web', 8080))] },
      client,
      true,
    ],
    [
      'has a decision of its own, which counts first',
      { decisions: [decision(2, 'reject', edge(PUBLIC, 'shop/web', 8080)), decision(3, 'accept', client)] },
      client,
      false,
    ],
    ['as a workload, is not the public', { baselines: [baseline(1, 'everything', [], [entry])] }, edge('pay/ledger', 'shop/web', 8080), true],
  ])('%s', (_, choices, of, expected) => {
    expect(verdicts({ modes: watching, ...choices }).judge(of).violates).toBe(expected);
  });

  it('is told of as the public', () => {
    const of = verdicts({ modes: watching, baselines: [baseline(1, 'everything', [], [entry])] });
    expect(of.isBaselinePublic(entry)).toBe(true);
    expect(of.isBaselinePublic({ ...entry, port: 8081 })).toBe(false);
    expect(of.inBaseline(edge(PUBLIC, 'shop/web', 8080))).toBe(true);
    expect(of.inBaseline(client)).toBe(false);
  });
});

describe('a choice about a guess', () => {
  it('is about whom the inventory says was meant', () => {
    const guess = edge('shop/web', 'shop/cart');
    const meant = edge('shop/Rollout/web', 'shop/cart');
    const of = verdicts(
      {
        modes: [mode(1, 'everything', 'watching')],
        baselines: [baseline(1, 'everything', [guess])],
        decisions: [decision(2, 'reject', edge('shop/web', 'shop/db'))],
      },
      1_000,
      (peer) => (peer.type === 'workload' && peer.name === 'web' ? workload('shop/Rollout/web') : peer),
    );
    for (const either of [guess, meant]) expect(of.judge(either).violates).toBe(false);
    expect(of.decision(edge('shop/Rollout/web', 'shop/db'))?.action).toBe('reject');
  });
});
