import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';
import { OperationError } from '../errors.ts';
import type { Delta, Settlement } from '../learn/delta.ts';
import { DEFAULT_LIMITS, type Limits } from '../learn/limits.ts';
import type { StoredGraph, StoredPending } from '../learn/stored.ts';
import type { EdgeKey } from '../model/edge.ts';
import { groupBy } from '../model/group.ts';
import type { Position } from '../source.ts';
import { AlertTable } from './alerts.ts';
import { ChoiceTable } from './choices.ts';
import { CoverageTable } from './coverage.ts';
import { asOperationError, isFull, openDatabase } from './database.ts';
import { EdgeTable } from './edges.ts';
import { InventoryTable } from './inventory.ts';
import { OutboxTable } from './outbox.ts';
import { PeerTable } from './peers.ts';
import { PendingTable } from './pending.ts';
import { PositionTable } from './positions.ts';
import { WitnessTable } from './witnesses.ts';

/** What a committed batch touched. */
export interface Written {
  /** Row of `edges` to the records that the batch added to it. */
  readonly edges: ReadonlyMap<number, number>;
  /** Row of `pending` to the records that the batch added to it. */
  readonly pending: ReadonlyMap<number, number>;
  /** Flows that found no room. */
  readonly overflow: number;
}

/** The only door to SQLite. One table family a file; this one opens them and owns the transactions. */
export class Store {
  readonly path: string;
  readonly db: Database;
  readonly peers: PeerTable;
  readonly witnesses: WitnessTable;
  readonly edges: EdgeTable;
  readonly pending: PendingTable;
  readonly coverage: CoverageTable;
  readonly positions: PositionTable;
  readonly inventory: InventoryTable;
  readonly choices: ChoiceTable;
  readonly alerts: AlertTable;
  readonly outbox: OutboxTable;
  readonly #limits: Limits;

  /** Unless `create` is set, the database must exist. */
  constructor(path: string, options: { readonly create: boolean; readonly limits?: Limits }) {
    this.path = path;
    this.#limits = options.limits ?? DEFAULT_LIMITS;
    this.db = openDatabase(path, options.create);
    this.peers = new PeerTable(this.db);
    this.witnesses = new WitnessTable(this.db);
    this.edges = new EdgeTable(this.db, this.peers, this.witnesses, this.#limits);
    this.pending = new PendingTable(this.db, this.peers, this.witnesses, this.#limits.pendingRows);
    this.coverage = new CoverageTable(this.db);
    this.positions = new PositionTable(this.db, path);
    this.inventory = new InventoryTable(this.db);
    this.choices = new ChoiceTable(this.db, this.peers);
    this.alerts = new AlertTable(this.db);
    this.outbox = new OutboxTable(this.db);
  }

  /** How long a transaction waits, with the whole process, for another process to end its own; 5 seconds unless it is said. */
  waitAtMost(ms: number): void {
    this.db.pragma(`busy_timeout = ${ms}`);
  }

  /** Runs `work` in one transaction that holds the write lock from its start; twice if room had to be made for it. */
  transaction<T>(work: () => T): T {
    try {
      return this.#immediate(work);
    } catch (error) {
      if (isFull(error) && this.#makeRoom()) {
        try {
          return this.#immediate(work);
        } catch (again) {
          throw asOperationError(again, this.path);
        }
      }
      throw asOperationError(error, this.path);
    }
  }

  #immediate<T>(work: () => T): T {
    try {
      return this.db.transaction(work).immediate();
    } catch (error) {
      // Rows that were made in it are gone again.
      this.forgetRows();
      throw error;
    }
  }

  /** What was committed may lie on the disk twice until the write-ahead log is given up. False if there was nothing to give. */
  #makeRoom(): boolean {
    const held = (mode: 'PASSIVE' | 'TRUNCATE'): number => (this.db.pragma(`wal_checkpoint(${mode})`) as readonly { readonly log: number }[])[0]?.log ?? 0;
    try {
      return held('PASSIVE') > 0 && held('TRUNCATE') === 0;
    } catch {
      return false;
    }
  }

  /** What is remembered of rows counts no longer: a transaction was rolled back, or another process deleted some. */
  forgetRows(): void {
    for (const rows of [this.peers, this.witnesses, this.edges, this.pending]) rows.reset();
  }

