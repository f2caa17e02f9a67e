import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { join, resolve } from 'node:path';
import { setImmediate as next, setTimeout as tick } from 'node:timers/promises';
import { hubbleLine, pod, T0, type HubbleEnd } from './hubble.ts';

/** The built program. */
export const MAIN = resolve(import.meta.dirname, '../../dist/src/main.js');

const HOUR = 3_600_000;
/** The hour in which every line of the first block lies. */
const FIRST_HOUR = '2026-03-02T12';

/** An hour's records: answered connections between some workloads, a few with an address that nobody owns. */
function block(): Buffer {
  const end = (name: string, n: number): HubbleEnd => pod(`ns-${n % 2}`, `${name}-6b746f74dc-9rcx${'bcd'[n % 3]}`, `10.${n % 2}.${n % 3}.${name.length + Number(name.slice(-1))}`, { app: name });
  const line = (i: number): string => {
    const n = Math.floor(i / 2);
    const to = n % 60 === 7 ? { ip: `10.9.0.${n % 9}` } : end(`server-${n % 5}`, n + 1);
    return hubbleLine({ time: T0 + i * 1_500, from: end(`client-${n % 7}`, n), to, port: 8080 + (n % 2), reply: i % 2 === 1, node: `node-${n % 3}` });
  };
  return Buffer.from(Array.from({ length: 2_000 }, (_, i) => `${line(i)}\n`).join(''));
}

/** Writes at least so many bytes: the block again and again, each time an hour later. Returns the number of lines. */
export function writeLog(path: string, bytes: number): number {
  const content = block();
  const times: number[] = [];
  for (let at = content.indexOf(FIRST_HOUR); at >= 0; at = content.indexOf(FIRST_HOUR, at + 1)) times.push(at);
  const file = openSync(path, 'w');
  let blocks = 0;
  for (; blocks * content.length < bytes; blocks++) {
    const hour = new Date(T0 + blocks * HOUR).toISOString().slice(0, FIRST_HOUR.length);
    for (const at of times) content.write(hour, at, 'latin1');
    writeSync(file, content);
  }
  closeSync(file);
  return blocks * 2_000;
}

/** `footpath observe` in a process of its own. */
export class Reading {
  readonly child: ChildProcess;
  readonly #ended: Promise<number | null>;
  readonly #holder: string;
  readonly #wal: string;
  readonly #bytesPerMs: number;
  #out = '';
  #err = '';
  #base: number | null = null;
  #began = 0;

  /** How fast it reads is needed only where the system does not say how much a process has read. */
  constructor(log: string, db: string, bytesPerMs: number, jobs = 1) {
    this.#bytesPerMs = bytesPerMs;
    this.#holder = `${db}.lock.holder`;
    this.#wal = `${db}-wal`;
    this.child = spawn(process.execPath, [MAIN, 'observe', log, '--db', db, '--jobs', String(jobs), '-o', 'json'], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.#out += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.#err += chunk.toString()));
    this.#ended = new Promise((done) => void this.child.once('close', done));
  }

  /** Waits for its end; the summary that it printed. */
  async finish(): Promise<{ readonly records: number }> {
    const status = await this.#ended;
    if (status !== 0) throw new Error(`footpath observe exited with ${status}: ${this.#err}`);
    return JSON.parse(this.#out) as { records: number };
  }

  /** Kills it as soon as it has read so many bytes of the log. False if it came to its end before. */
  async killAfter(bytes: number): Promise<boolean> {
    while (this.#isRunning() && this.#progress() < bytes) await tick(2);
    return this.#kill();
  }

  /**
   * Kills it within the first write to its database after it has read so many bytes: some of it is on the disk. The more
   * looks are taken before the kill, the more.
   */
  async killAtWrite(bytes: number, looks: number): Promise<boolean> {
    while (this.#isRunning() && this.#progress() < bytes) await tick(2);
    const written = (): bigint | undefined => statSync(this.#wal, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
    const before = written();
    for (let i = 0; this.#isRunning() && written() === before; i++) if (i % 1_000 === 0) await next();
    for (let i = 0; i < looks; i++) written();
    return this.#kill();
  }

  #isRunning(): boolean {
    return this.child.exitCode === null;
  }

  async #kill(): Promise<boolean> {
    const isKilled = this.#isRunning() && this.child.kill('SIGKILL');
    await this.#ended;
    return isKilled && this.child.signalCode === 'SIGKILL';
  }

  /** Bytes of the log that it has read, -1 before it begins. */
  #progress(): number {
    const total = bytesReadBy(this.child.pid ?? 0);
    if (this.#base === null) {
      if (!isHolder(this.#holder, this.child.pid ?? 0)) return -1;
      this.#base = total ?? 0;
      this.#began = performance.now();
    }
    return total === null ? (performance.now() - this.#began) * this.#bytesPerMs : total - this.#base;
  }
}

/** Whoever holds the lock has begun to read. */
export function isHolder(path: string, pid: number): boolean {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { readonly pid: number }).pid === pid;
  } catch {
    return false;
  }
}

/** What Linux says that a process has read in all; null elsewhere, and when it is gone. */
function bytesReadBy(pid: number): number | null {
  try {
    return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
  } catch {
    return null;
  }
}

/** The database as a killed process left it, where looking at it does not repair it. */
export function copyOf(db: string, folder: string, name: string): string {
  const copy = join(folder, name);
  for (const suffix of ['', '-wal']) if (existsSync(`${db}${suffix}`)) copyFileSync(`${db}${suffix}`, `${copy}${suffix}`);
  return copy;
}
