import { edgeKey, totals, type Edge, type EdgeKey, type Tally } from '../model/edge.ts';
import type { EdgeDecision, PublicEntry } from '../model/decision.ts';
import { peerKey, peerName, type Peer, type WorkloadPeer } from '../model/peer.ts';
import { Canon } from '../resolve/canonical.ts';
import type { Directory } from '../resolve/directory.ts';
import { exposedPorts } from '../resolve/service.ts';
import type { Life } from '../resolve/sightings.ts';
import type { ViolationEvidence } from './evidence.ts';
import { addOtherEnd, gather } from './gather.ts';
import { Verdicts } from './judge.ts';
import { neighbourhood } from './neighbourhood.ts';
import { findPublicEntries, foldPublicClients } from './public-entry.ts';
import { findScans, type Scan } from './scan.ts';
import { isResolved, stateOf, type EdgeState } from './state.ts';
import type { PendingPods } from './pending-pods.ts';
import type { StoredGraph, StoredPod } from './stored.ts';
import { hasNoOpening, successOf, type Success } from './success.ts';
import { suspicionsOf, type Flag, type Suspicion } from './suspicion.ts';

/** An edge with everything that follows from its evidence, from the rest of the graph, and from people's choices. */
export interface GraphEdge extends Edge {
  readonly key: string;
  readonly totals: Readonly<Tally>;
  readonly success: Success;
  readonly suspicions: readonly Suspicion[];
  readonly flags: readonly Flag[];
  readonly state: EdgeState;
  readonly decision: EdgeDecision | null;
  readonly violations: readonly ViolationEvidence[];
  /** Rows of `edges` and of `pending` that it is made of. */
  readonly rows: readonly number[];
  readonly pendingRows: readonly number[];
  /** Flows among them that are still without a stored edge. */
  readonly pendingRecords: number;
  readonly pendingRevision: number;
}

export interface Graph {
  readonly revision: number;
  /**
   * Sorted by the names of their ends. Of edges with an end that nobody is known to own only those are among them that scans
   * are found by, unless all were asked for.
   */
  readonly edges: readonly GraphEdge[];
  /** Rows of `pending` that nobody is known to own, with their flows, in two lists. */
  readonly unresolved: Unresolved;
  readonly byKey: ReadonlyMap<string, GraphEdge>;
  readonly scans: readonly Scan[];
  readonly publicEntries: readonly PublicEntry[];
  /** Public entries that nobody knew of when their workload was switched to watching. */
  readonly newPublicEntries: readonly PublicEntry[];
  readonly verdicts: Verdicts;
  readonly canon: Canon;
  readonly directory: Directory;
  readonly stored: Omit<StoredGraph, 'edges' | 'pending'>;
  /** Pods that records named, by the key of their workload. */
  readonly pods: ReadonlyMap<string, readonly StoredPod[]>;
  /** Workloads by key, with the revision at which a flow first showed them. */
  readonly workloads: ReadonlyMap<string, { readonly workload: WorkloadPeer; readonly revision: number }>;
}

export interface Unresolved {
  readonly rows: readonly number[];
  readonly records: readonly number[];
  /** Keys of the peers at the other end of those that were answered. */
  readonly clients: ReadonlySet<string>;
  readonly servers: ReadonlySet<string>;
}

export interface GraphInput {
  readonly stored: StoredGraph;
  /** Keep every edge with an unknown end: there can be as many as pairs of addresses. */
  readonly withUnresolved?: boolean;
  readonly directory: Directory;
  /** Hash of a key; ids are made of it. */
  readonly fingerprint: (text: string) => string;
  /** Stored connections that a pod, `namespace/name`, opened within these hours since 1970, by witness. */
  readonly connectionsOf: (pod: string, hours: ReadonlySet<number>) => ReadonlyMap<string, number>;
}

