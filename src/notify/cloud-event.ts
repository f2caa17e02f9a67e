import { alertJson } from '../model/json.ts';
import type { AlertEvent, Notification } from '../notifier.ts';

/** A CloudEvent 1.0 without its data. `id` is the same at every delivery, `subject` the id of the alert. */
export interface EventAttributes {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: `footpath.alert.${AlertEvent}`;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
}

export interface CloudEvent extends EventAttributes {
  readonly data: object;
}

export function cloudEvent({ id, event, at, alert }: Notification, cluster: string): CloudEvent {
  const names = new Map<string, string>();
  for (const [peer, name] of [[alert.source, alert.sourceName], [alert.destination, alert.destinationName]] as const) {
    if (peer?.type === 'external' && name !== null) names.set(peer.address, name);
  }
  return {
    specversion: '1.0',
    id,
    source: cluster === '' ? '/footpath' : `/footpath/${encodeURIComponent(cluster)}`,
    type: `footpath.alert.${event}`,
    subject: alert.id,
    time: new Date(at).toISOString(),
    datacontenttype: 'application/json',
    data: { ...alertJson(alert, names), ...(alert.over === null ? {} : { over: alert.over }) },
  };
}
