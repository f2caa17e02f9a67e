import { Verdicts } from '../../src/learn/judge.ts';
import type { Baseline, Choices, EdgeDecision, Mode, ModeChange, PublicEntry, Withdrawal } from '../../src/model/decision.ts';
import type { EdgeKey } from '../../src/model/edge.ts';
import type { Peer } from '../../src/model/peer.ts';

/** People's choices in few words: each has the revision that it was made at. */

export const SIGNED = { by: 'tester', at: 0, comment: null } as const;

/** `everything`, `shop` or `shop/web`. */
function scopeOf(text: string): ModeChange['scope'] {
  if (text === 'everything') return { namespace: null, workload: null };
  const [namespace = '', workload] = text.split('/');
  return { namespace, workload: workload ?? null };
}

export const mode = (revision: number, scope: string, to: Mode): ModeChange => ({ ...SIGNED, revision, scope: scopeOf(scope), mode: to, newest: 0 });

export const decision = (revision: number, action: EdgeDecision['action'], edge: EdgeKey): EdgeDecision => ({
  ...SIGNED,
  revision,
  action,
  edge,
  scope: 'edge',
});

export const withdrawal = (revision: number, edge: EdgeKey): Withdrawal => ({ ...SIGNED, revision, action: 'withdraw', edge, scope: 'undo' });

export function baseline(revision: number, scope: string, edges: readonly EdgeKey[], publicEntries: readonly PublicEntry[] = []): Baseline {
  return { ...SIGNED, revision, scope: scopeOf(scope), edges, publicEntries };
}

export function verdicts(choices: Partial<Choices>, revision = 1_000, canonical: (peer: Peer) => Peer = (peer) => peer): Verdicts {
  return new Verdicts({ modes: [], decisions: [], baselines: [], scans: [], ...choices }, revision, canonical);
}
