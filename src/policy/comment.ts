import { hoursSeen } from '../model/edge.ts';
import { peerName } from '../model/peer.ts';
import type { Direction } from '../model/proposal.ts';
import { WIDENINGS, type Widening } from '../model/proposal.ts';
import type { GraphEdge } from '../learn/graph.ts';

/**
 * What stands above a rule. It speaks in classes (once, one day, several days, a week or more), so that the files change only
 * when the class of the evidence does.
 */
export function ruleComment(direction: Direction, edges: readonly GraphEdge[], widenings: readonly Widening[]): string {
  const others = [...new Set(edges.map(({ source, destination }) => peerName(direction === 'ingress' ? source : destination)))].toSorted();
  const shown = others.length > 4 ? [...others.slice(0, 3), `${others.length - 3} more`] : others;
  const lines: string[] = [];
  if (edges.length > 0) lines.push(`${direction === 'ingress' ? 'from' : 'to'} ${shown.join(', ')}: ${seenFor(edges)}, ${seenFrom(edges)}${weak(edges)}`);
  for (const { reason, beyond } of widenings) lines.push(`widening ${reason} (${beyond}): ${WIDENINGS[reason]}`);
  return lines.join('\n');
}

function seenFor(edges: readonly GraphEdge[]): string {
  const days = Math.max(...edges.map(({ evidence }) => evidence.days.size));
  const hours = Math.max(...edges.map(({ evidence }) => hoursSeen(evidence)));
  if (days >= 7) return hours >= 24 * 6 ? 'every hour for a week or more' : 'for a week or more';
  if (days > 1) return 'on several days';
  return hours > 1 ? 'on one day' : 'within one hour';
}

function seenFrom(edges: readonly GraphEdge[]): string {
  const sides = new Set(edges.flatMap(({ evidence }) => [...evidence.witnesses.values()].map(({ witness }) => witness.side)));
  for (const { evidence } of edges) for (const key of evidence.byLabelsOnly) sides.add(key.split('|')[1] === 'source' ? 'source' : 'destination');
  if (sides.has('source') && sides.has('destination')) return 'seen from both ends';
  if (sides.has('source')) return 'seen from the source';
  return sides.has('destination') ? 'seen from the destination' : 'seen on the way';
}

function weak(edges: readonly GraphEdge[]): string {
  const notes: string[] = [];
  if (edges.some(({ success }) => success === 'unconfirmed')) notes.push('no answers were shown');
  if (edges.some(({ suspicions }) => suspicions.length > 0)) notes.push(`accepted although flagged ${[...new Set(edges.flatMap(({ suspicions }) => suspicions))].toSorted().join(', ')}`);
  return notes.length === 0 ? '' : `, ${notes.join(', ')}`;
}
