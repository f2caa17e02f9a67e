import { SEVERITIES } from '../model/alert.ts';
import type { Notification, Notifier } from '../notifier.ts';
import { labelsOf } from './alert-labels.ts';
import type { AlertmanagerConfig } from './config.ts';
import { authorization, caOf } from './credentials.ts';
import { post } from './http.ts';
import type { NotifierKind, Outside } from './kind.ts';

/** Alertmanager forgets what it is not told again, as Prometheus does every minute. */
const RESEND_EVERY = 60_000;
/** Two tellings may get lost before it takes an alert for over. */
const HOLDS_FOR = 4 * RESEND_EVERY;

/** Members of a cluster do not tell each other of alerts: each is told by itself. */
export const alertmanager: NotifierKind<'alertmanager'> = {
  name: 'alertmanager',
  description: 'alerts of Prometheus’s Alertmanager (API v2), told to all members of its cluster',
  create: (name, config, outside) => config.urls.map((url) => member(name, config, url, outside)),
};

function member(name: string, config: AlertmanagerConfig, text: string, { now, resolve }: Outside): Notifier {
  const base = new URL(text);
  const url = new URL(`${base.pathname.replace(/\/$/, '')}/api/v2/alerts`, base);
  return {
    name: config.urls.length === 1 ? name : `${name}@${base.host}${base.pathname === '/' ? '' : base.pathname}`,
    kind: 'alertmanager',
    where: base.origin,
    batch: 64,
    spacing: 1_000,
    resendEvery: RESEND_EVERY,
    async notify(notifications: readonly Notification[], signal: AbortSignal): Promise<void> {
      const body = JSON.stringify(notifications.map((notification) => postable(notification, config, now())));
      const headers = { 'content-type': 'application/json', ...authorization(config) };
      await post(url, { headers, body, signal, trust: 'operator', ca: caOf(config), ...(resolve === undefined ? {} : { resolve }) });
    },
  };
}

function postable({ event, at, since, alert }: Notification, { labels }: AlertmanagerConfig, now: number): object {
  // Records may come from a clock that is ahead of ours.
  const startsAt = Math.min(alert.firstSeen, since);
  const endsAt = event === 'resolved' ? at : now + HOLDS_FOR;
  const level = String(SEVERITIES.indexOf(alert.severity) + 1);
  return {
    labels: { ...labels, ...labelsOf(alert) },
    annotations: {
      summary: alert.reason,
      description: [alert.reason, ...alert.evidence].join('\n'),
      id: alert.id,
      severity: alert.severity,
      severity_level: level,
      class: alert.class ?? '',
      state: alert.state,
      count: String(alert.count),
      first_seen: new Date(alert.firstSeen).toISOString(),
      last_seen: new Date(alert.lastSeen).toISOString(),
      ...(alert.over === null ? {} : { over: alert.over }),
    },
    startsAt: new Date(startsAt).toISOString(),
    endsAt: new Date(Math.max(endsAt, startsAt + 1)).toISOString(),
  };
}
