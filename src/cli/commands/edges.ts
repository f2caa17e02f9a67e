import { UsageError } from '../../errors.ts';
import type { GraphEdge } from '../../learn/graph.ts';
import { NOTES, SUSPICIONS } from '../../learn/suspicion.ts';
import { lookOf, outputOf, suggestion, type Context } from '../context.ts';
import { peerText, portText } from '../edge-text.ts';
import { flagLines } from '../flag-text.ts';
import { namesOf, type Names } from '../names.ts';
import type { Define } from '../command.ts';
import { age, count, table, type Column } from '../text.ts';
import { workloadOption } from '../workload-option.ts';

interface Options {
  readonly workload?: string;
  readonly state?: string;
  readonly flagged?: boolean;
  readonly since?: string;
}

const STATES = ['observed', 'accepted', 'rejected'] as const;

export const define: Define = (command, run) => {
  command
    .option('--workload <ns/name>', 'only edges of this workload, at either end')
    .option('--state <state>', 'observed, accepted or rejected')
    .option('--flagged', 'only edges that a suspicion holds back')
    .option('--since <time>', 'only edges seen since then: 2h, 7d, or an RFC 3339 time; ages count back from the newest record')
    .addHelpText(
      'after',
      `
-o has table, wide, json, yaml, name, tree, dot, mermaid and csv here; wide and json also list edges with an end that nobody is known to own.

Flags that hold an edge back, until more evidence clears them, or footpath accept ID:
${flagLines(SUSPICIONS, '  ')}Flags that hold nothing back:
${flagLines(NOTES, '  ').trimEnd()}`,
    )
    .action((options: Options) => run((context) => listEdges(context, options)));
};

async function listEdges(context: Context, options: Options): Promise<number> {
  const form = outputOf(context, ['table', 'wide', 'json', 'yaml', 'name', 'tree', 'dot', 'mermaid', 'csv']);
  if (options.state !== undefined && !STATES.some((state) => state === options.state)) {
    throw new UsageError(`--state ${options.state}: no such state${suggestion(options.state, STATES)}`);
  }
  const isWanted = workloadOption(options.workload);
  const [{ withStore, graphOf }, { isResolved }, { edgeJson }, { newest, sinceOf }] = await Promise.all([
    import('../session.ts'),
    import('../../learn/state.ts'),
    import('../json.ts'),
    import('../when.ts'),
  ]);
  return withStore(context, async (store) => {
    const graph = await graphOf(store, { withUnresolved: form === 'wide' || form === 'json' || form === 'yaml' });
    const since = options.since === undefined ? 0 : sinceOf(options.since, newest(graph));
    const edges = graph.edges
      .filter((edge) => form === 'wide' || form === 'json' || form === 'yaml' || isResolved(edge))
      .filter((edge) => context.namespace === null || [edge.source, edge.destination].some((peer) => peer.type === 'workload' && peer.namespace === context.namespace))
      .filter((edge) => isWanted === null || [edge.source, edge.destination].some((peer) => peer.type === 'workload' && isWanted(peer)))
      .filter((edge) => options.state === undefined || edge.state === options.state)
      .filter((edge) => options.flagged !== true || edge.suspicions.length > 0)
      .filter((edge) => edge.totals.lastSeen >= since);
    const names = namesOf(graph);
    switch (form) {
      case 'json':
        context.print(`${JSON.stringify(edges.map((edge) => edgeJson(edge, names)), null, 2)}\n`);
        break;
      case 'yaml': {
        const { toYaml } = await import('../../export/yaml.ts');
        context.print(toYaml(edges.map((edge) => edgeJson(edge, names))));
        break;
      }
      case 'name':
        context.print(edges.map(({ id }) => `${id}\n`).join(''));
        break;
      case 'tree':
        context.print((await import('../../export/tree.ts')).tree(edges));
        break;
      case 'dot':
      case 'mermaid':
      case 'csv': {
        const { drawings } = await import('../../export/drawing.ts');
        context.print(drawings[form](edges));
        break;
      }
      case 'table':
      case 'wide':
        context.print(edgeTable(context, edges, { names, latest: newest(graph), wide: form === 'wide' }));
        if (edges.length === 0) context.say('no edges');
        else context.hint('next: footpath review · footpath propose · accept | reject ID');
    }
    return 0;
  });
}

function edgeTable(context: Context, edges: readonly GraphEdge[], { names, latest, wide }: { readonly names: Names; readonly latest: number; readonly wide: boolean }): string {
  const columns: Column<GraphEdge>[] = [
    { heading: 'SOURCE', value: ({ source }) => peerText(source, names), min: 20 },
    { heading: 'DESTINATION', value: ({ destination }) => peerText(destination, names), min: 20 },
    { heading: 'PORT', value: portText },
    {
      heading: 'STATE',
      value: ({ state }) => state,
      colour: (text, { state }, style) => (state === 'accepted' ? style.green(text) : state === 'rejected' ? style.red(text) : style.yellow(text)),
    },
    { heading: 'CONNS', value: ({ totals }) => count(totals.opened), align: 'right' },
    { heading: 'DAYS', value: ({ evidence }) => String(evidence.days.size), align: 'right' },
    { heading: 'LAST SEEN', value: ({ totals }) => age(Math.max(0, latest - totals.lastSeen)) },
    { heading: 'FLAGS', value: ({ flags }) => flags.join(','), min: 10 },
  ];
  if (wide) {
    columns.push(
      { heading: 'REFUSED', value: ({ totals }) => count(totals.refused), align: 'right' },
      { heading: 'DENIED', value: ({ totals }) => count(totals.denied), align: 'right' },
      { heading: 'SEEN BY', value: ({ evidence }) => [...new Set([...evidence.witnesses.values()].map(({ witness }) => `${witness.collector}:${witness.side}`))].toSorted().join(',') },
      { heading: 'ID', value: ({ id }) => id },
    );
  }
  return table(edges, columns, lookOf(context));
}
