import { UsageError } from '../../errors.ts';
import type { Context } from '../context.ts';
import type { Define } from '../command.ts';
import { workloadOption } from '../workload-option.ts';
import { addSignatureOptions, byId, signatureOf, type SignatureOptions } from '../signature.ts';
import { isoTime, plural } from '../text.ts';

interface Options extends SignatureOptions {
  readonly workload?: string;
  readonly before?: string;
}

export const define: Define = (command, run) => {
  addSignatureOptions(
    command
      .argument('[ids...]', 'ids of edges, or their first digits')
      .option('--workload <ns/name>', 'all edges of this workload')
      .option('--before <time>', 'edges that were last seen before then: 30d, or an RFC 3339 time; ages count back from the newest record'),
  )
    .addHelpText('after', '\nDeletes edges with their evidence, for good. Files that were read stay read; decisions stay, and hold if the edge comes again.')
    .action((ids: readonly string[], options: Options) => run((context) => forget(context, ids, options)));
};

async function forget(context: Context, ids: readonly string[], options: Options): Promise<number> {
  const isWanted = workloadOption(options.workload);
  if (ids.length === 0 && isWanted === null && options.before === undefined) throw new UsageError('say what: ids of edges, --workload NS/NAME, or --before TIME');
  const [{ withStore, graphOf }, { newest, sinceOf }] = await Promise.all([import('../session.ts'), import('../when.ts')]);
  const signature = signatureOf(context, options);
  return withStore(context, async (store) => {
    const graph = await graphOf(store, { withUnresolved: true });
    const before = options.before === undefined ? Number.POSITIVE_INFINITY : sinceOf(options.before, newest(graph));
    const chosen =
      ids.length > 0
        ? ids.map((id) => byId(graph.edges, id, 'edge'))
        : graph.edges.filter(
            ({ source, destination, totals }) =>
              totals.lastSeen < before && (isWanted === null || [source, destination].some((peer) => peer.type === 'workload' && isWanted(peer))),
          );
    const what = ids.length > 0 ? `edges ${ids.join(' ')}` : [options.workload, options.before === undefined ? undefined : `before ${isoTime(before)}`].filter(Boolean).join(' ');
    store.transaction(() => {
      store.edges.remove(chosen.flatMap(({ rows }) => rows));
      store.pending.remove(chosen.flatMap(({ pendingRows }) => pendingRows));
      store.choices.logForgotten(what, chosen.length, signature);
    });
    context.say(`${plural(chosen.length, 'edge')} forgotten`);
    return 0;
  });
}
