/** Cuts chunks of bytes into lines. A line over the limit is dropped as it comes, without being kept, and counted. */
export class Lines {
  readonly #limit: number;
  #parts: Buffer[] = [];
  #length = 0;
  #tooLong = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Lines that were dropped so far. */
  get tooLong(): number {
    return this.#tooLong;
  }

  /** The lines that this chunk completes, without their ends; empty ones are left out. What follows the last end waits for more. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      this.#keep(chunk.subarray(start, end));
      start = end + 1;
      if (this.#length > this.#limit) this.#tooLong++;
      else if (this.#length > 0) lines.push(Buffer.concat(this.#parts).toString('utf8'));
      this.#parts = [];
      this.#length = 0;
    }
    this.#keep(chunk.subarray(start));
    return lines;
  }

  #keep(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > this.#limit) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }
}
