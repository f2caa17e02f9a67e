import { edgeKey, type EdgeKey } from '../model/edge.ts';
import { EVERYTHING, scopeHolds, type Choices, type EdgeDecision, type Mode, type PublicEntry, type Scope } from '../model/decision.ts';
import { PUBLIC, type Peer } from '../model/peer.ts';
import type { Judgement } from './edge-fold.ts';
import type { Judge } from './fold.ts';

/** People's choices as they were at a revision, compiled to tables. */
export class Verdicts implements Judge {
  readonly revision: number;
  readonly #canonical: (peer: Peer) => Peer;
  readonly #modes: readonly { readonly scope: Scope; readonly mode: Mode }[];
  readonly #decisions = new Map<string, EdgeDecision>();
  readonly #baseline = new Set<string>();
  readonly #publicEntries = new Set<string>();

  constructor(choices: Choices, revision: number, canonical: (peer: Peer) => Peer) {
    this.revision = revision;
    this.#canonical = canonical;
    const until = <T extends { readonly revision: number }>(rows: readonly T[]): readonly T[] =>
      rows.filter((row) => row.revision <= revision).toSorted((a, b) => a.revision - b.revision);
    const modes = new Map<string, { readonly scope: Scope; readonly mode: Mode }>();
    for (const { scope, mode } of until(choices.modes)) modes.set(JSON.stringify(scope), { scope, mode });
    // The most specific comes first.
    this.#modes = [...modes.values()].toSorted((a, b) => specificity(b.scope) - specificity(a.scope));
    for (const decision of until(choices.decisions)) {
      if (decision.action === 'withdraw') this.#decisions.delete(this.#key(decision.edge));
      else this.#decisions.set(this.#key(decision.edge), decision);
    }
    for (const baseline of until(choices.baselines)) {
      for (const edge of baseline.edges) this.#baseline.add(this.#key(edge));
      for (const entry of baseline.publicEntries) this.#publicEntries.add(this.#entryKey(entry));
    }
  }

  #key(edge: EdgeKey): string {
    return edgeKey({ ...edge, source: this.#canonical(edge.source), destination: this.#canonical(edge.destination) });
  }

  #entryKey({ destination, protocol, port }: PublicEntry): string {
    return edgeKey({ source: PUBLIC, destination: this.#canonical(destination), protocol, port });
  }

  modeOf(peer: Peer): Mode {
    if (peer.type !== 'workload') return 'learning';
    return this.#modes.find(({ scope }) => scopeHolds(scope, peer))?.mode ?? 'learning';
  }

  /** Scopes within `scope` that keep a mode of their own. */
  differing(scope: Scope, mode: Mode): readonly Scope[] {
    return this.#modes
      .filter((own) => own.mode !== mode && specificity(own.scope) > specificity(scope))
      .filter((own) => scope.namespace === null || own.scope.namespace === scope.namespace)
      .map((own) => own.scope);
  }

  get defaultMode(): Mode {
    return this.#modes.find(({ scope }) => specificity(scope) === specificity(EVERYTHING))?.mode ?? 'learning';
  }

  isWatched(edge: EdgeKey): boolean {
    return this.modeOf(this.#canonical(edge.source)) === 'watching' || this.modeOf(this.#canonical(edge.destination)) === 'watching';
  }

  decision(edge: EdgeKey): EdgeDecision | null {
    return this.#decisions.size === 0 ? null : (this.#decisions.get(this.#key(edge)) ?? null);
  }

  inBaseline(edge: EdgeKey): boolean {
    if (this.#baseline.size + this.#publicEntries.size === 0) return false;
    return this.#baseline.has(this.#key(edge)) || (edge.source.type === 'public' && this.#publicEntries.has(this.#key(edge)));
  }

  isBaselinePublic(entry: PublicEntry): boolean {
    return this.#publicEntries.has(this.#entryKey(entry));
  }

  judge(edge: EdgeKey): Judgement {
    const watching = this.isWatched(edge);
    const own = this.decision(edge);
    // Whoever comes from outside to a public entry is judged as the public.
    const outside = this.#canonical(edge.source).type === 'external';
    const asPublic: EdgeKey = { ...edge, source: PUBLIC };
    const decision = own ?? (outside ? this.decision(asPublic) : null);
    const epoch = decision?.revision ?? 0;
    if (decision !== null) return { watching, epoch, violates: decision.action === 'reject' };
    if (this.inBaseline(edge) || (outside && this.isBaselinePublic(edge))) return { watching, epoch, violates: false };
    return { watching, epoch, violates: watching };
  }
}

function specificity(scope: Scope): number {
  return (scope.namespace === null ? 0 : 1) + (scope.workload === null ? 0 : 1);
}

