import type { Finding } from '../model/alert.ts';
import { edgeKey } from '../model/edge.ts';
import { groupBy } from '../model/group.ts';
import { peerKey, peerName } from '../model/peer.ts';
import type { Graph, GraphEdge } from '../learn/graph.ts';
import { findScans } from '../learn/scan.ts';

/** Scans that were seen while somebody watched: one finding a source, for all of them. */
export function findWatchedScans(graph: Graph): readonly Finding[] {
  const failing = graph.edges.filter(({ success }) => success !== 'unconfirmed');
  const scans = findScans(failing.map((edge) => ({ edge, slots: watchedSlots(edge).map(([slot]) => slot) })));
  return [...groupBy(scans, ({ source }) => peerKey(source)).values()].flatMap((own): Finding[] => {
    const [first] = own;
    if (first === undefined) return [];
    const edges = new Set(own.flatMap((scan) => [...scan.edges]));
    const failed = failing.filter((edge) => edges.has(edgeKey(edge)));
    const sum = (counter: 'refused' | 'denied' | 'opened'): number => failed.reduce((total, { totals }) => total + totals[counter], 0);
    const tried = sum('opened') + sum('denied');
    const destinations = new Set(failed.map(({ destination }) => peerKey(destination))).size;
    const ports = new Set(failed.map(({ port, protocol }) => `${port}/${protocol}`)).size;
    return [
      {
        kind: 'scan',
        class: null,
        severity: 'medium',
        source: first.source,
        destination: null,
        protocol: null,
        port: 0,
        firstSeen: Math.min(...own.map(({ firstSeen }) => firstSeen)),
        lastSeen: Math.max(...own.map(({ lastSeen }) => lastSeen)),
        count: own.length,
        reason: `${peerName(first.source)}: ${tried} attempts without success on ${destinations} ${destinations === 1 ? 'destination' : 'destinations'}, ${ports} ${ports === 1 ? 'port' : 'ports'}`,
        evidence: [`${sum('refused')} refused, ${sum('denied')} denied by policy`, ...failed.slice(0, 5).map(({ destination, port, protocol }) => `${peerName(destination)} ${port}/${protocol}`)],
        decides: [],
        foldedInto: null,
        since: Math.max(...failed.flatMap(watchedSlots).map(([, revision]) => revision)),
      },
    ];
  });
}

/** Slots in which it failed while somebody watched, with the revision at which it did. */
function watchedSlots({ evidence }: GraphEdge): readonly (readonly [number, number])[] {
  return [...evidence.failedSlots].filter(([, revision]) => revision > 0);
}
