import type { Database } from 'better-sqlite3';
import type { EdgeDelta, PodHour } from '../learn/delta.ts';
import type { Limits } from '../learn/limits.ts';
import type { PeerTable } from './peers.ts';
import { Rows } from './rows.ts';
import { TALLY_COLUMNS, TALLY_LENGTH, TALLY_MERGE, putTally, tallyValues } from './tally.ts';
import type { WitnessTable } from './witnesses.ts';

/** Slots of failure that are kept of what a witness saw of an edge: a week of ten-minute slots. */
const SLOTS_PER_WITNESS = 1_008;

/** Certificates that are kept of an edge: a workload has one account, and a new one now and then. */
const PRINCIPALS_PER_EDGE = 16;

/** Edges whose pods are remembered: a set of one weighs 250 bytes, and to look again takes 2 µs. */
const REMEMBERED_PODS = 100_000;

/** Writes what is known of edges: counts, history, pods, addresses, operations. */
export class Evidence {
  readonly #peers: PeerTable;
  readonly #witnesses: WitnessTable;
  readonly #limits: Limits;
  readonly #podsOf = new Map<number, Set<number>>();
  readonly #tallies: Rows;
  readonly #days: Rows;
  readonly #pods: Rows;
  readonly #podHours: Rows;
  readonly #operations: Rows;
  readonly #violations: Rows;
  readonly #slots: Rows;
  /** Of whom there may be too many slots, once these are written. */
  #crowded: { readonly edge: number; readonly witness: number }[] = [];
  readonly #oldSlots;
  readonly #storedPods;
  readonly #address;
  readonly #principal;

  constructor(db: Database, peers: PeerTable, witnesses: WitnessTable, limits: Limits) {
    this.#peers = peers;
    this.#witnesses = witnesses;
    this.#limits = limits;
    const opened = 'DO UPDATE SET opened = opened + excluded.opened';
    this.#tallies = new Rows(db, `INSERT INTO edge_witnesses (edge, witness, ${TALLY_COLUMNS})`, 2 + TALLY_LENGTH, `DO UPDATE SET ${TALLY_MERGE}`);
    this.#days = new Rows(db, 'INSERT INTO edge_days', 7, `${opened}, hours = hours | excluded.hours, bytes_out = bytes_out + excluded.bytes_out, bytes_in = bytes_in + excluded.bytes_in`);
    this.#pods = new Rows(db, 'INSERT INTO edge_pods', 4, opened);
    this.#podHours = new Rows(db, 'INSERT INTO pod_hours', 4, opened);
    this.#operations = new Rows(db, 'INSERT INTO edge_operations', 5, 'DO UPDATE SET count = count + excluded.count');
    this.#violations = new Rows(db, `INSERT INTO violations (edge, epoch, witness, day, hours, ${TALLY_COLUMNS})`, 5 + TALLY_LENGTH, `DO UPDATE SET hours = hours | excluded.hours, ${TALLY_MERGE}`);
    this.#slots = new Rows(db, 'INSERT INTO edge_slots', 4, 'DO UPDATE SET watched = excluded.watched WHERE excluded.watched > watched');
    // The latest of a union are the latest of the latest: what is kept does not depend on the order of batches.
    this.#oldSlots = db.prepare<{ edge: number; witness: number }>(
      `DELETE FROM edge_slots WHERE edge = :edge AND witness = :witness AND slot <
       (SELECT slot FROM edge_slots WHERE edge = :edge AND witness = :witness ORDER BY slot DESC LIMIT 1 OFFSET ${SLOTS_PER_WITNESS - 1})`,
    );
    this.#storedPods = db.prepare<[number], { pod: number }>('SELECT DISTINCT pod FROM edge_pods WHERE edge = ?');
    this.#address = db.prepare<[number, string, number, number]>(
      'INSERT INTO edge_addresses SELECT ?, ? WHERE (SELECT count(*) FROM edge_addresses WHERE edge = ?) < ? ON CONFLICT DO NOTHING',
    );
    this.#principal = db.prepare<[number, string, number]>(
      `INSERT INTO edge_principals SELECT ?, ? WHERE (SELECT count(*) FROM edge_principals WHERE edge = ?) < ${PRINCIPALS_PER_EDGE} ON CONFLICT DO NOTHING`,
    );
  }

  /** Adds to the row `id` of `edges`, which is `isNew` if nothing was written of it yet. Some of it waits for `flush`. */
  add(id: number, isNew: boolean, edge: EdgeDelta, revision: number): void {
    for (const [witness, { tally, days, failedSlots }] of edge.witnesses) {
      const witnessId = this.#witnesses.id(witness);
      putTally(this.#tallies.put(id).put(witnessId), tally).end();
      for (const [day, { hours, opened, bytesOut, bytesIn }] of days) this.#days.put(id).put(witnessId).put(day).put(hours).put(opened).put(bytesOut).put(bytesIn).end();
      this.#addSlots(id, isNew, witnessId, failedSlots, edge.watching ? revision : 0);
    }
    for (const { pod, witness, opened } of edge.pods) this.#addPod(id, isNew, this.#peers.podId(edge.source, pod), this.#witnesses.id(witness), opened);
    for (const address of edge.addresses) this.#address.run(id, address, id, this.#limits.addressesPerEdge);
    for (const principal of edge.principals) this.#principal.run(id, principal, id);
    for (const { operation, witness, count } of edge.operations) this.#operations.put(id).put(this.#witnesses.id(witness)).put(operation.method).put(operation.path).put(count).end();
    if (edge.violation !== null) {
      for (const [witness, days] of edge.violation.witnesses) {
        for (const [day, { hours, tally }] of days) this.#violations.add(id, edge.violation.epoch, this.#witnesses.id(witness), day, hours, ...tallyValues(tally));
      }
    }
  }

  addPodHour({ peer, pod, witness, hour, opened }: PodHour): void {
    this.#podHours.add(this.#peers.podId(peer, pod), hour, this.#witnesses.id(witness), opened);
  }

  flush(): void {
    for (const rows of this.#waiting()) rows.flush();
    for (const crowded of this.#crowded) this.#oldSlots.run(crowded);
    this.#crowded = [];
  }

  reset(): void {
    for (const rows of this.#waiting()) rows.discard();
    this.#crowded = [];
    this.#podsOf.clear();
  }

  #waiting(): readonly Rows[] {
    return [this.#tallies, this.#days, this.#slots, this.#pods, this.#podHours, this.#operations, this.#violations];
  }

  #addSlots(edge: number, isNew: boolean, witness: number, slots: readonly number[], watched: number): void {
    for (const slot of slots) this.#slots.put(edge).put(witness).put(slot).put(watched).end();
    if (slots.length > (isNew ? SLOTS_PER_WITNESS : 0)) this.#crowded.push({ edge, witness });
  }

  #addPod(edge: number, isNew: boolean, pod: number, witness: number, opened: number): void {
    if (this.#keepsPod(edge, isNew, pod)) this.#pods.put(edge).put(pod).put(witness).put(opened).end();
  }

  /** Whether an edge may keep a pod's own count. */
  #keepsPod(edge: number, isNew: boolean, pod: number): boolean {
    let known = this.#podsOf.get(edge);
    if (known === undefined) {
      if (this.#podsOf.size >= REMEMBERED_PODS) {
        this.#pods.flush();
        this.#podsOf.clear();
      }
      known = new Set(isNew ? [] : this.#storedPods.all(edge).map((row) => row.pod));
      this.#podsOf.set(edge, known);
    }
    if (!known.has(pod) && known.size >= this.#limits.podsPerEdge) return false;
    known.add(pod);
    return true;
  }
}
