/** Values of one record by the numbers of their places, as spans of bytes: strings without their quotes, everything else whole. */

export const ABSENT = 0;
export const STRING = 1;
/** A string that holds at least one escape. */
export const ESCAPED = 2;
export const NUMBER = 3;
export const TRUE = 4;
export const FALSE = 5;
export const NULL = 6;
export const OBJECT = 7;
export const ARRAY = 8;

export class Slots {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly kinds: Uint8Array;

  constructor(count: number) {
    this.starts = new Int32Array(count);
    this.ends = new Int32Array(count);
    this.kinds = new Uint8Array(count);
  }

  /** The string in a slot, unescaped; null if there is none. */
  text(b: Buffer, slot: number): string | null {
    const kind = this.kinds[slot];
    if (kind === STRING) return b.toString('utf8', this.starts[slot], this.ends[slot]);
    if (kind !== ESCAPED) return null;
    return unescape(b, this.starts[slot]!, this.ends[slot]!);
  }

  /** A whole number, written as number or as string (protojson writes 64-bit ones so); null if there is none. */
  integer(b: Buffer, slot: number): number | null {
    const kind = this.kinds[slot];
    if (kind !== NUMBER && kind !== STRING) return null;
    let value = 0;
    const end = this.ends[slot]!;
    const start = this.starts[slot]!;
    if (end === start || end - start > 15) return null;
    for (let p = start; p < end; p++) {
      const digit = b[p]! - 0x30;
      if (digit < 0 || digit > 9) return null;
      value = value * 10 + digit;
    }
    return value;
  }

  is(b: Buffer, slot: number, text: Buffer): boolean {
    if (this.kinds[slot] !== STRING) return false;
    const start = this.starts[slot]!;
    if (this.ends[slot]! - start !== text.length) return false;
    for (let i = 0; i < text.length; i++) if (b[start + i] !== text[i]) return false;
    return true;
  }
}

/** Text between quotes that is known to be a valid JSON string. */
export function unescape(b: Buffer, start: number, end: number): string {
  return JSON.parse(`"${b.toString('utf8', start, end)}"`) as string;
}
