import { UsageError } from '../../errors.ts';
import type { Exporter, RenderOption } from '../../exporter.ts';
import { peerName, type WorkloadPeer } from '../../model/peer.ts';
import { isTrustDomain } from '../../model/principal.ts';
import { NO_AUTHORIZATIONS, type NoProposal, type Proposal } from '../../model/proposal.ts';
import type { Graph } from '../../learn/graph.ts';
import { outputOf, suggestion, type Context } from '../context.ts';
import type { Define } from '../command.ts';
import { plain, plural } from '../text.ts';
import { addWideningOptions, wideningOf, type WideningOptions } from '../widening-options.ts';
import { workloadOption } from '../workload-option.ts';

interface Options extends WideningOptions {
  readonly workload?: string;
  readonly as: string;
  readonly defaultDeny?: boolean;
  readonly includeObserved?: boolean;
  readonly out?: string;
  readonly l7?: boolean;
  readonly enforced?: boolean;
  readonly byPort?: boolean;
  readonly trustDomain?: string;
}

/** What a form can be asked for, as it is written on the command line. */
const FORM_OPTIONS: readonly (readonly [RenderOption, string])[] = [
  ['l7', '--l7'],
  ['enforced', '--enforced'],
  ['byPort', '--by-port'],
  ['trustDomain', '--trust-domain'],
];

export const define: Define = (command, run) => {
  addWideningOptions(
    command
      .option('--workload <ns/name>', 'only for this workload')
      .option('--as <form>', 'for which enforcement point: kubernetes, cilium, calico, istio', 'kubernetes')
      .option('--default-deny', 'and a policy for each namespace that closes every pod both ways')
      .option('--include-observed', 'also from edges that nobody has accepted yet')
      .option('--l7', 'with the methods and paths that were seen, where the form has them: every other request is refused')
      .option('--enforced', 'Calico’s policies as NetworkPolicies; without it staged, which tell what they would deny, and deny nothing')
      .option('--by-port', 'where a client has no certificate, open its port to anybody in the mesh’s policy; without it such a workload gets none')
      .option('--trust-domain <name>', 'of the mesh, where no certificate tells it')
      .option('--out <folder>', 'write one file a policy and kustomization.yaml into this folder'),
  )
    .addHelpText('after', '\n-o has yaml and json here. What got no policy is listed on stderr, with the reason. Footpath writes nothing to the cluster: kubectl diff -k FOLDER, then kubectl apply -k FOLDER.')
    .action((options: Options) => run((context) => proposePolicies(context, options)));
};

