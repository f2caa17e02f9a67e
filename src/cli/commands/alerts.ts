import { ALERT_STATES, atLeast, isOpen, type Alert, type Severity } from '../../model/alert.ts';
import { UsageError } from '../../errors.ts';
import type { Graph } from '../../learn/graph.ts';
import type { Signature } from '../../model/decision.ts';
import type { Store } from '../../store/store.ts';
import { lookOf, outputOf, suggestion, type Context } from '../context.ts';
import { peerText, portText } from '../edge-text.ts';
import { severityOf } from '../severity.ts';
import { namesOf, type Names } from '../names.ts';
import type { Define } from '../command.ts';
import { define as defineTargets } from './alert-targets.ts';
import { addSignatureOptions, byId, signatureOf, type SignatureOptions } from '../signature.ts';
import { age, count, isoTime, plain, styleFor, table, type Style } from '../text.ts';

interface ListOptions {
  readonly state?: string;
  readonly severity?: string;
  readonly since?: string;
  readonly failOn?: string;
}

export const define: Define = (command, run) => {
  command
    .option('--state <state>', ALERT_STATES.join(', '))
    .option('--severity <severity>', 'at least this one')
    .option('--since <time>', 'seen since then: 2h, 7d, or an RFC 3339 time; ages count back from the newest record')
    .option('--fail-on <severity>', 'exit with 3 if an open alert is at least as severe')
    .action((options: ListOptions) => run((context) => listAlerts(context, options)));
  command
    .command('show')
    .argument('<id>', 'id of an alert, or its first digits')
    .description('what happened, who saw it, and what may be decided')
    .action((id: string) => run((context) => showAlert(context, id)));
  defineTargets(command.command('targets').description('who is told of alerts: list them, or send one a test'), run);
  for (const [word, description] of [
    ['ack', 'somebody looks into it: it stays open'],
    ['accept', 'it is right: its edges join the baseline'],
    ['reject', 'it is wrong: remembered, and an alert in every mode when it is used again'],
    ['mute', 'silent until a time, or until it is decided'],
  ] as const) {
    const own = addSignatureOptions(command.command(word).argument('<ids...>', 'ids of alerts, or their first digits').description(description));
    if (word === 'mute') own.option('--until <time>', '2h, 7d, or an RFC 3339 time');
    own.action((ids: readonly string[], options: SignatureOptions & { readonly until?: string }) => run((context) => sayOf(context, word, ids, options)));
  }
};

async function withAlerts(context: Context, work: (alerts: readonly Alert[], graph: Graph, store: Store) => number | Promise<number>): Promise<number> {
  const [{ withStore, graphOf }, { alertsIn }] = await Promise.all([import('../session.ts'), import('../alerting.ts')]);
  return withStore(context, async (store) => {
    const graph = await graphOf(store);
    return work(alertsIn(store, graph, context.now()), graph, store);
  });
}

async function listAlerts(context: Context, options: ListOptions): Promise<number> {
  const form = outputOf(context, ['table', 'wide', 'json', 'yaml', 'name']);
  const floor = severityOf(options.severity, '--severity');
  const failOn = severityOf(options.failOn, '--fail-on');
  if (options.state !== undefined && !ALERT_STATES.some((state) => state === options.state)) {
    throw new UsageError(`--state ${options.state}: no such state${suggestion(options.state, ALERT_STATES)}`);
  }
  const [{ newest, sinceOf }, { alertJson }] = await Promise.all([import('../when.ts'), import('../../model/json.ts')]);
  return withAlerts(context, async (all, graph) => {
    const since = options.since === undefined ? 0 : sinceOf(options.since, newest(graph));
    const alerts = all
      .filter(({ foldedInto }) => foldedInto === null)
      .filter(({ source, destination }) => context.namespace === null || [source, destination].some((peer) => peer?.type === 'workload' && peer.namespace === context.namespace))
      .filter(({ state }) => options.state === undefined || state === options.state)
      .filter(({ severity }) => floor === null || atLeast(severity, floor))
      .filter(({ lastSeen }) => lastSeen >= since);
    const names = namesOf(graph);
    if (form === 'json') context.print(`${JSON.stringify(alerts.map((alert) => alertJson(alert, names)), null, 2)}\n`);
    else if (form === 'yaml') context.print((await import('../../export/yaml.ts')).toYaml(alerts.map((alert) => alertJson(alert, names))));
    else if (form === 'name') context.print(alerts.map(({ id }) => `${id}\n`).join(''));
    else if (alerts.length === 0) context.say('no alerts');
    else {
      context.print(alertTable(context, alerts, { latest: newest(graph), wide: form === 'wide', names }));
      const [first] = alerts;
      context.hint(`next: footpath alerts show ${first?.id.slice(0, 4) ?? 'ID'} · ack | accept | reject | mute`);
    }
    return failOn !== null && alerts.some(({ state, severity }) => isOpen(state) && atLeast(severity, failOn)) ? 3 : 0;
  });
}

