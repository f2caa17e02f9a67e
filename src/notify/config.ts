import { z } from 'zod';
import { SEVERITIES } from '../model/alert.ts';
import { kafkaConnection } from '../sources/kafka/config.ts';

/** `alerts:` of the configuration. */

const file = z.string().min(1);

const url = z.string().refine(isHttp, { error: 'is no http:// or https:// address without a user in it' });

function isHttp(text: string): boolean {
  const parsed = URL.canParse(text) ? new URL(text) : null;
  return parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.username === '' && parsed.password === '';
}

const http = {
  /** Who signed the target's certificate, as PEM; the machine's own authorities if it is left out. */
  caFile: file.optional(),
  bearerTokenFile: file.optional(),
};

/** What Footpath itself says in labels: what an alert is must stay one-to-one with them. */
export const OWN_LABELS = ['alertname', 'kind', 'cluster', 'source', 'source_kind', 'source_cluster', 'destination', 'destination_kind', 'destination_cluster', 'port', 'protocol', 'hour'] as const;

const labels = z.record(
  z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, { error: 'is no name of a label' }).refine((name) => !OWN_LABELS.some((own) => own === name), { error: 'is a label that Footpath sets' }),
  z.string().min(1),
);

export const alertmanagerConfig = z.strictObject({
  /** All members of a cluster. */
  urls: z.array(url).min(1).refine((urls) => new Set(urls).size === urls.length, { error: 'names one twice' }),
  /** Set on every alert, for routing. */
  labels: labels.default({}),
  basicAuth: z.strictObject({ username: z.string().min(1), passwordFile: file }).optional(),
  ...http,
});
export type AlertmanagerConfig = z.infer<typeof alertmanagerConfig>;

/** Signed as Standard Webhooks have it if there is a secret. */
export const webhookConfig = z.strictObject({ url, secretFile: file.optional(), ...http });
export type WebhookConfig = z.infer<typeof webhookConfig>;

/** The address of an incoming webhook is its secret. */
export const slackConfig = z.strictObject({ urlFile: file });
export type SlackConfig = z.infer<typeof slackConfig>;

export const kafkaTargetConfig = z.strictObject({ ...kafkaConnection.shape, topic: z.string().regex(/^[a-zA-Z0-9._-]{1,249}$/, { error: 'is no name of a topic (letters, digits, . _ -)' }) });
export type KafkaTargetConfig = z.infer<typeof kafkaTargetConfig>;

export const stdoutConfig = z.strictObject({});
export type StdoutConfig = z.infer<typeof stdoutConfig>;

export const TARGET_KINDS = ['alertmanager', 'webhook', 'slack', 'kafka', 'stdout'] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

const target = z
  .strictObject({
    /** In messages and metrics; made of kind and number if it is left out. What a target was told is kept under it. */
    name: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, { error: 'is no name (lower-case letters, digits and -)' })
      .optional(),
    minSeverity: z.enum(SEVERITIES).default('low'),
    alertmanager: alertmanagerConfig.optional(),
    webhook: webhookConfig.optional(),
    slack: slackConfig.optional(),
    kafka: kafkaTargetConfig.optional(),
    stdout: stdoutConfig.optional(),
  })
  .refine((given) => TARGET_KINDS.filter((kind) => given[kind] !== undefined).length === 1, { error: `names one of ${TARGET_KINDS.join(', ')}` });

export type TargetConfig = z.infer<typeof target>;

const TARGETS = `who is told; each may have a name, and minSeverity (low, medium, high, critical):
- alertmanager: { urls: ["http://alertmanager:9093"], labels: {}, bearerTokenFile: token, caFile: ca.pem }
- webhook: { url: "https://hooks.example.org/footpath", secretFile: hook.key }
- slack: { urlFile: slack.url }
- kafka: { brokers: ["kafka:9092"], topic: alerts }
- stdout: {}`;

export const alertsConfig = z.strictObject({
  targets: z.array(target).default([]).describe(TARGETS).superRefine((targets, context) => {
    const names = targets.map((each, i) => targetName(each, i));
    for (const [i, name] of names.entries()) if (names.indexOf(name) !== i) context.addIssue({ code: 'custom', path: [i], message: `another target is called ${name} too` });
  }),
});

export type AlertsConfig = z.infer<typeof alertsConfig>;

/** Its own name, or kind and number: `webhook-2` is the second target, if that is a webhook. */
export function targetName(given: TargetConfig, index: number): string {
  return given.name ?? `${TARGET_KINDS.find((kind) => given[kind] !== undefined) ?? 'target'}-${index + 1}`;
}
