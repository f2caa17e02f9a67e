import { find, findByte, findLast, isAt } from '../../src/scan/find.ts';
import type { TextFormat } from './format.ts';
import type { Line } from './line.ts';
import type { Operator } from './operators.ts';
import { compileTimeFormat, type ReadTime } from './start-time.ts';

/** What a line is under a format. `near` begins like a record of the format and goes wrong later. */
export type Match = 'yes' | 'near' | 'no';

/** Names of routes may have so many spaces; further right there is nothing that could. */
const MAX_SPACES = 8;

/**
 * Matches lines of a text format. Nothing in these lines is escaped, and clients write parts of them, so both ends are read
 * inward: from the left up to the first value that a client can make look like anything, from the right back to the last one.
 * What a client wrote in between cannot pose as Envoy's words.
 */
export class TextMatcher {
  readonly #literals: readonly Buffer[];
  readonly #operators: readonly Operator[];
  readonly #readTime: ReadTime | null;
  /** Operators before this one are read from the left. */
  readonly #firstFree: number;
  /** Operators after this one are read from the right. */
  readonly #lastFree: number;

  constructor({ literals, operators }: TextFormat) {
    this.#literals = literals;
    // A path has no spaces: where a space follows, it ends there whatever else it holds.
    this.#operators = operators.map((operator, i) => (operator.field === 'path' && (literals[i + 1]?.includes(0x20) ?? false) ? { ...operator, shape: 'token' } : operator));
    const time = operators.find(({ field }) => field === 'time');
    this.#readTime = time === undefined ? null : compileTimeFormat(time.timeFormat);
    const free = this.#operators.flatMap(({ shape }, i) => (shape === 'free' ? [i] : []));
    this.#firstFree = free[0] ?? operators.length;
    this.#lastFree = free.at(-1) ?? operators.length;
  }

  match(b: Buffer, start: number, end: number, line: Line): Match {
    let p = this.#literal(b, start, end, 0);
    if (p < 0) return 'no';
    let seen: Match = 'no';
    for (let i = 0; i < this.#firstFree; i++) {
      const stop = this.#valueEnd(b, p, end, i);
      if (stop < 0 || !this.#take(b, p, stop, i, line)) return seen;
      if (this.#operators[i]!.field === 'time') seen = 'near';
      p = stop + this.#literals[i + 1]!.length;
    }
    if (this.#firstFree === this.#operators.length) return p === end ? 'yes' : seen;
    for (let spaces = 0; spaces <= MAX_SPACES; spaces++) if (this.#fromRight(b, p, end, line, spaces)) return 'yes';
    return seen;
  }

  /** Reads the operators behind the last free one, the last of them with so many spaces in it. */
  #fromRight(b: Buffer, left: number, end: number, line: Line, spaces: number): boolean {
    const last = this.#operators.length - 1;
    if (spaces > 0 && this.#operators[last]!.shape !== 'text') return false;
    let stop = end - this.#literals[last + 1]!.length;
    if (stop < left || !isAt(b, this.#literals[last + 1]!, stop)) return false;
    for (let i = last; i > this.#lastFree; i--) {
      const before = this.#literals[i]!;
      let at = findLast(b, before, left, stop);
      if (i === last) for (let n = 0; n < spaces && at >= 0; n++) at = findLast(b, before, left, at + before.length - 1);
      if (at < 0 || !this.#take(b, at + before.length, stop, i, line)) return false;
      stop = at;
    }
    return this.#between(b, left, stop, line);
  }

  /** The part that clients can write: read from the left, as far as it goes; only values that nothing depends on lie here. */
  #between(b: Buffer, left: number, right: number, line: Line): boolean {
    let p = left;
    for (let i = this.#firstFree; i <= this.#lastFree; i++) {
      const stop = i === this.#lastFree ? right : this.#valueEnd(b, p, right, i);
      if (stop < 0 || stop < p) return false;
      const { field } = this.#operators[i]!;
      if (field !== null && !this.#take(b, p, stop, i, line)) return false;
      p = stop + this.#literals[i + 1]!.length;
    }
    return true;
  }

  /** Where the value at p ends: before the literal that follows it. */
  #valueEnd(b: Buffer, p: number, end: number, operator: number): number {
    const after = this.#literals[operator + 1]!;
    if (after.length === 0) return end;
    return find(b, after, p, end);
  }

  /** Keeps a value if it can be one of this operator. */
  #take(b: Buffer, start: number, end: number, i: number, line: Line): boolean {
    const { field, shape } = this.#operators[i]!;
    if (shape === 'token') for (let p = start; p < end; p++) if (b[p] === 0x20) return false;
    if (field === null) return true;
    if (field === 'time') {
      line.time = this.#readTime === null ? Number.NaN : this.#readTime(b, start, end);
      return !Number.isNaN(line.time);
    }
    line.set(field, b, start, end);
    switch (field) {
      case 'code':
      case 'bytesReceived':
      case 'bytesSent':
        return !line.has(field) || line.integer(field) !== null;
      case 'upstreamHost':
      case 'upstreamLocal':
      case 'downstreamLocal':
      case 'downstreamRemote':
      case 'downstreamDirect':
        return looksLikeAddress(b, start, end);
      default:
        return true;
    }
  }

  #literal(b: Buffer, p: number, end: number, i: number): number {
    const literal = this.#literals[i]!;
    return p + literal.length <= end && isAt(b, literal, p) ? p + literal.length : -1;
  }
}

/** `-`, `10.1.2.3:80`, `[fd00::1]:80`, `envoy://…`, `/path/of/a/socket`: cheap, to tell a shifted column from the right one. */
function looksLikeAddress(b: Buffer, start: number, end: number): boolean {
  const first = b[start]!;
  if (end - start === 1) return first === 0x2d;
  const isDigit = first >= 0x30 && first <= 0x39;
  const isHex = (first >= 0x61 && first <= 0x66) || (first >= 0x41 && first <= 0x46);
  if (first === 0x5b || first === 0x2f || first === 0x40) return true;
  if (isDigit || isHex || first === 0x3a) return findByte(b, 0x3a, start, end) >= 0 || findByte(b, 0x2e, start, end) >= 0;
  return b.toString('latin1', start, start + 8) === 'envoy://';
}
