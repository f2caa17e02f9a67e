import type { Admin, Consumer } from 'kafkajs';
import { OperationError } from '../../errors.ts';
import type { Batch } from '../../source.ts';
import { Assignment } from './assignment.ts';
import { kafkaClient, type ClientOptions, type KafkaClient } from './client.ts';
import type { KafkaSourceConfig } from './config.ts';
import { Handoff } from './handoff.ts';
import { Lag } from './lag.ts';
import type { PartitionReaders } from './partition.ts';
import { placeOnAssignment, readOf, type Ends } from './place.ts';

/** What one fetch may bring, of all partitions and of each; one batch of messages may be larger. Packed: it may swell to twenty times that. */
const FETCH_BYTES = 1 << 20;
const PARTITION_BYTES = 1 << 18;
/** How long a broker may wait for messages before it answers with none, in milliseconds. */
const FETCH_WAIT = 500;
const METADATA_EVERY = 60_000;
/** Beyond a rebalance and a session: whoever has given no sign for so many seconds is hanging. */
const PATIENCE = 30;
const CLOSE_WITHIN = 3_000;

/** Says that the group was joined: a topic may be silent for long, and is not lost. */
const NOTHING_YET: Batch = { runs: [], tooLong: 0, bytes: 0, position: null, ack: () => undefined };

export interface SessionOptions extends ClientOptions {
  /** Waits so many milliseconds, or until the signal aborts. Never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A topic was made anew, or ends before what was read of it: this partition (`topic/0`) is read from its log's start. */
  readonly onAnotherLog?: (origin: string) => void;
  /** Everything that its partitions had a moment ago has been read. Said again and again while it is so. */
  readonly onCaughtUp?: () => void;
}

/** One membership in the group, from connecting until it ends or breaks. Whoever begins the next one goes on with the same readers. */
export class Session {
  readonly #config: KafkaSourceConfig;
  readonly #options: SessionOptions;
  readonly #readers: PartitionReaders;
  readonly #handoff = new Handoff<Batch>();
  readonly #closing = new AbortController();
  #client: KafkaClient | null = null;
  #consumer: Consumer | null = null;
  /** Seconds without a sign of the group. */
  #quiet = 0;

  constructor(config: KafkaSourceConfig, readers: PartitionReaders, options: SessionOptions) {
    this.#config = config;
    this.#readers = readers;
    this.#options = options;
  }

  /** Until the signal aborts; throws an `OperationError` once the brokers, or the membership in the group, are lost. */
  async *batches(signal: AbortSignal): AsyncGenerator<Batch> {
    const stop = (): void => this.#handoff.end(null);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      this.#start().catch((error: unknown) => this.#fail(error));
      void this.#watch();
      for (let batch = await this.#handoff.next(); batch !== null; batch = await this.#handoff.next()) yield batch;
    } finally {
      signal.removeEventListener('abort', stop);
      await this.#close();
    }
  }

  async #start(): Promise<void> {
    const { topic } = this.#config;
    this.#client = await kafkaClient(this.#config, this.#options);
    const { signal } = this.#closing;
    if (signal.aborted) {
      this.#client.destroy();
      return;
    }
    const { kafka } = this.#client;
    const admin = kafka.admin();
    await admin.connect();
    const { clusterId } = await admin.describeCluster();
    const readerOf = (partition: number): ReturnType<PartitionReaders['of']> => this.#readers.of(clusterId, partition);
    const ends = await endsOf(admin, topic);
    for (const [partition, own] of ends) {
      const reader = readerOf(partition);
      const { read } = reader.place;
      const same = readOf(read, own);
      if (same !== read) this.#tellAnotherLog(partition);
      reader.place = placeOnAssignment(same, own.start);
    }
    const consumer = (this.#consumer = this.#newConsumer(this.#client));
    const { sleep } = this.#options;
    const lag = new Lag({ consumer, topic, sleep, signal, committed: (partition) => (assignment.has(partition) ? readerOf(partition).committed : null) });
    const assignment = new Assignment({
      consumer,
      topic,
      readerOf,
      ends,
      endsNow: () => endsOf(admin, topic),
      handoff: this.#handoff,
      onCommit: (partition) => lag.tell(partition),
      onAnotherLog: (partition) => this.#tellAnotherLog(partition),
      heartbeatEvery: this.#heartbeatEvery,
      sleep,
      signal,
    });
    const { GROUP_JOIN, HEARTBEAT, FETCH, END_BATCH_PROCESS, CRASH } = consumer.events;
    let isJoined = false;
    consumer.on(GROUP_JOIN, ({ payload }) => {
      this.#sign();
      if (!isJoined) this.#handoff.offer(() => NOTHING_YET);
      isJoined = true;
      const partitions = payload.memberAssignment[topic] ?? [];
      assignment.assign(partitions);
      for (const partition of partitions) lag.tell(partition);
    });
    consumer.on(HEARTBEAT, () => this.#sign());
    consumer.on(END_BATCH_PROCESS, ({ payload }) => assignment.processed(payload));
    consumer.on(FETCH, () => {
      this.#sign();
      if (assignment.isCaughtUp) this.#options.onCaughtUp?.();
    });
    consumer.on(CRASH, ({ payload }) => this.#fail(payload.error));
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    if (signal.aborted) return;
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, partitionsConsumedConcurrently: 1, eachBatch: (payload) => assignment.each(payload) });
  }