/** Works the graph out of what is stored. Pure: equal rows give equal graphs, in whatever order they were written. */
export function buildGraph({ stored, withUnresolved = false, directory, fingerprint, connectionsOf }: GraphInput): Graph {
  const canon = canonOf(stored, directory);
  const canonical = (peer: Peer): Peer => canon.end(peer).peer;
  const verdicts = new Verdicts(stored.choices, stored.revision, canonical);
  const unresolved = { rows: [] as number[], records: [] as number[], clients: new Set<string>(), servers: new Set<string>() };
  const { builders, shown, pendingPods } = gather(stored, canon, verdicts, { unresolved, withUnresolved });
  const exposed = exposedPorts(directory);
  const served = [...builders.values()]
    .filter(({ edge, builder }) => edge.source.type === 'external' && successOf(builder.evidence(), edge.protocol, shown) !== 'none')
    .map(({ edge }) => edge);
  const open = findPublicEntries(served, exposed);
  const isOld = (entry: PublicEntry): boolean => verdicts.isBaselinePublic(entry) || verdicts.modeOf(entry.destination) === 'learning';
  const decided = (entry: PublicEntry): boolean => verdicts.decision({ source: { type: 'public' }, ...entry }) !== null;
  const baselined = stored.choices.baselines.flatMap(({ publicEntries }) => publicEntries).map((entry) => ({ ...entry, destination: canonical(entry.destination) }));
  const entries = distinctEntries([...open.filter((entry) => isOld(entry) || decided(entry)), ...baselined]);
  foldPublicClients(builders, entries);
  const suspects = [...builders].map(([key, { edge: { source, destination, protocol, port }, builder }]) => {
    const evidence = builder.evidence();
    const { rows, pendingRows, pendingRecords, pendingRevision } = builder;
    const success = successOf(evidence, protocol, shown);
    return { source, destination, protocol, port, key, evidence, totals: totals(evidence), success, violations: builder.violations(), rows, pendingRows, pendingRecords, pendingRevision };
  });
  // What they gathered is in the evidence now.
  builders.clear();
  for (const edge of suspects) if (!isResolved(edge) && edge.totals.answered > 0) addOtherEnd(edge, unresolved);
  const scans = findScans(suspects.filter(({ success, evidence }) => success !== 'unconfirmed' && evidence.failedSlots.size > 0).map((edge) => ({ edge, slots: edge.evidence.failedSlots.keys() })));
  const pods = podsOf(stored, canon, pendingPods);
  const around = neighbourhood(suspects, scans, pods, directory, (pod, hours) => pendingPods.connectionsOf(pod, hours, connectionsOf(pod, hours)));
  const edges = sortedByName(suspects).map((edge): GraphEdge => {
    const suspicions = isResolved(edge) ? suspicionsOf(edge, around, edge.totals) : NO_SUSPICIONS;
    const decision = verdicts.decision(edge);
    // Each by its name: an object that others were spread into weighs five times as much.
    const { source, destination, protocol, port, key, evidence, totals: total, success, violations, rows, pendingRows, pendingRecords, pendingRevision } = edge;
    return {
      id: fingerprint(key),
      key,
      source,
      destination,
      protocol,
      port,
      evidence,
      totals: total,
      success,
      suspicions,
      flags: flagsOf(edge, suspicions),
      state: stateOf(edge, { decision, suspicions, violated: violations.some(isBreach) }, verdicts),
      decision,
      violations,
      rows,
      pendingRows,
      pendingRecords,
      pendingRevision,
    };
  });
  return {
    revision: stored.revision,
    edges,
    unresolved,
    byKey: new Map(edges.map((edge) => [edge.key, edge])),
    scans,
    publicEntries: entries,
    newPublicEntries: open.filter((entry) => !isOld(entry)),
    verdicts,
    canon,
    directory,
    stored: { revision: stored.revision, peers: stored.peers, pods: stored.pods, choices: stored.choices, coverage: stored.coverage },
    pods,
    workloads: workloadsOf(stored, canon, edges),
  };
}

const NO_SUSPICIONS: readonly Suspicion[] = [];

/** Suspicions and notes. */
function flagsOf({ success, evidence, totals: total }: Pick<GraphEdge, 'success' | 'evidence' | 'totals'>, suspicions: readonly Suspicion[]): readonly Flag[] {
  const notes: Flag[] = [];
  if (success !== 'none' && hasNoOpening(evidence, total)) notes.push('no-opening');
  if (success === 'unconfirmed') notes.push('unconfirmed');
  return notes.length === 0 ? suspicions : [...suspicions, ...notes];
}