const COLOUR: Readonly<Record<Severity, (text: string, style: Style) => string>> = {
  critical: (text, style) => style.bold(style.red(text)),
  high: (text, style) => style.red(text),
  medium: (text, style) => style.yellow(text),
  low: (text, style) => style.dim(text),
};

function alertTable(context: Context, alerts: readonly Alert[], { latest, wide, names }: { readonly latest: number; readonly wide: boolean; readonly names: Names }): string {
  return table(
    alerts,
    [
      { heading: 'SEVERITY', value: ({ severity }) => severity, colour: (text, { severity }, style) => COLOUR[severity](text, style) },
      { heading: 'STATE', value: ({ state }) => state },
      { heading: 'AGE', value: ({ lastSeen }) => age(Math.max(0, latest - lastSeen)) },
      { heading: 'KIND', value: ({ kind }) => kind },
      { heading: 'WHAT', value: (alert) => what(alert, names), min: 40 },
      { heading: 'COUNT', value: (alert) => count(alert.count), align: 'right' },
      { heading: 'ID', value: ({ id }) => (wide ? id : id.slice(0, 7)) },
    ],
    lookOf(context),
  );
}

function what(alert: Alert, names: Names): string {
  const { kind, source, destination, class: edgeClass } = alert;
  if (source === null || destination === null) return alert.reason;
  const port = portText({ port: alert.port, protocol: alert.protocol ?? 'TCP' });
  const aside = kind === 'denied' ? 'denied by policy' : (edgeClass ?? '');
  return `${peerText(source, names)} -> ${peerText(destination, names)} ${port}${aside === '' ? '' : `, ${aside}`}`;
}

async function showAlert(context: Context, id: string): Promise<number> {
  const form = outputOf(context, ['table', 'json']);
  const { alertJson } = await import('../../model/json.ts');
  return withAlerts(context, (alerts, graph, store) => {
    const alert = byId(alerts, id, 'alert');
    if (form === 'json') {
      context.print(`${JSON.stringify(alertJson(alert, namesOf(graph)), null, 2)}\n`);
      return 0;
    }
    const style = styleFor(context.stdout, context.env);
    const word = store.alerts.read().get(alert.id);
    const scan = alert.foldedInto === null ? null : (alerts.find(({ key }) => key === alert.foldedInto) ?? null);
    const lines = [
      style.bold(plain(alert.reason)),
      `  ${COLOUR[alert.severity](alert.severity, style)} ${alert.kind}${alert.class === null ? '' : `, ${alert.class}`}: ${alert.state}${scan === null ? '' : `, told of by the scan ${scan.id}`}`,
      `  first ${isoTime(alert.firstSeen)}, last ${isoTime(alert.lastSeen)}, count ${count(alert.count)}`,
      ...alert.evidence.map((sentence) => `  ${plain(sentence)}`),
    ];
    if (word !== undefined) lines.push(`  ${word.state}${word.mutedUntil === null ? '' : ` until ${isoTime(word.mutedUntil)}`} by ${plain(word.by)} at ${isoTime(word.at)}${word.comment === null ? '' : `: ${plain(word.comment)}`}`);
    context.print(`${lines.join('\n')}\n`);
    context.hint('accept: joins the baseline · reject: remembered, alerts in every mode · mute --until 2h');
    return 0;
  });
}

const STATE_OF_WORD = { ack: 'acknowledged', accept: 'accepted', reject: 'rejected', mute: 'muted' } as const;

async function sayOf(context: Context, word: keyof typeof STATE_OF_WORD, ids: readonly string[], options: SignatureOptions & { readonly until?: string }): Promise<number> {
  const { untilOf } = await import('../when.ts');
  const mutedUntil = options.until === undefined ? null : untilOf(options.until, context.now());
  const signature = signatureOf(context, options);
  return withAlerts(context, (alerts, graph, store) => {
    const chosen = ids.map((id) => byId(alerts, id, 'alert'));
    store.transaction(() => {
      for (const alert of chosen) {
        const { id } = alert;
        const decided = word === 'accept' || word === 'reject' ? decide(store, graph, word, alert, signature) : null;
        // What is read from now on is told from what the word was about.
        store.alerts.say({ id, state: STATE_OF_WORD[word], since: decided ?? store.choices.advance(), mutedUntil, ...signature });
      }
    });
    const until = word === 'mute' ? ` until ${mutedUntil === null ? 'it is decided' : isoTime(mutedUntil)}` : '';
    for (const { id, reason } of chosen) context.say(`${id.slice(0, 7)} ${STATE_OF_WORD[word]}${until}: ${plain(reason)}`);
    return 0;
  });
}

/** Decides what the alert is about; returns the revision, or null if there is nothing to decide. */
function decide(store: Store, graph: Graph, word: 'accept' | 'reject', { id, kind, decides, source }: Alert, signature: Signature): number | null {
  if (decides.length > 0) return store.choices.decide(word, decides.map((edge) => graph.canon.storedEdge(edge)), `alert ${id}`, signature);
  return kind === 'scan' && source !== null ? store.choices.decideScan(word, graph.canon.toStored(source), signature) : null;
}
