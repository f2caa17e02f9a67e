import type { Database } from 'better-sqlite3';
import type { EdgeDelta, PodHour } from '../learn/delta.ts';
import type { Limits } from '../learn/limits.ts';
import type { StoredEdge } from '../learn/stored.ts';
import type { EdgeKey } from '../model/edge.ts';
import { witnessKey, type Operation, type Protocol, type Witness } from '../model/flow.ts';
import type { Peer } from '../model/peer.ts';
import { Children } from './children.ts';
import type { PeerTable } from './peers.ts';
import { TALLY_COLUMNS, TALLY_MERGE, TALLY_PLACES, tallyOf, tallyValues, type TallyRow } from './tally.ts';
import type { WitnessTable } from './witnesses.ts';

/** Slots of failure that are kept of what a witness saw of an edge: a week of ten-minute slots. */
const SLOTS_PER_WITNESS = 1_008;

/** Certificates that are kept of an edge: a workload has one account, and a new one now and then. */
const PRINCIPALS_PER_EDGE = 16;

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
  readonly #limits: Limits;
  readonly #db: Database;
  /** Rows that were written by this process: an edge comes again in most batches. */
  readonly #rows = new Map<string, number>();
  readonly #edgePods = new Map<number, Set<number>>();
  readonly #upsert;
  readonly #tally;
  readonly #day;
  readonly #pod;
  readonly #podsOfEdge;
  readonly #podHour;
  readonly #address;
  readonly #principal;
  readonly #operation;
  readonly #slot;
  readonly #oldSlots;
  readonly #violation;
  readonly #connections;

  constructor(db: Database, peers: PeerTable, witnesses: WitnessTable, limits: Limits) {
    this.#db = db;
    this.#peers = peers;
    this.#witnesses = witnesses;
    this.#limits = limits;
    // DO UPDATE of a column to itself, so that the row comes back whether it is new or not.
    this.#upsert = db.prepare<[number, number, string, number], { id: number }>(
      'INSERT INTO edges (source, destination, protocol, port) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET port = port RETURNING id',
    );
    this.#tally = db.prepare(`INSERT INTO edge_witnesses (edge, witness, ${TALLY_COLUMNS}) VALUES (?, ?, ${TALLY_PLACES}) ON CONFLICT DO UPDATE SET ${TALLY_MERGE}`);
    this.#day = db.prepare(
      `INSERT INTO edge_days VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET hours = hours | excluded.hours,
       opened = opened + excluded.opened, bytes_out = bytes_out + excluded.bytes_out, bytes_in = bytes_in + excluded.bytes_in`,
    );
    this.#pod = db.prepare('INSERT INTO edge_pods VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET opened = opened + excluded.opened');
    this.#podsOfEdge = db.prepare<[number], { pod: number }>('SELECT DISTINCT pod FROM edge_pods WHERE edge = ?');
    this.#podHour = db.prepare('INSERT INTO pod_hours VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET opened = opened + excluded.opened');
    this.#address = db.prepare<[number, string, number, number]>(
      'INSERT INTO edge_addresses SELECT ?, ? WHERE (SELECT count(*) FROM edge_addresses WHERE edge = ?) < ? ON CONFLICT DO NOTHING',
    );
    this.#principal = db.prepare<[number, string, number]>(
      `INSERT INTO edge_principals SELECT ?, ? WHERE (SELECT count(*) FROM edge_principals WHERE edge = ?) < ${PRINCIPALS_PER_EDGE} ON CONFLICT DO NOTHING`,
    );
    this.#operation = db.prepare('INSERT INTO edge_operations VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count');
    this.#slot = db.prepare<[number, number, number, number]>('INSERT INTO edge_slots VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET watched = max(watched, excluded.watched)');
    // The latest of a union are the latest of the latest: what is kept does not depend on the order of batches.
    this.#oldSlots = db.prepare<{ edge: number; witness: number }>(
      `DELETE FROM edge_slots WHERE edge = :edge AND witness = :witness AND slot <
       (SELECT slot FROM edge_slots WHERE edge = :edge AND witness = :witness ORDER BY slot DESC LIMIT 1 OFFSET ${SLOTS_PER_WITNESS - 1})`,
    );
    this.#violation = db.prepare(
      `INSERT INTO violations (edge, epoch, witness, day, hours, ${TALLY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ${TALLY_PLACES})
       ON CONFLICT DO UPDATE SET hours = hours | excluded.hours, ${TALLY_MERGE}`,
    );
    this.#connections = db.prepare<[string, string, string], { witness: number; opened: number }>(
      `SELECT witness, sum(opened) AS opened FROM pod_hours JOIN pods ON pods.id = pod
       WHERE namespace = ? AND name = ? AND hour IN (SELECT value FROM json_each(?)) GROUP BY witness`,
    );
  }

  /** The row of an edge; a new row if it is new. Both ends were shown by a flow at this revision. */
  add(edge: EdgeDelta, revision: number): number {
    const id = this.row(edge);
    this.#peers.markSeen(this.#peers.id(edge.source), revision);
    this.#peers.markSeen(this.#peers.id(edge.destination), revision);
    for (const [witness, { tally, days, failedSlots }] of edge.witnesses) {
      const witnessId = this.#witnesses.id(witness);
      this.#tally.run(id, witnessId, ...tallyValues(tally));
      for (const [day, { hours, opened, bytesOut, bytesIn }] of days) this.#day.run(id, witnessId, day, hours, opened, bytesOut, bytesIn);
      for (const slot of failedSlots) this.#slot.run(id, witnessId, slot, edge.watching ? revision : 0);
      if (failedSlots.length > 0) this.#oldSlots.run({ edge: id, witness: witnessId });
    }
    for (const [pod, counts] of edge.pods) this.#addPod(id, edge.source, pod, counts);
    for (const address of edge.addresses) this.#address.run(id, address, id, this.#limits.addressesPerEdge);
    for (const principal of edge.principals) this.#principal.run(id, principal, id);
    for (const [{ method, path }, counts] of edge.operations) for (const [witness, count] of counts) this.#operation.run(id, this.#witnesses.id(witness), method, path, count);
    if (edge.violation !== null) {
      for (const [witness, days] of edge.violation.witnesses) {
        for (const [day, { hours, tally }] of days) this.#violation.run(id, edge.violation.epoch, this.#witnesses.id(witness), day, hours, ...tallyValues(tally));
      }
    }
    return id;
  }

  /** Forgets which rows are there: another process may have deleted some, or a transaction was rolled back. */
  reset(): void {
    this.#rows.clear();
    this.#edgePods.clear();
  }

  row({ source, destination, protocol, port }: EdgeKey): number {
    const [from, to] = [this.#peers.id(source), this.#peers.id(destination)];
    const key = `${from} ${to} ${port} ${protocol}`;
    let id = this.#rows.get(key);
    if (id === undefined) {
      id = this.#upsert.get(from, to, protocol, port)?.id ?? 0;
      this.#rows.set(key, id);
    }
    return id;
  }

  /** Whether an edge may keep a pod's own count. */
  #keepsPod(edge: number, pod: number): boolean {
    let known = this.#edgePods.get(edge);
    if (known === undefined) this.#edgePods.set(edge, (known = new Set(this.#podsOfEdge.all(edge).map((row) => row.pod))));
    if (!known.has(pod) && known.size >= this.#limits.podsPerEdge) return false;
    known.add(pod);
    return true;
  }

  #addPod(edge: number, source: Peer, name: string, counts: ReadonlyMap<Witness, number>): void {
    const pod = this.#peers.podId(source, name);
    if (!this.#keepsPod(edge, pod)) return;
    for (const [witness, opened] of counts) this.#pod.run(edge, pod, this.#witnesses.id(witness), opened);
  }

  addPodHour({ peer, pod, witness, hour, opened }: PodHour): void {
    this.#podHour.run(this.#peers.podId(peer, pod), hour, this.#witnesses.id(witness), opened);
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
    return (this.#db.prepare('SELECT coalesce(max(id), 0) AS id FROM edges').get() as { id: number }).id;
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
