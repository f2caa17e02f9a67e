import { find, findLast, isAt } from '../../src/scan/find.ts';
import { canHoldSpaces, OUTCOME, type Operator } from './operators.ts';

/** Longer values are none: so a line costs what its length costs, whatever it repeats. */
const MAX_VALUE = 4_096;

/** How many readings a line has: one; several that tell of one connection and differ in what came of it; none, or of several connections. */
export type Certainty = 'certain' | 'doubtful' | 'none';

/** Keeps a value if it can be one of the operator. */
export type Take = (operator: number, start: number, end: number) => boolean;

/** Operators `from` up to `to`, with the literals around them: where it begins, all of them lie. Between two runs lies what can hold anything. */
interface Run {
  readonly from: number;
  readonly to: number;
  readonly tells: 'connection' | 'outcome' | 'nothing';
}

/**
 * Finds out whether a line can be read in one way only. Each run is looked for as far right as it can lie, and as far left. Where
 * both are the same place, no reading has it elsewhere.
 */
export class Readings {
  readonly #literals: readonly Buffer[];
  readonly #operators: readonly Operator[];
  readonly #runs: readonly Run[];
  readonly #latest: Int32Array;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;

  constructor(literals: readonly Buffer[], operators: readonly Operator[]) {
    this.#literals = literals;
    this.#operators = operators;
    const gaps = operators.flatMap((operator, i) => (isGap(operator, i, literals) ? [i] : []));
    this.#runs = [-1, ...gaps].map((gap, n): Run => {
      const to = gaps[n] ?? operators.length;
      const fields = operators.slice(gap + 1, to).flatMap(({ field }) => (field === null ? [] : [field]));
      return { from: gap + 1, to, tells: fields.some((field) => !OUTCOME.has(field)) ? 'connection' : fields.length > 0 ? 'outcome' : 'nothing' };
    });
    this.#latest = new Int32Array(this.#runs.length);
    this.#starts = new Int32Array(this.#runs.length);
    this.#ends = new Int32Array(this.#runs.length);
  }

  /** Looks for the readings of a line; what is taken last are the values of the leftmost. */
  find(b: Buffer, start: number, end: number, take: Take): Certainty {
    const [latest, starts, ends] = [this.#latest, this.#starts, this.#ends];
    for (let i = this.#runs.length - 1; i > 0; i--) {
      const at = this.#last(b, i, start, latest[i + 1] ?? end, take);
      if (at < 0) return 'none';
      latest[i] = at;
    }
    latest[0] = start;
    let certainty: Certainty = 'certain';
    for (const [i, { tells }] of this.#runs.entries()) {
      const at = i === 0 ? start : this.#first(b, i, ends[i - 1]!, end, take);
      const stop = at < 0 ? -1 : this.#end(b, i, at, end, take);
      if (stop < 0 || at > latest[i]! || (tells === 'connection' && at < latest[i]!)) return 'none';
      if (tells === 'outcome' && at < latest[i]!) certainty = 'doubtful';
      starts[i] = at;
      ends[i] = stop;
    }
    this.#takeGaps(take);
    return certainty;
  }

  /** What lies between two runs is known where both can be nowhere else. */
  #takeGaps(take: Take): void {
    const isFixed = (i: number): boolean => this.#starts[i] === this.#latest[i];
    for (let i = 0; i + 1 < this.#runs.length; i++) {
      const gap = this.#runs[i]!.to;
      if (this.#operators[gap]!.field !== null && isFixed(i) && isFixed(i + 1)) take(gap, this.#ends[i]!, this.#starts[i + 1]!);
    }
  }

  /** Leftmost place of a run in [from, end), or -1. */
  #first(b: Buffer, i: number, from: number, end: number, take: Take): number {
    const literal = this.#literals[this.#runs[i]!.from]!;
    // Only the last run can be empty: what can hold anything ends the line.
    if (literal.length === 0) return end;
    let at = find(b, literal, from, end);
    while (at >= 0 && this.#end(b, i, at, end, take) < 0) at = find(b, literal, at + 1, end);
    return at;
  }

  /** Rightmost place of a run in [from, end), or -1. */
  #last(b: Buffer, i: number, from: number, end: number, take: Take): number {
    const literal = this.#literals[this.#runs[i]!.from]!;
    if (literal.length === 0) return end;
    let at = findLast(b, literal, from, end);
    while (at >= 0 && this.#end(b, i, at, end, take) < 0) at = findLast(b, literal, from, at + literal.length - 1);
    return at;
  }

  /** Where a run that begins at p ends, -1 if none does. The last one ends at `end`. */
  #end(b: Buffer, i: number, p: number, end: number, take: Take): number {
    const { from, to } = this.#runs[i]!;
    let at = p;
    for (let n = from; ; n++) {
      const literal = this.#literals[n]!;
      if (at + literal.length > end || !isAt(b, literal, at)) return -1;
      at += literal.length;
      if (n === to) return n === this.#operators.length && at !== end ? -1 : at;
      at = this.#valueEnd(b, n, at, end, take);
      if (at < 0) return -1;
    }
  }

  /** Where the value at p ends: before the first literal that follows, the last one before the end of the line. -1 if there is no value. */
  #valueEnd(b: Buffer, n: number, p: number, end: number, take: Take): number {
    const { field, shape } = this.#operators[n]!;
    const after = this.#literals[n + 1]!;
    const limit = Math.min(end, p + MAX_VALUE);
    const isLast = n === this.#operators.length - 1;
    let stop = isLast ? end - after.length : canHoldSpaces(shape) ? find(b, after, p, limit) : tokenEnd(b, after, p, limit);
    // A time may hold what follows it: `%F %T` has a space.
    while (stop >= p && !take(n, p, stop)) stop = field === 'time' && !isLast ? find(b, after, stop + 1, limit) : -1;
    return stop >= p ? stop : -1;
  }
}

/** Nobody can tell where it ends: anything, or words that are followed by no quote. */
function isGap({ field, shape }: Operator, i: number, literals: readonly Buffer[]): boolean {
  const isLast = i === literals.length - 2;
  return shape === 'free' || (shape === 'text' && field !== 'time' && !isLast && literals[i + 1]![0] !== 0x22);
}

function tokenEnd(b: Buffer, after: Buffer, p: number, end: number): number {
  for (let at = p; at + after.length <= end; at++) {
    if (b[at] === after[0] && isAt(b, after, at)) return at;
    if (b[at] === 0x20) return -1;
  }
  return -1;
}
