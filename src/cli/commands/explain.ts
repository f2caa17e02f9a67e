import { UsageError } from '../../errors.ts';
import { hoursSeen } from '../../model/edge.ts';
import type { GraphEdge } from '../../learn/graph.ts';
import { outputOf, type Context } from '../context.ts';
import type { Define } from '../command.ts';
import { workloadOption } from '../workload-option.ts';
import { count, isoTime, plain, plural, styleFor } from '../text.ts';

export const define: Define = (command, run) => {
  command
    .argument('<workload>', 'a workload, as namespace/name')
    .option('--rule <n>', 'only this rule of its policy, counted from 1')
    .action((workload: string, options: { readonly rule?: string }) => run((context) => explain(context, workload, options)));
};

async function explain(context: Context, text: string, options: { readonly rule?: string }): Promise<number> {
  const form = outputOf(context, ['table', 'json']);
  const isWanted = workloadOption(text);
  const [{ withStore, graphOf }, { propose }, { edgeJson }, { namesOf }, { readinessLines }, { edgeName }] = await Promise.all([
    import('../session.ts'),
    import('../../policy/propose.ts'),
    import('../json.ts'),
    import('../names.ts'),
    import('../readiness-line.ts'),
    import('../../detect/violation.ts'),
  ]);
  return withStore(context, async (store) => {
    const graph = await graphOf(store);
    const { proposals, none } = propose(graph, { wants: (workload) => isWanted?.(workload) === true });
    const [proposal] = proposals;
    const [refusal] = none;
    const workload = proposal?.workload ?? refusal?.workload;
    if (workload === undefined) throw new UsageError(`${plain(text)}: no such workload; footpath status lists them`);
    const byId = new Map(graph.edges.map((edge) => [edge.id, edge]));
    const rules = proposal?.rules ?? [];
    const wanted = options.rule === undefined ? rules.map((_, i) => i) : [Number(options.rule) - 1];
    for (const i of wanted) if (rules[i] === undefined) throw new UsageError(`--rule ${options.rule ?? ''}: its policy has ${plural(rules.length, 'rule')}`);
    const used = new Set(rules.flatMap(({ edges }) => edges));
    const unused = graph.edges.filter((edge) => !used.has(edge.id) && [edge.source, edge.destination].some((peer) => peer.type === 'workload' && isWanted?.(peer) === true));
    if (form === 'json') {
      const names = namesOf(graph);
      const value = {
        namespace: workload.namespace,
        workload: workload.name,
        workloadKind: workload.kind,
        readiness: readinessLines(graph)(workload),
        reason: refusal?.reason ?? null,
        rules: wanted.map((i) => ({ ...rules[i], edges: (rules[i]?.edges ?? []).map((id) => byId.get(id)).filter((edge): edge is GraphEdge => edge !== undefined).map((edge) => edgeJson(edge, names)) })),
        leftAlone: proposal?.leftAlone ?? [],
        notes: proposal?.notes ?? [],
        proof: proposal?.proof ?? null,
        withoutRule: unused.map((edge) => edgeJson(edge, names)),
      };
      context.print(`${JSON.stringify(value, null, 2)}\n`);
      return 0;
    }
    const style = styleFor(context.stdout, context.env);
    context.print(`${style.bold(readinessLines(graph)(workload))}\n`);
    if (refusal !== undefined) context.print(`no policy: ${refusal.reason}\n`);
    for (const i of wanted) {
      const rule = rules[i];
      if (rule === undefined) continue;
      const ports = rule.ports.map(({ port, protocol }) => `${port ?? 'any'}/${protocol ?? 'TCP'}`).join(', ');
      context.print(`\nrule ${i + 1}, ${rule.direction} ${ports}: ${plain(rule.comment.split('\n', 1)[0] ?? '')}\n`);
      for (const id of rule.edges) {
        const edge = byId.get(id);
        if (edge !== undefined) context.print(evidenceText(edge, edgeName(edge)));
      }
      for (const { reason, beyond } of rule.widenings) context.print(`  ${style.yellow(`wider than its edges: ${reason}`)} (${plain(beyond)})\n`);
    }
    for (const { direction, reason } of proposal?.leftAlone ?? []) context.print(`\n${direction} is left alone: ${reason}\n`);
    for (const note of new Set(proposal?.notes ?? [])) context.print(`note: ${plain(note)}\n`);
    if (options.rule === undefined && unused.length > 0) {
      context.print(`\nno rule comes of:\n`);
      for (const edge of unused) context.print(`  ${edgeName(edge)}: ${edge.state}${edge.flags.length > 0 ? `, ${edge.flags.join(', ')}` : ''}\n`);
    }
    context.hint(`next: footpath propose --workload ${text} · footpath accept | reject ID`);
    return 0;
  });
}

function evidenceText(edge: GraphEdge, name: string): string {
  const { totals, evidence } = edge;
  const witnesses = [...new Set([...evidence.witnesses.values()].map(({ witness }) => `${witness.collector} at the ${witness.side}`))].toSorted();
  const pods = evidence.pods.size;
  const lines = [
    `  ${name}  ${edge.id}`,
    `    ${count(totals.opened)} connections in ${plural(hoursSeen(evidence), 'hour')} of ${plural(evidence.days.size, 'day')}, ${count(totals.answered)} answers, ${count(totals.refused)} refused, ${count(totals.denied)} denied${pods > 0 ? `, from ${plural(pods, 'pod')}` : ''}`,
    `    first ${isoTime(totals.firstSeen)}, last ${isoTime(totals.lastSeen)}; ${edge.state}${edge.decision === null ? '' : ` by ${plain(edge.decision.by)}`}${edge.flags.length > 0 ? `; ${edge.flags.join(', ')}` : ''}`,
    `    told by ${witnesses.join(', ')}`,
  ];
  const operations = evidence.operations.map(({ method, path }) => `${method} ${path}`);
  if (operations.length > 0) lines.push(`    ${operations.slice(0, 6).join(', ')}${operations.length > 6 ? `, and ${operations.length - 6} more` : ''}`);
  return `${lines.map(plain).join('\n')}\n`;
}
