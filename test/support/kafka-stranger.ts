import type { Consumer, Kafka } from 'kafkajs';

/** Somebody else in the group, who takes partitions and commits what comes to his mind. */
export class Stranger {
  readonly #consumer: Consumer;
  /** Messages that he got. */
  got = 0;

  #leave: () => void = () => undefined;
  readonly #thaw = new Promise<void>((resolve) => (this.#leave = resolve));

  private constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  /** Joins, and has partitions when this resolves. If it freezes, it gives no sign of life from its first message on. */
  static async join(kafka: Kafka, topic: string, group: string, freezes = false): Promise<Stranger> {
    const consumer = kafka.consumer({ groupId: group, sessionTimeout: 6_000, heartbeatInterval: 500, rebalanceTimeout: 10_000, maxWaitTimeInMs: 200, allowAutoTopicCreation: false });
    const stranger = new Stranger(consumer);
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const joined = new Promise<void>((resolve) => {
      consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
        if ((payload.memberAssignment[topic] ?? []).length > 0) resolve();
      });
    });
    await consumer.run({
      autoCommit: true,
      eachBatch: ({ batch }) => {
        stranger.got += batch.messages.length;
        return freezes ? stranger.#thaw : Promise.resolve();
      },
    });
    await joined;
    return stranger;
  }

  async leave(): Promise<void> {
    this.#leave();
    await this.#consumer.disconnect();
  }
}
