import type { Alert } from '../../model/alert.ts';
import type { EdgeDecision, Signature, Withdrawal } from '../../model/decision.ts';
import { decidedAnew, type Graph, type GraphEdge } from '../../learn/graph.ts';
import { Verdicts } from '../../learn/judge.ts';
import type { Word } from '../../policy/review/review.ts';
import type { Store } from '../../store/store.ts';
import { decideEdges, takeBack, type Decided } from '../deciding.ts';

export interface DeskOptions {
  readonly store: Store;
  readonly graph: Graph;
  readonly alerts: readonly Alert[];
  /** Who decides at this moment. */
  readonly sign: (comment: string | null) => Signature;
  /** Decisions count on this desk alone, and are written nowhere. */
  readonly dryRun: boolean;
}

/** Where decisions are made one by one, each written at once; and the graph as they, and those of others, leave it. */
export class Desk {
  readonly #options: DeskOptions;
  #graph: Graph;
  readonly #dry: (EdgeDecision | Withdrawal)[] = [];

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#graph = options.graph;
  }

  get graph(): Graph {
    return this.#graph;
  }

  edges(ids: readonly string[]): readonly GraphEdge[] {
    const wanted = new Set(ids);
    return this.#graph.edges.filter(({ id }) => wanted.has(id));
  }

  /** Takes in what other processes decided; says whether they did. */
  refresh(): boolean {
    const { store, dryRun } = this.#options;
    if (dryRun || store.choices.revision === this.#graph.verdicts.revision) return false;
    this.#readVerdicts();
    return true;
  }

  #readVerdicts(): void {
    const { store } = this.#options;
    const { canon, stored } = this.#graph;
    const choices = this.#options.dryRun ? { ...stored.choices, decisions: [...stored.choices.decisions, ...this.#dry] } : store.choices.read(store.peers.readPeers().byId);
    const revision = this.#options.dryRun ? stored.revision + this.#dry.length : store.choices.revision;
    this.#graph = decidedAnew(this.#graph, new Verdicts(choices, revision, (peer) => canon.end(peer).peer));
  }

  decide(action: Word, edges: readonly GraphEdge[], scope: string, comment: string | null): Decided {
    const { store, alerts, sign, dryRun } = this.#options;
    const { canon, verdicts } = this.#graph;
    const signature = sign(comment);
    const decided = dryRun
      ? { revision: this.#pretend(action, edges, scope, signature), edges: edges.map((edge) => ({ edge, before: verdicts.decision(edge) })), settled: [] }
      : decideEdges(store, { canon, verdicts, alerts }, action, edges, scope, signature);
    this.#readVerdicts();
    return decided;
  }

  /** False, and nothing is done, if somebody decided on one of the edges since. */
  takeBack(decided: Decided): boolean {
    const { store, sign, dryRun } = this.#options;
    this.refresh();
    if (decided.edges.some(({ edge }) => this.#graph.verdicts.decision(edge)?.revision !== decided.revision)) return false;
    if (dryRun) for (const { edge, before } of decided.edges) this.#pretend(before?.action ?? 'withdraw', [edge], UNDO, sign(null));
    else takeBack(store, this.#graph, decided, UNDO, sign(null));
    this.#readVerdicts();
    return true;
  }

  #pretend(action: Word | 'withdraw', edges: readonly GraphEdge[], scope: string, signature: Signature): number {
    const revision = this.#options.graph.stored.revision + this.#dry.length + 1;
    this.#dry.push(...edges.map((edge): EdgeDecision | Withdrawal => ({ revision, action, edge: this.#graph.canon.storedEdge(edge), scope, ...signature })));
    return revision;
  }
}

const UNDO = 'undo';
