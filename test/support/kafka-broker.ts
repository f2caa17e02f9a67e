import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { kafkaClient } from '../../src/sources/kafka/client.ts';

/** Where Apache Kafka's jars lie, in one folder a version; '' where they don't (`.ci/kafka-jars.sh` brings them). */
const jars = process.env['FOOTPATH_KAFKA'] ?? '';

export type KafkaVersion = '4.1' | '3.9';

export function hasKafka(version: KafkaVersion): boolean {
  return jars !== '' && existsSync(join(jars, version));
}

export interface BrokerOptions {
  readonly version: KafkaVersion;
  /** Of its own; it keeps its logs there over restarts. */
  readonly folder: string;
  /** Lines for `server.properties`, beside the plain listener's; `PORT` is a free port a time. */
  readonly listeners?: (port: () => Promise<number>) => Promise<{ readonly listeners: readonly string[]; readonly properties: readonly string[] }>;
  /** For `StorageTool format`. */
  readonly format?: readonly string[];
}

/** A real broker (and its controller, in one process) on loopback. */
export class KafkaBroker {
  readonly port: number;
  readonly #classPath: string;
  readonly #properties: string;
  readonly #options: BrokerOptions;
  #child: ChildProcess | null = null;
  #errors = '';

  private constructor(options: BrokerOptions, port: number, properties: string) {
    this.port = port;
    this.#options = options;
    this.#properties = properties;
    this.#classPath = join(jars, options.version, '*');
  }

  static async start(options: BrokerOptions): Promise<KafkaBroker> {
    const [port, controller] = [await freePort(), await freePort()];
    const more = (await options.listeners?.(freePort)) ?? { listeners: [], properties: [] };
    mkdirSync(options.folder, { recursive: true });
    const properties = join(options.folder, 'server.properties');
    const listeners = [`PLAINTEXT://127.0.0.1:${port}`, ...more.listeners].join(',');
    writeFileSync(
      properties,
      [
        'process.roles=broker,controller',
        'node.id=1',
        `controller.quorum.voters=1@127.0.0.1:${controller}`,
        'controller.listener.names=CONTROLLER',
        'inter.broker.listener.name=PLAINTEXT',
        `listeners=${listeners},CONTROLLER://127.0.0.1:${controller}`,
        `advertised.listeners=${listeners}`,
        'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL',
        `log.dirs=${join(options.folder, 'logs')}`,
        'offsets.topic.replication.factor=1',
        'offsets.topic.num.partitions=1',
        'transaction.state.log.replication.factor=1',
        'transaction.state.log.min.isr=1',
        'transaction.state.log.num.partitions=1',
        'group.initial.rebalance.delay.ms=0',
        'auto.create.topics.enable=false',
        'log.retention.check.interval.ms=1000',
        'log.segment.delete.delay.ms=0',
        ...more.properties,
        '',
      ].join('\n'),
    );
    const broker = new KafkaBroker(options, port, properties);
    broker.#format();
    try {
      await broker.start();
      await broker.#coordinate();
      return broker;
    } catch (error) {
      await broker.stop('SIGKILL');
      throw error;
    }
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.port}`;
  }

  #format(): void {
    const { status, stderr } = spawnSync(
      'java',
      ['-cp', this.#classPath, 'kafka.tools.StorageTool', 'format', '-t', 'Zm9vdHBhdGgtdGVzdC0wMQ', '-c', this.#properties, ...(this.#options.format ?? [])],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`Kafka’s storage could not be made: ${stderr}`);
  }

  /** Starts it (again), and waits until it answers. */
  async start(): Promise<void> {
    const child = spawn('java', ['-Xmx384m', '-XX:TieredStopAtLevel=1', '-cp', this.#classPath, 'kafka.Kafka', this.#properties], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    child.stderr.on('data', (chunk: Buffer) => (this.#errors = (this.#errors + chunk.toString()).slice(-4_000)));
    for (let i = 0; i < 240; i++) {
      if (child.exitCode !== null) break;
      if (await this.#answers()) return;
      await wait(250);
    }
    throw new Error(`Kafka did not start: ${this.#errors}`);
  }

  /** The first group of all waits for the topic of all groups. */
  async #coordinate(): Promise<void> {
    for (let i = 0; ; i++) {
      try {
        await this.#admin((admin) => admin.fetchOffsets({ groupId: 'first', topics: [] }));
        return;
      } catch (error) {
        if (i === 60) throw error;
      }
      await wait(250);
    }
  }

  async #answers(): Promise<boolean> {
    try {
      return await this.use(async (kafka) => {
        const admin = kafka.admin({ retry: { retries: 0 } });
        await admin.connect();
        const { brokers } = await admin.describeCluster();
        await admin.disconnect();
        return brokers.length === 1;
      });
    } catch {
      return false;
    }
  }

  /** A client of its own for as long as `work` takes. */
  async use<T>(work: (kafka: Kafka) => Promise<T>): Promise<T> {
    const client = await kafkaClient({ brokers: [this.bootstrap], tls: false, sasl: null }, { clientId: 'test' });
    try {
      return await work(client.kafka);
    } finally {
      client.destroy();
    }
  }

  async createTopic(topic: string, partitions: number, config: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#admin(async (admin) => {
      const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
      await admin.createTopics({ topics: [{ topic, numPartitions: partitions, replicationFactor: 1, configEntries }], waitForLeaders: true });
    });
  }

  async deleteTopic(topic: string): Promise<void> {
    await this.#admin((admin) => admin.deleteTopics({ topics: [topic] }));
  }

  /** Cuts a partition's log off before an offset, as retention does. */
  async deleteRecords(topic: string, partition: number, before: number): Promise<void> {
    await this.#admin(async (admin) => {
      // The client wants to have heard of the topic.
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] });
    });
  }

  async #admin<T>(work: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
    return this.use(async (kafka) => {
      const admin = kafka.admin();
      await admin.connect();
      const result = await work(admin);
      await admin.disconnect();
      return result;
    });
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
}
