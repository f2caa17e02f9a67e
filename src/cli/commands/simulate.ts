import { OperationError, UsageError } from '../../errors.ts';
import { answerLines } from '../answer-lines.ts';
import { outputOf, type Context } from '../context.ts';
import type { Define } from '../command.ts';
import { readPolicyObjects, validPolicies } from '../policies.ts';
import { judgeRequests } from '../requests.ts';
import { plain } from '../text.ts';

interface Options {
  readonly policies?: readonly string[];
  readonly manifests?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly port?: string;
  readonly protocol: string;
  readonly questions?: string;
  readonly request?: string;
  readonly requests?: string;
  readonly rootNamespace: string;
  readonly trustDomain: readonly string[];
  readonly dataPlane: string;
}

export const define: Define = (command, run) => {
  command
    .option('--policies <path...>', 'replay the learned edges against the NetworkPolicies in these files and folders; cluster: against those of the inventory')
    .option('--manifests <path...>', 'ask about pods, workloads, namespaces and policies in these files and folders')
    .option('--from <ns/name|ip>', 'one question: who connects')
    .option('--to <ns/name|ip>', 'to whom')
    .option('--port <port>', 'at which port of the pod')
    .option('--protocol <protocol>', 'TCP, UDP or SCTP', 'TCP')
    .option('--questions <->', 'many: one JSON object a line on standard input, {"id","src","src_kind","dst","dst_kind","port","protocol"}')
    .option('--requests <->', "many, of Istio's AuthorizationPolicies: one JSON object a line, {\"id\",\"dst\",\"port\",\"protocol\",\"principal\",\"ip\",\"host\",\"method\",\"path\"}")
    .option('--request <json>', 'one such request, with the reason of the answer')
    .option('--root-namespace <ns>', 'whose AuthorizationPolicies apply to the whole mesh', 'istio-system')
    .option('--trust-domain <domain...>', "the mesh's own, and its aliases", ['cluster.local'])
    .option('--data-plane <proxy>', 'what enforces the policies: sidecar, ztunnel or waypoint', 'sidecar')
    .addHelpText('after', '\nWith --from and --request: {"allowed": true | false | null, "because", "warnings"}. Exit status 3: with --policies, an accepted edge would break or a policy is invalid; with --from or --request, the answer is false.')
    .action((options: Options) =>
      run((context) => {
        const requests = options.request !== undefined || options.requests !== undefined;
        const asks = options.from !== undefined || options.to !== undefined || options.questions !== undefined || requests;
        if (asks && options.manifests === undefined) throw new UsageError('--from, --to, --questions and --requests are asked of --manifests: name files with the pods and the policies');
        if (options.policies !== undefined && options.manifests !== undefined) throw new UsageError('--policies and --manifests exclude each other: give all files of a question with --manifests');
        if (options.policies !== undefined && options.manifests === undefined) return replayPolicies(context, options.policies);
        if (options.manifests !== undefined && requests) return judgeRequests(context, options.manifests, options);
        if (options.manifests !== undefined && options.policies === undefined) return ask(context, options.manifests, options);
        throw new UsageError('give --policies to replay the learned edges, or --manifests to ask about what they hold');
      }),
    );
};

async function replayPolicies(context: Context, paths: readonly string[]): Promise<number> {
  const form = outputOf(context, ['table', 'wide', 'json']);
  const { policies, admin, invalid } = await validPolicies(context, await readPolicyObjects(context, paths));
  if (policies.length + admin.length + invalid === 0) throw new OperationError(`${paths.join(', ')}: no valid NetworkPolicy found`);
  const [{ withStore, graphOf }, { replay }] = await Promise.all([import('../session.ts'), import('../../policy/replay/replay.ts')]);
  return withStore(context, async (store) => {
    const graph = await graphOf(store);
    const result = replay(graph, policies, admin);
    const inScope = ({ edge }: { readonly edge: (typeof graph.edges)[number] }): boolean =>
      context.namespace === null || [edge.source, edge.destination].some((peer) => peer.type === 'workload' && peer.namespace === context.namespace);
    const broken = result.broken.filter(inScope);
    const found = { ...result, broken };
    const { replayJson, replayLines } = await import('../replaying.ts');
    const count = policies.length + admin.length;
    if (form === 'json') context.print(`${JSON.stringify(replayJson(found, count, graph), null, 2)}\n`);
    else {
      context.print(replayLines(found, count, graph, form === 'wide').map((line) => `${plain(line)}\n`).join(''));
      for (const warning of result.warnings) context.say(`warning: ${plain(warning)}`);
    }
    return invalid > 0 || broken.some(({ edge }) => edge.state === 'accepted') ? 3 : 0;
  });
}