  /** Adds a batch to the graph; the caller holds the transaction, in which the positions go too. */
  add(delta: Delta, positions: readonly Position[]): Written {
    for (const sighting of delta.sightings) this.peers.sight(sighting);
    for (const attribute of delta.attributes) this.peers.describe(attribute, this.#limits.labelSetsPerWorkload);
    const edges = new Map<number, number>();
    for (const [i, row] of this.edges.add(delta.edges, delta.revision).entries()) edges.set(row, (edges.get(row) ?? 0) + (delta.edges[i]?.records ?? 0));
    for (const podHour of delta.podHours) this.edges.addPodHour(podHour);
    const pending = new Map<number, number>();
    let overflow = 0;
    for (const row of delta.pending) {
      const id = this.pending.add(row, delta.revision);
      if (id === null) overflow += row.records;
      else pending.set(id, (pending.get(id) ?? 0) + row.records);
    }
    this.#flush();
    for (const cell of delta.coverage) this.coverage.add(cell);
    if (overflow > 0) this.coverage.add({ source: 'pending', hour: -1, counts: new Map([['overflow', overflow]]), lastRecord: 0 });
    for (const position of positions) this.positions.write(position);
    return { edges, pending, overflow };
  }

  #flush(): void {
    this.peers.flush();
    this.edges.flush();
  }

  /** Gives `work` everything that the graph is worked out of, as of one moment. */
  read<T>(work: (stored: StoredGraph) => T): T {
    const all = this.db.transaction((): T => {
      const { byId, stored: peers } = this.peers.readPeers();
      const { byId: podNames, stored: pods } = this.peers.readPods();
      return work({
        revision: this.choices.revision,
        pending: this.pending.read(byId, podNames),
        peers,
        pods,
        choices: this.choices.read(byId),
        coverage: this.coverage.read(),
        edges: this.edges.read(byId, podNames),
      });
    });
    try {
      return all();
    } catch (error) {
      throw asOperationError(error, this.path);
    }
  }

  /**
   * Turns pending rows from before a minute into edges, for good; those that `settle` gives null for are dropped. Says which
   * row became which edge.
   */
  settlePending(beforeMinute: number, settle: (row: StoredPending) => Settlement | null): readonly { readonly row: number; readonly edge: number | null }[] {
    const { byId } = this.peers.readPeers();
    const { byId: podNames } = this.peers.readPods();
    const rows = [...this.pending.read(byId, podNames, beforeMinute)];
    const became = new Map<number, number | null>(rows.map(({ row }) => [row, null]));
    for (const [revision, ofRevision] of groupBy(rows, (row) => row.revision)) {
      const settled = ofRevision.flatMap((row) => {
        const settlement = settle(row);
        return settlement === null ? [] : [{ row: row.row, ...settlement }];
      });
      for (const { sightings, podHours } of settled) {
        for (const sighting of sightings) this.peers.sight(sighting);
        for (const podHour of podHours) this.edges.addPodHour(podHour);
      }
      for (const [i, edge] of this.edges.add(settled.map((one) => one.edge), revision).entries()) became.set(settled[i]?.row ?? 0, edge);
    }
    this.#flush();
    this.pending.remove(rows.map(({ row }) => row));
    return [...became].map(([row, edge]) => ({ row, edge }));
  }

  /** Which edges and operations there are: what a cap is counted against. */
  readKnown(): { readonly edges: readonly EdgeKey[]; readonly operations: ReturnType<EdgeTable['readOperations']>; readonly sources: readonly string[] } {
    const { byId } = this.peers.readPeers();
    return { edges: this.edges.readKeys(byId), operations: this.edges.readOperations(byId), sources: this.coverage.read().map(({ source }) => source) };
  }

  setting(name: string): string | null {
    const row = this.db.prepare<[string], { value: string }>('SELECT value FROM settings WHERE name = ?').get(name);
    return row?.value ?? null;
  }

  setSetting(name: string, value: string): void {
    this.db.prepare('INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value').run(name, value);
  }

  /** What SQLite finds wrong with the file; nothing, as a rule. */
  check(): readonly string[] {
    const integrity = this.db.pragma('integrity_check', { simple: false }) as { readonly integrity_check: string }[];
    const keys = this.db.pragma('foreign_key_check') as { readonly table: string; readonly rowid: number }[];
    return [
      ...integrity.map((row) => row.integrity_check).filter((text) => text !== 'ok'),
      ...keys.map(({ table, rowid }) => `${table}: row ${rowid} points to a row that is gone`),
    ];
  }

  /** Copies the database into a new file while others use it. */
  async backup(path: string): Promise<void> {
    if (!existsSync(dirname(path))) throw new OperationError(`${path}: cannot write a copy there: its folder does not exist; make it, or name another file`);
    try {
      await this.db.backup(path);
    } catch (error) {
      throw asOperationError(error, path);
    }
  }

  tableSizes(): readonly { readonly name: string; readonly rows: number }[] {
    const names = this.db.prepare<[], { name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name").all();
    return names.map(({ name }) => ({ name, rows: (this.db.prepare(`SELECT count(*) AS n FROM "${name}"`).get() as { n: number }).n }));
  }

  close(): void {
    this.db.close();
  }
}
