import type { Database } from 'better-sqlite3';
import type { EdgeDelta, PodDelta } from '../learn/delta.ts';
import type { Limits } from '../learn/limits.ts';
import type { StoredEdge } from '../learn/stored.ts';
import type { EdgeKey } from '../model/edge.ts';
import type { Protocol, Witness } from '../model/flow.ts';
import type { Peer } from '../model/peer.ts';
import type { PeerTable } from './peers.ts';
import { TALLY_COLUMNS, TALLY_MERGE, TALLY_PLACES, tallyOf, tallyValues, type TallyRow } from './tally.ts';
import type { WitnessTable } from './witnesses.ts';

/** Slots of failure that an edge keeps: a week of ten-minute slots. */
const SLOTS_PER_EDGE = 1_008;

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
  readonly #upsert;
  readonly #tally;
  readonly #day;
  readonly #pod;
  readonly #podCount;
  readonly #podHour;
  readonly #address;
  readonly #operation;
  readonly #operationCount;
  readonly #slot;
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
    this.#podCount = db.prepare<[number, number], { n: number; has: number }>('SELECT count(DISTINCT pod) AS n, coalesce(max(pod = ?), 0) AS has FROM edge_pods WHERE edge = ?');
    this.#podHour = db.prepare('INSERT INTO pod_hours VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET opened = opened + excluded.opened');
    this.#address = db.prepare<[number, string, number, number]>(
      'INSERT INTO edge_addresses SELECT ?, ? WHERE (SELECT count(*) FROM edge_addresses WHERE edge = ?) < ? ON CONFLICT DO NOTHING',
    );
    this.#operation = db.prepare('INSERT INTO edge_operations VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count');
    this.#operationCount = db.prepare<[string, string, number], { n: number; has: number }>(
      'SELECT count(*) AS n, coalesce(max(method = ? AND path = ?), 0) AS has FROM edge_operations WHERE edge = ?',
    );
    this.#slot = db.prepare<[number, number, number, number]>(
      `INSERT INTO edge_slots SELECT ?, ?, ? WHERE (SELECT count(*) FROM edge_slots WHERE edge = ?) < ${SLOTS_PER_EDGE} ON CONFLICT DO NOTHING`,
    );
    this.#violation = db.prepare(
      `INSERT INTO violations (edge, epoch, witness, day, hours, ${TALLY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ${TALLY_PLACES})
       ON CONFLICT DO UPDATE SET hours = hours | excluded.hours, ${TALLY_MERGE}`,
    );
    this.#connections = db.prepare<[string, string, number], { n: number | null }>(
      `SELECT max(total) AS n FROM (SELECT sum(opened) AS total FROM pod_hours JOIN pods ON pods.id = pod
       WHERE namespace = ? AND name = ? AND hour IN (SELECT value FROM json_each(?)) GROUP BY witness)`,
    );
  }

  /** The row of an edge; a new row if it is new. Both ends were shown by a flow at this revision. */
  add(edge: EdgeDelta, revision: number): number {
    const id = this.row(edge);
    this.#peers.markSeen(this.#peers.id(edge.source), revision);
    this.#peers.markSeen(this.#peers.id(edge.destination), revision);
    let firstSeen = Number.MAX_SAFE_INTEGER;
    for (const [witness, { tally, days }] of edge.witnesses) {
      const witnessId = this.#witnesses.id(witness);
      this.#tally.run(id, witnessId, ...tallyValues(tally));
      for (const [day, { hours, opened, bytesOut, bytesIn }] of days) this.#day.run(id, witnessId, day, hours, opened, bytesOut, bytesIn);
      firstSeen = Math.min(firstSeen, tally.firstSeen);
    }
    for (const [pod, delta] of edge.pods) this.#addPod(id, pod, delta, firstSeen);
    for (const address of edge.addresses) this.#address.run(id, address, id, this.#limits.addressesPerEdge);
    for (const [{ method, path }, counts] of edge.operations) this.#addOperation(id, method, path, counts);
    for (const slot of edge.failedSlots) this.#slot.run(id, slot, edge.watching ? revision : 0, id);
    if (edge.violation !== null) {
      for (const [witness, days] of edge.violation.witnesses) {
        for (const [day, { hours, tally }] of days) this.#violation.run(id, edge.violation.epoch, this.#witnesses.id(witness), day, hours, ...tallyValues(tally));
      }
    }
    return id;
  }

  row({ source, destination, protocol, port }: EdgeKey): number {
    return this.#upsert.get(this.#peers.id(source), this.#peers.id(destination), protocol, port)?.id ?? 0;
  }

  #addPod(edge: number, name: string, { peer, hours }: PodDelta, time: number): void {
    const pod = this.#peers.podId(peer, name, time);
    const count = this.#podCount.get(pod, edge);
    const hasRoom = (count?.has ?? 0) === 1 || (count?.n ?? 0) < this.#limits.podsPerEdge;
    for (const [witness, byHour] of hours) {
      const witnessId = this.#witnesses.id(witness);
      let total = 0;
      for (const [hour, opened] of byHour) {
        total += opened;
        this.#podHour.run(pod, hour, witnessId, opened);
      }
      if (hasRoom) this.#pod.run(edge, pod, witnessId, total);
    }
  }

  #addOperation(edge: number, method: string, path: string, counts: ReadonlyMap<Witness, number>): void {
    const known = this.#operationCount.get(method, path, edge);
    if ((known?.has ?? 0) === 0 && (known?.n ?? 0) >= this.#limits.pathsPerService) return;
    for (const [witness, count] of counts) this.#operation.run(edge, this.#witnesses.id(witness), method, path, count);
  }

  /** Connections that a pod (`namespace/name`) opened within these hours since 1970, by the witness that saw most. */
  connectionsOf(pod: string, hours: ReadonlySet<number>): number {
    const slash = pod.indexOf('/');
    const found = this.#connections.get(pod.slice(0, slash), pod.slice(slash + 1), JSON.stringify([...hours]) as unknown as number);
    return found?.n ?? 0;
  }

  maxRow(): number {
    return (this.#db.prepare('SELECT coalesce(max(id), 0) AS id FROM edges').get() as { id: number }).id;
  }

  remove(rows: Iterable<number>): void {
    const statement = this.#db.prepare<[number]>('DELETE FROM edges WHERE id = ?');
    for (const row of rows) statement.run(row);
  }

  read(peers: ReadonlyMap<number, Peer>, pods: ReadonlyMap<number, string>): StoredEdge[] {
    const witnesses = this.#witnesses.read();
    const edges = new Map<number, StoredEdge & Mutable>();
    for (const { id, source, destination, protocol, port } of this.#each<EdgeRow>('SELECT * FROM edges ORDER BY id')) {
      const [from, to] = [peers.get(source), peers.get(destination)];
      if (from === undefined || to === undefined) continue;
      const empty = { witnesses: [], days: [], pods: [], addresses: [], operations: [], failedSlots: [], violations: [] };
      edges.set(id, { row: id, source: from, destination: to, protocol, port, ...empty });
    }
    const witnessOf = (id: number): Witness => witnesses.get(id) ?? { collector: '', side: 'unknown', point: '' };
    type Of = { readonly edge: number; readonly witness: number };
    for (const row of this.#each<Of & TallyRow>('SELECT * FROM edge_witnesses')) edges.get(row.edge)?.witnesses.push({ witness: witnessOf(row.witness), tally: tallyOf(row) });
    for (const row of this.#each<Of & { day: number; hours: number }>('SELECT edge, day, hours FROM edge_days')) edges.get(row.edge)?.days.push({ day: row.day, hours: row.hours });
    for (const row of this.#each<Of & { pod: number; opened: number }>('SELECT * FROM edge_pods')) {
      edges.get(row.edge)?.pods.push({ pod: pods.get(row.pod) ?? '', witness: witnessOf(row.witness), opened: row.opened });
    }
    for (const row of this.#each<Of & { address: string }>('SELECT * FROM edge_addresses')) edges.get(row.edge)?.addresses.push(row.address);
    for (const row of this.#each<Of & { method: string; path: string; count: number }>('SELECT * FROM edge_operations')) {
      edges.get(row.edge)?.operations.push({ method: row.method, path: row.path, count: row.count, witness: witnessOf(row.witness) });
    }
    for (const row of this.#each<Of & { slot: number; watched: number }>('SELECT * FROM edge_slots')) edges.get(row.edge)?.failedSlots.push({ slot: row.slot, watched: row.watched });
    for (const row of this.#each<Of & TallyRow & { epoch: number; day: number; hours: number }>('SELECT * FROM violations')) {
      edges.get(row.edge)?.violations.push({ epoch: row.epoch, witness: witnessOf(row.witness), day: row.day, hours: row.hours, tally: tallyOf(row) });
    }
    return [...edges.values()];
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

  #each<T>(sql: string): IterableIterator<T> {
    return this.#db.prepare<[], T>(sql).iterate();
  }
}

/** The lists of a stored edge, while they are filled. */
interface Mutable {
  readonly witnesses: StoredEdge['witnesses'][number][];
  readonly days: StoredEdge['days'][number][];
  readonly pods: StoredEdge['pods'][number][];
  readonly addresses: string[];
  readonly operations: StoredEdge['operations'][number][];
  readonly failedSlots: StoredEdge['failedSlots'][number][];
  readonly violations: StoredEdge['violations'][number][];
}
