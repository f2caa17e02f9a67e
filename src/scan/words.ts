import { ESCAPED, STRING, type Slots } from './slots.ts';
import { hashSpan, Interner } from './intern.ts';

/** Reads short strings that come again and again (verdicts, node names): the same string object for the same bytes. */
export class WordReader {
  readonly #words = new Interner<string>(1, { entries: 1 << 12, bytes: 1 << 20 });
  readonly #span = new Int32Array(2);

  /** '' if the slot holds no string, or one that is too long to be a word. */
  read(b: Buffer, fields: Slots, slot: number): string {
    const kind = fields.kinds[slot];
    if (kind === ESCAPED) return fields.text(b, slot) ?? '';
    return kind === STRING ? this.bytes(b, fields.starts[slot]!, fields.ends[slot]!) : '';
  }

  bytes(b: Buffer, start: number, end: number): string {
    if (end - start > 300) return '';
    const hash = hashSpan(0, b, start, end);
    this.#span[0] = start;
    this.#span[1] = end;
    const known = this.#words.find(hash, b, this.#span);
    if (known !== undefined) return known;
    const word = b.toString('utf8', start, end);
    this.#words.add(hash, b, this.#span, word);
    return word;
  }
}
