import { find, isAt } from '../../src/scan/find.ts';
import { FIELDS, type Field } from './operators.ts';

/** The values of one line, as spans of bytes; overwritten by the next line. `-`, `null` and what is missing are absent. */
export class Line {
  readonly starts = new Int32Array(FIELDS.length);
  readonly ends = new Int32Array(FIELDS.length);
  /** The line's own bytes, or for a value that was unescaped a copy of it. */
  readonly bytes: Buffer[] = FIELDS.map(() => EMPTY);
  /** Milliseconds since 1970, NaN if the line has no time. */
  time = Number.NaN;
  /** A bit for each field that the line's format writes, `-` or not. */
  written = 0;
  /** A client wrote something that looks like another outcome. */
  isDoubtful = false;
  /** Nobody but Envoy can have written it so: no other format needs to be asked. */
  isSure = true;

  clear(): void {
    this.starts.fill(0);
    this.ends.fill(0);
    this.time = Number.NaN;
    this.isDoubtful = false;
    this.isSure = true;
  }

  /** Keeps a value; a lone hyphen is Envoy's word for none. */
  set(field: Field, bytes: Buffer, start: number, end: number): void {
    const slot = SLOT[field];
    const none = end === start || (end - start === 1 && bytes[start] === 0x2d);
    this.bytes[slot] = bytes;
    this.starts[slot] = none ? 0 : start;
    this.ends[slot] = none ? 0 : end;
  }

  /** The format has it, and the value is none. */
  lacks(field: Field): boolean {
    return (this.written & (1 << SLOT[field])) !== 0 && !this.has(field);
  }

  /** Whether both have the same value at the same place, as far as the formats of both write these fields. */
  agrees(other: Line, fields: readonly Field[]): boolean {
    const both = this.written & other.written;
    return fields.map((field) => SLOT[field]).every((slot) => (both & (1 << slot)) === 0 || (this.starts[slot] === other.starts[slot] && this.ends[slot] === other.ends[slot]));
  }

  has(field: Field): boolean {
    return this.ends[SLOT[field]]! > this.starts[SLOT[field]]!;
  }

  text(field: Field): string {
    const slot = SLOT[field];
    return this.bytes[slot]!.toString('utf8', this.starts[slot], this.ends[slot]);
  }

  /** A whole number, or null. */
  integer(field: Field): number | null {
    const slot = SLOT[field];
    const [start, end, bytes] = [this.starts[slot]!, this.ends[slot]!, this.bytes[slot]!];
    if (end === start || end - start > 15) return null;
    let value = 0;
    for (let p = start; p < end; p++) {
      const digit = bytes[p]! - 0x30;
      if (digit < 0 || digit > 9) return null;
      value = value * 10 + digit;
    }
    return value;
  }

  startsWith(field: Field, prefix: Buffer): boolean {
    const slot = SLOT[field];
    const start = this.starts[slot]!;
    if (this.ends[slot]! - start < prefix.length) return false;
    return isAt(this.bytes[slot]!, prefix, start);
  }

  /** The whole value; some versions write a semicolon behind a cluster's name. */
  isName(field: Field, name: Buffer): boolean {
    const slot = SLOT[field];
    const bytes = this.bytes[slot]!;
    const end = this.ends[slot]!;
    const length = bytes[end - 1] === 0x3b ? end - 1 - this.starts[slot]! : end - this.starts[slot]!;
    return length === name.length && isAt(bytes, name, this.starts[slot]!);
  }

  /** Whether a value holds this piece of text. */
  holds(field: Field, piece: Buffer): boolean {
    const slot = SLOT[field];
    return find(this.bytes[slot]!, piece, this.starts[slot]!, this.ends[slot]!) >= 0;
  }
}

const EMPTY = Buffer.alloc(0);

export const SLOT = Object.fromEntries(FIELDS.map((field, slot) => [field, slot])) as Readonly<Record<Field, number>>;
