import { groupBy } from '../../model/group.ts';
import { hoursSeen, showsConnection, type Evidence } from '../../model/edge.ts';
import { peerName, type Peer } from '../../model/peer.ts';
import type { PolicyPort } from '../../model/policy.ts';
import type { Direction } from '../../model/proposal.ts';
import { WIDENINGS, type Widening } from '../../model/proposal.ts';
import type { GraphEdge } from '../../learn/graph.ts';

/** DNS names that records gave for a peer. */
export type NamesOf = (peer: Peer) => readonly string[];

/**
 * What stands above a rule: whom it is for, by how well they were seen, and what is opened beyond. It speaks in classes (once,
 * one day, several days, a week or more), so that the files change only when the class of the evidence does.
 */
export function ruleComment(direction: Direction, edges: readonly GraphEdge[], ports: readonly PolicyPort[], widenings: readonly Widening[], namesOf: NamesOf = () => []): string {
  const byPeer = groupBy(edges, ({ source, destination }) => withNames(direction === 'ingress' ? source : destination, namesOf));
  const bySight = groupBy([...byPeer].toSorted(([a], [b]) => (a < b ? -1 : 1)), ([, own]) => `${seenFor(own)}, ${seenFrom(own)}${weak(own)}`);
  const lines = [...bySight].map(([sight, peers]) => `${direction === 'ingress' ? 'from' : 'to'} ${shortList(peers.map(([name]) => name))}: ${sight}`);
  for (const { port, endPort } of ports) if (endPort !== undefined) lines.push(`each of the ports ${port} to ${endPort} was seen`);
  return [...lines, ...widenings.map(wideningLine)].join('\n');
}

export function wideningLine({ reason, beyond }: Widening): string {
  return `widening ${reason} (${beyond}): ${WIDENINGS[reason]}`;
}

/** `external 198.51.100.7 (api.example.org)`. */
function withNames(peer: Peer, namesOf: NamesOf): string {
  const names = namesOf(peer);
  return names.length === 0 ? peerName(peer) : `${peerName(peer)} (${names.slice(0, 2).join(', ')}${names.length > 2 ? ', …' : ''})`;
}

/** The first of many, and how many more there are. */
export function shortList(names: readonly string[]): string {
  return (names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names).join(', ');
}

function seenFor(edges: readonly GraphEdge[]): string {
  const days = Math.max(...edges.map(({ evidence }) => evidence.days.size));
  const hours = Math.max(...edges.map(({ evidence }) => hoursSeen(evidence)));
  if (days >= 7) return edges.some(({ evidence }) => isConstant(evidence)) ? 'almost every hour for a week or more' : 'for a week or more';
  if (days > 1) return 'on several days';
  return hours > 1 ? 'on one day' : 'within one hour';
}

/** Seen on the days of a week, in nine of ten hours from the first to the last. */
function isConstant(evidence: Evidence): boolean {
  const ends = [...evidence.days].flatMap(([day, mask]) => [day * 24 + highestBit(mask & -mask), day * 24 + highestBit(mask)]);
  return evidence.days.size >= 7 && hoursSeen(evidence) >= 0.9 * (Math.max(...ends) - Math.min(...ends) + 1);
}

function highestBit(mask: number): number {
  return 31 - Math.clz32(mask);
}

function seenFrom(edges: readonly GraphEdge[]): string {
  const sides = new Set(edges.flatMap(({ evidence }) => [...evidence.witnesses.values()].filter(({ tally }) => showsConnection(tally)).map(({ witness }) => witness.side)));
  if (sides.has('source') && sides.has('destination')) return 'seen from both ends';
  if (sides.has('source')) return 'seen from the source';
  return sides.has('destination') ? 'seen from the destination' : 'seen on the way';
}

function weak(edges: readonly GraphEdge[]): string {
  const notes: string[] = [];
  if (edges.some(({ success }) => success === 'unconfirmed')) notes.push('no answers were shown');
  const flagsOf = (all: readonly GraphEdge[]): string => [...new Set(all.flatMap(({ suspicions }) => suspicions))].toSorted().join(', ');
  const accepted = flagsOf(edges.filter(({ state }) => state === 'accepted'));
  if (accepted !== '') notes.push(`accepted although flagged ${accepted}`);
  const others = edges.filter(({ state }) => state !== 'accepted');
  if (others.length > 0) notes.push(`not accepted${flagsOf(others) === '' ? ' yet' : `: flagged ${flagsOf(others)}`}`);
  return notes.length === 0 ? '' : `, ${notes.join(', ')}`;
}