async function ask(context: Context, paths: readonly string[], options: Options): Promise<number> {
  const [{ readManifests }, { toInventory }, { ManifestWorld }] = await Promise.all([
    import('../../kubernetes/manifests.ts'),
    import('../../kubernetes/inventory.ts'),
    import('../../policy/evaluate/manifest-world.ts'),
  ]);
  const manifests = readManifests(paths);
  const { policies, admin, warnings } = await validPolicies(context, manifests);
  const world = new ManifestWorld(toInventory(manifests.objects).inventory, policies, admin);
  const answer = (from: string, fromKind: string | null, to: string, toKind: string | null, port: number, protocol: string) => {
    const source = world.find(from, fromKind);
    const destination = world.find(to, toKind);
    if (source === null) throw new UsageError(`${plain(from)}: not in the manifests, and no address`);
    if (destination === null) throw new UsageError(`${plain(to)}: not in the manifests, and no address`);
    if (protocol !== 'TCP' && protocol !== 'UDP' && protocol !== 'SCTP') {
      return { allowed: null, because: `NetworkPolicies say nothing of ${plain(protocol)}`, warnings };
    }
    const translation = world.translation(destination, port, protocol);
    if (translation !== null) return { allowed: null, because: translation, warnings };
    const result = world.policies.evaluate(source, destination, port, protocol);
    return { ...result, warnings: [...result.warnings, ...warnings] };
  };
  if (options.questions !== undefined) {
    if (options.questions !== '-') throw new UsageError('--questions takes - (standard input)');
    return answerLines(context, 'question', ({ src, src_kind: srcKind, dst, dst_kind: dstKind, protocol: named, port: number }) => {
      const protocol = protocolOf(named ?? 'TCP', 'protocol');
      const port = portOf(number, protocol, 'port');
      return answer(String(src), typeof srcKind === 'string' ? srcKind : null, String(dst), typeof dstKind === 'string' ? dstKind : null, port, protocol).allowed;
    });
  }
  if (options.from === undefined || options.to === undefined) throw new UsageError('say --from and --to, and --port; or --questions -');
  const protocol = protocolOf(options.protocol, '--protocol');
  const port = portOf(options.port, protocol, '--port');
  const result = answer(options.from, null, options.to, null, port, protocol);
  context.print(`${JSON.stringify(result)}\n`);
  return result.allowed === false ? 3 : 0;
}

function protocolOf(value: unknown, field: string): string {
  if (typeof value !== 'string' || value === '') throw new UsageError(`${field}${textOf(value)}: must be TCP, UDP or SCTP`);
  return value.toUpperCase();
}

/** A number, or its digits; NaN for ICMP, which has none. */
function portOf(value: unknown, protocol: string, field: string): number {
  if (protocol === 'ICMP') return Number.NaN;
  const port = typeof value === 'number' || (typeof value === 'string' && /^[0-9]+$/.test(value)) ? Number(value) : Number.NaN;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new UsageError(`${field}${textOf(value)}: must be between 1 and 65535`);
  return port;
}

/** What was given, after the name of its field; nothing where nothing was. */
function textOf(value: unknown): string {
  const text = typeof value === 'string' ? plain(value) : JSON.stringify(value);
  return text === undefined ? '' : ` ${text}`;
}
