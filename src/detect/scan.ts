import { findingKey, type Finding } from '../model/alert.ts';
import { edgeKey, type Tally } from '../model/edge.ts';
import { groupBy, largest, smallest } from '../model/group.ts';
import { peerKey, peerName } from '../model/peer.ts';
import type { Graph, GraphEdge } from '../learn/graph.ts';
import { findScans } from '../learn/scan.ts';
import { attempts, breachOf } from './violation.ts';

/** Scans that were seen while somebody watched: one finding a source, for all of them. */
export function findWatchedScans(graph: Graph): readonly Finding[] {
  const failing = graph.edges.filter(({ success }) => success !== 'unconfirmed');
  const scans = findScans(failing.map((edge) => ({ edge, slots: watchedSlots(edge).map(([slot]) => slot) })));
  return [...groupBy(scans, ({ source }) => peerKey(source)).values()].flatMap((own): Finding[] => {
    const [first] = own;
    if (first === undefined) return [];
    const edges = new Set(own.flatMap((scan) => [...scan.edges]));
    const failed = failing.filter((edge) => edges.has(edgeKey(edge)));
    // An edge with an unknown end has no violations: there its whole tally counts.
    const seen = failed.map((edge) => breachOf(edge, () => true)?.totals ?? edge.totals);
    const sum = (of: (tally: Tally) => number): number => seen.reduce((total, tally) => total + of(tally), 0);
    const tried = sum(attempts);
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
        firstSeen: smallest(own.map(({ firstSeen }) => firstSeen)),
        lastSeen: largest(own.map(({ lastSeen }) => lastSeen)),
        count: tried,
        reason: `${peerName(first.source)}: ${tried} attempts without success on ${destinations} ${destinations === 1 ? 'destination' : 'destinations'}, ${ports} ${ports === 1 ? 'port' : 'ports'}`,
        evidence: [`${sum(({ refused }) => refused)} refused, ${sum(({ denied }) => denied)} denied by policy`, ...failed.slice(0, 5).map(({ destination, port, protocol }) => `${peerName(destination)} ${port}/${protocol}`)],
        decides: [],
        foldedInto: null,
        since: largest(failed.flatMap(watchedSlots).map(([, revision]) => revision)),
      },
    ];
  });
}

/** What a scanner failed on is told of by its scan. A probe that succeeded speaks for itself. */
export function foldedInto(scans: readonly Finding[], graph: Graph, findings: readonly Finding[]): readonly Finding[] {
  const scanOf = new Map(scans.map((scan) => [sourceKey(scan), findingKey(scan)]));
  return findings.map((finding) => {
    const failed = finding.decides.every((edge) => graph.byKey.get(edgeKey(edge))?.success === 'none');
    return failed ? { ...finding, foldedInto: scanOf.get(sourceKey(finding)) ?? null } : finding;
  });
}

function sourceKey({ source }: Finding): string {
  return source === null ? '' : peerKey(source);
}

/** Slots in which it failed while somebody watched, with the revision at which it did. */
function watchedSlots({ evidence }: GraphEdge): readonly (readonly [number, number])[] {
  return [...evidence.failedSlots].filter(([, revision]) => revision > 0);
}
