import type { Command, Option } from 'commander';
import { collectors } from '../../collectors/index.ts';
import type { Config } from '../config.ts';
import { exporters } from '../export/index.ts';
import { ALERT_STATES, SEVERITIES } from '../model/alert.ts';
import { DATA_PLANES } from '../model/mesh.ts';
import { peerName } from '../model/peer.ts';
import { ALL_RULES } from '../policy/lint/lint.ts';
import type { Store } from '../store/store.ts';
import { OUTPUTS } from './context.ts';

/** What may stand where the cursor is. `files` leaves it to the shell, which knows files best. */
export interface Suggestions {
  readonly values: readonly Suggestion[];
  readonly files: boolean;
}

export interface Suggestion {
  readonly value: string;
  readonly about: string;
}

/** Words that lie in the database; each is asked for only where it can stand. */
export interface Known {
  namespaces(): Promise<readonly string[]>;
  workloads(): Promise<readonly string[]>;
  edges(): Promise<readonly Suggestion[]>;
  alerts(): Promise<readonly Suggestion[]>;
  targets(): Promise<readonly string[]>;
}

type Source = (known: Known, command: string) => Promise<readonly (string | Suggestion)[]> | readonly (string | Suggestion)[];

/** Values of options, by their long name; values of all others are files or free text. */
const OPTION_VALUES: Readonly<Record<string, Source>> = {
  '--output': () => OUTPUTS,
  '--namespace': (known) => known.namespaces(),
  '--workload': (known) => known.workloads(),
  '--format': () => collectors.map(({ name, description }) => ({ value: name, about: description })),
  '--as': () => exporters.map(({ name, description }) => ({ value: name, about: description })),
  '--fail-on': () => SEVERITIES,
  '--severity': () => SEVERITIES,
  '--state': (_, command) => (command === 'alerts' ? ALERT_STATES : ['observed', 'accepted', 'rejected']),
  '--jobs': () => [],
  '--max-ranges': () => [],
  '--widen-namespaces': () => [],
  '--protocol': () => ['TCP', 'UDP', 'SCTP'],
  '--data-plane': () => DATA_PLANES,
  '--root-namespace': (known) => known.namespaces(),
  '--explain': () => ALL_RULES.map(({ name, summary }) => ({ value: name, about: summary })),
};

/** Values of arguments, by their name; all others are files. */
const ARGUMENT_VALUES: Readonly<Record<string, Source>> = {
  workload: (known) => known.workloads(),
  workloads: (known) => known.workloads(),
  ids: (known, command) => (command === 'alerts' ? known.alerts() : known.edges()),
  id: (known) => known.alerts(),
  target: (known) => known.targets(),
  shell: () => ['bash', 'zsh', 'fish', 'powershell'],
};

/** Words that may stand where files can. */
const WORDS_OR_FILES: Readonly<Record<string, readonly string[]>> = { a: ['proposed', 'cluster'], b: ['proposed', 'cluster'], policies: ['cluster'] };

/** Suggests for the last of `words`, which is not finished (and may be empty). */
export async function suggestionsFor(program: Command, words: readonly string[], known: Known): Promise<Suggestions> {
  const last = words.at(-1) ?? '';
  let command = program;
  let waiting: Option | undefined;
  let given = 0;
  for (const word of words.slice(0, -1)) {
    if (waiting !== undefined) waiting = waiting.variadic && !word.startsWith('-') ? waiting : undefined;
    else if (word.startsWith('-')) waiting = valued(optionsOf(command), word);
    else {
      const next = command.commands.find((one) => one.name() === word);
      if (next === undefined) given++;
      else command = next;
    }
  }
  const top = command.parent === program || command.parent === null ? command.name() : command.parent.name();
  if (waiting !== undefined && !last.startsWith('-')) return suggest(OPTION_VALUES[waiting.long ?? ''], last);
  if (last.startsWith('-')) return { files: false, values: flags(command).filter(({ value }) => value.startsWith(last)) };
  if (command.commands.length > 0) return matching(command.createHelp().visibleCommands(command).map((one) => ({ value: one.name(), about: one.description() })), last);
  const argument = command.registeredArguments[given] ?? command.registeredArguments.findLast(({ variadic }) => variadic);
  if (argument === undefined) return { values: [], files: false };
  const beside = WORDS_OR_FILES[argument.name()];
  return beside === undefined ? suggest(ARGUMENT_VALUES[argument.name()], last) : { ...matching(beside, last), files: true };

  async function suggest(source: Source | undefined, prefix: string): Promise<Suggestions> {
    return source === undefined ? { values: [], files: true } : matching(await source(known, top), prefix);
  }
}

function matching(candidates: readonly (string | Suggestion)[], prefix: string): Suggestions {
  const values = candidates.map((one) => (typeof one === 'string' ? { value: one, about: '' } : one)).filter(({ value }) => value.startsWith(prefix));
  return { values, files: false };
}

/** A command's own options and those of all commands. */
function optionsOf(command: Command): readonly Option[] {
  return command.parent === null ? command.options : [...command.options, ...optionsOf(command.parent)];
}

function flags(command: Command): readonly Suggestion[] {
  return [...optionsOf(command).map(({ long, description }) => ({ value: long ?? '', about: description })), { value: '--help', about: 'what the command does' }];
}

/** The option that `word` is, if its value is the next word. */
function valued(options: readonly Option[], word: string): Option | undefined {
  return options.find((option) => (option.long === word || option.short === word) && (option.required || option.optional));
}

/** Words of the database and the configuration, without those that a broken or missing one cannot give. */
export function knownIn(store: () => Promise<Store>, configuration: () => Promise<Config | null>): Known {
  const workloadsIn = async () => {
    const { stored: peers } = (await store()).peers.readPeers();
    return peers.flatMap(({ peer }) => (peer.type === 'workload' ? [peer] : []));
  };
  const graph = async () => {
    const { graphOf } = await import('./session.ts');
    return graphOf(await store());
  };
  const orNothing = async <T>(work: () => Promise<readonly T[]>): Promise<readonly T[]> => work().catch(() => []);
  return {
    namespaces: () => orNothing(async () => [...new Set((await workloadsIn()).map(({ namespace }) => namespace))].toSorted()),
    workloads: () => orNothing(async () => [...new Set((await workloadsIn()).map((peer) => peerName(peer)))].toSorted()),
    edges: () =>
      orNothing(async () => {
        const [{ edges }, { edgeName }] = await Promise.all([graph(), import('../detect/violation.ts')]);
        return edges.map((edge) => ({ value: edge.id, about: edgeName(edge) }));
      }),
    alerts: () =>
      orNothing(async () => {
        const [built, { alertsIn }] = await Promise.all([graph(), import('./alerting.ts')]);
        return alertsIn(await store(), built, 0).map(({ id, reason }) => ({ value: id, about: reason }));
      }),
    targets: () =>
      orNothing(async () => {
        const [config, { targetName }] = await Promise.all([configuration(), import('../notify/config.ts')]);
        return (config?.alerts.targets ?? []).map(targetName);
      }),
  };
}
