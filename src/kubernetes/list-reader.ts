import { get, text, type Json } from './object.ts';

const [QUOTE, BACKSLASH, OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d];
/** What surrounds the items of a list: kind, version, continue token. */
const ENVELOPE_LIMIT = 65_536;
const ITEMS = /[{,]\s*"items"\s*:\s*$/;

export interface ListEnd {
  readonly resourceVersion: string;
  /** '' on the last page. */
  readonly continueToken: string;
}

/** Takes the JSON of a list apart while it arrives, so that one item at a time is held. */
export class ListReader {
  readonly #onItem: (item: Json) => void;
  readonly #limit: number;
  #envelope = '';
  #parts: Buffer[] = [];
  #length = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Inside the brackets of `items`. */
  #inItems = false;
  #tooLong = 0;

  constructor(limit: number, onItem: (item: Json) => void) {
    this.#limit = limit;
    this.#onItem = onItem;
  }

  /** Items that were over the limit, and left out. */
  get tooLong(): number {
    return this.#tooLong;
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i];
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
      } else if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (this.#inItems && this.#depth === 2) from = i;
        this.#depth++;
        if (byte === OPEN_BRACKET && this.#depth === 2 && !this.#inItems) {
          this.#surround(chunk.subarray(from, i));
          this.#inItems = ITEMS.test(this.#envelope.slice(-64));
          from = i;
          if (this.#inItems) {
            this.#surround(chunk.subarray(i, i + 1));
            from = i + 1;
          }
        }
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        this.#depth--;
        if (this.#inItems && this.#depth === 2) {
          this.#keep(chunk.subarray(from, i + 1));
          this.#item();
        } else if (this.#inItems && this.#depth === 1) {
          this.#inItems = false;
          from = i;
        }
      }
    }
    if (!this.#inItems) this.#surround(chunk.subarray(from));
    else if (this.#depth > 2) this.#keep(chunk.subarray(from));
  }

  /** Throws a `SyntaxError` if the list is not whole. */
  end(): ListEnd {
    if (this.#depth !== 0 || this.#envelope === '') throw new SyntaxError('the list ends in its middle');
    const metadata = get(JSON.parse(this.#envelope), 'metadata');
    return { resourceVersion: text(get(metadata, 'resourceVersion')) ?? '', continueToken: text(get(metadata, 'continue')) ?? '' };
  }

  #surround(part: Buffer): void {
    this.#envelope += part.toString('utf8');
    if (this.#envelope.length > ENVELOPE_LIMIT) throw new SyntaxError('this is no list');
  }

  #keep(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > this.#limit) this.#parts = [];
    else this.#parts.push(part);
  }

  #item(): void {
    const [parts, length] = [this.#parts, this.#length];
    this.#parts = [];
    this.#length = 0;
    if (length > this.#limit) this.#tooLong++;
    else this.#onItem(JSON.parse(Buffer.concat(parts).toString('utf8')));
  }
}
