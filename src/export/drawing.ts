import { MANY_PORTS, type EdgeKey } from '../model/edge.ts';
import { peerKey, peerName, type Peer } from '../model/peer.ts';

/** Pictures of edges in the languages of others. Names are quoted or replaced, so that none of them can act. */

export interface DrawnEdge extends EdgeKey {
  readonly id: string;
  readonly state: string;
  readonly flags: readonly string[];
  readonly totals: { readonly opened: number; readonly firstSeen: number; readonly lastSeen: number };
}

function portOf({ port, protocol }: EdgeKey): string {
  return port === MANY_PORTS ? `many/${protocol}` : port === 0 ? protocol : `${port}/${protocol}`;
}

function peersOf(edges: readonly DrawnEdge[]): readonly Peer[] {
  const peers = new Map<string, Peer>();
  for (const { source, destination } of edges) for (const peer of [source, destination]) peers.set(peerKey(peer), peer);
  return [...peers].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, peer]) => peer);
}

function namespacesOf(peers: readonly Peer[]): readonly string[] {
  return [...new Set(peers.flatMap((peer) => (peer.type === 'workload' ? [peer.namespace] : [])))].toSorted();
}

const dotQuoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&').replace(/[\r\n]/g, ' ')}"`;

/** Graphviz: a box a namespace, dashed for what is not accepted, dotted for what is rejected. */
function dot(edges: readonly DrawnEdge[]): string {
  const peers = peersOf(edges);
  const lines = ['digraph footpath {', '  rankdir=LR;', '  node [shape=box, style=rounded, fontname="sans-serif"];', '  edge [fontname="sans-serif", fontsize=10];'];
  for (const [i, namespace] of namespacesOf(peers).entries()) {
    lines.push(`  subgraph cluster_${i} {`, `    label=${dotQuoted(namespace)};`);
    for (const peer of peers) if (peer.type === 'workload' && peer.namespace === namespace) lines.push(`    ${dotQuoted(peerKey(peer))} [label=${dotQuoted(peer.name)}];`);
    lines.push('  }');
  }
  for (const peer of peers) if (peer.type !== 'workload') lines.push(`  ${dotQuoted(peerKey(peer))} [label=${dotQuoted(peerName(peer))}, shape=ellipse];`);
  const styles: Readonly<Record<string, string>> = { accepted: 'solid', rejected: 'dotted' };
  for (const edge of edges) {
    lines.push(`  ${dotQuoted(peerKey(edge.source))} -> ${dotQuoted(peerKey(edge.destination))} [label=${dotQuoted(portOf(edge))}, style=${styles[edge.state] ?? 'dashed'}];`);
  }
  return `${[...lines, '}'].join('\n')}\n`;
}

const mermaidQuoted = (text: string): string => `"${text.replace(/["#<>&\r\n]/g, (c) => `#${c.charCodeAt(0)};`)}"`;

/** Mermaid flowchart: what Markdown viewers draw. */
function mermaid(edges: readonly DrawnEdge[]): string {
  const peers = peersOf(edges);
  const ids = new Map(peers.map((peer, i) => [peerKey(peer), `n${i}`]));
  const lines = ['flowchart LR'];
  for (const [i, namespace] of namespacesOf(peers).entries()) {
    lines.push(`  subgraph s${i}[${mermaidQuoted(namespace)}]`);
    for (const peer of peers) if (peer.type === 'workload' && peer.namespace === namespace) lines.push(`    ${ids.get(peerKey(peer)) ?? ''}[${mermaidQuoted(peer.name)}]`);
    lines.push('  end');
  }
  for (const peer of peers) if (peer.type !== 'workload') lines.push(`  ${ids.get(peerKey(peer)) ?? ''}([${mermaidQuoted(peerName(peer))}])`);
  for (const edge of edges) {
    const arrow = edge.state === 'accepted' ? '-->' : '-.->';
    lines.push(`  ${ids.get(peerKey(edge.source)) ?? ''} ${arrow}|${mermaidQuoted(portOf(edge))}| ${ids.get(peerKey(edge.destination)) ?? ''}`);
  }
  return `${lines.join('\n')}\n`;
}

/** A cell that a spreadsheet would take for a formula gets a quote before it. */
function csvCell(value: string | number): string {
  const text = String(value);
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

function csv(edges: readonly DrawnEdge[]): string {
  const rows: (string | number)[][] = [['id', 'source', 'destination', 'port', 'protocol', 'state', 'flags', 'connections', 'firstSeen', 'lastSeen']];
  for (const { id, source, destination, port, protocol, state, flags, totals } of edges) {
    const shownPort = port === MANY_PORTS ? 'many' : port === 0 ? '' : port;
    const times = [totals.firstSeen, totals.lastSeen].map((time) => new Date(time).toISOString());
    rows.push([id, peerName(source), peerName(destination), shownPort, protocol, state, flags.join(' '), totals.opened, ...times]);
  }
  return rows.map((row) => `${row.map(csvCell).join(',')}\n`).join('');
}

export const drawings = { dot, mermaid, csv } as const;
