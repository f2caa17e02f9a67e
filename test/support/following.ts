import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FilePosition } from '../../src/source.ts';
import { followSource, type FollowOptions } from '../../src/sources/follow.ts';
import { KnownPositions } from '../../src/sources/position.ts';
import { recordsOf } from './batches.ts';
import { scratch } from './cli.ts';

/** Enough looks for a search, for a file that is gone, and for a copy that stands still. */
export const ALL_LOOKS = 100;

/** Follows paths, looking when the test says so. */
export class Following {
  /** Everything that was read. */
  readonly records: string[] = [];
  readonly positions = new Map<FilePosition['file'], FilePosition>();
  readonly unreadable: (string | null)[] = [];
  readonly damage: string[] = [];
  readonly #end = new AbortController();
  readonly #done: Promise<void>;
  #wake: (() => void) | null = null;
  #asleep: () => void = () => undefined;
  #sleeping: Promise<void>;
  #onBatch: (() => void) | null = null;

  constructor(paths: readonly string[], known: readonly FilePosition[] = [], more: Partial<FollowOptions> = {}) {
    for (const position of known) this.positions.set(position.file, position);
    this.#sleeping = new Promise((resolve) => (this.#asleep = resolve));
    const source = followSource('test', paths, {
      known: new KnownPositions(known),
      onDamage: (path, kind) => this.damage.push(`${path}: ${kind}`),
      onUnreadable: (_, error) => this.unreadable.push(error?.message ?? null),
      sleep: () =>
        new Promise((resolve) => {
          this.#wake = resolve;
          this.#asleep();
        }),
      ...more,
    });
    this.#done = (async () => {
      for await (const { runs, position } of source.open(this.#end.signal)) {
        this.records.push(...recordsOf(runs));
        if (position !== null && 'file' in position) this.positions.set(position.file, position);
        this.#onBatch?.();
      }
    })();
    this.#done.catch(() => this.#asleep());
  }

  /** So many looks, the first search included. */
  async look(times = 1): Promise<readonly string[]> {
    for (let n = 0; n < times; n++) {
      await this.#sleeping;
      if (n === times - 1) break;
      this.#next();
    }
    this.#next();
    await this.#sleeping;
    return this.records;
  }

  /** What happens while the next batch is worked on. */
  onNextBatch(work: () => void): void {
    this.#onBatch = () => {
      this.#onBatch = null;
      work();
    };
  }

  #next(): void {
    this.#sleeping = new Promise((resolve) => (this.#asleep = resolve));
    this.#wake?.();
  }

  async end(): Promise<readonly FilePosition[]> {
    await this.#sleeping;
    this.#end.abort();
    this.#wake?.();
    await this.#done;
    return [...this.positions.values()];
  }
}

let count = 0;

/** Lines that are each another one. */
export const fresh = (n = 1): readonly string[] => Array.from({ length: n }, () => `{"line":${++count},"filler":"${'x'.repeat(20)}"}`);

/** A log in a folder of its own. */
export class Log {
  readonly folder = scratch();
  readonly path = join(this.folder, 'app.log');
  readonly written: string[] = [];

  write(n = 1): void {
    const lines = fresh(n);
    this.written.push(...lines);
    appendFileSync(this.path, lines.map((line) => `${line}\n`).join(''));
  }

  get pattern(): string {
    return join(this.folder, '*.log*');
  }
}
