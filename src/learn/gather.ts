import { edgeKey, type EdgeKey, type Tally } from '../model/edge.ts';
import type { Witness } from '../model/flow.ts';
import { peerKey } from '../model/peer.ts';
import type { Canon } from '../resolve/canonical.ts';
import { EvidenceBuilder } from './evidence.ts';
import { Verdicts } from './judge.ts';
import { PendingPods } from './pending-pods.ts';
import { spanOf } from './settle.ts';
import { isResolved } from './state.ts';
import type { StoredGraph } from './stored.ts';
import type { AnswersShown } from './success.ts';

/** Edges by their keys, with what their rows say so far. */
export type Builders = Map<string, { readonly edge: EdgeKey; readonly builder: EvidenceBuilder }>;

/** What is told of flows with an end that nobody is known to own. */
export interface UnresolvedSoFar {
  readonly rows: number[];
  readonly records: number[];
  readonly clients: Set<string>;
  readonly servers: Set<string>;
}

/** Stored rows, settled and pending, under the edges that they are of by today's best knowledge. */
export function gather(
  stored: StoredGraph,
  canon: Canon,
  verdicts: Verdicts,
  { unresolved, withUnresolved }: { readonly unresolved: UnresolvedSoFar; readonly withUnresolved: boolean },
): { readonly builders: Builders; readonly shown: AnswersShown; readonly pendingPods: PendingPods } {
  const builders: Builders = new Map();
  const shown = new Set<string>();
  const pendingPods = new PendingPods();
  const show = (witness: Witness, { answered, refused }: Readonly<Tally>): void => {
    if (answered + refused > 0) shown.add(witness.collector);
  };
  const builderOf = (edge: EdgeKey): EvidenceBuilder => {
    const key = edgeKey(edge);
    let known = builders.get(key);
    if (known === undefined) builders.set(key, (known = { edge, builder: new EvidenceBuilder() }));
    return known.builder;
  };
  for (const row of stored.edges) {
    const source = canon.end(row.source);
    const destination = canon.end(row.destination);
    const builder = builderOf({ source: source.peer, destination: destination.peer, protocol: row.protocol, port: row.port });
    builder.addEdge(row, source.byLabels || destination.byLabels);
    for (const { witness, tally } of row.witnesses) show(witness, tally);
    for (const peer of [row.source, row.destination]) if (peer.type === 'external' && canon.end(peer).peer.type !== 'external') builder.addAddress(peer.address);
  }
  const answeredUnresolved = new Map<string, number>();
  const atRevision = new Map<number, Verdicts>([[verdicts.revision, verdicts]]);
  for (const row of stored.pending) {
    const span = spanOf(row);
    const pending = canon.pending(row, span.first, span.last);
    const { source, destination, protocol, port, skip } = pending;
    if (skip !== null) continue;
    show(row.witness, row.tally);
    pendingPods.add(row, pending, span);
    const edge = { source, destination, protocol, port };
    if (!isResolved(edge)) {
      unresolved.rows.push(row.row);
      unresolved.records.push(row.records);
      if (row.tally.answered > 0) addOtherEnd(edge, unresolved);
      // A known source that fails on unknown addresses may be scanning; nothing else follows from them.
      if (!withUnresolved && source.type === 'unresolved') continue;
      if (!withUnresolved && row.tally.answered > 0) {
        const key = edgeKey(edge);
        answeredUnresolved.set(key, Math.min(row.tally.firstAnswered, answeredUnresolved.get(key) ?? Number.MAX_SAFE_INTEGER));
        continue;
      }
    }
    let then = atRevision.get(row.revision);
    if (then === undefined) atRevision.set(row.revision, (then = new Verdicts(stored.choices, row.revision, (peer) => canon.end(peer).peer)));
    const { watching, violates, epoch } = then.judge(edge);
    const denied = watching && row.tally.denied > 0;
    builderOf(edge).addPending(row, pending, watching, isResolved(edge) && (violates || denied) ? epoch : null);
  }
  for (const [key, time] of answeredUnresolved) builders.get(key)?.builder.answered(time);
  // Nothing but lost answers, or traffic after a proxy that nothing else backs: no edge of its own.
  for (const [key, { builder }] of builders) if (!builder.showsConnection()) builders.delete(key);
  return { builders, shown, pendingPods };
}

/** The end that is known, of an edge whose other is not. */
export function addOtherEnd({ source, destination }: EdgeKey, { clients, servers }: UnresolvedSoFar): void {
  if (source.type !== 'unresolved') clients.add(peerKey(source));
  if (destination.type !== 'unresolved') servers.add(peerKey(destination));
}
