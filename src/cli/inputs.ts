import { createReadStream, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Collector, CollectorSettings } from '../collector.ts';
import { collectors } from '../../collectors/index.ts';
import { OperationError, UsageError } from '../errors.ts';
import { firstRecord, recognise } from '../recognise.ts';
import type { Run, Source } from '../source.ts';
import { expandPaths, type LogFile } from '../sources/expand.ts';
import { fileSource, type FileOptions } from '../sources/file.ts';
import { streamSource } from '../sources/stream.ts';
import { ownerFromPath } from '../unwrap/owner.ts';
import type { Config } from '../config.ts';
import { suggestion, type Context } from './context.ts';
import type { ReadingOptions } from './reading-options.ts';
import { plain, plural, shorten } from './text.ts';

export function inputsOf(paths: readonly string[]): readonly (LogFile | '-')[] {
  if (paths.length === 0) throw new UsageError('name files, folders or patterns to read, or - for standard input');
  const inputs: (LogFile | '-')[] = [];
  let group: string[] = [];
  for (const path of [...paths, '-']) {
    if (path !== '-') {
      group.push(path);
      continue;
    }
    inputs.push(...expandPaths(group));
    group = [];
    inputs.push('-');
  }
  inputs.pop();
  if (inputs.filter((input) => input === '-').length > 1) throw new UsageError('- is given twice: standard input can be read once');
  return inputs;
}

/** A regular file keeps its position; what can be read once only (standard input, a pipe with a name) has none. */
export function sourceOf(context: Context, input: LogFile | '-', options: FileOptions): Source {
  if (input === '-') return streamSource('stdin', chunksOf(() => context.stdin), options.onDamage);
  return input.isRegular ? fileSource(input, options) : streamSource(input.path, chunksOf(() => createReadStream(input.path)), options.onDamage);
}

/** Opens its input when it is first asked for some of it. */
async function* chunksOf(open: () => AsyncIterable<unknown>): AsyncGenerator<Buffer> {
  for await (const chunk of open()) yield typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer);
}

/** What was named on the command line is an error if nobody understands it. */
export function isNamed(input: LogFile | '-'): boolean {
  return input === '-' || input.named;
}

/** Settings that a collector cannot use are wrong usage, whoever gave them. */
export function settingsOf(options: Pick<ReadingOptions, 'accessLogFormat'>, config: Config | null): CollectorSettings {
  const settings = readSettings(options, config);
  for (const collector of collectors) {
    const wrong = collector.problem?.(settings) ?? null;
    if (wrong !== null) throw new UsageError(`${options.accessLogFormat === undefined ? 'accessLogFormat' : '--access-log-format'}: the format ${plain(wrong)}`);
  }
  return settings;
}

function readSettings(options: Pick<ReadingOptions, 'accessLogFormat'>, config: Config | null): CollectorSettings {
  const format = options.accessLogFormat ?? config?.accessLogFormat ?? null;
  if (format === null || !format.startsWith('@')) return { accessLogFormat: format };
  try {
    return { accessLogFormat: readFileSync(format.slice(1), 'utf8') };
  } catch (error) {
    throw new OperationError(`--access-log-format ${format}: cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, { cause: error });
  }
}

export function forcedCollector(format: string | undefined): Collector | null {
  if (format === undefined) return null;
  const found = collectors.find(({ name }) => name === format);
  const names = collectors.map(({ name }) => name);
  if (found === undefined) throw new UsageError(`--format ${format}: no such format${suggestion(format, names)}`);
  return found;
}

interface Choosing {
  readonly forced: Collector | null;
  readonly settings: CollectorSettings;
  readonly wasNamed: boolean;
  readonly leftOut: string[];
}

/** Containers that write these logs. What any other prints is its own word, and may be anything. */
const WRITERS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['envoy-access-log', new Set(['istio-proxy', 'envoy', 'envoy-gateway', 'cilium-envoy'])],
  ['hubble', new Set(['cilium-agent', 'hubble-relay'])],
]);

/** Whether the container that kubelet's path names may write this. Elsewhere whoever reads a file has chosen it. */
function isTrusted({ name }: Collector, runs: readonly Run[]): boolean {
  const container = runs[0] === undefined ? null : (ownerFromPath(runs[0].origin.source)?.container ?? null);
  return container === null || WRITERS.get(name)?.has(container) !== false;
}

/** The collector for a source. One in no known format is an error if it was named, and left out if it was found in a folder. */
export function chooseCollector(context: Context, source: Source, runs: readonly Run[], { forced, settings, wasNamed, leftOut }: Choosing): Collector | null {
  const collector = forced ?? recognise(runs, collectors, settings);
  if (collector !== null && (forced !== null || wasNamed || isTrusted(collector, runs))) return collector;
  if (collector !== null) {
    leftOut.push(source.name);
    if (context.options.verbose === true) context.say(`footpath: ${source.name}: looks like ${collector.name}, but no container of this name writes that; the file is left out (--format ${collector.name} takes it)`);
    return null;
  }
  const message = `${source.name}: no known format (first line: "${shorten(plain(firstRecord(runs)), 40)}"); name one with --format (footpath collectors lists them), or an Envoy format with --access-log-format`;
  if (wasNamed) throw new OperationError(message);
  leftOut.push(source.name);
  if (context.options.verbose === true) context.say(`footpath: ${message}; the file is left out`);
  return null;
}

/** A folder of a node's logs holds many that are no business of ours: one line for all of them. */
export function sayLeftOut(context: Context, leftOut: readonly string[]): void {
  if (leftOut.length === 0 || context.options.verbose === true) return;
  const some = leftOut.slice(0, 3).map((name) => plain(basename(name)));
  context.say(`footpath: ${plural(leftOut.length, 'file')} in no known format left out: ${some.join(', ')}${leftOut.length > some.length ? ', …' : ''} (-v lists them)`);
}
