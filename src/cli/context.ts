import type { Readable, Writable } from 'node:stream';
import { UsageError } from '../errors.ts';
import { closest } from '../nearest.ts';
import { plain, styleFor, type TableLook } from './text.ts';

/** What a process is given from outside; tests give their own. */
export interface Outside {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  /** Wall-clock time in milliseconds: for signatures, ages and mute times, never for logic. */
  readonly now: () => number;
  /** Calls `handler` whenever the signal arrives; returns what takes that back. */
  readonly onSignal: (signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP', handler: () => void) => () => void;
}

export const OUTPUTS = ['table', 'wide', 'json', 'yaml', 'name', 'tree', 'dot', 'mermaid', 'csv', 'github'] as const;
export type Output = (typeof OUTPUTS)[number];

/** Options that every command takes, on either side of its name. */
export interface GlobalOptions {
  readonly db?: string;
  readonly config?: string;
  readonly output?: string;
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly headers: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** One run of one command. */
export interface Context extends Outside {
  readonly options: GlobalOptions;
  /** Namespace that `-n` asks for; null for all. */
  readonly namespace: string | null;
  print(text: string): void;
  /** A line for the person, on stderr. */
  say(text: string): void;
  /** What to do next: on stderr, on terminals only. */
  hint(text: string): void;
  /** Runs another command line, with what goes to stderr among the output. */
  play(args: readonly string[]): Promise<number>;
}

export type RunCommandLine = (args: readonly string[], outside: Outside) => Promise<number>;

export function contextOf(outside: Outside, options: GlobalOptions, run: RunCommandLine): Context {
  const { stdout, stderr } = outside;
  if (options.namespace !== undefined && options.allNamespaces === true) throw new UsageError('-n and -A exclude each other: name one namespace, or all');
  // Names of files and of things in them come from outside.
  const say = (text: string): void => void stderr.write(`${plain(text)}\n`);
  return {
    ...outside,
    options,
    namespace: options.namespace ?? null,
    print: (text) => void stdout.write(text),
    say: (text) => {
      if (options.quiet !== true) say(text);
    },
    hint: (text) => {
      if (options.quiet !== true && stderr.isTTY === true && stdout.isTTY === true) say(text);
    },
    play: (args) => run(args, { ...outside, stderr: stdout }),
  };
}

/** How tables look where this command prints. */
export function lookOf({ options, stdout, env }: Context): TableLook {
  return { headers: options.headers, style: styleFor(stdout, env), width: stdout.isTTY === true && options.output !== 'wide' ? (stdout.columns ?? null) : null };
}

/** The form that `-o` asks for, among those that the command has; the first is the default. */
export function outputOf<T extends Output>(context: Context, allowed: readonly [T, ...T[]]): T {
  const wanted = context.options.output;
  if (wanted === undefined) return allowed[0];
  const found = allowed.find((form) => form === wanted);
  if (found === undefined) throw new UsageError(`-o ${wanted}: no such form here${suggestion(wanted, allowed)}`);
  return found;
}

/** `; did you mean calico? (kubernetes, cilium, calico)` */
export function suggestion(wanted: string, known: readonly string[]): string {
  const best = closest(wanted, known);
  return `${best === null ? '' : `; did you mean ${best}?`} (${known.join(', ')})`;
}
