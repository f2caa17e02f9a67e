import type { Notifier } from '../notifier.ts';
import { cloudEvent } from './cloud-event.ts';
import type { NotifierKind } from './kind.ts';

/** One CloudEvent a line, for whoever reads the process's output. */
export const stdout: NotifierKind<'stdout'> = {
  name: 'stdout',
  description: 'one JSON line for each event, on standard output',
  create: (name, _, { write, cluster }) => {
    const notifier: Notifier = {
      name,
      kind: 'stdout',
      where: 'standard output',
      batch: 100,
      spacing: 0,
      resendEvery: null,
      notify: (notifications) => write(notifications.map((notification) => `${JSON.stringify(cloudEvent(notification, cluster))}\n`).join('')),
    };
    return [notifier];
  },
};
