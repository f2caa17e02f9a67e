import { existsSync } from 'node:fs';
import { OperationError, UsageError } from '../../errors.ts';
import type { Notifier } from '../../notifier.ts';
import type { Target } from '../../notify/index.ts';
import type { DeadLetter, TargetState } from '../../store/outbox.ts';
import type { Define } from '../command.ts';
import { lookOf, outputOf, suggestion, type Context } from '../context.ts';
import { count, isoTime, plain, table } from '../text.ts';

/** How long a test may take, in milliseconds. */
const TEST_WITHIN = 15_000;

export const define: Define = (command, run) => {
  command
    .command('list')
    .description('who is told, what waits for them, and what they would not take')
    .action(() => run((context) => list(context)));
  command
    .command('test')
    .argument('<target>', 'name of a target')
    .description('send a test to a target, and say what became of it')
    .action((name: string) => run((context) => test(context, name)));
};

async function targetsOf(context: Context): Promise<readonly Target[]> {
  const [{ loadConfig }, { notifiersOf }] = await Promise.all([import('../session.ts'), import('../../notify/index.ts')]);
  const config = await loadConfig(context);
  if (config === null) throw new UsageError('no configuration: name the file with the targets (--config footpath.yaml)');
  const write = async (text: string): Promise<void> => context.print(text);
  return notifiersOf(config.alerts.targets, { now: context.now, write, cluster: config.cluster ?? '' });
}

async function list(context: Context): Promise<number> {
  const form = outputOf(context, ['table', 'wide', 'json', 'name']);
  const targets = await targetsOf(context);
  const stateOf = await states(context, targets.map(({ notifier }) => notifier.name));
  const rows = targets.map(({ notifier: { name, kind, where }, minSeverity }) => ({ name, kind, where, minSeverity, ...(stateOf.get(name) ?? UNKNOWN) }));
  if (form === 'json') context.print(`${JSON.stringify(rows.map((row) => ({ ...row, deadLetters: row.deadLetters.map(letterJson) })), null, 2)}\n`);
  else if (form === 'name') context.print(rows.map(({ name }) => `${name}\n`).join(''));
  else if (rows.length === 0) context.say('no targets: alerts.targets of the configuration names them');
  else {
    const columns = [
      { heading: 'NAME', value: (row: (typeof rows)[number]) => row.name },
      { heading: 'KIND', value: (row: (typeof rows)[number]) => row.kind },
      { heading: 'WHERE', value: (row: (typeof rows)[number]) => plain(row.where), min: 20 },
      { heading: 'FROM', value: (row: (typeof rows)[number]) => row.minSeverity },
      { heading: 'WAITING', value: (row: (typeof rows)[number]) => count(row.waiting), align: 'right' as const },
      { heading: 'DEAD', value: (row: (typeof rows)[number]) => count(row.dead), align: 'right' as const },
      { heading: 'LAST PROBLEM', value: (row: (typeof rows)[number]) => plain(row.reason ?? ''), min: 20 },
    ];
    context.print(table(rows, columns, lookOf(context)));
  }
  return 0;
}

interface State extends TargetState {
  readonly deadLetters: readonly DeadLetter[];
}

const UNKNOWN: State = { waiting: 0, dead: 0, reason: null, deadLetters: [] };

/** How targets do, as the database knows it; one that is not there yet knows of nothing. */
async function states(context: Context, names: readonly string[]): Promise<ReadonlyMap<string, State>> {
  const { databasePath, loadConfig, withStore } = await import('../session.ts');
  if (!existsSync(databasePath(context, await loadConfig(context)))) return new Map();
  return withStore(context, ({ outbox }) => new Map(names.map((name) => [name, { ...outbox.state(name), deadLetters: outbox.deadLetters(name) }])));
}

function letterJson({ notification: { id, event, alert }, reason, at }: DeadLetter): object {
  return { id, event, alert: alert.id, reason, at: isoTime(at) };
}

async function test(context: Context, name: string): Promise<number> {
  const notifiers = (await targetsOf(context)).map(({ notifier }) => notifier);
  const chosen = notifiers.filter((notifier) => notifier.name === name || notifier.name.startsWith(`${name}@`));
  if (chosen.length === 0) {
    throw new UsageError(notifiers.length === 0 ? `${name}: the configuration names no targets (alerts.targets)` : `${name}: no such target${suggestion(name, notifiers.map((each) => each.name))}`);
  }
  const failures = (await Promise.all(chosen.map((notifier) => testOne(context, notifier)))).filter((failure) => failure !== null);
  if (failures.length > 0) throw new OperationError(failures.join('; '));
  return 0;
}

/** What went wrong, null if it was taken. */
async function testOne(context: Context, notifier: Notifier): Promise<string | null> {
  const [{ testNotification }, { signatureOf }] = await Promise.all([import('../../alert/test-notification.ts'), import('../signature.ts')]);
  try {
    await notifier.notify([testNotification(context.now(), signatureOf(context, {}).by)], AbortSignal.timeout(TEST_WITHIN));
    context.say(`${notifier.name}: has taken the test`);
    return null;
  } catch (error) {
    return `${notifier.name}: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    notifier.close?.();
  }
}
