import type { Database } from 'better-sqlite3';
import type { EdgeDelta, PodHour } from '../learn/delta.ts';
import type { Limits } from '../learn/limits.ts';
import type { StoredEdge } from '../learn/stored.ts';
import { serviceNumber, type EdgeKey } from '../model/edge.ts';
import { witnessKey, type Operation, type Protocol, type Witness } from '../model/flow.ts';
import type { Peer } from '../model/peer.ts';
import { Triples } from '../model/triples.ts';
import { blocks, Children } from './blocks.ts';
import { Evidence } from './evidence.ts';
import type { PeerTable } from './peers.ts';
import { Rows } from './rows.ts';
import { TALLY_COLUMNS, tallyOf, type TallyValues } from './tally.ts';
import type { WitnessTable } from './witnesses.ts';

interface EdgeColumns {
  readonly source: number;
  readonly destination: number;
  readonly protocol: Protocol;
  readonly port: number;
}

interface EdgeRow extends EdgeColumns {
  readonly id: number;
}

const NO_WITNESS: Witness = { collector: '', side: 'unknown', point: '' };

/** Edges with their evidence. */
export class EdgeTable {
  readonly #db: Database;
  readonly #peers: PeerTable;
  readonly #witnesses: WitnessTable;
  readonly #evidence: Evidence;
  /** Rows that were written by this process: an edge comes again in most batches. */
  readonly #rows = new Triples();
  readonly #insert: Rows;
  readonly #find;
  readonly #newerThan;
  readonly #maxRow;
  readonly #connections;

