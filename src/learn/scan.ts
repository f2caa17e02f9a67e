import { edgeKey, HOUR, SLOT, type EdgeKey } from '../model/edge.ts';
import { groupBy } from '../model/group.ts';
import { peerKey, type Peer } from '../model/peer.ts';

/** So many distinct (destination, port) without success in one slot are a scan. */
const TARGETS = 10;

export interface Scan {
  readonly source: Peer;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** Keys of the edges that failed in the scan's slots. */
  readonly edges: ReadonlySet<string>;
  readonly destinations: number;
  readonly ports: number;
}

/** An edge, and the slots in which it failed: what answers later has failed all the same. */
export interface Failure {
  readonly edge: EdgeKey;
  readonly slots: Iterable<number>;
}

/** Finds scans among failures: slots within an hour of each other are one scan. The source must be known. */
export function findScans(failures: readonly Failure[]): readonly Scan[] {
  const known = failures.filter(({ edge: { source } }) => source.type !== 'unresolved' && source.type !== 'address' && source.type !== 'labels');
  return [...groupBy(known, ({ edge }) => peerKey(edge.source)).values()].filter((own) => own.length >= TARGETS).flatMap(scansOf);
}

function scansOf(failures: readonly Failure[]): readonly Scan[] {
  const attempts = failures.flatMap(({ edge, slots }) => [...slots].map((slot) => ({ edge, slot })));
  const scanned = [...groupBy(attempts, ({ slot }) => slot)]
    .map(([slot, own]) => ({ slot, edges: own.map(({ edge }) => edge) }))
    .filter(({ edges }) => new Set(edges.map(target)).size >= TARGETS)
    .toSorted((a, b) => a.slot - b.slot);
  const runs: { first: number; last: number; edges: EdgeKey[] }[] = [];
  for (const { slot, edges } of scanned) {
    const run = runs[runs.length - 1];
    if (run !== undefined && (slot - run.last) * SLOT <= HOUR) {
      run.last = slot;
      run.edges.push(...edges);
    } else runs.push({ first: slot, last: slot, edges: [...edges] });
  }
  return runs.flatMap(({ first, last, edges }) => {
    const source = edges[0]?.source;
    if (source === undefined) return [];
    return [
      {
        source,
        firstSeen: first * SLOT,
        lastSeen: (last + 1) * SLOT - 1,
        edges: new Set(edges.map(edgeKey)),
        destinations: new Set(edges.map(({ destination }) => peerKey(destination))).size,
        ports: new Set(edges.map(({ port, protocol }) => `${port}/${protocol}`)).size,
      },
    ];
  });
}

function target({ destination, port, protocol }: EdgeKey): string {
  return `${peerKey(destination)}:${port}/${protocol}`;
}
