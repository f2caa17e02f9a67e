import { OperationError, UsageError } from '../../errors.ts';
import type { LocatedObject, LocatedObjects } from '../../kubernetes/located.ts';
import { outputOf, suggestion, type Context } from '../context.ts';
import type { Define } from '../command.ts';
import { isWord, readPolicyObjects } from '../policies.ts';
import { ALL_RULES } from '../../policy/lint/lint.ts';
import { plain } from '../text.ts';

interface Options {
  readonly explain?: string;
}

export const define: Define = (command, run) => {
  command
    .argument('[policies...]', 'files and folders with policies, and with workloads if there is no database; cluster: the NetworkPolicies of the inventory')
    .option('--explain <rule>', 'what a rule finds, why that matters, and what to do')
    .addHelpText(
      'after',
      `
An error is what an API server refuses; a warning is legal and surely not meant. Whom selectors match is asked of the database and of workloads among the files.
Exit status 3: an error. -o has table, wide, json and github (annotations of a workflow) here; wide shortens no list.

Rules:
${ALL_RULES.map(({ name, severity, summary }) => `  ${name} (${severity}): ${summary}`).join('\n')}`,
    )
    .action((paths: readonly string[], options: Options) => run((context) => (options.explain === undefined ? lintPaths(context, paths) : explain(context, options.explain))));
};

function explain(context: Context, name: string): number {
  const rule = ALL_RULES.find((one) => one.name === name);
  if (rule === undefined) {
    throw new UsageError(`--explain ${name}: no such rule${suggestion(name, ALL_RULES.map((one) => one.name))}`);
  }
  context.print(`${rule.name} (${rule.severity}): ${rule.summary}\n\n${rule.why}\n`);
  return 0;
}

async function lintPaths(context: Context, paths: readonly string[]): Promise<number> {
  const form = outputOf(context, ['table', 'wide', 'json', 'github']);
  if (paths.length === 0) throw new UsageError('name files or folders with policies, or cluster');
  const { files, objects, broken } = await readObjects(context, paths);
  const [{ lint }, { lintWorld }, { withWorld }, text] = await Promise.all([import('../../policy/lint/lint.ts'), import('../../policy/lint/world.ts'), import('../world.ts'), import('../lint-text.ts')]);
  return withWorld(context, objects, { beside: true }, ({ graph, database }) => {
    const world = lintWorld(graph);
    const linted = lint(objects, world);
    for (const { kind, count } of linted.notLinted) context.say(`footpath: ${count} of kind ${plain(kind)} not linted`);
    if (linted.policies === 0 && broken.length === 0) throw new OperationError(`${paths.join(', ')}: no policy found`);
    const inScope = linted.findings.filter(({ policy }) => context.namespace === null || policy.startsWith(`${context.namespace}/`));
    const findings = text.located(inScope, objects, broken);
    if (form === 'json') context.print(`${JSON.stringify(text.lintJson(findings, linted, { files, database }), null, 2)}\n`);
    else if (form === 'github') context.print(text.annotations(findings));
    else context.print(text.lintText(context, findings, { files, policies: linted.policies, wide: form === 'wide' }));
    if (linted.isCut) context.say('there is too much to hold all of it against each other: of what shadows what, and of ranges and ports that are somebody’s, not all is said');
    if (world.matching === null) context.say('whom selectors match is not checked: there is no database, and no workload among the files');
    else context.say(`whom selectors match is asked of ${database === null ? 'the workloads among the files' : `${database} and the files`}`);
    return findings.some(({ severity }) => severity === 'error') ? 3 : 0;
  });
}

async function readObjects(context: Context, paths: readonly string[]): Promise<LocatedObjects> {
  if (!isWord(paths, 'cluster')) return (await import('../../kubernetes/located.ts')).readLocated(paths);
  const { objects } = await readPolicyObjects(context, paths);
  return { files: 1, objects: objects.map((one): LocatedObject => ({ ...one, file: 'cluster', repeated: [], lineOf: () => null })), broken: [] };
}
