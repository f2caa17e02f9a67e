import { OperationError, UsageError } from '../../errors.ts';
import type { TypedObject } from '../../kubernetes/inventory.ts';
import type { AdminPolicy } from '../../model/admin-policy.ts';
import { groupBy } from '../../model/group.ts';
import type { Graph } from '../../learn/graph.ts';
import type { Policies } from '../../policy/diff/diff.ts';
import { outputOf, type Context } from '../context.ts';
import type { Define } from '../command.ts';
import { isWord, readPolicyObjects, validPolicies } from '../policies.ts';
import { plural } from '../text.ts';
import { addWideningOptions, wideningOf, type WideningOptions } from '../widening-options.ts';

interface Options extends WideningOptions {
  readonly defaultDeny?: boolean;
  readonly includeObserved?: boolean;
}

export const define: Define = (command, run) => {
  addWideningOptions(
    command
      .argument('<a>', 'NetworkPolicies as they are: a file or folder, proposed, or cluster')
      .argument('<b>', 'and as they would be')
      .option('--default-deny', 'of proposed: with a policy for each namespace that closes every pod both ways')
      .option('--include-observed', 'of proposed: also from edges that nobody has accepted yet'),
  )
    .addHelpText(
      'after',
      `
Connections are compared, not text: between the workloads of the database (without one, of the manifests in A and B), with their nodes, the API server and all
addresses, at every port. proposed is what footpath propose gives now; cluster is what the inventory knows of the cluster's own NetworkPolicies.
+ appears in B, - vanishes from A. Exit status 3: there is a difference, or a policy is invalid. -o has table, wide and json here; wide shortens no list.`,
    )
    .action((a: string, b: string, options: Options) => run((context) => compare(context, a, b, options)));
};

interface Side {
  readonly name: string;
  readonly objects: readonly TypedObject[];
  /** Known at once, but for proposals, which need the graph. */
  readonly policies: Policies | null;
  readonly invalid: number;
}

async function compare(context: Context, a: string, b: string, options: Options): Promise<number> {
  const form = outputOf(context, ['table', 'wide', 'json']);
  const sides = [await readSide(context, a), await readSide(context, b)] as const;
  const [{ withWorld }, { diffPolicies }] = await Promise.all([import('../world.ts'), import('../../policy/diff/diff.ts')]);
  return withWorld(context, sides.flatMap(({ objects }) => objects), { beside: false }, async ({ graph, database }) => {
    const [before, after] = [await policiesOf(context, sides[0], graph, options), await policiesOf(context, sides[1], graph, options)];
    const diff = diffPolicies(graph, before, after);
    if (diff.workloads === 0) {
      throw new UsageError(database === null ? `${a}, ${b}: no workloads to compare connections between: give manifests with workloads, or a database (--db)` : `${database}: holds no workloads to compare connections between: footpath observe fills it`);
    }
    const inScope = diff.differences.filter(({ source, destination }) => context.namespace === null || [source, destination].some((peer) => peer.type === 'workload' && peer.namespace === context.namespace));
    const { diffJson, diffText } = await import('../diff-text.ts');
    const shown = { ...diff, differences: inScope };
    if (form === 'json') context.print(`${JSON.stringify(diffJson(shown, { a, b }, graph), null, 2)}\n`);
    else context.print(diffText(context, shown, { a, b, graph, wide: form === 'wide', knowsTraffic: database !== null }));
    const { leftOut } = diff;
    if (form === 'wide') for (const { workload, because } of leftOut) context.say(`not compared: ${workload.namespace}/${workload.name}: ${because}`);
    else if (leftOut.length > 0) context.say(`${plural(leftOut.length, 'workload')} not compared, for nothing is known of the pods, or they are on the host's network (-o wide lists them)`);
    if (database === null) context.say(`no database: compared over the ${plural(diff.workloads, 'workload')} of the manifests; what was seen is not known`);
    return inScope.length + sides[0].invalid + sides[1].invalid > 0 ? 3 : 0;
  });
}

async function readSide(context: Context, name: string): Promise<Side> {
  if (isWord([name], 'proposed')) return { name, objects: [], policies: null, invalid: 0 };
  const read = await readPolicyObjects(context, [name], { orNone: true });
  const { policies: network, admin, invalid, notRead } = await validPolicies(context, read);
  const none = network.length + admin.length + invalid === 0;
  if (none && notRead > 0) throw new OperationError(`${name}: no valid NetworkPolicy found`);
  if (none) context.say(`footpath: ${name}: no NetworkPolicy known: compared as if everything were open`);
  for (const warning of undecidable(admin)) context.say(`warning: ${name}: ${warning}`);
  return { name, objects: read.objects, policies: { network, admin }, invalid };
}

async function policiesOf(context: Context, { policies }: Side, graph: Graph, options: Options): Promise<Policies> {
  if (policies !== null) return policies;
  const [{ propose }, { defaultDenyPolicy }, { namespacesOf }] = await Promise.all([import('../../policy/propose/propose.ts'), import('../../export/kubernetes.ts'), import('./propose.ts')]);
  const closed = options.defaultDeny === true ? namespacesOf(graph, null) : [];
  const { proposals } = propose(graph, { includeObserved: options.includeObserved === true, wants: () => true, closed, widen: await wideningOf(context, options, graph) });
  return { network: [...proposals.map(({ policy }) => policy), ...closed.map(defaultDenyPolicy)], admin: [] };
}

/** What of administrators' policies the API leaves open, and nobody but the cluster knows. */
function undecidable(admin: readonly AdminPolicy[]): readonly string[] {
  const alike = [...groupBy(admin, ({ tier, priority }) => `${tier} ${priority}`).values()].filter((own) => own.length > 1);
  const named = admin.filter(({ egress }) => egress.some(({ peers }) => peers.some(({ type }) => type === 'domain-names')));
  return [
    ...alike.map((own) => `${own.map(({ name }) => name).toSorted().join(', ')} have the same priority: which is asked first is not defined; compared in the order of their names`),
    ...named.map(({ name }) => `${name} names domains, whose addresses are not known: compared as if they had none`),
  ];
}
