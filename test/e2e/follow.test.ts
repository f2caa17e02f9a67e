import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as tick } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { footpath } from '../support/cli.ts';
import { connection, pod, settledTraffic, T0 } from '../support/hubble.ts';
import { MAIN } from '../support/killed.ts';
import { Watched } from '../support/serving.ts';

const web = pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.11', { app: 'web' });
const cart = pod('shop', 'cart-0', '10.0.0.12', { app: 'cart' });
const ratings = pod('shop', 'ratings-0', '10.0.0.13', { app: 'ratings' });
const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

/** `footpath observe -f` in a process of its own. */
class Following {
  readonly child: ChildProcess;
  readonly #exit: Promise<number | null>;
  out = '';
  err = '';

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [MAIN, 'observe', '-f', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.out += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.err += chunk.toString()));
    this.#exit = new Promise((resolve) => void this.child.once('close', (code) => resolve(code)));
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.#exit;
  }
}

let following: Following | null = null;
afterEach(() => void following?.child.kill('SIGKILL'));

async function until<T>(what: string, look: () => Promise<T> | T): Promise<NonNullable<T>> {
  for (let waited = 0; waited < 15_000; waited += 100) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    await tick(100);
  }
  throw new Error(`waited in vain until ${what}; it said: ${following?.err}`);
}

async function states(db: string): Promise<readonly string[]> {
  const { status, out } = await footpath(['edges', '--db', db, '-o', 'json']);
  return status === 0 ? (JSON.parse(out) as readonly { readonly state: string }[]).map(({ state }) => state) : [];
}

describe.skipIf(!existsSync(MAIN) && (process.env['CI'] ?? '') === '')('footpath observe -f', () => {
  it('reads a log through a rotation until it is interrupted, says the alert as it comes, and sums up', async () => {
    const { log, db } = new Watched();
    following = new Following([`${log}*`, '--db', db, '-o', 'json', '--fail-on', 'low']);
    writeFileSync(log, text(settledTraffic({ from: web, to: cart })));
    const learned = settledTraffic({ from: web, to: cart }).length;
    await until('the edge is learned', async () => (await states(db)).includes('accepted'));
    expect((await footpath(['watch', '-A', '--db', db])).status).toBe(0);
    renameSync(log, `${log}.1`);
    const attack = [0, 1, 2].flatMap((n) => connection({ from: cart, to: ratings, port: 9080, clientPort: 41_000 + n, time: T0 + 40 * 3_600_000 + n }));
    writeFileSync(log, text(attack.slice(0, 2)));
    appendFileSync(log, text(attack.slice(2)));
    await until('the alert is said', () => following?.err.includes('alert '));
    expect(following.err).toMatch(/^alert [0-9a-f]{7} \(\w+, new-workload\): .*ratings/m);
    expect(await following.end('SIGINT')).toBe(3);
    expect(JSON.parse(following.out)).toMatchObject({ records: learned + attack.length, skipped: { malformed: 0 }, edges: 2, newEdges: 2 });
  });

  it('ends with 0 and an empty sum where nothing came, and refuses what cannot be followed', async () => {
    const { log, db } = new Watched();
    following = new Following([log, '--db', db, '-o', 'json']);
    await until('it reads', () => existsSync(db));
    await tick(500);
    expect(await following.end('SIGTERM')).toBe(0);
    expect(following.err).toBe(`footpath: ${log}: nothing is there yet; it is waited for\n`);
    expect(JSON.parse(following.out)).toMatchObject({ records: 0, flows: 0, edges: 0 });
    for (const [args, message] of [
      [['-f', '-'], '-: standard input is read to its end as it is'],
      [['-f'], 'no sources: '],
      [['--kafka', 'a:1'], '--kafka: name the topic (--topic)'],
      [['--kafka', 'a:1', '--topic', 't'], '--kafka: name the format of its messages'],
      [['-f', log, '--topic', 't'], '--topic and --group belong to --kafka'],
    ] as const) {
      const { status, err } = await footpath(['observe', ...args, '--db', db]);
      expect([status, err]).toEqual([2, expect.stringContaining(message)]);
    }
  });
});
