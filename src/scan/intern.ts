/**
 * Recognises values that were seen before by their bytes, without building a string. A value is the bytes of a few spans; the
 * hash finds candidates, the bytes decide. Bounded: when the table is full it starts anew, so a value may be made again.
 */
export class Interner<T> {
  #slots: Int32Array; // entry number + 1, 0 is free
  readonly #hashes: number[] = [];
  readonly #keys: number[] = []; // where the entry's bytes begin in the arena: lengths of the spans, then the spans
  readonly #values: T[] = [];
  #arena = Buffer.alloc(1 << 16);
  #used = 0;
  readonly #spans: number;
  readonly #maxEntries: number;
  readonly #maxBytes: number;

  constructor(spans: number, limits: { readonly entries: number; readonly bytes: number }) {
    this.#spans = spans;
    this.#maxEntries = limits.entries;
    this.#maxBytes = limits.bytes;
    this.#slots = new Int32Array(1 << 10);
  }

  /** `spans` holds start and end of each span within `bytes`. */
  find(hash: number, bytes: Buffer, spans: Int32Array): T | undefined {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const entry = slots[i]! - 1;
      if (entry < 0) return undefined;
      if (this.#hashes[entry] === hash && this.#same(entry, bytes, spans)) return this.#values[entry];
    }
  }

  add(hash: number, bytes: Buffer, spans: Int32Array, value: T): void {
    let size = this.#spans * 4;
    for (let i = 0; i < this.#spans; i++) size += spans[2 * i + 1]! - spans[2 * i]!;
    if (this.#values.length >= this.#maxEntries || this.#used + size > this.#maxBytes) this.#clear();
    if (this.#used + size > this.#arena.length) {
      const larger = Buffer.alloc(Math.max(this.#arena.length * 2, this.#used + size));
      this.#arena.copy(larger, 0, 0, this.#used);
      this.#arena = larger;
    }
    this.#keys.push(this.#used);
    this.#hashes.push(hash);
    this.#values.push(value);
    for (let i = 0; i < this.#spans; i++) this.#used = this.#arena.writeInt32LE(spans[2 * i + 1]! - spans[2 * i]!, this.#used);
    for (let i = 0; i < this.#spans; i++) this.#used += bytes.copy(this.#arena, this.#used, spans[2 * i], spans[2 * i + 1]);
    if (this.#values.length * 2 > this.#slots.length) this.#grow();
    else this.#place(this.#values.length - 1);
  }

  #same(entry: number, bytes: Buffer, spans: Int32Array): boolean {
    const arena = this.#arena;
    const lengths = this.#keys[entry]!;
    let at = lengths + this.#spans * 4;
    for (let i = 0; i < this.#spans; i++) {
      const start = spans[2 * i]!;
      const length = spans[2 * i + 1]! - start;
      if (arena.readInt32LE(lengths + 4 * i) !== length) return false;
      // A call into native code pays only for longer spans.
      if (length > 48) {
        if (bytes.compare(arena, at, at + length, start, start + length) !== 0) return false;
      } else {
        for (let k = 0; k < length; k++) if (bytes[start + k] !== arena[at + k]) return false;
      }
      at += length;
    }
    return true;
  }

  #place(entry: number): void {
    const mask = this.#slots.length - 1;
    let i = this.#hashes[entry]! & mask;
    while (this.#slots[i] !== 0) i = (i + 1) & mask;
    this.#slots[i] = entry + 1;
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (let entry = 0; entry < this.#values.length; entry++) this.#place(entry);
  }

  #clear(): void {
    this.#slots.fill(0);
    this.#hashes.length = 0;
    this.#keys.length = 0;
    this.#values.length = 0;
    this.#used = 0;
  }
}

/** Mixes all bytes of a span into a hash: of one that left some out, clients would choose these. */
export function hashSpan(seed: number, bytes: Buffer, start: number, end: number): number {
  let hash = seed ^ (end - start);
  for (let p = start; p < end; p++) hash = Math.imul(hash ^ bytes[p]!, 0x01000193);
  return hash ^ (hash >>> 15);
}
