import { OperationError } from '../../errors.ts';
import type { Alert } from '../../model/alert.ts';
import type { EdgeDecision, Signature } from '../../model/decision.ts';
import { edgeKey, type EdgeKey } from '../../model/edge.ts';
import { wordOn, type ReviewItem, type Word } from '../../policy/review/review.ts';
import type { Store } from '../../store/store.ts';
import type { Graph, GraphEdge } from '../../learn/graph.ts';
import { isResolved } from '../../learn/state.ts';
import { decideEdges } from '../deciding.ts';
import { plain } from '../text.ts';

/** One line of a file of answers. */
export interface Answer {
  /** Counted from 1. */
  readonly line: number;
  readonly about: 'edge' | 'rule';
  readonly id: string;
  readonly answer: Word | 'skip';
  readonly comment: string | null;
}

/** A line that is no answer, with the reason. */
export interface Problem {
  readonly line: number;
  readonly problem: string;
}

/** Reads `{"edge": ID | "rule": ID, "answer": "accept" | "reject" | "skip", "comment"?}`, one a line; empty lines are none. */
export function readAnswer(text: string, line: number): Answer | Problem | null {
  if (text.trim() === '') return null;
  let value: unknown;
  try {
    value = JSON.parse(text.trim());
  } catch {
    return { line, problem: `is no JSON: ${text.slice(0, 80)}` };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { line, problem: 'is no JSON object' };
  const { edge, rule, answer, comment } = value as { readonly edge?: unknown; readonly rule?: unknown; readonly answer?: unknown; readonly comment?: unknown };
  // An item of `review -o json` with an answer is one, whatever else it has.
  const about = typeof edge === 'string' ? 'edge' : 'rule';
  const id = about === 'edge' ? edge : rule;
  if (typeof id !== 'string' || (typeof edge === 'string' && typeof rule === 'string')) return { line, problem: 'names neither one "edge" nor one "rule" by its id' };
  if (answer !== 'accept' && answer !== 'reject' && answer !== 'skip') return { line, problem: `"answer" must be accept, reject or skip, for ${about} ${id.slice(0, 80)}` };
  if (comment !== undefined && comment !== null && typeof comment !== 'string') return { line, problem: `"comment" must be text, for ${about} ${id.slice(0, 80)}` };
  return { line, about, id, answer, comment: typeof comment === 'string' && comment !== '' ? plain(comment).slice(0, 2_000) : null };
}

/** What an answer comes to. */
export interface Planned {
  readonly answer: Answer;
  /** Those of its edges on which the answers change the word that holds. It is written on each of them, also where a later line has the last word: the log then knows all rules that were answered. */
  readonly edges: readonly GraphEdge[];
}

export interface Plan {
  readonly planned: readonly Planned[];
  readonly problems: readonly Problem[];
}

/**
 * Finds the edges of each answer. Of several answers on an edge the last counts, and where that holds already none is written: the
 * same answers, given again, come to nothing. A rule that is proposed no longer is known by the decisions that were made on it;
 * what is skipped need not be known.
 */
export function planAnswers(graph: Graph, items: readonly ReviewItem[], answers: readonly Answer[]): Plan {
  const edges = new Map(graph.edges.filter(isResolved).map((edge) => [edge.id, edge]));
  const rules = new Map(items.filter(({ kind }) => kind === 'rule').map((item) => [item.id, item.edges]));
  const decidedOn = rulesOfLog(graph);
  const problems: Problem[] = [];
  const found: { readonly answer: Answer; readonly edges: readonly GraphEdge[] }[] = [];
  for (const answer of answers) {
    const { line, about, id } = answer;
    if (answer.answer === 'skip') {
      found.push({ answer, edges: [] });
      continue;
    }
    const ids = about === 'edge' ? [id] : (rules.get(id) ?? decidedOn.get(id) ?? []);
    const own = ids.flatMap((edge) => edges.get(edge) ?? []);
    if (own.length === 0) problems.push({ line, problem: `no ${about} has the id ${id.slice(0, 80)}; footpath review -o json lists them` });
    else found.push({ answer, edges: own });
  }
  const last = new Map(found.flatMap(({ answer, edges: own }) => own.map(({ id }) => [id, answer.answer] as const)));
  return { planned: found.map(({ answer, edges: own }) => ({ answer, edges: own.filter((edge) => wordOn(edge, graph) !== last.get(edge.id)) })), problems };
}

/** Writes all that a plan comes to in one transaction; nothing if somebody decided anything since the graph was read. */
export function writePlan(store: Store, { graph, alerts }: { readonly graph: Graph; readonly alerts: readonly Alert[] }, { planned }: Plan, sign: (comment: string | null) => Signature): void {
  const made = new Map<string, EdgeDecision>();
  const verdicts = { decision: (edge: EdgeKey): EdgeDecision | null => made.get(edgeKey(edge)) ?? graph.verdicts.decision(edge) };
  store.transaction(() => {
    if (store.choices.revision !== graph.revision) throw new OperationError('another process decided something meanwhile: nothing was written; give the same answers again');
    for (const { answer, edges } of planned) {
      const { about, id, answer: action, comment } = answer;
      if (edges.length === 0 || action === 'skip') continue;
      const signature = sign(comment);
      const scope = scopeOf(about, id);
      const { revision } = decideEdges(store, { canon: graph.canon, verdicts, alerts }, action, edges, scope, signature);
      for (const edge of edges) made.set(edge.key, { revision, action, edge, scope, ...signature });
    }
  });
}

/** Edges of the rules that were decided on, by the id of the rule. */
function rulesOfLog({ stored, canon, byKey }: Graph): ReadonlyMap<string, readonly string[]> {
  const rules = new Map<string, Set<string>>();
  for (const { scope, edge } of stored.choices.decisions) {
    if (!scope.startsWith(RULE_SCOPE)) continue;
    const found = byKey.get(edgeKey({ ...edge, source: canon.end(edge.source).peer, destination: canon.end(edge.destination).peer }));
    const id = scope.slice(RULE_SCOPE.length);
    const known = rules.get(id) ?? new Set();
    if (found !== undefined) rules.set(id, known.add(found.id));
  }
  return new Map([...rules].map(([id, own]) => [id, [...own]]));
}

const RULE_SCOPE = 'rule ';

/** What the log says that the person named. */
export function scopeOf(about: 'edge' | 'rule', id: string): string {
  return about === 'edge' ? 'edge' : `${RULE_SCOPE}${id}`;
}
