import { parseCidr } from '../../src/model/address.ts';
import type { Graph } from '../../src/learn/graph.ts';
import type { KnownRanges } from '../../src/policy/propose/outside-peers.ts';
import { NARROW, propose, type Widen } from '../../src/policy/propose/propose.ts';
import { workloadName } from './proposals.ts';

/** Names with ranges, as a person's file has them. */
export function known(groups: Readonly<Record<string, readonly string[]>>): readonly KnownRanges[] {
  return Object.entries(groups).map(([name, texts]) => ({
    name,
    ranges: texts.map((text) => {
      const range = parseCidr(text);
      if (range === null) throw new Error(`not a range: ${text}`);
      return range;
    }),
  }));
}

/** The graph as if these edges had been rejected; each is told by a part of its key. */
export function rejecting(graph: Graph, ...texts: readonly string[]): Graph {
  return { ...graph, edges: graph.edges.map((edge) => (texts.some((text) => edge.key.includes(text)) ? { ...edge, state: 'rejected' } : edge)) };
}

export const widen = (more: Partial<Widen>): { readonly widen: Widen } => ({ widen: { ...NARROW, ...more } });

/** Whom the rules of a workload name and at which ports, with what is wider: `out 198.51.100.0/24 (cdn) at 443/TCP`, `  known-ranges: …`. */
export function ruleLines(graph: Graph, path: string, more: Partial<Widen>, byName = false): readonly string[] {
  const found = propose(graph, { ...widen(more), byName }).proposals.find(({ workload }) => workloadName(workload) === path);
  if (found === undefined) throw new Error(`no proposal for ${path}`);
  return found.rules.flatMap(({ direction, whom, ports, widenings }) => [
    `${direction === 'ingress' ? 'in' : 'out'} ${whom.map(whomText).toSorted().join(' | ')} at ${ports.map(({ port, protocol }) => `${port}/${protocol}`).join(' ')}`,
    ...widenings.map(({ reason, beyond }) => `  ${reason}: ${beyond}`),
  ]);
}

function whomText(whom: ReturnType<typeof propose>['proposals'][number]['rules'][number]['whom'][number]): string {
  switch (whom.type) {
    case 'workload':
      return workloadName(whom.workload);
    case 'namespace':
      return `${whom.namespace}/*`;
    case 'addresses': {
      const names = whom.names.length > 0 ? ` = ${whom.names.join(', ')}` : '';
      return `${whom.blocks.map(({ cidr }) => cidr).join(' ')}${whom.group === undefined ? '' : ` (${whom.group})`}${names}`;
    }
  }
}
