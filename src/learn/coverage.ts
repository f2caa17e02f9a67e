import { HOUR } from '../model/edge.ts';
import type { SkipReason } from '../model/flow.ts';
import type { CoverageCell } from './delta.ts';

/** What is counted of each source and hour, beside the skip reasons. */
export type CoverageKind = 'records' | 'flows' | 'lost' | 'overflow' | SkipReason;

/** Names come from records: beyond so many nodes a collector's records are counted under the collector alone. */
const MAX_SOURCES = 5_000;

interface Cell extends CoverageCell {
  readonly counts: Map<string, number>;
  lastRecord: number;
}

/** Counts, for each source and hour, what became of its records. */
export class CoverageCount {
  readonly #cells = new Map<string, Map<number, Cell>>();
  readonly #totals = new Map<string, number>();
  readonly #known: Set<string>;
  #last: Cell | null = null;

  /** `known` are the sources so far, in all portions; new ones are added. */
  constructor(known: Set<string> = new Set()) {
    this.#known = known;
  }

  /** `collector` or `collector/node`. A time of null is counted in hour -1. */
  count(collector: string, node: string, time: number | null, kind: CoverageKind, n = 1): void {
    const hour = time === null ? -1 : Math.floor(time / HOUR);
    const source = node === '' ? collector : `${collector}/${node}`;
    let cell = this.#last;
    if (cell === null || cell.hour !== hour || cell.source !== source) cell = this.#last = this.#cell(collector, source, hour);
    cell.counts.set(kind, (cell.counts.get(kind) ?? 0) + n);
    if (time !== null && time > cell.lastRecord) cell.lastRecord = time;
    this.#totals.set(kind, (this.#totals.get(kind) ?? 0) + n);
  }

  #cell(collector: string, source: string, hour: number): Cell {
    const name = this.#known.size < MAX_SOURCES || this.#known.has(source) ? source : collector;
    this.#known.add(name);
    let hours = this.#cells.get(name);
    if (hours === undefined) this.#cells.set(name, (hours = new Map()));
    let cell = hours.get(hour);
    if (cell === undefined) hours.set(hour, (cell = { source: name, hour, counts: new Map(), lastRecord: 0 }));
    return cell;
  }

  cells(): CoverageCell[] {
    return [...this.#cells.values()].flatMap((hours) => [...hours.values()]);
  }

  /** Sums over all sources and hours. */
  totals(): ReadonlyMap<string, number> {
    return this.#totals;
  }
}
