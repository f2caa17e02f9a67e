import type { Producer } from 'kafkajs';
import type { Notification, Notifier } from '../notifier.ts';
import { kafkaClient, type KafkaClient } from '../sources/kafka/client.ts';
import { aborted } from './aborted.ts';
import { cloudEvent } from './cloud-event.ts';
import type { KafkaTargetConfig } from './config.ts';
import type { NotifierKind, Outside } from './kind.ts';

/** Events of one alert have one key: they stay in order. */
export const kafka: NotifierKind<'kafka'> = {
  name: 'kafka',
  description: 'CloudEvents in a topic of Kafka, keyed by the alert',
  create: (name, config, outside) => [kafkaNotifier(name, config, outside)],
};

function kafkaNotifier(name: string, config: KafkaTargetConfig, { cluster }: Outside): Notifier {
  const connection = new Connection(config);
  const send = async (notifications: readonly Notification[]): Promise<void> => {
    const producer = await connection.producer();
    await producer.send({ topic: config.topic, acks: -1, messages: notifications.map((notification) => message(notification, cluster)) });
  };
  return {
    name,
    kind: 'kafka',
    where: `${config.brokers.join(',')} ${config.topic}`,
    batch: 100,
    spacing: 0,
    resendEvery: null,
    async notify(notifications: readonly Notification[], signal: AbortSignal): Promise<void> {
      try {
        await Promise.race([send(notifications), aborted(signal)]);
      } catch (error) {
        // The next call begins with a new connection.
        connection.drop();
        throw error;
      }
    },
    close: () => connection.drop(),
  };
}

/** The binary form of CloudEvents: attributes as headers, the data as the value. */
function message(notification: Notification, cluster: string): { readonly key: string; readonly value: string; readonly headers: Record<string, string> } {
  const { data, datacontenttype, ...attributes } = cloudEvent(notification, cluster);
  const headers = Object.fromEntries(Object.entries(attributes).map(([attribute, value]) => [`ce_${attribute}`, value] as const));
  return { key: notification.alert.id, value: JSON.stringify(data), headers: { ...headers, 'content-type': datacontenttype } };
}

/** Opened when something is to be sent, and kept until something fails. */
class Connection {
  readonly #config: KafkaTargetConfig;
  #client: Promise<KafkaClient> | null = null;
  #producer: Promise<Producer> | null = null;

  constructor(config: KafkaTargetConfig) {
    this.#config = config;
  }

  async producer(): Promise<Producer> {
    this.#client ??= kafkaClient(this.#config, { clientId: 'footpath' });
    this.#producer ??= connected(this.#client);
    return this.#producer;
  }

  drop(): void {
    const client = this.#client;
    this.#client = null;
    this.#producer = null;
    client?.then(
      (opened) => opened.destroy(),
      () => {},
    );
  }
}

async function connected(client: Promise<KafkaClient>): Promise<Producer> {
  const producer = (await client).kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  return producer;
}
