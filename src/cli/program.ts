import { Command, CommanderError } from 'commander';
import { FootpathError } from '../errors.ts';
import type { Define } from './command.ts';
import { contextOf, type GlobalOptions, type Outside } from './context.ts';
import { plain } from './text.ts';
import { wrapped } from './wrap.ts';
import { version } from './version.ts';

interface Entry {
  readonly name: string;
  readonly group: string;
  readonly summary: string;
  /** Not for people: left out of the help. */
  readonly hidden?: true;
  readonly load: () => Promise<{ readonly define: Define }>;
}

/** In the order in which people meet them. A command's code is loaded when it is called: help answers at once. */
const COMMANDS: readonly Entry[] = [
  { name: 'observe', group: 'Reading logs', summary: 'read logs and learn the graph', load: () => import('./commands/observe.ts') },
  { name: 'serve', group: 'Reading logs', summary: 'read logs that grow, for good: learn, alert, and tell how it does', load: () => import('./commands/serve.ts') },
  { name: 'flows', group: 'Reading logs', summary: 'what records are understood as, or why not; stores nothing', load: () => import('./commands/flows.ts') },
  { name: 'collectors', group: 'Reading logs', summary: 'the formats that are understood', load: () => import('./commands/collectors.ts') },
  { name: 'demo', group: 'Reading logs', summary: 'no cluster, no network: a week of Bookinfo, its policies, and an attack', load: () => import('./commands/demo.ts') },
  { name: 'edges', group: 'The learned graph', summary: 'the learned graph', load: () => import('./commands/edges.ts') },
  { name: 'status', group: 'The learned graph', summary: 'how far learning has got, and what it has not seen', load: () => import('./commands/status.ts') },
  { name: 'learn', group: 'The learned graph', summary: 'learn what is seen from now on', load: () => import('./commands/learn.ts') },
  { name: 'watch', group: 'The learned graph', summary: 'freeze the baseline, and alert on what leaves it', load: () => import('./commands/watch.ts') },
  { name: 'accept', group: 'The learned graph', summary: 'decide that edges are right', load: () => import('./commands/accept.ts') },
  { name: 'reject', group: 'The learned graph', summary: 'decide that edges are wrong: never a rule, always an alert', load: () => import('./commands/reject.ts') },
  { name: 'forget', group: 'The learned graph', summary: 'delete edges on purpose', load: () => import('./commands/forget.ts') },
  { name: 'propose', group: 'Policies', summary: 'least-privilege policies with their evidence', load: () => import('./commands/propose.ts') },
  { name: 'explain', group: 'Policies', summary: 'the edges and the evidence behind a workload’s policy', load: () => import('./commands/explain.ts') },
  { name: 'review', group: 'Policies', summary: 'proposed rules and undecided edges, one by one: accept, reject, or skip', load: () => import('./commands/review.ts') },
  { name: 'simulate', group: 'Policies', summary: 'what policies would break, and what they let through', load: () => import('./commands/simulate.ts') },
  { name: 'diff', group: 'Policies', summary: 'which connections appear and vanish between two sets of policies', load: () => import('./commands/diff.ts') },
  { name: 'lint', group: 'Policies', summary: 'what an API server would refuse in policies, and what is surely not meant', load: () => import('./commands/lint.ts') },
  { name: 'alerts', group: 'Alerts', summary: 'what left the baseline, and what was said of it', load: () => import('./commands/alerts.ts') },
  { name: 'config', group: 'Footpath itself', summary: 'check a configuration file, or print the defaults', load: () => import('./commands/config.ts') },
  { name: 'db', group: 'Footpath itself', summary: 'check, back up or measure the database', load: () => import('./commands/db.ts') },
  { name: 'completion', group: 'Footpath itself', summary: 'a script for the shell that completes commands, options and names', load: () => import('./commands/completion.ts') },
  { name: 'complete', group: 'Footpath itself', summary: 'what may follow an unfinished command line', hidden: true, load: () => import('./commands/complete.ts') },
];

/** Runs one command line; returns the exit status. */
export async function run(given: readonly string[], outside: Outside): Promise<number> {
  const args = asOptions(given);
  let status = 0;
  const wanted = commandName(args);
  const known = COMMANDS.find(({ name }) => name === wanted)?.name;
  const program = new Command('footpath')
    .description('Learns the paths that traffic walks in a Kubernetes cluster, proposes least-privilege policies, alerts on connections that leave them.')
    .version(version(), '-V, --version', 'the version')
    .usage('<command> [options]')
    .helpOption('-h, --help', 'this, and for each command its own')
    .helpCommand(false)
    .option('--db <file>', 'the database, or :memory: (env FOOTPATH_DB; default footpath.db)')
    .option('--config <file>', 'a configuration file (env FOOTPATH_CONFIG)')
    .option('-o, --output <form>', 'table, wide, json, yaml or name, where a command has them')
    .option('-n, --namespace <namespace>', 'only this namespace, at either end')
    .option('-A, --all-namespaces', 'all namespaces (the default, said)')
    .option('--no-headers', 'no line of headings over tables')
    .option('--quiet', 'nothing on stderr but errors')
    .option('-v, --verbose', 'more about what is being done')
    .configureOutput({
      // Options are wrapped already; what stands below them, and is no example, is not.
      writeOut: (text) => void outside.stdout.write(text.split('\n').map((line) => (line.startsWith(' ') ? line : wrapped(line, outside.stdout.columns ?? 80, ''))).join('\n')),
      writeErr: (text) => void outside.stderr.write(text),
      outputError: (text, write) => write(`footpath: ${plain(text.replace(/^error: /, '').trim().replaceAll('\n', ' '))} (footpath ${known === undefined ? '' : `${known} `}--help)\n`),
    })
    .addHelpText('after', '\nTo begin: footpath demo, or footpath observe --inventory cluster.json LOGS…, then footpath status, propose, watch -A, alerts.')
    .exitOverride();
  for (const { name, group, summary, hidden, load } of COMMANDS) {
    const command = program.command(name, { hidden: hidden === true }).description(summary).helpGroup(`${group}:`);
    if (name !== wanted && wanted !== 'complete') continue;
    (await load()).define(command, async (work) => {
      status = await work(contextOf(outside, program.opts<GlobalOptions>(), run));
    });
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    return failure(error, outside);
  }
}

/** `footpath`, `footpath help` and `footpath help edges` ask for help in other words. */
function asOptions(args: readonly string[]): readonly string[] {
  const [first, ...rest] = args;
  if (first === undefined) return ['--help'];
  return first === 'help' ? [...rest, '--help'] : args;
}

/** The first word that is no option and no option's value. */
function commandName(args: readonly string[]): string | undefined {
  const words = [...args];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (/^(--db|--config|-o|--output|-n|--namespace)$/.test(word)) words.shift();
    else if (!word.startsWith('-')) return word;
  }
  return undefined;
}

function plainLines(text: string): string {
  return text.split('\n').map(plain).join('\n');
}

/** An error is one line: what failed, on what, why, what to do. Only a bug shows its stack. */
function failure(error: unknown, { stderr, env }: Outside): number {
  if (error instanceof CommanderError) {
    // Commander has written what it had to say.
    return error.exitCode === 0 ? 0 : 2;
  }
  if (error instanceof FootpathError) {
    stderr.write(`footpath: ${plain(error.message)}\n`);
    if (env['FOOTPATH_DEBUG'] !== undefined && error.cause instanceof Error) stderr.write(`${plainLines(error.cause.stack ?? '')}\n`);
    return error.exitCode;
  }
  stderr.write(`footpath: this is a bug, please report it: ${plainLines(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`);
  return 1;
}
