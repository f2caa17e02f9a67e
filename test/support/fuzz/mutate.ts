import type { Random } from '../../../src/demo/random.ts';
import { edited, readTree, writeTree, type Tree } from './tree.ts';

/** Makes records out of records: damaged byte by byte, or rebuilt as other JSON that may well be valid. */
export class Mutator {
  readonly #random: Random;
  readonly #seeds: readonly Buffer[];
  readonly #trees: readonly (Tree | null)[];
  /** What stands under a key in any of the seeds: changed values are mostly such that mean something. */
  readonly #values = new Map<string, Tree[]>();
  /** Of what is no JSON: its pieces between spaces. */
  readonly #pieces: readonly [Buffer, ...Buffer[]];

  constructor(random: Random, seeds: readonly Buffer[]) {
    this.#random = random;
    this.#seeds = seeds;
    this.#trees = seeds.map((seed) => readTree(seed.toString()));
    for (const tree of this.#trees) if (tree !== null) this.#collect(tree);
    this.#pieces = [Buffer.from('-'), ...seeds.flatMap((seed) => seed.toString('latin1').split(' ').map((piece) => Buffer.from(piece, 'latin1')))];
  }

  #collect(tree: Tree): void {
    for (const [key, value] of 'entries' in tree ? tree.entries : []) {
      const known = this.#values.get(key);
      if (known === undefined) this.#values.set(key, [value]);
      else known.push(value);
      this.#collect(value);
    }
  }

  /** A record made of a seed, in place of which `earlier` may give one that was made before. */
  next(earlier: readonly Buffer[]): Buffer {
    const random = this.#random;
    const chance = random.next();
    // What was read before is recognised: it comes again, with another time or port.
    const again = earlier[random.below(earlier.length)];
    if (chance < 0.25 && again !== undefined) return this.#digits(again);
    const i = random.below(this.#seeds.length);
    const [seed, tree] = [this.#seeds[i]!, this.#trees[i] ?? null];
    if (chance < 0.4) return this.#digits(seed);
    if (chance < 0.8) return tree === null ? this.#rearranged(seed) : this.#rebuilt(tree);
    return this.#damaged(chance < 0.9 && tree !== null ? this.#rebuilt(tree) : seed);
  }

  #rebuilt(tree: Tree): Buffer {
    const random = this.#random;
    let changed = tree;
    for (let n = random.pick([1, 1, 1, 2, 3]); n > 0; n--) changed = edited(changed, random, this.#values);
    return Buffer.from(writeTree(changed, random, random.next() < 0.15));
  }

  /** Some digits are others: times, ports, addresses, numbers of identities. */
  #digits(record: Buffer): Buffer {
    const random = this.#random;
    const changed = Buffer.from(record);
    for (let n = random.below(3); n >= 0; n--) {
      for (let p = random.below(changed.length), end = Math.min(changed.length, p + 200); p < end; p++) {
        if (changed[p]! < 0x30 || changed[p]! > 0x39) continue;
        changed[p] = 0x30 + random.below(10);
        break;
      }
    }
    return changed;
  }

  #damaged(record: Buffer): Buffer {
    const random = this.#random;
    let changed = record;
    for (let n = random.below(3); n >= 0; n--) {
      const at = random.below(changed.length + 1);
      const length = random.below(random.pick([2, 20, 200]));
      const [before, after] = [changed.subarray(0, at), changed.subarray(at)];
      switch (random.below(8)) {
        case 0:
          changed = Buffer.from(changed);
          if (at < changed.length) changed[at]! ^= 1 << random.below(8);
          break;
        case 1:
          changed = Buffer.concat([before, after.subarray(length)]);
          break;
        case 2:
          changed = before;
          break;
        case 3:
          changed = Buffer.concat([before, random.pick(PIECES), after]);
          break;
        case 4:
        case 5: {
          // Where a value, a key or an object begins or ends.
          const from = markAfter(changed, at);
          // With this bit changed, a brace is a bracket, and a bracket is a brace.
          if (from < changed.length && random.next() < 0.3) {
            changed = Buffer.from(changed);
            changed[from]! ^= 0x20;
          } else changed = Buffer.concat([changed.subarray(0, from), random.pick(MARKS), changed.subarray(from + random.below(2))]);
          break;
        }
        case 6:
          changed = Buffer.concat([before, Buffer.from([random.below(256)]), after.subarray(1)]);
          break;
        default: {
          // A part of another record, of its own, or of itself.
          const other = random.next() < 0.5 ? changed : this.#seeds[random.below(this.#seeds.length)]!;
          const from = random.below(other.length);
          changed = Buffer.concat([before, other.subarray(from, from + length), after.subarray(random.next() < 0.5 ? length : 0)]);
        }
      }
    }
    return changed;
  }

  #rearranged(record: Buffer): Buffer {
    const random = this.#random;
    const pieces: Buffer[] = record.toString('latin1').split(' ').map((piece) => Buffer.from(piece, 'latin1'));
    for (let n = random.below(4); n >= 0; n--) {
      const at = random.below(pieces.length);
      switch (random.below(4)) {
        case 0:
          pieces.splice(at, 1);
          break;
        case 1:
          pieces.splice(at, 0, random.pick(this.#pieces));
          break;
        case 2:
          pieces[at] = random.pick(this.#pieces);
          break;
        default:
          pieces.splice(random.below(pieces.length), 0, ...pieces.splice(at, 1));
      }
    }
    return Buffer.from(pieces.map((piece) => piece.toString('latin1')).join(' '), 'latin1');
  }
}

const MARKS = ['"', '\\', '{', '}', '[', ']', ',', ':', ' ', '|', ''].map((text) => Buffer.from(text)) as [Buffer, ...Buffer[]];

/** Place of the first character from here on that divides; the end, if there is none. */
function markAfter(record: Buffer, at: number): number {
  let p = at;
  while (p < record.length && !MARKS.some((mark) => mark[0] === record[p])) p++;
  return p;
}

const PIECES = ['"', '\\', '{', '}', '[', ']', ',', ':', '|', ' ', '  ', '\t', '-', '%', '\u0000', '\n', 'é', '\u202e', '\\u0041', '\\"', '\\u00', 'null', 'true', '0', '-1', '99999', '1e9', '"x"', '{}', '[]', '"":', '?t=1', '#'].map(
  (text) => Buffer.from(text),
) as [Buffer, ...Buffer[]];