async function proposePolicies(context: Context, options: Options): Promise<number> {
  const form = outputOf(context, ['yaml', 'json']);
  const wantsWorkload = workloadOption(options.workload);
  const [{ withStore, graphOf }, { propose }, { clusterResolvers }, { authorize }, { exporters }, { mootInCluster }] = await Promise.all([
    import('../session.ts'),
    import('../../policy/propose/propose.ts'),
    import('../../policy/propose/dns.ts'),
    import('../../policy/istio/authorize.ts'),
    import('../../export/index.ts'),
    import('../../policy/replay/moot.ts'),
  ]);
  const exporter = exporterFor(options, exporters);
  if (options.trustDomain !== undefined && !isTrustDomain(options.trustDomain)) throw new UsageError(`--trust-domain ${options.trustDomain}: not a trust domain, such as cluster.local`);
  return withStore(context, async (store) => {
    const graph = await graphOf(store);
    const wants = (workload: WorkloadPeer): boolean => (context.namespace === null || workload.namespace === context.namespace) && wantsWorkload?.(workload) !== false;
    const defaultDeny = options.defaultDeny === true ? namespacesOf(graph, context.namespace) : [];
    const { proposals, none } = propose(graph, { includeObserved: options.includeObserved === true, wants, closed: defaultDeny, widen: await wideningOf(context, options, graph), byName: exporter.byName === true });
    if (wantsWorkload !== null && proposals.length + none.length === 0) throw new UsageError(`--workload ${options.workload}: no such workload; footpath status lists them`);
    // It costs nearly as much as proposing does, and the other forms know nothing of it.
    const authorizations = exporter.name === 'istio' ? authorize(graph, proposals, options) : NO_AUTHORIZATIONS;
    const set = { proposals, defaultDeny, edges: new Map(graph.edges.map((edge) => [edge.id, edge])), resolvers: clusterResolvers(graph), authorizations };
    const files = exporter.render(set, options);
    if (options.out !== undefined) {
      const { leftovers, writeFiles } = await import('../write-files.ts');
      writeFiles(options.out, [...files, { name: 'kustomization.yaml', content: kustomization(files.map(({ name }) => name)) }]);
      context.say(`${plural(files.length, 'policy', 'policies')} written to ${options.out}`);
      const left = leftovers(options.out, new Set(files.map(({ name }) => name)));
      const isPart = context.namespace !== null || wantsWorkload !== null;
      const why = isPart ? 'not in kustomization.yaml: without -n and --workload all are' : `not proposed any more, and not in kustomization.yaml: delete ${left.join(', ')}`;
      if (left.length > 0) context.say(`${plural(left.length, 'policy', 'policies')} there of an earlier run ${left.length === 1 ? 'is' : 'are'} ${why}`);
    } else if (form === 'json') {
      context.print(`${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: files.map(({ object }) => object) }, null, 2)}\n`);
    } else {
      const { readinessLines } = await import('../readiness-line.ts');
      const readinessLine = readinessLines(graph);
      const headers = new Map(proposals.map(({ policy, workload }) => [`${policy.metadata.namespace}__${policy.metadata.name}.yaml`, readinessLine(workload)]));
      context.print(files.map(({ name, content }) => `${headers.has(name) ? `# ${headers.get(name) ?? ''}\n` : ''}${content}`).join('---\n'));
    }
    for (const { workload, reason } of none) context.say(`${peerName(workload)}: no policy: ${reason}`);
    for (const { workload, leftAlone } of proposals) for (const { direction, reason } of leftAlone) context.say(`${peerName(workload)}: ${direction} left alone: ${reason}`);
    for (const line of exporter.leftOut?.(set) ?? []) context.say(line);
    for (const line of cutOff(proposals, none, defaultDeny)) context.say(line);
    for (const line of mootInCluster(graph, proposals.map(({ policy }) => policy))) context.say(`warning: ${plain(line)}`);
    if (proposals.length === 0) context.say(none.length > 0 ? 'no policies: the reasons are above' : 'no policies: no workload here has an accepted edge (footpath edges, footpath accept)');
    else if (exporter.name === 'kubernetes') context.hint('next: footpath explain NS/NAME · footpath propose --out policies · footpath simulate --policies policies');
    else context.hint(`next: footpath explain NS/NAME · footpath propose --as ${exporter.name} --out policies · kubectl diff -k policies`);
    return 0;
  });
}

function exporterFor(options: Options, exporters: readonly Exporter[]): Exporter {
  const exporter = exporters.find(({ name }) => name === options.as);
  if (exporter === undefined) throw new UsageError(`--as ${options.as}: no such form${suggestion(options.as, exporters.map(({ name }) => name))}`);
  for (const [option, written] of FORM_OPTIONS) {
    if (options[option] === undefined || exporter.takes.includes(option)) continue;
    const able = exporters.filter(({ takes }) => takes.includes(option)).map(({ name }) => `--as ${name}`);
    throw new UsageError(`${written}: ${exporter.name} policies have no such choice${able.length > 0 ? ` (${able.join(', ')})` : ''}`);
  }
  return exporter;
}

/** Namespaces of the graph and the inventory, sorted. */
export function namespacesOf(graph: Graph, only: string | null): readonly string[] {
  const { namespaces, pods, workloads } = graph.directory.inventory;
  const local = [...graph.workloads.values()].filter(({ workload }) => workload.cluster === graph.canon.localCluster).map(({ workload }) => workload.namespace);
  const all = new Set([...namespaces.map(({ name }) => name), ...pods.map(({ namespace }) => namespace), ...workloads.map(({ namespace }) => namespace), ...local]);
  return [...all].filter((name) => only === null || name === only).toSorted();
}

/** What a default deny of these namespaces would cut: whole workloads, and directions that are left alone although edges were accepted. */
function cutOff(proposals: readonly Proposal[], none: readonly NoProposal[], namespaces: readonly string[]): readonly string[] {
  const isClosed = ({ workload }: { readonly workload: WorkloadPeer }): boolean => namespaces.includes(workload.namespace);
  const whole = none.filter((one) => isClosed(one) && !one.untouched).map(({ workload, reason }) => `${peerName(workload)}: default-deny would cut it off: ${reason}`);
  const directions = proposals.filter(isClosed).flatMap(({ workload, leftAlone }) =>
    leftAlone.filter(({ edges }) => edges > 0).map(({ direction, edges }) => `${peerName(workload)}: default-deny would cut its ${direction}, ${plural(edges, 'edge')}`),
  );
  return [...whole, ...directions];
}

function kustomization(names: readonly string[]): string {
  const resources = names.length === 0 ? ['resources: []'] : ['resources:', ...names.toSorted().map((name) => `- ${name}`)];
  return `${['apiVersion: kustomize.config.k8s.io/v1beta1', 'kind: Kustomization', ...resources].join('\n')}\n`;
}
