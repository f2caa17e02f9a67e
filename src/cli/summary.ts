import { atLeast, isOpen, type Alert, type Severity } from '../model/alert.ts';
import { SKIP_REASONS } from '../model/flow.ts';
import { peerKey } from '../model/peer.ts';
import type { Graph } from '../learn/graph.ts';
import { isResolved } from '../learn/state.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import { sayLeftOut } from './inputs.ts';
import { graphOf } from './session.ts';
import type { Tally } from './tally.ts';
import { count, percent, plural } from './text.ts';

/** Prints the summary of a run; returns the exit status. */
export async function summarise(context: Context, store: Store, tallied: Tally, failOn: Severity | null): Promise<number> {
  const graph = await graphOf(store);
  const touched = graph.edges.filter(
    ({ rows, pendingRows }) => rows.some((row) => tallied.edges.has(row)) || pendingRows.some((row) => tallied.pending.has(row)),
  );
  const edges = touched.filter(isResolved);
  const isNew = edges.filter(
    ({ rows, pendingRows }) => rows.every((row) => row > tallied.newestEdge) && pendingRows.every((row) => row > tallied.newestPending),
  );
  let unresolved = 0;
  for (const row of graph.unresolved.rows) unresolved += tallied.pending.get(row) ?? 0;
  // Rows whose end nobody is known to own after all.
  for (const edge of touched) if (!isResolved(edge)) for (const row of edge.rows) unresolved += tallied.edges.get(row) ?? 0;
  const { openAlerts, newAlerts } = await countAlerts(graph, store, tallied.before, failOn, context.now());
  const of = (kind: string): number => tallied.totals.get(kind) ?? 0;
  const skipped = SKIP_REASONS.filter((reason) => of(reason) > 0).map((reason) => [reason, of(reason)] as const);
  if (context.options.output === 'json') {
    const summary = {
      records: of('records'),
      flows: of('flows'),
      skipped: { reply: 0, malformed: 0, ...Object.fromEntries(skipped) },
      edges: edges.length,
      newEdges: isNew.length,
      unresolved,
      overflow: of('overflow'),
      unsure: of('unsure'),
      lost: of('lost'),
      alerts: newAlerts,
      bytes: tallied.bytes,
      seconds: Number(tallied.seconds.toFixed(3)),
    };
    context.print(`${JSON.stringify(summary)}\n`);
  } else {
    const replies = of('reply');
    const others = skipped.filter(([reason]) => reason !== 'reply').toSorted(([, a], [, b]) => b - a);
    const rest = others.reduce((sum, [, n]) => sum + n, 0);
    const why = others.map(([reason, n]) => `${count(n)} ${reason}`).join(', ');
    context.print(`${plural(of('records'), 'record')}: ${plural(of('flows'), 'flow')}, ${plural(replies, 'reply', 'replies')}, ${count(rest)} skipped${why === '' ? '' : ` (${why})`}\n`);
    const peers = new Set(edges.flatMap(({ source, destination }) => [source, destination]));
    const workloads = new Set([...peers].filter(({ type }) => type === 'workload').map(peerKey));
    const flagged = edges.filter(({ suspicions }) => suspicions.length > 0).length;
    const parts = [`${plural(edges.length, 'edge')} between ${plural(workloads.size, 'workload')}, ${count(isNew.length)} new`, `${count(flagged)} flagged`];
    if (of('flows') > 0) parts.push(`${percent(unresolved, of('flows'))} unresolved`);
    if (of('overflow') > 0) parts.push(`${count(of('overflow'))} over a limit`);
    if (of('lost') > 0) parts.push(`${plural(of('lost'), 'event')} lost at the source`);
    if (newAlerts > 0) parts.push(plural(newAlerts, 'new alert'));
    context.print(`${parts.join('; ')}\n`);
    const next = ['footpath status', ...(flagged > 0 ? ['footpath edges --flagged'] : []), ...(newAlerts > 0 ? ['footpath alerts'] : ['footpath propose'])];
    context.hint(`next: ${next.join(' · ')}`);
  }
  sayLeftOut(context, tallied.leftOut);
  if (of('records') === 0 && tallied.silent > 0) context.say(`footpath: nothing new in ${plural(tallied.silent, 'file')}: what was read before is not read again`);
  if (tallied.damaged.length > 0) return 1;
  return failOn !== null && openAlerts > 0 ? 3 : 0;
}

/** Alerts that are open at or over the severity, and how many the run raised. Without a watched scope there are none. */
async function countAlerts(graph: Graph, store: Store, before: Graph | null, failOn: Severity | null, now: number): Promise<{ readonly openAlerts: number; readonly newAlerts: number }> {
  if (store.choices.revision === 0) return { openAlerts: 0, newAlerts: 0 };
  const { alertsIn } = await import('./alerting.ts');
  const listed = (of: Graph): readonly Alert[] => alertsIn(store, of, now).filter(({ foldedInto }) => foldedInto === null);
  const fired = new Set((before === null ? [] : listed(before)).filter(({ state }) => state === 'firing').map(({ id }) => id));
  const alerts = listed(graph);
  return {
    openAlerts: failOn === null ? 0 : alerts.filter(({ state, severity }) => isOpen(state) && atLeast(severity, failOn)).length,
    newAlerts: alerts.filter(({ id, state }) => state === 'firing' && !fired.has(id)).length,
  };
}
