import { edgeName } from '../../detect/violation.ts';
import type { Graph, GraphEdge } from '../../learn/graph.ts';
import { peerJson } from '../../model/json.ts';
import { peerName } from '../../model/peer.ts';
import { standingOf, wordsOn, type ReviewItem } from '../../policy/review/review.ts';
import { edgeJson } from '../json.ts';
import { namesOf } from '../names.ts';
import { portsText } from '../ports-text.ts';
import { table, type TableLook } from '../text.ts';

/**
 * The items as others rely on them. Each names itself by `rule` or `edge`, as the answer on it does:
 * `footpath review -o json | jq -c '.[] | {rule, edge, answer: "accept"}'`.
 */
export function itemsJson(items: readonly ReviewItem[], graph: Graph): readonly object[] {
  const names = namesOf(graph);
  const words = wordsOn(graph);
  const edgesOf = edgesIn(graph);
  return items.map((item) => {
    const standing = standingOf(item, words);
    const edges = edgesOf(item);
    if (item.kind === 'edge') return { edge: item.id, standing, ...edges.map((edge) => edgeJson(edge, names))[0] };
    const { direction, peers, ports, widenings, comment } = item.rule;
    const undecided = item.edges.filter((id) => !words.has(id)).length;
    return { rule: item.id, standing, workload: peerJson(item.workload, names), direction, peers, ports, edges: item.edges, undecided, flags: flagsOf(edges), widenings, comment };
  });
}

export function itemsTable(items: readonly ReviewItem[], graph: Graph, look: TableLook): string {
  const words = wordsOn(graph);
  const edgesOf = edgesIn(graph);
  return table(
    items,
    [
      { heading: 'ITEM', value: ({ kind }) => kind },
      { heading: 'WHAT', value: (item) => what(item, edgesOf(item)), min: 30 },
      { heading: 'STANDING', value: (item) => standingOf(item, words) },
      { heading: 'FLAGS', value: (item) => flagsOf(edgesOf(item)).join(','), min: 10 },
      { heading: 'ID', value: ({ id }) => id },
    ],
    look,
  );
}

function edgesIn(graph: Graph): (item: ReviewItem) => readonly GraphEdge[] {
  const edges = new Map(graph.edges.map((edge) => [edge.id, edge]));
  return (item) => item.edges.flatMap((id) => edges.get(id) ?? []);
}

function flagsOf(edges: readonly GraphEdge[]): readonly string[] {
  return [...new Set(edges.flatMap(({ flags }) => flags))].toSorted();
}

function what(item: ReviewItem, edges: readonly GraphEdge[]): string {
  if (item.kind === 'edge') return edges.map(edgeName).join('');
  const [comment = ''] = item.rule.comment.split(': ', 1);
  return `${peerName(item.workload)} ${item.rule.direction} ${comment} ${portsText(item.rule.ports)}`;
}
