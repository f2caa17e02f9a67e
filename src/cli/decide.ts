import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import type { GraphEdge } from '../learn/graph.ts';
import type { Context } from './context.ts';
import { workloadOption } from './workload-option.ts';
import { addSignatureOptions, byId, signatureOf, type SignatureOptions } from './signature.ts';
import { plural } from './text.ts';

interface Options extends SignatureOptions {
  readonly workload?: string;
  readonly all?: boolean;
  readonly flagged?: boolean;
}

/** `accept` and `reject` differ in the word alone. */
export function defineDecision(command: Command, action: 'accept' | 'reject', run: (work: (context: Context) => Promise<number>) => Promise<void>): void {
  addSignatureOptions(
    command
      .argument('[ids...]', 'ids of edges, or their first digits')
      .option('--workload <ns/name>', 'undecided edges of this workload')
      .option('--all', action === 'accept' ? 'all undecided edges' : 'all edges that are observed only')
      .option('--flagged', 'also those that a suspicion holds back'),
  )
    .addHelpText('after', '\n--all, -n and --workload leave edges with an open alert alone: decide these by id, or with footpath alerts accept | reject.')
    .action((ids: readonly string[], options: Options) => run((context) => decide(context, action, ids, options)));
}

async function decide(context: Context, action: 'accept' | 'reject', ids: readonly string[], options: Options): Promise<number> {
  const isWanted = workloadOption(options.workload);
  const many = isWanted !== null || context.namespace !== null || options.all === true || context.options.allNamespaces === true;
  if (ids.length > 0 && many) throw new UsageError('give ids, or a scope (--workload, -n, --all), not both');
  if (ids.length === 0 && !many) throw new UsageError('say which: ids of edges (footpath edges -o wide), --workload NS/NAME, -n NS, or --all');
  const [{ withStore, graphOf }, { alertsIn }, { decideEdges }, { edgesWithOpenAlert }, { isResolved }, { isUndecided }] = await Promise.all([
    import('./session.ts'),
    import('./alerting.ts'),
    import('./deciding.ts'),
    import('../alert/lifecycle.ts'),
    import('../learn/state.ts'),
    import('../learn/graph.ts'),
  ]);
  const signature = signatureOf(context, options);
  return withStore(context, async (store) => {
    const graph = await graphOf(store);
    const listed = graph.edges.filter(isResolved);
    const alerts = alertsIn(store, graph, context.now());
    const hasAlert = edgesWithOpenAlert(alerts);
    const inScope = ({ source, destination }: GraphEdge): boolean =>
      [source, destination].some((peer) => peer.type === 'workload' && (context.namespace === null || peer.namespace === context.namespace) && isWanted?.(peer) !== false);
    // All that was learned is not rejected in one word: that takes ids, or a workload's name.
    const undecided = listed.filter((edge) => isUndecided(edge, graph.verdicts) && inScope(edge) && (action === 'accept' || options.all !== true || edge.state === 'observed'));
    const alerting = undecided.filter(({ key }) => hasAlert.has(key));
    const flagged = undecided.filter(({ key, suspicions }) => !hasAlert.has(key) && suspicions.length > 0);
    const chosen =
      ids.length > 0 ? ids.map((id) => byId(listed, id, 'edge')) : undecided.filter(({ key, suspicions }) => !hasAlert.has(key) && (options.flagged === true || suspicions.length === 0));
    const scope = ids.length > 0 ? 'edge' : (options.workload ?? (context.namespace === null ? 'all' : `namespace ${context.namespace}`));
    if (chosen.length > 0) decideEdges(store, { ...graph, alerts }, action, chosen, scope, signature);
    context.say(`${plural(chosen.length, 'edge')} ${action}ed`);
    if (ids.length === 0 && options.flagged !== true && flagged.length > 0) context.say(`${plural(flagged.length, 'flagged edge')} left alone (footpath edges --flagged; --flagged takes them too)`);
    if (ids.length === 0 && alerting.length > 0) context.say(`${plural(alerting.length, 'edge')} with an open alert left alone (footpath alerts)`);
    return 0;
  });
}
