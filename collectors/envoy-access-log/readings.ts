import { find, isAt } from '../../src/scan/find.ts';
import { canHoldSpaces, type Field, type Operator } from './operators.ts';

/** So many bytes may be looked at to find all readings of a line, for each of its own: more is nobody's honest record. */
const WORK_PER_BYTE = 16;
const LEAST_WORK = 100_000;

/** Where the value of an operator lies, and those of all operators after it. */
interface Reading {
  readonly operator: number;
  readonly start: number;
  readonly end: number;
  readonly next: Reading | null;
  /** Another one tells of the same connection, and of another outcome. */
  doubtful: boolean;
}

/** How many readings there are: one; several that tell of one connection and differ in what came of it; none, or of several connections. */
export type Certainty = 'certain' | 'doubtful' | 'none';

/** What came of a connection: all else says which one it is. */
const OUTCOME: ReadonlySet<Field | null> = new Set([null, 'method', 'path', 'code', 'flags', 'details', 'termination', 'failure', 'bytesReceived', 'bytesSent']);

/** Keeps a value if it can be one of the operator. */
export type Take = (operator: number, start: number, end: number) => boolean;

/**
 * Looks for all ways to read a line by its format, by where the values of the fields lie. Linear in the format; the line decides
 * how many ways there are, and so their search has a limit.
 */
export class Readings {
  readonly #literals: readonly Buffer[];
  readonly #operators: readonly Operator[];
  /** Behind this one no operator says anything: one way to read on is as good as another. */
  readonly #lastField: number;

  constructor(literals: readonly Buffer[], operators: readonly Operator[]) {
    this.#literals = literals;
    this.#operators = operators;
    this.#lastField = operators.findLastIndex(({ field }) => field !== null);
  }

  /** Looks for the readings of a line; the values of the one that counts are taken last. */
  find(b: Buffer, start: number, end: number, take: Take): Certainty {
    const known = new Map<number, readonly (Reading | null)[]>();
    let work = LEAST_WORK + WORK_PER_BYTE * (end - start);
    const from = (i: number, p: number): readonly (Reading | null)[] => {
      if (i === this.#operators.length) return p === end ? [null] : [];
      const key = i * 4_194_304 + (p - start);
      const seen = known.get(key);
      if (seen !== undefined) return seen;
      const found: (Reading | null)[] = [];
      for (const stop of this.#ends(b, p, end, i, (bytes) => (work -= bytes))) {
        work -= 8;
        if (work < 0) return found;
        if (!take(i, p, stop)) continue;
        for (const next of from(i + 1, stop + this.#literals[i + 1]!.length)) {
          const reading = { operator: i, start: p, end: stop, next, doubtful: next?.doubtful ?? false };
          const same = found.find((other) => other !== null && this.#agree(other, reading, (field) => !OUTCOME.has(field)));
          if (same === undefined || same === null) found.push(reading);
          else same.doubtful ||= reading.doubtful || !this.#agree(same, reading, (field) => field !== null);
          if (found.length > 1) break;
        }
        if (found.length > 1 || (found.length === 1 && i > this.#lastField)) break;
      }
      known.set(key, found);
      return found;
    };
    const [reading, ...others] = from(0, start);
    if (work < 0 || reading === undefined || reading === null || others.length > 0) return 'none';
    for (let at: Reading | null = reading; at !== null; at = at.next) take(at.operator, at.start, at.end);
    return reading.doubtful ? 'doubtful' : 'certain';
  }

  /** Where a value can end: a token at the first literal that follows, others at each. */
  *#ends(b: Buffer, p: number, end: number, i: number, onLook: (bytes: number) => void): Generator<number> {
    const after = this.#literals[i + 1]!;
    if (i === this.#operators.length - 1) {
      if (end - after.length >= p && (after.length === 0 || isAt(b, after, end - after.length))) yield end - after.length;
      return;
    }
    const isToken = !canHoldSpaces(this.#operators[i]!.shape);
    for (let from = p; ; ) {
      const at = find(b, after, from, end);
      onLook((at < 0 ? end : at) - from);
      if (at < 0) return;
      yield at;
      if (isToken) return;
      from = at + 1;
    }
  }

  #agree(one: Reading, other: Reading, counts: (field: Field | null) => boolean): boolean {
    for (let [a, b]: [Reading | null, Reading | null] = [one, other]; a !== null && b !== null; [a, b] = [a.next, b.next]) {
      if (counts(this.#operators[a.operator]!.field) && (a.start !== b.start || a.end !== b.end)) return false;
    }
    return true;
  }
}
