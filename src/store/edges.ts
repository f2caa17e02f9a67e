import type { Database } from 'better-sqlite3';
import type { EdgeDelta, PodHour } from '../learn/delta.ts';
import type { Limits } from '../learn/limits.ts';
import type { StoredEdge } from '../learn/stored.ts';
import type { EdgeKey } from '../model/edge.ts';
import { EdgeNumbers, serviceNumber } from '../model/edge-numbers.ts';
import { witnessKey, type Operation, type Protocol, type Witness } from '../model/flow.ts';
import type { Peer } from '../model/peer.ts';
import { Children } from './children.ts';
import { Evidence } from './evidence.ts';
import type { PeerTable } from './peers.ts';
import { tallyOf, type TallyRow } from './tally.ts';
import type { WitnessTable } from './witnesses.ts';

interface EdgeRow {
  readonly id: number;
  readonly source: number;
  readonly destination: number;
  readonly protocol: Protocol;
  readonly port: number;
}

/** Edges with their evidence. */
export class EdgeTable {
  readonly #peers: PeerTable;
  readonly #witnesses: WitnessTable;
  readonly #evidence: Evidence;
  readonly #db: Database;
  /** Rows that were written by this process: an edge comes again in most batches. */
  readonly #rows = new EdgeNumbers();
  /** The newest row before this transaction made any; null before it looked. */
  #newest: number | null = null;
  readonly #upsert;
  readonly #maxRow;
  readonly #connections;

