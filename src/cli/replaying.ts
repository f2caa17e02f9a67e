import { edgeName } from '../detect/violation.ts';
import type { Graph } from '../learn/graph.ts';
import type { BrokenEdge, Replay } from '../policy/replay/replay.ts';
import { podsOf, witnessesOf } from './evidence-text.ts';
import { edgeJson } from './json.ts';
import { namesOf } from './names.ts';
import { age, count, plural } from './text.ts';
import { newest } from './when.ts';

/** What a replay found, of `policies` policies, as others rely on it. Lists of what is open and unused are bounded, their counts exact. */
export function replayJson({ judged, broken, unjudged, unused, unusedRanges, warnings }: Replay, policies: number, graph: Graph): object {
  const names = namesOf(graph);
  return {
    policies,
    edges: judged,
    denied: broken.map(({ edge, because, partly }) => ({ edge: edgeJson(edge, names), because, partly, pods: podsOf(edge), witnesses: witnessesOf(edge) })),
    unjudged: unjudged.map(({ edge, because }) => ({ id: edge.id, because })),
    unused: unused.listed,
    unusedCount: unused.count,
    unusedRanges: unusedRanges.listed,
    unusedRangesCount: unusedRanges.count,
    warnings,
  };
}

const NAMED = 3;

/** The same in lines; `wide` lists what is otherwise counted. */
export function replayLines({ judged, broken, unjudged, unused, unusedRanges }: Replay, policies: number, graph: Graph, wide: boolean): readonly string[] {
  const accepted = broken.filter(({ edge }) => edge.state === 'accepted');
  const others = broken.filter(({ edge }) => edge.state !== 'accepted');
  const shown = wide ? others : others.slice(0, 8);
  const now = newest(graph);
  const open = unused.count + unusedRanges.count;
  return [
    `${plural(policies, 'policy', 'policies')} against ${plural(judged, 'learned edge')}: ${plural(accepted.length, 'accepted edge')} would break`,
    ...accepted.flatMap((one) => brokenLines(one, now)),
    ...(others.length > 0 ? [`denied, as nobody accepted them: ${plural(others.length, 'edge')}`] : []),
    ...shown.map(({ edge, because }) => `  ${edgeName(edge)}   ${edge.state}   ${because}`),
    ...(shown.length < others.length ? [`  and ${others.length - shown.length} more (-o wide)`] : []),
    ...(unjudged.length > 0 ? [`cannot be judged: ${plural(unjudged.length, 'edge')}`] : []),
    ...(wide ? unjudged.map(({ edge, because }) => `  ${edgeName(edge)}   ${because}`) : []),
    `allowed but never seen: ${plural(unused.count, 'port between workloads', 'ports between workloads')}, ${plural(unusedRanges.count, 'outside range')}${!wide && open > 0 ? ' (-o wide lists them)' : ''}`,
    ...(wide ? [unused, unusedRanges].flatMap(({ count: all, listed }) => [...listed.map((line) => `  ${line}`), ...(listed.length < all ? [`  and ${count(all - listed.length)} more`] : [])]) : []),
  ];
}

/** An edge that would break, why, and who showed that it is needed. */
function brokenLines({ edge, because, partly }: BrokenEdge, now: number): readonly string[] {
  const pods = podsOf(edge).map(({ pod }) => pod);
  const from = pods.length === 0 ? '' : ` from ${pods.slice(0, NAMED).join(', ')}${pods.length > NAMED ? ` and ${plural(pods.length - NAMED, 'other pod')}` : ''}`;
  return [
    `  ${edgeName(edge)}   last ${age(Math.max(0, now - edge.totals.lastSeen))} ago   ${because}${partly ? ' (for some of its pods)' : ''}`,
    `    ${plural(edge.totals.opened, 'connection')}${from}, told by ${witnessesOf(edge).join(', ')}`,
  ];
}
