import type { EdgeKey } from './edge.ts';
import type { Peer, Workload } from './peer.ts';

/** A person's choices. They are kept as a log with growing revision numbers; what holds at a revision is worked out. */

export type Mode = 'learning' | 'watching';

/** What a mode or a decision is about: everything, a namespace, or the workloads of one name in it. */
export interface Scope {
  readonly namespace: string | null;
  readonly workload: string | null;
}

export const EVERYTHING: Scope = { namespace: null, workload: null };

export function scopeName(scope: Scope): string {
  if (scope.namespace === null) return 'everything';
  return scope.workload === null ? `namespace ${scope.namespace}` : `${scope.namespace}/${scope.workload}`;
}

export function scopeHolds(scope: Scope, workload: Pick<Workload, 'namespace' | 'name'>): boolean {
  if (scope.namespace !== null && scope.namespace !== workload.namespace) return false;
  return scope.workload === null || scope.workload === workload.name;
}

/** Who said it, when, and why. `at` is wall-clock time in milliseconds. */
export interface Signature {
  readonly by: string;
  readonly at: number;
  readonly comment: string | null;
}

export interface ModeChange extends Signature {
  readonly revision: number;
  readonly scope: Scope;
  readonly mode: Mode;
  /** Event time of the newest record that was read by then, 0 if there was none. */
  readonly newest: number;
}

export interface EdgeDecision extends Signature {
  readonly revision: number;
  readonly action: 'accept' | 'reject';
  readonly edge: EdgeKey;
  /** What the person named: an edge, a workload, a rule, an alert. */
  readonly scope: string;
}

/** From its revision on nobody has decided on the edge. */
export interface Withdrawal extends Omit<EdgeDecision, 'action'> {
  readonly action: 'withdraw';
}

/** The edges and public entries that were accepted in a scope when it was switched to watching. */
export interface Baseline extends Signature {
  readonly revision: number;
  readonly scope: Scope;
  readonly edges: readonly EdgeKey[];
  readonly publicEntries: readonly PublicEntry[];
}

/** A workload's port that anybody outside may reach. */
export interface PublicEntry {
  readonly destination: Peer;
  readonly protocol: EdgeKey['protocol'];
  readonly port: number;
}

/** A scanner that a person knows and allows. */
export interface ScanDecision extends Signature {
  readonly revision: number;
  readonly action: 'accept' | 'reject';
  readonly source: Peer;
}

export interface Choices {
  readonly modes: readonly ModeChange[];
  readonly decisions: readonly (EdgeDecision | Withdrawal)[];
  readonly baselines: readonly Baseline[];
  readonly scans: readonly ScanDecision[];
}
