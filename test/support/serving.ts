import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as tick } from 'node:timers/promises';
import { scratch } from './cli.ts';
import { MAIN } from './killed.ts';

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** `footpath serve` in a process of its own, on a port that the system chooses; it may be run through another command. */
export class Serving {
  readonly child: ChildProcess;
  readonly #exit: Promise<number | string | null>;
  #err = '';

  constructor(config: string, args: readonly string[] = [], through: readonly string[] = []) {
    const [program = '', ...rest] = [...through, process.execPath, MAIN, 'serve', '--config', config, '--listen', '127.0.0.1:0', ...args];
    this.child = spawn(program, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.child.stderr?.on('data', (chunk: Buffer) => (this.#err += chunk.toString()));
    this.#exit = new Promise((resolve) => void this.child.once('exit', (code, signal) => resolve(code ?? signal)));
  }

  get err(): string {
    return this.#err;
  }

  get log(): readonly LogLine[] {
    return this.#err.split('\n').flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line) as LogLine] : []));
  }

  /** Waits until it is so; fails after 15 seconds, or as many milliseconds as it is given. */
  async until<T>(what: string, look: () => T | Promise<T>, atMost = 15_000): Promise<NonNullable<T>> {
    for (let waited = 0; waited < atMost; waited += 50) {
      const found = await look();
      if (found !== null && found !== undefined && found !== false) return found;
      await tick(50);
    }
    throw new Error(`waited in vain until ${what}; it said:\n${this.#err}`);
  }

  async says(msg: string): Promise<LogLine> {
    return this.until(`it says ${msg}`, () => this.log.find((line) => line.msg === msg));
  }

  async get(path: string): Promise<string> {
    const { listen } = await this.says('serving');
    const answer = await fetch(`http://${String(listen)}${path}`);
    return answer.text();
  }

  /** The value of a sample, 0 if there is none. */
  async metric(name: string): Promise<number> {
    const line = (await this.get('/metrics')).split('\n').find((sample) => sample.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1) ?? 0);
  }

  async flows(n: number): Promise<void> {
    await this.until(`${n} flows are counted`, async () => (await this.metric('footpath_flows_total')) >= n);
  }

  /** Its resident memory in bytes. */
  get memory(): number {
    return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8'))?.[1]);
  }

  /** Its exit status, or the signal that killed it, once it ends by itself. */
  get ended(): Promise<number | string | null> {
    return this.#exit;
  }

  /** The exit status, or the signal that killed it. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string | null> {
    this.child.kill(signal);
    return this.#exit;
  }
}

/** A folder with a configuration that follows its `*.log*` files as Hubble's. */
export class Watched {
  readonly folder = scratch();
  readonly db = join(this.folder, 'footpath.db');
  readonly log = join(this.folder, 'events.log');
  readonly config = join(this.folder, 'footpath.yaml');

  constructor() {
    this.configure([{ file: { paths: [`${this.log}*`], format: 'hubble' } }]);
  }

  configure(sources: readonly object[], more: object = {}): void {
    // JSON is YAML.
    writeFileSync(this.config, JSON.stringify({ database: this.db, sources, ...more }));
  }
}
