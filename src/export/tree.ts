import { groupBy } from '../model/group.ts';
import { peerKey, peerName, type Peer } from '../model/peer.ts';
import type { DrawnEdge } from './drawing.ts';

/** Chains that are longer go on at the left again. */
const DEPTH = 20;

/** The graph as a tree of text: from those that nobody connects to, down to those that connect to nobody. */
export function tree(edges: readonly DrawnEdge[]): string {
  const out = groupBy(edges, ({ source }) => peerKey(source));
  const into = new Set(edges.map(({ destination }) => peerKey(destination)));
  const peers = new Map(edges.flatMap(({ source, destination }) => [source, destination].map((peer) => [peerKey(peer), peer] as const)));
  const roots = [...peers].filter(([key]) => !into.has(key) && out.has(key)).map(([key]) => key);
  const drawn = new Set<string>();
  const lines: string[] = [];
  const draw = (key: string, prefix: string, depth: number): void => {
    if (drawn.has(key)) return;
    drawn.add(key);
    const children = [...groupBy(out.get(key) ?? [], ({ destination }) => peerKey(destination))].toSorted(([a], [b]) => (a < b ? -1 : 1));
    for (const [i, [child, own]] of children.entries()) {
      const last = i === children.length - 1;
      const isElsewhere = drawn.has(child) || depth === DEPTH;
      const goesOn = isElsewhere && (out.get(child) ?? []).length > 0 ? ' …' : '';
      lines.push(`${prefix}${last ? '└─' : '├─'} ${portsOf(own).padEnd(12)} ${nameOf(peers.get(child))}${goesOn}`);
      if (depth < DEPTH) draw(child, `${prefix}${last ? '   ' : '│  '}`, depth + 1);
    }
  };
  const start = (key: string): void => {
    lines.push(nameOf(peers.get(key)));
    draw(key, '', 1);
  };
  for (const key of roots.toSorted(outsideFirst)) start(key);
  // What is left goes round in a circle or lies too deep: begin anywhere, always at the same place.
  for (const key of [...out.keys()].toSorted()) if (!drawn.has(key)) start(key);
  return lines.map((line) => `${line}\n`).join('');
}

function nameOf(peer: Peer | undefined): string {
  return peer === undefined ? '' : peerName(peer);
}

function portsOf(edges: readonly DrawnEdge[]): string {
  const ports = [...groupBy(edges, ({ protocol }) => protocol)].map(([protocol, own]) => `${own.map(({ port }) => port).toSorted((a, b) => a - b).map((port) => (port > 0 ? port : '*')).join(',')}/${protocol}`);
  return [...new Set(ports)].join(' ');
}

function outsideFirst(a: string, b: string): number {
  const rank = (key: string): number => (key === 'public' ? 0 : key.startsWith('external') ? 1 : 2);
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}
