import { setTimeout as wait } from 'node:timers/promises';
import type { Kafka, Message } from 'kafkajs';
import { hubble } from '../../collectors/hubble/index.ts';
import { sleep } from '../../src/cli/sleep.ts';
import { Admission } from '../../src/learn/admission.ts';
import { Verdicts } from '../../src/learn/judge.ts';
import { DEFAULT_LIMITS } from '../../src/learn/limits.ts';
import { recognise } from '../../src/recognise.ts';
import { Directory } from '../../src/resolve/directory.ts';
import { Resolver } from '../../src/resolve/resolver.ts';
import type { Peer } from '../../src/model/peer.ts';
import type { Batch, Source } from '../../src/source.ts';
import { kafkaSourceConfig, type KafkaSourceConfig } from '../../src/sources/kafka/config.ts';
import { kafkaSource } from '../../src/sources/kafka/source.ts';
import type { Store } from '../../src/store/store.ts';
import { observeLive } from '../../src/observe-live.ts';
import { hubbleLine, pod, T0 } from './hubble.ts';
import { edgesOf } from './stores.ts';

const CLASSES = 97;

/** The nth message: a connection of its own, of one of many clients, so that none that is missing makes up for one that came twice. */
export function messageOf(n: number): string {
  const kind = n % CLASSES;
  const from = pod('shop', `client-${kind}-6b746f74dc-9rcxx`, `10.1.0.${kind}`);
  return hubbleLine({ from, to: pod('shop', 'server-0', '10.2.0.1'), port: 8080, clientPort: 30_000 + (n % 30_000), time: T0 + n * 10 });
}

/** How often each client is to be counted after the messages from 0 up to `end`. */
export function expectedOf(end: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (let n = 0; n < end; n++) counts.set(`client-${n % CLASSES}`, (counts.get(`client-${n % CLASSES}`) ?? 0) + 1);
  return counts;
}

/** How often each client was counted. */
export function countedIn(store: Store): ReadonlyMap<string, number> {
  const name = (peer: Peer): string => (peer.type === 'workload' ? peer.name : peer.type);
  return new Map(edgesOf(store).map(({ source, witnesses }) => [name(source), witnesses.reduce((sum, { tally }) => sum + tally.opened, 0)]));
}

export function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

export function lostIn(store: Store): number {
  return store.coverage.read().reduce((sum, { hours }) => sum + [...hours.values()].reduce((all, counts) => all + (counts.get('lost') ?? 0), 0), 0);
}

export interface Watching {
  /** Sources that were lost, and null when they were back. */
  readonly troubles: readonly (string | null)[];
  /** Partitions whose log turned out to be another one. */
  readonly another: readonly string[];
  /** Waits until so many records were counted. */
  until(count: number): Promise<void>;
  /** Ends it as a process that is told to end; throws what it failed with. */
  stop(): Promise<void>;
}

/** Reads a topic into a store, as a process of its own would. */
export function watchTopic(store: Store, config: Pick<KafkaSourceConfig, 'brokers' | 'topic' | 'group'> & Partial<KafkaSourceConfig>, more: { readonly onBatch?: (batch: Batch) => Promise<void> } = {}): Watching {
  store.forgetRows();
  const end = new AbortController();
  const troubles: (string | null)[] = [];
  const another: string[] = [];
  const settings = { accessLogFormat: null };
  const resolver = new Resolver(new Directory(store.inventory.read(), [], null));
  const { edges, operations, sources } = store.readKnown();
  const source = kafkaSource('kafka-1', kafkaSourceConfig.parse({ format: 'hubble', sessionTimeoutSeconds: 6, ...config }), {
    known: store.positions.claimPartitions(),
    clientId: 'footpath-test',
    sleep,
    onAnotherLog: (origin) => another.push(origin),
  });
  const watching = observeLive([more.onBatch === undefined ? source : slowed(source, more.onBatch)], {
    store,
    resolver: () => resolver,
    now: () => 0,
    admission: new Admission(DEFAULT_LIMITS, edges, operations),
    sources: new Set(sources),
    settings,
    judge: () => new Verdicts(store.choices.read(store.peers.readPeers().byId), store.choices.revision, (peer) => peer),
    collectorFor: (_, runs) => recognise(runs, [hubble], settings),
    signal: end.signal,
    sleep,
    onSourceLost: (_, error) => troubles.push(error?.message ?? null),
  });
  const outcome = watching.then(
    () => null,
    (error: unknown) => ({ error }),
  );
  return {
    troubles,
    another,
    async until(count) {
      for (;;) {
        const counted = sumOf(countedIn(store));
        if (counted >= count) return;
        const failed = await Promise.race([outcome, wait(100)]);
        if (failed !== undefined && failed !== null) throw failed.error;
      }
    },
    async stop() {
      end.abort();
      const failed = await outcome;
      if (failed !== null) throw failed.error;
    },
  };
}

function slowed(source: Source, onBatch: (batch: Batch) => Promise<void>): Source {
  return {
    name: source.name,
    async *open(signal) {
      for await (const batch of source.open(signal)) {
        await onBatch(batch);
        yield batch;
      }
    },
  };
}

export async function produce(kafka: Kafka, topic: string, all: readonly Message[]): Promise<void> {
  // What is sent again after a broker's restart is not written twice.
  const producer = kafka.producer({ allowAutoTopicCreation: false, idempotent: true, maxInFlightRequests: 1, retry: { retries: 10 } });
  await producer.connect();
  for (let at = 0; at < all.length; at += 1_000) await producer.send({ topic, messages: all.slice(at, at + 1_000) });
  await producer.disconnect();
}

/** The messages from one number up to another, over so many partitions. */
export function messages(from: number, to: number, partitions: number): readonly Message[] {
  return Array.from({ length: to - from }, (_, i) => ({ value: messageOf(from + i), partition: (from + i) % partitions }));
}
