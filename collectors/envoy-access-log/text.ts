import { find, findByte, findLast, isAt } from '../../src/scan/find.ts';
import type { Segment } from '../../src/scan/plan.ts';
import type { TextFormat } from './format.ts';
import type { Line } from './line.ts';
import { canHoldSpaces, fieldsOf, type Field, type Operator } from './operators.ts';
import { Readings } from './readings.ts';
import { compileTimeFormat, type ReadTime } from './start-time.ts';

/** What a line is under a format. `near` begins like a record of the format and goes wrong later. */
export type Match = 'yes' | 'near' | 'no';

const QUOTE = 0x22;
const ENVOY = Buffer.from('envoy://');

/**
 * Matches lines of a text format. Nothing in these lines is escaped, and clients write parts of them. Where a line has the quotes
 * of its format and no more, they show where each part ends, and no client can pose as Envoy. Else all ways to read the line
 * count: they must tell of one connection, and where they differ in what came of it, that stays open.
 */
export class TextMatcher {
  readonly #literals: readonly Buffer[];
  readonly #operators: readonly Operator[];
  readonly #readTime: ReadTime | null;
  readonly #fields: number;
  /** Null for formats whose quotes do not tell enough. */
  readonly #segments: readonly Segment[] | null;
  readonly #quotes: Int32Array;
  readonly #readings: Readings;

  constructor({ literals, operators }: TextFormat) {
    this.#literals = literals;
    this.#operators = operators;
    const time = operators.find(({ field }) => field === 'time');
    this.#readTime = time === undefined ? null : compileTimeFormat(time.timeFormat);
    this.#fields = fieldsOf(operators);
    this.#quotes = new Int32Array(literals.reduce((sum, literal) => sum + quotesIn(literal), 0));
    this.#segments = segmentsOf(literals, operators);
    this.#readings = new Readings(literals, operators);
  }

  match(b: Buffer, start: number, end: number, line: Line): Match {
    line.written = this.#fields;
    const first = this.#literals[0]!;
    if (start + first.length > end || !isAt(b, first, start)) return 'no';
    if (this.#segments !== null && this.#findQuotes(b, start, end)) return this.#inSegments(b, start + first.length, end, line, this.#segments) ? 'yes' : this.#near(b, start, end, line);
    const take = (i: number, from: number, to: number): boolean => this.#take(b, from, to, i, line);
    const certainty = this.#readings.find(b, start, end, take);
    line.isSure = false;
    line.isDoubtful ||= certainty === 'doubtful';
    return certainty === 'none' ? this.#near(b, start, end, line) : 'yes';
  }

  /** Whether the line has just the quotes of its format; where they lie. */
  #findQuotes(b: Buffer, start: number, end: number): boolean {
    const quotes = this.#quotes;
    let count = 0;
    for (let p = start; p < end; p++) {
      if (b[p] !== QUOTE) continue;
      if (count === quotes.length) return false;
      quotes[count++] = p;
    }
    return count === quotes.length;
  }

  #inSegments(b: Buffer, begin: number, end: number, line: Line, segments: readonly Segment[]): boolean {
    let left = begin;
    for (const segment of segments) {
      const { after } = segment;
      const right = segment.quote < 0 ? end - after.length : this.#quotes[segment.quote]! - segment.quoteAt;
      if (right < left || right + after.length > end || !isAt(b, after, right)) return false;
      if (!this.#segment(b, left, right, line, segment)) return false;
      left = right + after.length;
    }
    return true;
  }

