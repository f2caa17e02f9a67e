import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, copyFileSync, renameSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setImmediate as next, setTimeout as wait } from 'node:timers/promises';
import { seededRandom, type Random } from '../../src/demo/random.ts';
import { Store } from '../../src/store/store.ts';
import { countedIn, expectedOf, messageOf, sumOf } from './kafka-reading.ts';
import { isHolder, MAIN } from './killed.ts';

export interface Chaos {
  readonly folder: string;
  readonly lines: number;
  /** How often the reader is killed with -9: half of the times while it writes to its database. */
  readonly kills: number;
  /** By turns by rename and by copying and truncating; every other pair while nobody reads. */
  readonly rotations: number;
  readonly seed: number;
}

export interface Outcome {
  readonly counted: ReadonlyMap<string, number>;
  readonly expected: ReadonlyMap<string, number>;
  /** What was counted after each kill. */
  readonly progress: readonly number[];
  readonly problems: readonly string[];
  readonly seconds: number;
}

/** Follows a log while it is written and rotated, with a reader that is killed again and again. */
export async function runChaos({ folder, lines, kills, rotations, seed }: Chaos): Promise<Outcome> {
  const started = performance.now();
  const random = seededRandom(seed);
  const db = join(folder, 'footpath.db');
  const log = new GrowingLog(join(folder, 'events.log'), random);
  const progress: number[] = [];
  const rotateAt = new Map(Array.from({ length: rotations }, (_, i) => [Math.floor(((i + 1) * kills) / (rotations + 1)), i] as const));
  for (let kill = 0; kill < kills; kill++) {
    const rotation = rotateAt.get(kill);
    const isAlive = rotation === undefined || rotation % 4 < 2;
    const goal = Math.round(((kill + 1) * lines) / (kills + 1));
    const reader = new Reader(log.pattern, db);
    const writing = log.grow(goal, isAlive ? rotation : undefined);
    await reader.begun();
    // It commits once a second: by turns before it could, within a commit, and after some.
    await wait(kill % 2 === 1 ? random.below(300) : random.below(1_000) + (kill % 4 === 0 ? 0 : 1_500));
    await reader.kill(kill % 2 === 0 ? null : random.below(600));
    await writing;
    // Between two whole lines: nobody puts together what a truncation tears.
    if (!isAlive) log.rotate(rotation);
    progress.push(look(db, (store) => sumOf(countedIn(store))));
  }
  await log.grow(lines);
  const last = new Reader(log.pattern, db);
  await last.begun();
  await last.untilQuiet(db, lines);
  await last.end();
  return look(db, (store) => ({ counted: countedIn(store), expected: expectedOf(lines), progress, problems: store.check(), seconds: (performance.now() - started) / 1_000 }));
}

function look<T>(db: string, work: (store: Store) => T): T {
  const store = new Store(db, { create: false });
  try {
    return work(store);
  } finally {
    store.close();
  }
}

class GrowingLog {
  readonly #path: string;
  readonly #random: Random;
  #lines = 0;
  #rotations = 0;

  constructor(path: string, random: Random) {
    this.#path = path;
    this.#random = random;
  }

  get pattern(): string {
    return `${this.#path}*`;
  }

  /** Writes up to so many lines, now and then a part of one, and is rotated on the way if it is to be. */
  async grow(goal: number, rotation?: number): Promise<void> {
    const half = Math.round((this.#lines + goal) / 2);
    let isRotated = rotation === undefined;
    while (this.#lines < goal) {
      const to = Math.min(goal, this.#lines + 1 + this.#random.below(80));
      const text = Array.from({ length: to - this.#lines }, (_, i) => `${messageOf(this.#lines + i)}\n`).join('');
      const cut = this.#random.below(2) === 0 ? text.length : this.#random.below(text.length);
      appendFileSync(this.#path, text.slice(0, cut));
      await wait(this.#random.below(60));
      appendFileSync(this.#path, text.slice(cut));
      this.#lines = to;
      if (isRotated || this.#lines < half) continue;
      this.rotate(rotation);
      isRotated = true;
    }
  }

  rotate(rotation = 0): void {
    const rotated = `${this.#path}.${++this.#rotations}`;
    if (rotation % 2 === 0) renameSync(this.#path, rotated);
    else {
      copyFileSync(this.#path, rotated);
      truncateSync(this.#path);
    }
  }
}

/** `footpath observe -f` in a process of its own. */
class Reader {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #wal: string;
  readonly #holder: string;
  #err = '';

  constructor(pattern: string, db: string) {
    this.#wal = `${db}-wal`;
    this.#holder = `${db}.lock.holder`;
    this.#child = spawn(process.execPath, [MAIN, 'observe', '-f', pattern, '--format', 'hubble', '--db', db], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#err += chunk.toString()));
    this.#ended = once(this.#child, 'exit');
  }

  /** It holds the database: it is about to read. */
  async begun(): Promise<void> {
    for (let looks = 0; looks < 3_000 && this.#child.exitCode === null; looks++) {
      if (isHolder(this.#holder, this.#child.pid ?? 0)) return;
      await wait(5);
    }
    throw new Error(`the reader did not begin: ${this.#err}`);
  }

  /** Now, or so many looks after it has begun to write to its database. */
  async kill(looks: number | null): Promise<void> {
    if (looks !== null) {
      const written = (): bigint | undefined => statSync(this.#wal, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
      const before = written();
      for (let i = 0; i < 600_000 && written() === before; i++) if (i % 100 === 0) await next();
      for (let i = 0; i < looks; i++) written();
    }
    if (!this.#child.kill('SIGKILL')) throw new Error(`the reader ended before it was killed: ${this.#err}`);
    await this.#ended;
  }

  /** All lines are counted, and two seconds later still no more. */
  async untilQuiet(db: string, lines: number): Promise<void> {
    const counted = (): number => look(db, (store) => sumOf(countedIn(store)));
    for (let looks = 0; looks < 300 && counted() < lines; looks++) await wait(100);
    await wait(2_000);
  }

  async end(): Promise<void> {
    this.#child.kill('SIGTERM');
    const [status] = (await this.#ended) as [number | null];
    if (status !== 0) throw new Error(`the reader ended with ${status}: ${this.#err}`);
  }
}
