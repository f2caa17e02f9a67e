import { z } from 'zod';

const file = z.string().min(1);

const tls = z.strictObject({
  /** Who signed the brokers' certificates, as PEM; the machine's own authorities if it is left out. */
  caFile: file.optional(),
  certFile: file.optional(),
  keyFile: file.optional(),
  /** The name in the brokers' certificates, if it is not the one they are reached by. */
  serverName: z.string().optional(),
});

const password = z.strictObject({ mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']), username: z.string(), passwordFile: file });
/** The token is read anew each time one is needed: whoever writes the file may replace it. */
const token = z.strictObject({ mechanism: z.literal('oauthbearer'), tokenFile: file });

/** How brokers are reached. */
export const kafkaConnection = z.strictObject({
  brokers: z.array(z.string().regex(/^[^\s:/]+:\d{1,5}$/, { error: 'is no host:port (kafka:9092)' })).min(1),
  tls: z.union([z.boolean(), tls]).default(false),
  sasl: z.union([password, token]).nullable().default(null),
});

export type KafkaConnection = z.infer<typeof kafkaConnection>;

/** `kafka:` of a source. A group belongs to one database: whoever else is in it takes partitions away. */
export const kafkaSourceConfig = z.strictObject({
  ...kafkaConnection.shape,
  topic: z.string().regex(/^[a-zA-Z0-9._-]{1,249}$/, { error: 'is no name of a topic (letters, digits, . _ -)' }),
  group: z.string().min(1),
  /** What the messages are. A topic is not asked for it: what nobody understands cannot be left out of a sequence of offsets. */
  format: z.string({ error: 'is needed (footpath collectors lists them)' }),
  /** A member that was killed holds its partitions so long. */
  sessionTimeoutSeconds: z.int().min(6).max(300).default(10),
  rebalanceTimeoutSeconds: z.int().min(6).max(600).default(20),
});

export type KafkaSourceConfig = z.infer<typeof kafkaSourceConfig>;
