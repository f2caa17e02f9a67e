import { createHmac } from 'node:crypto';
import type { Notification, Notifier } from '../notifier.ts';
import { cloudEvent } from './cloud-event.ts';
import type { WebhookConfig } from './config.ts';
import { post } from './http.ts';
import type { NotifierKind, Outside } from './kind.ts';
import { authorization, caOf } from './credentials.ts';
import { readSecret } from './secret.ts';

/** One event a request. */
export const webhook: NotifierKind<'webhook'> = {
  name: 'webhook',
  description: 'a CloudEvent a request, signed as Standard Webhooks have it',
  create: (name, config, outside) => [webhookNotifier(name, config, outside)],
};

function webhookNotifier(name: string, config: WebhookConfig, { now, cluster, resolve }: Outside): Notifier {
  const url = new URL(config.url);
  return {
    name,
    kind: 'webhook',
    where: url.origin,
    batch: 1,
    spacing: 100,
    resendEvery: null,
    async notify(notifications: readonly Notification[], signal: AbortSignal): Promise<void> {
      for (const notification of notifications) {
        const body = JSON.stringify(cloudEvent(notification, cluster));
        const headers = {
          'content-type': 'application/cloudevents+json; charset=utf-8',
          ...authorization(config),
          ...(config.secretFile === undefined ? {} : signed(readSecret(config.secretFile), notification.id, Math.floor(now() / 1_000), body)),
        };
        await post(url, { headers, body, signal, trust: 'operator', ca: caOf(config), ...(resolve === undefined ? {} : { resolve }) });
      }
    },
  };
}

/** HMAC-SHA256 over id, time (in seconds) and body: whoever holds the secret can tell a forged one, and an old one sent again. */
function signed(secret: string, id: string, time: number, body: string): Readonly<Record<string, string>> {
  const prefix = 'whsec_';
  const key = secret.startsWith(prefix) ? Buffer.from(secret.slice(prefix.length), 'base64') : Buffer.from(secret);
  const signature = createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(time), 'webhook-signature': `v1,${signature}` };
}