/** As people look for edges: by the names of their ends, then by port. */
function sortedByName<E extends EdgeKey & { readonly key: string }>(edges: readonly E[]): readonly E[] {
  const peers = new Set(edges.flatMap(({ source, destination }) => [source, destination]));
  const names = [...peers].map((peer) => ({ peer, name: peerName(peer) })).toSorted((a, b) => compare(a.name, b.name));
  // Peers of one name have one place.
  const places = new Map<Peer, number>();
  for (const [i, { peer, name }] of names.entries()) {
    const before = names[i - 1];
    places.set(peer, before?.name === name ? (places.get(before.peer) ?? i) : i);
  }
  return edges
    .map((edge) => ({ edge, from: places.get(edge.source) ?? 0, to: places.get(edge.destination) ?? 0 }))
    .toSorted((a, b) => a.from - b.from || a.to - b.to || a.edge.port - b.edge.port || compare(a.edge.key, b.edge.key))
    .map(({ edge }) => edge);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Denials of an edge that is allowed to be there break nothing of the baseline's. */
export function isBreach({ witnesses }: ViolationEvidence): boolean {
  return [...witnesses.values()].some(({ tally }) => tally.opened + tally.ongoing + tally.answered + tally.refused + tally.audited + tally.failed > 0);
}

/** Nobody has said a word on it, nor frozen it into a baseline. */
export function isUndecided(edge: GraphEdge, verdicts: Verdicts): boolean {
  return edge.decision === null && !verdicts.inBaseline(edge);
}

/** The graph as other decisions make it. States follow from them; which entries are public, and the evidence, stay as they were. */
export function decidedAnew(graph: Graph, verdicts: Verdicts): Graph {
  const edges = graph.edges.map((edge): GraphEdge => {
    const decision = verdicts.decision(edge);
    return { ...edge, decision, state: stateOf(edge, { decision, suspicions: edge.suspicions, violated: edge.violations.some(isBreach) }, verdicts) };
  });
  return { ...graph, revision: verdicts.revision, verdicts, edges, byKey: new Map(edges.map((edge) => [edge.key, edge])) };
}

export function canonOf(stored: Pick<StoredGraph, 'pods' | 'peers'>, directory: Directory): Canon {
  // Sorted, so that the answer is the same whichever pod was stored first.
  const pods = stored.pods.toSorted((a, b) => compare(podKey(a), podKey(b)));
  const lives = pods.flatMap(({ peer, namespace, name, addresses }) =>
    addresses.map(({ address, firstSeen, lastSeen }): Life => ({ address, namespace, pod: name, workload: peer, firstSeen, lastSeen })),
  );
  const named = new Set<string>();
  const attributes = [];
  for (const { peer, labelSets, accounts } of stored.peers) {
    if (peer.type !== 'workload') continue;
    if (peer.cluster !== '') named.add(peer.cluster);
    attributes.push({ workload: peer, labelSets, accounts });
  }
  return new Canon(directory, lives, attributes, named, pods);
}

function podKey({ peer, namespace, name }: StoredPod): string {
  return `${namespace}/${name} ${peerKey(peer)}`;
}

function distinctEntries(entries: readonly PublicEntry[]): readonly PublicEntry[] {
  return [...new Map(entries.map((entry) => [edgeKey({ source: { type: 'public' }, ...entry }), entry])).values()];
}

/** One pod once, whatever names its workload and its cluster were stored under. */
function podsOf(stored: StoredGraph, canon: Canon, pending: PendingPods): ReadonlyMap<string, readonly StoredPod[]> {
  const pods = new Map<string, Map<string, StoredPod>>();
  for (const pod of [...stored.pods, ...pending.pods()]) {
    const key = peerKey(canon.end(pod.peer).peer);
    let own = pods.get(key);
    if (own === undefined) pods.set(key, (own = new Map()));
    const name = `${pod.namespace}/${pod.name}`;
    const known = own.get(name);
    const times = known === undefined ? pod : { firstSeen: Math.min(known.firstSeen, pod.firstSeen), lastSeen: Math.max(known.lastSeen, pod.lastSeen) };
    own.set(name, { ...pod, ...times, addresses: [...(known?.addresses ?? []), ...pod.addresses] });
  }
  return new Map([...pods].map(([key, own]) => [key, [...own.values()]]));
}

function workloadsOf(stored: StoredGraph, canon: Canon, edges: readonly GraphEdge[]): Graph['workloads'] {
  const workloads = new Map<string, { readonly workload: WorkloadPeer; readonly revision: number }>();
  const add = (peer: Peer, revision: number): void => {
    if (peer.type !== 'workload') return;
    const key = peerKey(peer);
    const known = workloads.get(key);
    if (known === undefined || revision < known.revision) workloads.set(key, { workload: peer, revision });
  };
  for (const { peer, revision } of stored.peers) if (revision !== null) add(canon.end(peer).peer, revision);
  for (const { source, destination, pendingRows, pendingRevision } of edges) {
    if (pendingRows.length > 0) for (const peer of [source, destination]) add(peer, pendingRevision);
  }
  return workloads;
}
