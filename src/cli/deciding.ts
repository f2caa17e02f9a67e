import type { Alert } from '../model/alert.ts';
import type { EdgeDecision, Signature } from '../model/decision.ts';
import { groupBy } from '../model/group.ts';
import { settledBy } from '../alert/lifecycle.ts';
import type { Graph, GraphEdge } from '../learn/graph.ts';
import type { AlertWord } from '../store/alerts.ts';
import type { Store } from '../store/store.ts';

export interface Deciding {
  readonly canon: Graph['canon'];
  /** Those of this moment: what is settled follows from them. */
  readonly verdicts: Pick<Graph['verdicts'], 'decision'>;
  readonly alerts: readonly Alert[];
}

/** What a decision replaced: enough to take it back. */
export interface Decided {
  readonly revision: number;
  readonly edges: readonly { readonly edge: GraphEdge; readonly before: EdgeDecision | null }[];
  /** Alerts that it settled, with what had been said of them. */
  readonly settled: readonly { readonly id: string; readonly before: AlertWord | null }[];
}

/** Writes a person's word on edges, and on the alerts about new workloads whose last edges they are, in one transaction. */
export function decideEdges(store: Store, { canon, verdicts, alerts }: Deciding, action: 'accept' | 'reject', edges: readonly GraphEdge[], scope: string, signature: Signature): Decided {
  const settled = settledBy(alerts, verdicts, new Set(edges.map(({ key }) => key)));
  return store.transaction(() => {
    const words = store.alerts.read();
    const revision = store.choices.decide(action, edges.map((edge) => canon.storedEdge(edge)), scope, signature);
    for (const { id } of settled) store.alerts.say({ id, state: `${action}ed`, since: revision, mutedUntil: null, ...signature });
    return {
      revision,
      edges: edges.map((edge) => ({ edge, before: verdicts.decision(edge) })),
      settled: settled.map(({ id }) => ({ id, before: words.get(id) ?? null })),
    };
  });
}

/** Takes a decision back, in one transaction: what held before it holds again, and the log says who did that. */
export function takeBack(store: Store, { canon }: Pick<Graph, 'canon'>, { edges, settled }: Decided, scope: string, signature: Signature): void {
  store.transaction(() => {
    for (const [action, own] of groupBy(edges, ({ before }) => before?.action ?? 'withdraw')) {
      store.choices.decide(action, own.map(({ edge }) => canon.storedEdge(edge)), scope, signature);
    }
    for (const { id, before } of settled) {
      if (before === null) store.alerts.unsay(id);
      else store.alerts.say(before);
    }
  });
}
