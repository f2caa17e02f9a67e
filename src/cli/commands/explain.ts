import { UsageError } from '../../errors.ts';
import { peerKey, type WorkloadPeer } from '../../model/peer.ts';
import { WIDENINGS, type LeftAlone, type ProposedRule, type Proof } from '../../model/proposal.ts';
import type { Graph, GraphEdge } from '../../learn/graph.ts';
import type { Proposals } from '../../policy/propose/propose.ts';
import { outputOf, type Context } from '../context.ts';
import type { Define } from '../command.ts';
import { evidenceLines, stateText } from '../evidence-text.ts';
import { flagLines } from '../flag-text.ts';
import { addWideningOptions, wideningOf, type WideningOptions } from '../widening-options.ts';
import { workloadOption } from '../workload-option.ts';
import { portsText } from '../ports-text.ts';
import { plain, plural, styleFor } from '../text.ts';

export const define: Define = (command, run) => {
  addWideningOptions(command.argument('<workload>', 'a workload, as namespace/name').option('--rule <n>', 'only this rule of its policy, counted from 1'))
    .action((workload: string, options: Options) => run((context) => explain(context, workload, options)));
};

interface Options extends WideningOptions {
  readonly rule?: string;
}

interface Explanation {
  readonly workload: WorkloadPeer;
  /** Why it has no policy. */
  readonly reason: string | null;
  readonly rules: readonly ExplainedRule[];
  readonly leftAlone: readonly LeftAlone[];
  readonly notes: readonly string[];
  readonly proof: Proof | null;
  readonly withoutRule: readonly GraphEdge[];
}

interface ExplainedRule {
  readonly number: number;
  readonly rule: ProposedRule;
  readonly edges: readonly GraphEdge[];
}

async function explain(context: Context, text: string, options: Options): Promise<number> {
  const form = outputOf(context, ['table', 'json']);
  const isWanted = workloadOption(text, text);
  const [{ withStore, graphOf }, { propose }, { edgeJson }, { namesOf }, { readinessLines }, { edgeText }] = await Promise.all([
    import('../session.ts'),
    import('../../policy/propose/propose.ts'),
    import('../json.ts'),
    import('../names.ts'),
    import('../readiness-line.ts'),
    import('../edge-text.ts'),
  ]);
  return withStore(context, async (store) => {
    const graph = await graphOf(store);
    const all = explanations(graph, propose(graph, { wants: (workload) => isWanted?.(workload) === true, widen: await wideningOf(context, options, graph) }));
    if (all.length === 0) throw new UsageError(`${plain(text)}: no such workload; footpath status lists them`);
    const shown = options.rule === undefined ? all : onlyRule(all, options.rule);
    const readinessLine = readinessLines(graph);
    const names = namesOf(graph);
    if (form === 'json') {
      const [first, ...namesakes] = shown.map(({ workload, rules, withoutRule, ...rest }) => ({
        namespace: workload.namespace,
        workload: workload.name,
        workloadKind: workload.kind,
        readiness: readinessLine(workload),
        ...rest,
        rules: rules.map(({ rule, edges }) => ({ ...rule, edges: edges.map((edge) => edgeJson(edge, names)) })),
        withoutRule: withoutRule.map((edge) => edgeJson(edge, names)),
      }));
      context.print(`${JSON.stringify({ ...first, namesakes }, null, 2)}\n`);
      return 0;
    }
    const style = styleFor(context.stdout, context.env);
    for (const [i, { workload, reason, rules, leftAlone, notes, withoutRule }] of shown.entries()) {
      context.print(`${i > 0 ? '\n' : ''}${style.bold(readinessLine(workload))}\n`);
      if (reason !== null) context.print(`no policy: ${reason}\n`);
      for (const { number, rule, edges } of rules) {
        const seen = rule.comment.split('\n').filter((line) => !line.startsWith('widening '));
        context.print(`\nrule ${number}, ${rule.direction} ${portsText(rule.ports)}: ${plain(seen.join('; ')) || 'nothing was seen of it, it is a widening alone'}\n`);
        for (const edge of edges) context.print(evidenceLines(edge, names).map((line) => `  ${line}\n`).join(''));
        for (const { reason: why, beyond } of rule.widenings) context.print(`  ${style.yellow(`wider than its edges: ${why}`)} (${plain(beyond)}): ${WIDENINGS[why]}\n`);
      }
      for (const { direction, reason: why } of leftAlone) context.print(`\n${direction} is left alone: ${why}\n`);
      for (const note of new Set(notes)) context.print(`note: ${plain(note)}\n`);
      if (options.rule === undefined && withoutRule.length > 0) {
        context.print(`\nno rule comes of:\n`);
        for (const edge of withoutRule) context.print(`  ${plain(edgeText(edge, names))}: ${stateText(edge)}\n${flagLines(edge.flags, '    ')}`);
      }
    }
    context.hint(`next: footpath review --workload ${text} · footpath propose --workload ${text}`);
    return 0;
  });
}

/** One for each workload of the name, by kind: there may be several. Their rules are counted through. */
function explanations(graph: Graph, { proposals, none }: Proposals): readonly Explanation[] {
  const byId = new Map(graph.edges.map((edge) => [edge.id, edge]));
  let number = 0;
  return [...proposals, ...none]
    .toSorted((a, b) => (a.workload.kind < b.workload.kind ? -1 : 1))
    .map((outcome): Explanation => {
      const { workload } = outcome;
      const proposal = 'policy' in outcome ? outcome : null;
      const rules = (proposal?.rules ?? []).map((rule) => ({ number: ++number, rule, edges: rule.edges.map((id) => byId.get(id)).filter((edge) => edge !== undefined) }));
      const used = new Set(rules.flatMap(({ edges }) => edges));
      const isOwn = ({ source, destination }: GraphEdge): boolean => [source, destination].some((peer) => peerKey(peer) === peerKey(workload));
      return {
        workload,
        reason: 'policy' in outcome ? null : outcome.reason,
        rules,
        leftAlone: proposal?.leftAlone ?? [],
        notes: proposal?.notes ?? [],
        proof: proposal?.proof ?? null,
        withoutRule: graph.edges.filter((edge) => !used.has(edge) && isOwn(edge)),
      };
    });
}

function onlyRule(all: readonly Explanation[], text: string): readonly Explanation[] {
  const isWanted = ({ number }: ExplainedRule): boolean => number === Number(text);
  const found = all.filter(({ rules }) => rules.some(isWanted)).map((one) => ({ ...one, rules: one.rules.filter(isWanted) }));
  if (found.length === 0) throw new UsageError(`--rule ${plain(text)}: its policy has ${plural(all.flatMap(({ rules }) => rules).length, 'rule')}`);
  return found;
}
