import type { Producer } from 'kafkajs';
import type { Notification, Notifier } from '../notifier.ts';
import { kafkaClient, type KafkaClient } from '../sources/kafka/client.ts';
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
  const stop = (): void => connection.drop();
  return {
    name,
    kind: 'kafka',
    where: `${config.brokers.join(',')} ${config.topic}`,
    batch: 100,
    spacing: 0,
    resendEvery: null,
    async notify(notifications: readonly Notification[], signal: AbortSignal): Promise<void> {
      signal.addEventListener('abort', stop, { once: true });
      try {
        const producer = await connection.producer();
        await producer.send({ topic: config.topic, acks: -1, messages: notifications.map((notification) => message(notification, cluster)) });
      } catch (error) {
        // The next call begins with a new connection.
        connection.drop();
        throw error;
      } finally {
        signal.removeEventListener('abort', stop);
      }
    },
    close: stop,
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
  #open: Promise<{ readonly client: KafkaClient; readonly producer: Producer }> | null = null;

  constructor(config: KafkaTargetConfig) {
    this.#config = config;
  }

  async producer(): Promise<Producer> {
    this.#open ??= this.#connect();
    return (await this.#open).producer;
  }

  async #connect(): Promise<{ readonly client: KafkaClient; readonly producer: Producer }> {
    const client = await kafkaClient(this.#config, { clientId: 'footpath' });
    const producer = client.kafka.producer({ allowAutoTopicCreation: false });
    try {
      await producer.connect();
    } catch (error) {
      client.destroy();
      throw error;
    }
    return { client, producer };
  }

  drop(): void {
    const open = this.#open;
    this.#open = null;
    open?.then(
      ({ client }) => client.destroy(),
      () => {},
    );
  }
}
