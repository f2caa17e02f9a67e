import { peerName } from '../../model/peer.ts';
import { lookOf, outputOf, type Context } from '../context.ts';
import { isResolved } from '../../learn/state.ts';
import { unresolvedFlows } from '../../learn/unresolved.ts';
import type { Define } from '../command.ts';
import { age, count, isoTime, percent, plural, table } from '../text.ts';

export const define: Define = (command, run) => {
  command
    .addHelpText('after', '\n-o has table, wide and json here. Coverage is the share of edges that was seen, by Chao and Jost; the forecast is of edges not yet seen.')
    .action(() => run((context) => showStatus(context)));
};

async function showStatus(context: Context): Promise<number> {
  const form = outputOf(context, ['table', 'wide', 'json', 'yaml']);
  const [{ withStore, graphOf }, readiness, { SKIP_REASONS }] = await Promise.all([
    import('../session.ts'),
    import('../../learn/readiness.ts'),
    import('../../model/flow.ts'),
  ]);
  return withStore(context, async (store) => {
    const graph = await graphOf(store);
    const { namespace } = context;
    const workloads = readiness.readinessOf(graph).filter(({ workload }) => namespace === null || workload.namespace === namespace);
    const sources = graph.stored.coverage.map(({ source, lastRecord, hours }) => {
      const sum = (kind: string): number => [...hours.values()].reduce((total, counts) => total + (counts.get(kind) ?? 0), 0);
      const skipped = Object.fromEntries(SKIP_REASONS.map((reason) => [reason, sum(reason)] as const).filter(([, n]) => n > 0));
      return { name: source, records: sum('records'), flows: sum('flows'), skipped, lost: sum('lost'), overflow: sum('overflow'), lastRecord: lastRecord === null ? null : isoTime(lastRecord) };
    });
    const window = readiness.windowOf(graph);
    const edges = graph.edges.filter(isResolved);
    const unresolved = unresolvedFlows(graph);
    const flows = sources.reduce((total, source) => total + source.flows, 0);
    if (form === 'json' || form === 'yaml') {
      const whole = readiness.measure(edges.filter(readiness.learnable), window, 0);
      const value = {
        workloads: workloads.map(({ workload, ...row }) => ({
          namespace: workload.namespace,
          workload: workload.name,
          workloadKind: workload.kind,
          ...row,
          lastNewEdge: row.lastNewEdge === null ? null : isoTime(row.lastNewEdge),
        })),
        sources,
        edges: edges.length,
        coverage: whole.coverage,
        expectedNewEdges: whole.expected,
        unresolved: flows === 0 ? 0 : unresolved / flows,
        missing: readiness.missingOfAll(window),
      };
      if (form === 'json') context.print(`${JSON.stringify(value, null, 2)}\n`);
      else context.print((await import('../../export/yaml.ts')).toYaml(value));
      return 0;
    }
    const whole = readiness.measure(edges.filter(readiness.learnable), window, 0);
    const span = window.hours.size === 0 ? '' : ` for ${spanOf((window.last - window.first + 1) * 3_600_000)}`;
    const watching = workloads.filter(({ mode }) => mode === 'watching').length;
    const modes = watching === 0 ? 'learning' : watching === workloads.length ? 'watching' : `${watching} of them watching`;
    const forecast = whole.expected['24h'];
    const head = [
      `${plural(workloads.length, 'workload')} ${modes}${span}`,
      plural(edges.length, 'edge'),
      ...(whole.coverage === null ? [] : [`coverage ${whole.coverage.toFixed(3)}`]),
      ...(forecast === null ? [] : [`expect ${forecast.toFixed(1)} edges not yet seen in the next 24 h`]),
      `${percent(unresolved, flows)} unresolved`,
    ];
    context.print(`${head.join(' · ')}\n`);
    const cronJobs = workloads.filter(({ missing }) => missing.includes('has not run')).map(({ workload }) => `CronJob ${peerName(workload)} has not run`);
    const notSeen = [...readiness.missingOfAll(window), ...cronJobs];
    if (notSeen.length > 0) context.print(`not yet seen: ${notSeen.join('; ')}\n`);
    const trouble = (source: (typeof sources)[number]): number => source.lost + (source.skipped.malformed ?? 0);
    const troubled = sources.filter((source) => trouble(source) > 0).toSorted((a, b) => trouble(b) - trouble(a));
    for (const source of form === 'wide' ? sources : troubled.slice(0, MOST_SOURCES)) {
      const skips = Object.entries(source.skipped)
        .toSorted(([, a], [, b]) => b - a)
        .map(([reason, n]) => `${percent(n, source.records)} ${reason}`);
      context.print(`${source.name}: ${plural(source.records, 'record')}${skips.length > 0 ? `, ${skips.join(', ')}` : ''}${source.lost > 0 ? `, ${count(source.lost)} events lost` : ''}\n`);
    }
    if (form !== 'wide' && troubled.length > MOST_SOURCES) context.print(`${plural(troubled.length - MOST_SOURCES, 'more source')} with lost or malformed records (-o wide lists them)\n`);
    const common = new Set(readiness.missingOfAll(window));
    const latest = Math.max(0, ...graph.stored.coverage.map(({ lastRecord }) => lastRecord ?? 0));
    context.print(
      table(
        workloads,
        [
          { heading: 'WORKLOAD', value: ({ workload }) => peerName(workload), min: 24 },
          { heading: 'MODE', value: ({ mode }) => mode },
          {
            heading: 'READINESS',
            value: (row) => row.readiness,
            colour: (text, row, style) => (row.readiness === 'stable' ? style.green(text) : row.readiness === 'incomplete' ? style.red(text) : style.yellow(text)),
          },
          { heading: 'EDGES', value: (row) => count(row.edges), align: 'right' },
          { heading: 'COVERAGE', value: ({ coverage }) => (coverage === null ? '-' : coverage.toFixed(3)), align: 'right' },
          { heading: '24 H', value: ({ expectedNewEdges }) => expectedNewEdges['24h']?.toFixed(1) ?? '-', align: 'right' },
          { heading: 'LAST NEW EDGE', value: ({ lastNewEdge }) => (lastNewEdge === null ? '-' : `${age(latest - lastNewEdge)} ago`) },
          { heading: 'MISSING', value: ({ missing }) => missing.filter((text) => form === 'wide' || !common.has(text)).join(', '), min: 16 },
        ],
        lookOf(context),
      ),
    );
    context.hint('next: footpath review · footpath propose · footpath watch -A');
    return 0;
  });
}

/** Sources with lost or malformed records that are told of by themselves. */
const MOST_SOURCES = 3;

function spanOf(ms: number): string {
  const hours = Math.floor(ms / 3_600_000);
  return hours < 24 ? `${hours} h` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
