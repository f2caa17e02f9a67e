import { OperationError } from '../errors.ts';
import type { Notification, Notifier } from '../notifier.ts';
import type { SlackConfig } from './config.ts';
import { post } from './http.ts';
import type { NotifierKind, Outside } from './kind.ts';
import { readSecret } from './secret.ts';
import { messageOf } from './slack-message.ts';

/** One message for all that came since the last. */
export const slack: NotifierKind<'slack'> = {
  name: 'slack',
  description: 'messages through an incoming webhook of Slack, many alerts in one',
  create: (name, config, outside) => [slackNotifier(name, config, outside)],
};

function slackNotifier(name: string, { urlFile }: SlackConfig, { resolve }: Outside): Notifier {
  return {
    name,
    kind: 'slack',
    where: `the address in ${urlFile}`,
    batch: 100,
    // Slack takes a message a second from each webhook.
    spacing: 1_500,
    resendEvery: null,
    async notify(notifications: readonly Notification[], signal: AbortSignal): Promise<void> {
      const text = readSecret(urlFile);
      const url = URL.canParse(text) ? new URL(text) : null;
      if (url === null || !/^https?:$/.test(url.protocol)) throw new OperationError(`${urlFile}: holds no https:// address`);
      await post(url, { headers: { 'content-type': 'application/json' }, body: JSON.stringify(messageOf(notifications)), signal, trust: 'operator', ...(resolve === undefined ? {} : { resolve }) });
    },
  };
}