  constructor(db: Database, peers: PeerTable, witnesses: WitnessTable, limits: Limits) {
    this.#db = db;
    this.#peers = peers;
    this.#witnesses = witnesses;
    this.#evidence = new Evidence(db, peers, witnesses, limits);
    // DO UPDATE of a column to itself, so that the row comes back whether it is new or not.
    this.#upsert = db.prepare<[number, number, string, number], { id: number }>(
      'INSERT INTO edges (source, destination, protocol, port) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET port = port RETURNING id',
    );
    this.#maxRow = db.prepare<[], { id: number }>('SELECT coalesce(max(id), 0) AS id FROM edges');
    this.#connections = db.prepare<[string, string, string], { witness: number; opened: number }>(
      `SELECT witness, sum(opened) AS opened FROM pod_hours JOIN pods ON pods.id = pod
       WHERE namespace = ? AND name = ? AND hour IN (SELECT value FROM json_each(?)) GROUP BY witness`,
    );
  }

  /** The row of an edge; a new row if it is new. Both ends were shown by a flow at this revision. Some of it waits for `flush`. */
  add(edge: EdgeDelta, revision: number): number {
    const source = this.#peers.id(edge.source);
    const destination = this.#peers.id(edge.destination);
    this.#peers.markSeen(source, revision);
    this.#peers.markSeen(destination, revision);
    const service = serviceNumber(edge.port, edge.protocol);
    const known = this.#rows.get(source, destination, service);
    this.#newest ??= this.maxRow();
    const id = known ?? this.#upsert.get(source, destination, edge.protocol, edge.port)?.id ?? 0;
    if (known === undefined) this.#rows.set(source, destination, service, id);
    this.#evidence.add(id, known === undefined && id > this.#newest, edge, revision);
    return id;
  }

  addPodHour(podHour: PodHour): void {
    this.#evidence.addPodHour(podHour);
  }

  /** Writes what waits, before the end of the transaction. */
  flush(): void {
    this.#evidence.flush();
    this.#newest = null;
  }

  /** Forgets which rows are there: another process may have deleted some, or a transaction was rolled back. */
  reset(): void {
    this.#evidence.reset();
    this.#newest = null;
    this.#rows.clear();
  }

  /** Connections that a pod (`namespace/name`) opened within these hours since 1970, by what each witness saw. */
  connectionsOf(pod: string, hours: ReadonlySet<number>): ReadonlyMap<string, number> {
    const slash = pod.indexOf('/');
    const witnesses = this.#witnesses.read();
    const rows = this.#connections.all(pod.slice(0, slash), pod.slice(slash + 1), JSON.stringify([...hours]));
    return new Map(rows.flatMap(({ witness, opened }) => {
      const seenBy = witnesses.get(witness);
      return seenBy === undefined ? [] : [[witnessKey(seenBy), opened] as const];
    }));
  }

  maxRow(): number {
    return this.#maxRow.get()?.id ?? 0;
  }

  remove(rows: Iterable<number>): void {
    const statement = this.#db.prepare<[number]>('DELETE FROM edges WHERE id = ?');
    for (const row of rows) statement.run(row);
  }

  /** Edges with their evidence, one after the other: all at once they would weigh many times what the graph does. */
  *read(peers: ReadonlyMap<number, Peer>, pods: ReadonlyMap<number, string>): Generator<StoredEdge> {
    const witnesses = this.#witnesses.read();
    const witnessOf = (id: number): Witness => witnesses.get(id) ?? { collector: '', side: 'unknown', point: '' };
    type Of = { readonly edge: number; readonly witness: number };
    const edgeOf = ({ edge }: { readonly edge: number }): number => edge;
    const tallies = new Children(this.#each<Of & TallyRow>('SELECT * FROM edge_witnesses ORDER BY edge'), edgeOf);
    const days = new Children(this.#each<Of & { day: number; hours: number }>('SELECT edge, day, hours FROM edge_days ORDER BY edge'), edgeOf);
    const edgePods = new Children(this.#each<Of & { pod: number; opened: number }>('SELECT * FROM edge_pods ORDER BY edge'), edgeOf);
    const addresses = new Children(this.#each<Of & { address: string }>('SELECT * FROM edge_addresses ORDER BY edge'), edgeOf);
    const principals = new Children(this.#each<Of & { principal: string }>('SELECT * FROM edge_principals ORDER BY edge'), edgeOf);
    const operations = new Children(this.#each<Of & { method: string; path: string; count: number }>('SELECT * FROM edge_operations ORDER BY edge'), edgeOf);
    const slots = new Children(this.#each<Of & { slot: number; watched: number }>('SELECT * FROM edge_slots ORDER BY edge'), edgeOf);
    const violations = new Children(this.#each<Of & TallyRow & { epoch: number; day: number; hours: number }>('SELECT * FROM violations ORDER BY edge'), edgeOf);
    try {
      for (const { id, source, destination, protocol, port } of this.#each<EdgeRow>('SELECT * FROM edges ORDER BY id')) {
        const [from, to] = [peers.get(source), peers.get(destination)];
        if (from === undefined || to === undefined) continue;
        yield {
          row: id,
          source: from,
          destination: to,
          protocol,
          port,
          witnesses: tallies.of(id).map((row) => ({ witness: witnessOf(row.witness), tally: tallyOf(row) })),
          days: days.of(id),
          pods: edgePods.of(id).map(({ pod, witness, opened }) => ({ pod: pods.get(pod) ?? '', witness: witnessOf(witness), opened })),
          addresses: addresses.of(id).map(({ address }) => address),
          principals: principals.of(id).map(({ principal }) => principal),
          operations: operations.of(id).map(({ method, path, witness, count }) => ({ method, path, count, witness: witnessOf(witness) })),
          failedSlots: slots.of(id).map(({ witness, slot, watched }) => ({ witness: witnessOf(witness), slot, watched })),
          violations: violations.of(id).map((row) => ({ epoch: row.epoch, witness: witnessOf(row.witness), day: row.day, hours: row.hours, tally: tallyOf(row) })),
        };
      }
    } finally {
      for (const children of [tallies, days, edgePods, addresses, principals, operations, slots, violations]) children.close();
    }
  }

  /** Edges as they are stored, without their evidence. */
  readKeys(peers: ReadonlyMap<number, Peer>): EdgeKey[] {
    const keys: EdgeKey[] = [];
    for (const { source, destination, protocol, port } of this.#each<EdgeRow>('SELECT * FROM edges')) {
      const [from, to] = [peers.get(source), peers.get(destination)];
      if (from !== undefined && to !== undefined) keys.push({ source: from, destination: to, protocol, port });
    }
    return keys;
  }

  /** Operations that are kept of each destination. */
  readOperations(peers: ReadonlyMap<number, Peer>): { readonly destination: Peer; readonly operation: Operation }[] {
    type Row = Operation & { readonly destination: number };
    const rows = this.#each<Row>(
      `SELECT DISTINCT destination, method, path FROM edge_operations JOIN edges ON edges.id = edge
       UNION SELECT DISTINCT destination, method, path FROM pending_operations JOIN pending ON pending.id = pending_operations.pending`,
    );
    return [...rows].flatMap(({ destination, method, path }) => {
      const peer = peers.get(destination);
      return peer === undefined ? [] : [{ destination: peer, operation: { method, path } }];
    });
  }

  #each<T>(sql: string): IterableIterator<T> {
    return this.#db.prepare<[], T>(sql).iterate();
  }
}