  #newConsumer({ kafka }: KafkaClient): Consumer {
    const { group, sessionTimeoutSeconds, rebalanceTimeoutSeconds } = this.#config;
    return kafka.consumer({
      groupId: group,
      sessionTimeout: sessionTimeoutSeconds * 1_000,
      rebalanceTimeout: rebalanceTimeoutSeconds * 1_000,
      heartbeatInterval: this.#heartbeatEvery,
      maxBytes: FETCH_BYTES,
      maxBytesPerPartition: PARTITION_BYTES,
      maxWaitTimeInMs: FETCH_WAIT,
      metadataMaxAge: METADATA_EVERY,
      allowAutoTopicCreation: false,
      // A new session is begun by whoever began this one.
      retry: { retries: 5, restartOnFailure: () => Promise.resolve(false) },
    });
  }

  get #heartbeatEvery(): number {
    return (this.#config.sessionTimeoutSeconds * 1_000) / 4;
  }

  #tellAnotherLog(partition: number): void {
    this.#options.onAnotherLog?.(`${this.#config.topic}/${partition}`);
  }

  #sign(): void {
    this.#quiet = 0;
  }

  /** A client that hangs says nothing. */
  async #watch(): Promise<void> {
    const { sessionTimeoutSeconds, rebalanceTimeoutSeconds } = this.#config;
    const limit = sessionTimeoutSeconds + rebalanceTimeoutSeconds + PATIENCE;
    while (!this.#closing.signal.aborted) {
      await this.#options.sleep(1_000, this.#closing.signal);
      if (++this.#quiet > limit) this.#fail(new Error(`no sign of the group for ${limit} s`));
    }
  }

  #fail(error: unknown): void {
    const { brokers, topic } = this.#config;
    const message = error instanceof OperationError ? error.message : `topic ${topic} at ${brokers.join(',')}: ${reasonOf(error)}`;
    this.#handoff.end(new OperationError(message, { cause: error }));
  }

  /** Leaves the group, if the brokers let it; then the sockets go, whatever is still waited for. */
  async #close(): Promise<void> {
    this.#closing.abort();
    if (this.#consumer !== null) {
      const left = new AbortController();
      await Promise.race([this.#consumer.disconnect().catch(() => undefined), this.#options.sleep(CLOSE_WITHIN, left.signal)]);
      left.abort();
    }
    this.#client?.destroy();
  }
}

async function endsOf(admin: Admin, topic: string): Promise<ReadonlyMap<number, Ends>> {
  const offsets = await admin.fetchTopicOffsets(topic);
  return new Map(offsets.map(({ partition, low, high }) => [partition, { start: Number(low), end: Number(high) }]));
}

/** The innermost reason: kafkajs wraps them several times. */
function reasonOf(error: unknown): string {
  let inner = error;
  for (let depth = 0; depth < 8 && inner instanceof Error && inner.cause instanceof Error; depth++) inner = inner.cause;
  return inner instanceof Error ? inner.message : String(inner);
}
