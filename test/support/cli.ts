import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterAll, afterEach } from 'vitest';
import type { Outside } from '../../src/cli/context.ts';
import { run } from '../../src/cli/program.ts';

export interface Result {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  /** What was printed, as JSON. */
  json(): unknown;
}

class Collected extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** 2026-04-01: later than every record of the tests. */
export const NOW = Date.UTC(2026, 3, 1);

interface Given {
  readonly stdin?: string | Buffer;
  readonly env?: Record<string, string>;
  readonly now?: number;
}

/** What a process is given, with streams and a clock of its own. */
export function outside(options: Given = {}, [stdout, stderr] = [new Collected(), new Collected()]): Outside {
  return {
    env: { USER: 'tester', ...options.env },
    pid: 1,
    stdin: Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)]),
    stdout,
    stderr,
    now: () => options.now ?? NOW,
    onSignal: () => () => undefined,
  };
}

/** Runs one command line in this process. */
export async function footpath(args: readonly string[], options: Given = {}): Promise<Result> {
  const [stdout, stderr] = [new Collected(), new Collected()];
  const status = await run(args, outside(options, [stdout, stderr]));
  return { status, out: stdout.text, err: stderr.text, json: () => JSON.parse(stdout.text) as unknown };
}

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder that is gone after the test. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'footpath-test-'));
  folders.push(folder);
  return folder;
}

/** An empty folder that is gone after all tests of the file. */
export function scratchForAll(): string {
  const folder = mkdtempSync(join(tmpdir(), 'footpath-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A database in a folder of its own, and the commands on it. */
export class Session {
  readonly folder = scratch();
  readonly db = join(this.folder, 'footpath.db');

  run(...args: readonly string[]): Promise<Result> {
    return footpath([...args, '--db', this.db]);
  }

  /** The command must succeed; returns what it printed as JSON. */
  async json<T>(...args: readonly string[]): Promise<T> {
    const result = await this.run(...args, '-o', 'json');
    if (result.status !== 0) throw new Error(`footpath ${args.join(' ')} exited with ${result.status}: ${result.err}`);
    return result.json() as T;
  }

  write(name: string, content: string | Buffer | readonly string[]): string {
    const path = join(this.folder, name);
    writeFileSync(path, typeof content === 'string' || Buffer.isBuffer(content) ? content : content.map((line) => `${line}\n`).join(''));
    return path;
  }

  #logs = 0;

  /** Reads these lines as a log of their own; returns the summary. */
  observe(lines: readonly string[], ...more: readonly string[]): Promise<Summary> {
    return this.json<Summary>('observe', this.write(`log-${this.#logs++}.jsonl`, lines), ...more);
  }

  async edges(...args: readonly string[]): Promise<readonly EdgeJson[]> {
    return this.json<EdgeJson[]>('edges', ...args);
  }

  async alerts(...args: readonly string[]): Promise<readonly AlertJson[]> {
    return this.json<AlertJson[]>('alerts', ...args);
  }

  async policies(...args: readonly string[]): Promise<readonly PolicyJson[]> {
    return (await this.json<{ readonly items: PolicyJson[] }>('propose', ...args)).items;
  }
}

export interface Summary {
  readonly records: number;
  readonly flows: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly edges: number;
  readonly newEdges: number;
  readonly unresolved: number;
  readonly alerts: number;
}

export interface PeerJson {
  readonly kind: string;
  readonly namespace?: string;
  readonly workload?: string;
  readonly workloadKind?: string;
  readonly cluster?: string;
  readonly ip?: string;
  readonly name?: string | null;
}

export interface EdgeJson {
  readonly id: string;
  readonly source: PeerJson;
  readonly destination: PeerJson;
  readonly port: number | null;
  readonly protocol: string;
  readonly state: string;
  readonly flags: readonly string[];
  readonly connections: number;
  readonly refused: number;
  readonly denied: number;
  readonly bytesOut: number | null;
  readonly bytesIn: number | null;
  readonly hours: number;
  readonly days: number;
  readonly reporters: readonly string[];
  readonly collectors: readonly string[];
  readonly operations: readonly { readonly method: string; readonly path: string; readonly count: number }[];
  readonly firstSeen: string;
  readonly lastSeen: string;
}

export interface AlertJson {
  readonly id: string;
  readonly kind: string;
  readonly class?: string;
  readonly severity: string;
  readonly state: string;
  readonly source?: PeerJson;
  readonly destination?: PeerJson;
  readonly port?: number | null;
  readonly count: number;
  readonly reason: string;
}

export interface PolicyJson {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly podSelector: { readonly matchLabels?: Record<string, string> };
    readonly policyTypes: readonly string[];
    readonly ingress?: readonly { readonly from: readonly object[]; readonly ports: readonly object[] }[];
    readonly egress?: readonly { readonly to: readonly object[]; readonly ports: readonly object[] }[];
  };
}

export function peerText(peer: PeerJson | undefined): string {
  if (peer === undefined) return '';
  if (peer.kind === 'workload') return `${peer.namespace}/${peer.workload}`;
  return peer.ip === undefined || peer.ip === null ? peer.kind : `${peer.kind} ${peer.ip}`;
}

/** `shop/web -> shop/cart 7070/TCP accepted` */
export function edgeText(edge: EdgeJson): string {
  return `${peerText(edge.source)} -> ${peerText(edge.destination)} ${edge.port ?? '-'}/${edge.protocol} ${edge.state}${edge.flags.length > 0 ? ` [${edge.flags.join(',')}]` : ''}`;
}
