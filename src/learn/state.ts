import type { EdgeKey } from '../model/edge.ts';
import type { EdgeDecision } from '../model/decision.ts';
import type { Verdicts } from './judge.ts';
import type { Suspicion } from './suspicion.ts';

export type EdgeState = 'observed' | 'accepted' | 'rejected';

/**
 * The state of an edge: its latest decision; else accepted if a baseline holds it; else, while both workload ends are
 * learning, accepted if no suspicion holds on the evidence as it is now. One that ever violated a baseline waits for a person.
 */
export function stateOf(
  edge: EdgeKey,
  facts: { readonly decision: EdgeDecision | null; readonly suspicions: readonly Suspicion[]; readonly violated: boolean },
  verdicts: Verdicts,
): EdgeState {
  if (!isResolved(edge)) return 'observed';
  if (facts.decision !== null) return facts.decision.action === 'accept' ? 'accepted' : 'rejected';
  if (verdicts.inBaseline(edge)) return 'accepted';
  if (facts.violated || verdicts.isWatched(edge)) return 'observed';
  return facts.suspicions.length === 0 ? 'accepted' : 'observed';
}

export function isResolved({ source, destination }: EdgeKey): boolean {
  return source.type !== 'unresolved' && destination.type !== 'unresolved';
}
