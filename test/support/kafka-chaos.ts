import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { Store } from '../../src/store/store.ts';
import { KafkaBroker, type KafkaVersion } from './kafka-broker.ts';
import { countedIn, expectedOf, lostIn, messages, produce, sumOf } from './kafka-reading.ts';
import { Stranger } from './kafka-stranger.ts';

const READER = resolve(import.meta.dirname, 'kafka-reader.mjs');
const TOPIC = 'flows';
const GROUP = 'footpath';
const PARTITIONS = 3;

export interface Chaos {
  readonly version: KafkaVersion;
  readonly folder: string;
  readonly messages: number;
  /** How often the reader is killed with -9. */
  readonly kills: number;
  /** How often a stranger joins its group, gets partitions, and leaves. */
  readonly strangers: number;
  readonly restarts: number;
}

export interface Outcome {
  readonly counted: ReadonlyMap<string, number>;
  readonly expected: ReadonlyMap<string, number>;
  readonly lost: number;
  /** Messages that strangers got: nothing has to have followed from that. */
  readonly strangers: number;
  readonly seconds: number;
}

type Event = 'kill' | 'stranger' | 'restart';

/** Reads a topic while it is written, with a reader that is killed, others in its group, and a broker that is restarted. */
export async function runChaos({ version, folder, messages: count, kills, strangers, restarts }: Chaos): Promise<Outcome> {
  const started = performance.now();
  const db = join(folder, 'footpath.db');
  const broker = await KafkaBroker.start({ version, folder: join(folder, 'kafka') });
  let reader: Reader | null = null;
  let got = 0;
  try {
    await broker.createTopic(TOPIC, PARTITIONS, { 'compression.type': 'zstd' });
    const begin = (): Reader => new Reader({ db, kafka: { brokers: [broker.bootstrap], topic: TOPIC, group: GROUP, sessionTimeoutSeconds: 6 } });
    reader = begin();
    const events = interleaved({ kill: kills, stranger: strangers, restart: restarts });
    const portion = Math.ceil(count / (events.length + 1));
    for (const [i, event] of events.entries()) {
      const [from, to] = [i * portion, (i + 1) * portion];
      if (event === 'kill') {
        // Killed in the middle of what was written just before.
        const writing = broker.use((kafka) => produce(kafka, TOPIC, messages(from, to, PARTITIONS)));
        await reader.untilMore(1);
        await reader.kill();
        await writing;
        reader = begin();
      } else if (event === 'stranger') {
        got += await broker.use(async (kafka) => {
          const stranger = await Stranger.join(kafka, TOPIC, GROUP);
          await produce(kafka, TOPIC, messages(from, to, PARTITIONS));
          for (let looks = 0; looks < 50 && stranger.got === 0; looks++) await wait(100);
          await stranger.leave();
          return stranger.got;
        });
      } else {
        await broker.use((kafka) => produce(kafka, TOPIC, messages(from, to, PARTITIONS)));
        await broker.stop('SIGKILL');
        await broker.start();
      }
    }
    await broker.use((kafka) => produce(kafka, TOPIC, messages(events.length * portion, count, PARTITIONS)));
    await untilCounted(db, count, reader);
    await reader.end();
    const store = new Store(db, { create: false });
    const outcome = { counted: countedIn(store), expected: expectedOf(count), lost: lostIn(store), strangers: got, seconds: (performance.now() - started) / 1_000 };
    store.close();
    return outcome;
  } finally {
    await reader?.kill();
    await broker.stop();
  }
}

/** Each kind spread over the whole. */
function interleaved(counts: Readonly<Record<Event, number>>): readonly Event[] {
  return (Object.entries(counts) as [Event, number][])
    .flatMap(([event, count]) => Array.from({ length: count }, (_, i) => ({ event, at: (i + 0.5) / count })))
    .toSorted((a, b) => a.at - b.at)
    .map(({ event }) => event);
}

async function untilCounted(db: string, count: number, reader: Reader): Promise<void> {
  const store = new Store(db, { create: false });
  try {
    for (let quiet = 0, before = -1; ; quiet++) {
      store.forgetRows();
      const counted = sumOf(countedIn(store));
      if (counted >= count) return;
      if (counted !== before) quiet = 0;
      before = counted;
      if (quiet > 90 || reader.hasEnded) throw new Error(`${counted} of ${count} messages were counted, and no more come; the reader said: ${reader.said}`);
      await wait(1_000);
    }
  } finally {
    store.close();
  }
}

/** `kafka-reader.mjs` in a process of its own. */
export class Reader {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #committed = 0;
  said = '';

  constructor(settings: object) {
    const child = spawn(process.execPath, [READER, JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#ended = once(child, 'exit');
    child.stderr.on('data', (chunk: Buffer) => (this.said = (this.said + chunk.toString()).slice(-4_000)));
    createInterface({ input: child.stdout }).on('line', (line) => (this.#committed = Number(line)));
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** The most memory that it ever had, in MiB, as Linux says. */
  get peak(): number {
    return Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'utf8'))?.[1]) / 1_024);
  }

  /** Until it has committed so many records more; whatever happens, not for longer than a minute. */
  async untilMore(records: number): Promise<void> {
    const enough = this.#committed + records;
    for (let i = 0; i < 1_200 && this.#committed < enough && !this.hasEnded; i++) await wait(50);
    if (this.hasEnded) throw new Error(`the reader ended: ${this.said}`);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** As a process that is told to end. */
  async end(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
    if (this.#child.exitCode !== 0) throw new Error(`the reader ended with ${this.#child.exitCode ?? 'a signal'}: ${this.said}`);
  }
}