  /** Tokens from both ends; between them lies what may hold spaces. */
  #segment(b: Buffer, begin: number, close: number, line: Line, { from, to, firstWild, lastWild }: Segment): boolean {
    let left = begin;
    let right = close;
    for (let i = from; i < firstWild; i++) {
      const stop = i === to - 1 ? right : find(b, this.#literals[i + 1]!, left, right);
      if (stop < 0 || !this.#take(b, left, stop, i, line)) return false;
      left = i === to - 1 ? right : stop + this.#literals[i + 1]!.length;
    }
    for (let i = to - 1; i > lastWild; i--) {
      const before = this.#literals[i]!;
      const at = findLast(b, before, left, right);
      if (at < 0 || !this.#take(b, at + before.length, right, i, line)) return false;
      right = at;
    }
    if (firstWild === to) return true;
    if (firstWild === lastWild) return this.#take(b, left, right, firstWild, line);
    // Of several that may hold spaces none says anything; there must be room for what stands between them.
    for (let i = firstWild; i < lastWild; i++) {
      const stop = find(b, this.#literals[i + 1]!, left, right);
      if (stop < 0) return false;
      left = stop + this.#literals[i + 1]!.length;
    }
    return true;
  }

  /** Whether the line begins like one of this format, up to its time. */
  #near(b: Buffer, start: number, end: number, line: Line): Match {
    let p = start + this.#literals[0]!.length;
    for (const [i, { field, shape }] of this.#operators.entries()) {
      const stop = shape === 'free' ? -1 : find(b, this.#literals[i + 1]!, p, end);
      if (stop < 0 || !this.#take(b, p, stop, i, line)) return 'no';
      if (field === 'time') return 'near';
      p = stop + this.#literals[i + 1]!.length;
    }
    return 'no';
  }

  /** Keeps a value if it can be one of this operator. */
  #take(b: Buffer, start: number, end: number, i: number, line: Line): boolean {
    const { field, shape } = this.#operators[i]!;
    if (!canHoldSpaces(shape)) for (let p = start; p < end; p++) if (b[p] === 0x20) return false;
    if (shape === 'text' && findByte(b, QUOTE, start, end) >= 0) return false;
    if (shape === 'protocol' && !looksLikeProtocol(b, start, end, !line.has('path'))) return false;
    if (shape === 'host' && !looksLikeHost(b, start, end)) return false;
    if (field === null) return true;
    if (field === 'time') {
      line.time = this.#readTime === null ? Number.NaN : this.#readTime(b, start, end);
      return !Number.isNaN(line.time);
    }
    return keepValue(line, field, b, start, end);
  }
}

/** Keeps a value; false if it cannot be one of its field. */
export function keepValue(line: Line, field: Field, b: Buffer, start: number, end: number): boolean {
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

function quotesIn(literal: Buffer): number {
  let count = 0;
  for (const byte of literal) if (byte === QUOTE) count++;
  return count;
}

/** Null for formats whose quotes do not tell enough: at most one operator of a segment, or the last ones, can hold spaces. */
export function segmentsOf(literals: readonly Buffer[], operators: readonly Operator[]): readonly Segment[] | null {
  const segments: Segment[] = [];
  let from = 0;
  let quote = quotesIn(literals[0]!);
  for (let to = 1; to <= operators.length; to++) {
    const quotes = quotesIn(literals[to]!);
    if (quotes === 0 && to < operators.length) continue;
    const wild = Array.from({ length: to - from }, (_, i) => from + i).filter((i) => canHoldSpaces(operators[i]!.shape));
    const [firstWild = to, lastWild = wild.at(-1) ?? to] = [wild[0], wild.at(-1)];
    // What lies between two of them cannot be told apart from them.
    if (operators.slice(firstWild, lastWild + 1).some(({ field }) => field !== null) && firstWild !== lastWild) return null;
    segments.push({ from, to, firstWild, lastWild: wild.length === 0 ? to - 1 : lastWild, quote: quotes === 0 ? -1 : quote, quoteAt: literals[to]!.indexOf(QUOTE), after: literals[to]! });
    quote += quotes;
    from = to;
  }
  return segments;
}

/** `HTTP/1.1`, or none where there was no request. */
function looksLikeProtocol(b: Buffer, start: number, end: number, mayBeNone: boolean): boolean {
  if (end - start === 1 && b[start] === 0x2d) return mayBeNone;
  return b[start] === 0x48 && b[start + 1] === 0x54 && b[start + 4] === 0x2f;
}

/** 1 for letters, digits and `-_.:*`. */
const IN_HOST = Uint8Array.from({ length: 256 }, (_, byte) => (/[\w.:*-]/.test(String.fromCharCode(byte)) ? 1 : 0));

function looksLikeHost(b: Buffer, start: number, end: number): boolean {
  for (let p = start; p < end; p++) if (IN_HOST[b[p]!] === 0) return false;
  return true;
}

/** `-`, `10.1.2.3:80`, `[fd00::1]:80`, `envoy://…`, `/path/of/a/socket`: cheap, to tell a shifted column from the right one. */
function looksLikeAddress(b: Buffer, start: number, end: number): boolean {
  const first = b[start]!;
  if (end - start === 1) return first === 0x2d;
  const isDigit = first >= 0x30 && first <= 0x39;
  const isHex = (first >= 0x61 && first <= 0x66) || (first >= 0x41 && first <= 0x46);
  if (first === 0x5b || first === 0x2f || first === 0x40) return true;
  if (isDigit || isHex || first === 0x3a) return findByte(b, 0x3a, start, end) >= 0 || findByte(b, 0x2e, start, end) >= 0;
  return end - start >= ENVOY.length && isAt(b, ENVOY, start);
}
