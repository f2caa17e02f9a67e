import { groupBy } from '../model/group.ts';
import { atLeast, SEVERITIES, type Severity } from '../model/alert.ts';
import type { Notification } from '../notifier.ts';
import { cut, plainLine } from './text.ts';

/** Up to so many alerts have a paragraph of their own; more are told as a digest. */
const FULL = 3;
/** Lines of a digest. */
const LINES = 20;
/** Slack's limits are 3000 characters a text and 50 blocks a message. */
const TEXT = 2_900;
const LINE = 300;

type Block = { readonly type: 'section'; readonly text: { readonly type: 'mrkdwn' | 'plain_text'; readonly text: string; readonly verbatim?: true; readonly emoji?: false } };

export interface SlackMessage {
  readonly text: string;
  readonly blocks: readonly Block[];
}

const ICON: Readonly<Record<Severity, string>> = { critical: '🔴', high: '🟠', medium: '🟡', low: '⚪' };

/** What logs said stands in plain text, where nothing is a link, a mention or a format. */
export function messageOf(notifications: readonly Notification[]): SlackMessage {
  const summary = summaryOf(notifications);
  const blocks = notifications.length <= FULL ? notifications.flatMap(paragraph) : [heading(summary), plain(digest(notifications))];
  return { text: escaped(cut(notifications.length === 1 ? headline(notifications[0]) : summary, TEXT)), blocks };
}

function summaryOf(notifications: readonly Notification[]): string {
  const counts = [...groupBy(notifications, ({ event }) => event)].map(([event, all]) => `${all.length} ${event}`);
  return `${notifications.length} alerts: ${counts.join(', ')}`;
}

function paragraph(notification: Notification): readonly Block[] {
  const { event, alert } = notification;
  const lines = [plainLine(alert.reason, 1_500), ...(alert.over === null ? [] : [plainLine(alert.over, LINE)]), ...(event === 'resolved' ? [] : alert.evidence.map((sentence) => plainLine(sentence, LINE)))];
  const decide = event === 'resolved' ? '' : `\n\`footpath alerts accept|reject|ack|mute ${escaped(alert.id)}\``;
  return [heading(`${ICON[alert.severity]} *${event === 'resolved' ? 'over' : alert.severity}* · ${alert.kind}${alert.class === null ? '' : ` · ${alert.class}`}${decide}`), plain(lines.join('\n'))];
}

/** The worst first; the rest is counted. */
function digest(notifications: readonly Notification[]): string {
  const sorted = notifications.toSorted((a, b) => rank(b) - rank(a));
  const rest = sorted.length - LINES;
  const lines = sorted.slice(0, LINES).map((notification) => cut(headline(notification), Math.floor(TEXT / (LINES + 1)) - 1));
  return [...lines, ...(rest > 0 ? [`and ${rest} more: footpath alerts`] : [])].join('\n');
}

function rank({ event, alert }: Notification): number {
  return (event === 'resolved' ? 0 : 10) + SEVERITIES.filter((severity) => atLeast(alert.severity, severity)).length;
}

function headline(notification: Notification | undefined): string {
  if (notification === undefined) return '';
  const { event, alert } = notification;
  return `${ICON[alert.severity]} ${event === 'resolved' ? `over (${plainLine(alert.over ?? alert.state, LINE)})` : alert.severity} ${alert.kind}: ${plainLine(alert.reason, LINE)}`;
}

function heading(text: string): Block {
  return { type: 'section', text: { type: 'mrkdwn', text: cut(text, TEXT), verbatim: true } };
}

function plain(text: string): Block {
  return { type: 'section', text: { type: 'plain_text', text: cut(text, TEXT), emoji: false } };
}

/** As Slack asks for it: nothing is a link or a mention. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
