import type { Graph } from '../learn/graph.ts';
import type { Batch } from '../source.ts';
import type { Store, Written } from '../store/store.ts';
import type { Became } from './learning.ts';

/** What a run of `observe` counted. */
export class Tally {
  /** By coverage kind: records, flows, lost, overflow, skip reasons; and how many records were unsure. */
  readonly totals = new Map<string, number>();
  /** Row to the records that the run added to it; a row of `pending` that has become an edge's is among these. */
  readonly edges = new Map<number, number>();
  readonly pending = new Map<number, number>();
  /** Newest rows before the run: an edge all of whose rows are newer is new. */
  readonly newestEdge: number;
  readonly newestPending: number;
  /** The graph as it was, if anything is watched or decided. */
  readonly before: Graph | null;
  /** Of input, as they came. */
  bytes = 0;
  seconds = 0;
  readonly damaged: string[] = [];
  readonly leftOut: string[] = [];
  /** Files that gave no record, although there is something in them: as a rule they were read before. */
  silent = 0;

  constructor(store: Store, before: Graph | null) {
    this.newestEdge = store.edges.maxRow();
    this.newestPending = store.pending.maxRow();
    this.before = before;
  }

  read({ bytes }: Batch): void {
    this.bytes += bytes;
  }

  committed(written: Written, totals: ReadonlyMap<string, number>): void {
    for (const [row, records] of written.edges) add(this.edges, row, records);
    for (const [row, records] of written.pending) add(this.pending, row, records);
    for (const [kind, n] of totals) add(this.totals, kind, n);
    if (written.overflow > 0) add(this.totals, 'overflow', written.overflow);
  }

  /** Flows that were settled just now are an edge's. */
  settled(became: readonly Became[]): void {
    for (const { row, edge } of became) {
      const records = this.pending.get(row);
      if (records === undefined || edge === null) continue;
      this.pending.delete(row);
      add(this.edges, edge, records);
    }
  }
}

function add<K>(counts: Map<K, number>, key: K, n: number): void {
  counts.set(key, (counts.get(key) ?? 0) + n);
}
