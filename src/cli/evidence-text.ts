import type { GraphEdge } from '../learn/graph.ts';
import { hoursSeen } from '../model/edge.ts';
import { PLAINTEXT } from '../model/principal.ts';
import { edgeText } from './edge-text.ts';
import type { Names } from './names.ts';
import { count, isoTime, plain, plural } from './text.ts';

/** `accepted by ada at 2026-03-05T09:00:00.000Z: as agreed`. */
export function stateText({ state, decision }: GraphEdge): string {
  if (decision === null) return state;
  return `${state} by ${plain(decision.by)} at ${isoTime(decision.at)}${decision.comment === null ? '' : `: ${plain(decision.comment)}`}`;
}

/** Who told of an edge: `hubble at the source`. */
export function witnessesOf({ evidence }: GraphEdge): readonly string[] {
  return [...new Set([...evidence.witnesses.values()].map(({ witness }) => `${witness.collector} at the ${witness.side}`))].toSorted();
}

/** The pods that were seen to use an edge; those that did most come first. */
export function podsOf({ evidence }: GraphEdge): readonly { readonly pod: string; readonly connections: number }[] {
  return [...evidence.pods].map(([pod, connections]) => ({ pod, connections })).toSorted((a, b) => b.connections - a.connections || (a.pod < b.pod ? -1 : 1));
}

/** What is known of an edge, in lines: its name and id, then the evidence, further in. */
export function evidenceLines(edge: GraphEdge, names: Names): readonly string[] {
  const { totals, evidence } = edge;
  const pods = evidence.pods.size;
  const lines = [
    `${edgeText(edge, names)}  ${edge.id}`,
    `  ${count(totals.opened)} connections in ${plural(hoursSeen(evidence), 'hour')} of ${plural(evidence.days.size, 'day')}, ${count(totals.answered)} answers, ${count(totals.refused)} refused, ${count(totals.denied)} denied${pods > 0 ? `, from ${plural(pods, 'pod')}` : ''}`,
    `  first ${isoTime(totals.firstSeen)}, last ${isoTime(totals.lastSeen)}; ${stateText(edge)}${edge.flags.length > 0 ? `; ${edge.flags.join(', ')}` : ''}`,
    `  told by ${witnessesOf(edge).join(', ')}`,
  ];
  const operations = evidence.operations.map(({ method, path }) => `${method} ${path}`);
  if (operations.length > 0) lines.push(`  ${operations.slice(0, 6).join(', ')}${operations.length > 6 ? `, and ${operations.length - 6} more` : ''}`);
  const shown = [...evidence.principals].toSorted().map((principal) => (principal === PLAINTEXT ? 'none' : principal));
  if (shown.length > 0) lines.push(`  certificates: ${shown.join(', ')}`);
  return lines.map(plain);
}
