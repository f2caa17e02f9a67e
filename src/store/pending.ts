import type { Database } from 'better-sqlite3';
import type { PendingDelta } from '../learn/delta.ts';
import type { StoredPending } from '../learn/stored.ts';
import type { Protocol } from '../model/flow.ts';
import type { Peer } from '../model/peer.ts';
import { blocks, Children } from './blocks.ts';
import type { PeerTable } from './peers.ts';
import { TALLY_COLUMNS, TALLY_LENGTH, TALLY_MERGE, tallyOf, tallyValues, type TallyValues } from './tally.ts';
import type { WitnessTable } from './witnesses.ts';

type Row = [
  id: number,
  source: number,
  destination: number,
  sourcePod: number | null,
  destinationPod: number | null,
  address: string,
  principal: string,
  protocol: Protocol,
  port: number,
  witness: number,
  revision: number,
  minute: number,
  records: number,
  ...tally: TallyValues,
];

/** Those of a row before its tally. */
const COLUMNS = 'source, destination, source_pod, destination_pod, address, principal, protocol, port, witness, revision, minute, records';

/** Flows with an end whose owner is not known yet, by minute. */
export class PendingTable {
  readonly #db: Database;
  readonly #peers: PeerTable;
  readonly #witnesses: WitnessTable;
  readonly #maxRows: number;
  readonly #upsert;
  readonly #find;
  readonly #operation;
  readonly #count;
  /** At least as many rows as there are; null if that is not known. */
  #rows: number | null = null;

  constructor(db: Database, peers: PeerTable, witnesses: WitnessTable, maxRows: number) {
    this.#db = db;
    this.#peers = peers;
    this.#witnesses = witnesses;
    this.#maxRows = maxRows;
    this.#upsert = db.prepare<unknown[], { id: number }>(
      `INSERT INTO pending (${COLUMNS}, ${TALLY_COLUMNS})
       VALUES (${Array(12 + TALLY_LENGTH).fill('?').join(', ')})
       ON CONFLICT DO UPDATE SET records = records + excluded.records, ${TALLY_MERGE} RETURNING id`,
    );
    this.#find = db.prepare<unknown[], { id: number }>(
      `SELECT id FROM pending WHERE source = ? AND destination = ? AND minute = ? AND protocol = ? AND port = ? AND witness = ? AND revision = ?
       AND coalesce(source_pod, 0) = coalesce(?, 0) AND coalesce(destination_pod, 0) = coalesce(?, 0) AND address = ? AND principal = ?`,
    );
    this.#operation = db.prepare('INSERT INTO pending_operations VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count');
    this.#count = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM pending');
  }

  reset(): void {
    this.#rows = null;
  }

  /** The row, or null if there was no room for a new one. */
  add(delta: PendingDelta, revision: number): number | null {
    const source = this.#peers.id(delta.source);
    const destination = this.#peers.id(delta.destination);
    const sourcePod = delta.sourcePod === '' ? null : this.#peers.podId(delta.source, delta.sourcePod);
    const destinationPod = delta.destinationPod === '' ? null : this.#peers.podId(delta.destination, delta.destinationPod);
    const witness = this.#witnesses.id(delta.witness);
    const { address, principal, minute, protocol, port } = delta;
    if (!this.#hasRoom() && this.#find.get(source, destination, minute, protocol, port, witness, revision, sourcePod, destinationPod, address, principal) === undefined) return null;
    const id = this.#upsert.get(source, destination, sourcePod, destinationPod, address, principal, protocol, port, witness, revision, minute, delta.records, ...tallyValues(delta.tally))?.id ?? 0;
    for (const [{ method, path }, count] of delta.operations) this.#operation.run(id, method, path, count);
    for (const peer of [delta.source, delta.destination]) if (peer.type === 'workload') this.#peers.markSeen(this.#peers.id(peer), revision);
    return id;
  }

  /** Counts every row as a new one, and only when that looks like too many, how many there are. */
  #hasRoom(): boolean {
    if (this.#rows !== null && this.#rows < this.#maxRows) {
      this.#rows++;
      return true;
    }
    const actual = this.#count.get()?.n ?? 0;
    // Beyond this the count is exact, row by row, and slow: there is next to no room.
    this.#rows = this.#maxRows - actual > 1_000 ? actual : null;
    return actual < this.#maxRows;
  }

  /** The minute before which a quarter of the rows lie, once there are nearly as many as there may be; else null. */
  crowdedBefore(): number | null {
    const actual = this.#count.get()?.n ?? 0;
    if (actual < 0.9 * this.#maxRows) return null;
    const row = this.#db.prepare<[number], { minute: number }>('SELECT minute FROM pending ORDER BY minute LIMIT 1 OFFSET ?').get(Math.floor(actual / 4));
    return row === undefined ? null : row.minute + 1;
  }

  maxRow(): number {
    return (this.#db.prepare('SELECT coalesce(max(id), 0) AS id FROM pending').get() as { id: number }).id;
  }

  remove(rows: Iterable<number>): void {
    const statement = this.#db.prepare<[number]>('DELETE FROM pending WHERE id = ?');
    for (const row of rows) statement.run(row);
    this.#rows = null;
  }

  /** Rows one after the other: they can be many more than the edges that come of them. */
  *read(peers: ReadonlyMap<number, Peer>, pods: ReadonlyMap<number, string>, beforeMinute = Number.MAX_SAFE_INTEGER): Generator<StoredPending> {
    const witnesses = this.#witnesses.read();
    const podOf = (pod: number | null): string => (pod === null ? '' : (pods.get(pod) ?? ''));
    const operations = new Children<[pending: number, method: string, path: string, count: number]>(this.#db, 'pending_operations', 'pending', 'method, path, count');
    // Not by the index of minutes: a block is a part of the table, not of what lies before the minute.
    for (const rows of blocks<Row>(this.#db, 'pending', `${COLUMNS}, ${TALLY_COLUMNS}`, 'AND +minute < ?', beforeMinute)) {
      operations.read(rows);
      for (const row of rows) {
        const [id, from, to, fromPod, toPod, address, principal, protocol, port, seenBy, revision, minute, records, ...values] = row;
        const [source, destination, witness] = [peers.get(from), peers.get(to), witnesses.get(seenBy)];
        if (source === undefined || destination === undefined || witness === undefined) continue;
        const [sourcePod, destinationPod] = [podOf(fromPod), podOf(toPod)];
        const own = operations.of(id, ([, method, path, count]) => ({ method, path, count }));
        yield { row: id, source, destination, sourcePod, destinationPod, address, principal, protocol, port, witness, revision, minute, records, tally: tallyOf(values), operations: own };
      }
    }
  }
}