  constructor(db: Database, peers: PeerTable, witnesses: WitnessTable, limits: Limits) {
    this.#db = db;
    this.#peers = peers;
    this.#witnesses = witnesses;
    this.#evidence = new Evidence(db, peers, witnesses, limits);
    this.#insert = new Rows(db, 'INSERT INTO edges (source, destination, protocol, port)', 4, 'DO NOTHING');
    this.#find = db.prepare<[number, number, string, number], number>('SELECT id FROM edges WHERE source = ? AND destination = ? AND protocol = ? AND port = ?').pluck();
    this.#newerThan = db.prepare<[number], EdgeRow>('SELECT * FROM edges WHERE id > ?');
    this.#maxRow = db.prepare<[], number>('SELECT coalesce(max(id), 0) FROM edges').pluck();
    this.#connections = db.prepare<[string, string, string], { witness: number; opened: number }>(
      `SELECT witness, sum(opened) AS opened FROM pod_hours JOIN pods ON pods.id = pod
       WHERE namespace = ? AND name = ? AND hour IN (SELECT value FROM json_each(?)) GROUP BY witness`,
    );
  }

  /**
   * Adds to edges, whose ends were shown by flows at this revision, and says the row of each. Evidence is written in the order of the rows: 25,000 edges that
   * are there take 155 ms, in another order 300. Some of it waits for `flush`.
   */
  add(edges: readonly EdgeDelta[], revision: number): readonly number[] {
    const newest = this.maxRow();
    const keys = edges.map(({ source, destination, port, protocol }): EdgeColumns => {
      const [from, to] = [this.#peers.id(source), this.#peers.id(destination)];
      this.#peers.markSeen(from, revision);
      this.#peers.markSeen(to, revision);
      return { source: from, destination: to, protocol, port };
    });
    this.#make(keys.filter((key) => this.#known(key) === undefined), newest);
    const rows = keys.map((key) => this.#row(key));
    let last = 0;
    for (const place of [...rows.keys()].toSorted((a, b) => (rows[a] ?? 0) - (rows[b] ?? 0))) {
      const [edge, row = 0] = [edges[place], rows[place]];
      if (edge !== undefined) this.#evidence.add(row, row > newest && row !== last, edge, revision);
      last = row;
    }
    return rows;
  }

  #known({ source, destination, protocol, port }: EdgeColumns): number | undefined {
    return this.#rows.get(source, destination, serviceNumber(port, protocol));
  }

  #remember({ source, destination, protocol, port }: EdgeColumns, row: number): number {
    this.#rows.set(source, destination, serviceNumber(port, protocol), row);
    return row;
  }

  /** Makes the rows that are not there yet. */
  #make(keys: readonly EdgeColumns[], newest: number): void {
    for (const { source, destination, protocol, port } of keys) this.#insert.add(source, destination, protocol, port);
    this.#insert.flush();
    if (keys.length > 0) for (const row of this.#newerThan.iterate(newest)) this.#remember(row, row.id);
  }

  /** Of an edge that is there. */
  #row(key: EdgeColumns): number {
    return this.#known(key) ?? this.#remember(key, this.#find.get(key.source, key.destination, key.protocol, key.port) ?? 0);
  }

  addPodHour(podHour: PodHour): void {
    this.#evidence.addPodHour(podHour);
  }

  /** Writes what waits, before the end of the transaction. */
  flush(): void {
    this.#evidence.flush();
  }

  /** Forgets which rows are there: another process may have deleted some, or a transaction was rolled back. */
  reset(): void {
    this.#insert.discard();
    this.#evidence.reset();
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
    return this.#maxRow.get() ?? 0;
  }

  remove(rows: Iterable<number>): void {
    const statement = this.#db.prepare<[number]>('DELETE FROM edges WHERE id = ?');
    for (const row of rows) statement.run(row);
  }

  /** Edges with their evidence, one after the other: all at once they would weigh many times what the graph does. */
  *read(peers: ReadonlyMap<number, Peer>, pods: ReadonlyMap<number, string>): Generator<StoredEdge> {
    const db = this.#db;
    const witnesses = this.#witnesses.read();
    const witnessOf = (id: number): Witness => witnesses.get(id) ?? NO_WITNESS;
    const tallies = new Children<[edge: number, witness: number, ...TallyValues]>(db, 'edge_witnesses', 'edge', `witness, ${TALLY_COLUMNS}`);
    const days = new Children<[edge: number, day: number, hours: number]>(db, 'edge_days', 'edge', 'day, hours');
    const edgePods = new Children<[edge: number, pod: number, witness: number, opened: number]>(db, 'edge_pods', 'edge', 'pod, witness, opened');
    const addresses = new Children<[edge: number, address: string]>(db, 'edge_addresses', 'edge', 'address');
    const principals = new Children<[edge: number, principal: string]>(db, 'edge_principals', 'edge', 'principal');
    const operations = new Children<[edge: number, method: string, path: string, witness: number, count: number]>(db, 'edge_operations', 'edge', 'method, path, witness, count');
    const slots = new Children<[edge: number, witness: number, slot: number, watched: number]>(db, 'edge_slots', 'edge', 'witness, slot, watched');
    const violations = new Children<[edge: number, epoch: number, witness: number, day: number, hours: number, ...TallyValues]>(db, 'violations', 'edge', `epoch, witness, day, hours, ${TALLY_COLUMNS}`);
    for (const edges of blocks<[id: number, source: number, destination: number, protocol: Protocol, port: number]>(db, 'edges', 'source, destination, protocol, port')) {
      for (const children of [tallies, days, edgePods, addresses, principals, operations, slots, violations]) children.read(edges);
      for (const [id, source, destination, protocol, port] of edges) {
        const [from, to] = [peers.get(source), peers.get(destination)];
        if (from === undefined || to === undefined) continue;
        yield {
          row: id,
          source: from,
          destination: to,
          protocol,
          port,
          witnesses: tallies.of(id, ([, witness, ...values]) => ({ witness: witnessOf(witness), tally: tallyOf(values) })),
          days: days.of(id, ([, day, hours]) => ({ day, hours })),
          pods: edgePods.of(id, ([, pod, witness, opened]) => ({ pod: pods.get(pod) ?? '', witness: witnessOf(witness), opened })),
          addresses: addresses.of(id, ([, address]) => address),
          principals: principals.of(id, ([, principal]) => principal),
          operations: operations.of(id, ([, method, path, witness, count]) => ({ method, path, count, witness: witnessOf(witness) })),
          failedSlots: slots.of(id, ([, witness, slot, watched]) => ({ witness: witnessOf(witness), slot, watched })),
          violations: violations.of(id, ([, epoch, witness, day, hours, ...values]) => ({ epoch, witness: witnessOf(witness), day, hours, tally: tallyOf(values) })),
        };
      }
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
