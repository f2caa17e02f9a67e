import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import type { Graph } from '../learn/graph.ts';
import type { Widen } from '../policy/propose/propose.ts';
import type { Context } from './context.ts';
import { loadConfig } from './session.ts';

/** How far proposals may go beyond what was seen, as a person says on the command line. */
export interface WideningOptions {
  readonly ranges?: readonly string[];
  readonly maxRanges?: string;
  readonly widenNamespaces?: string;
}

export function addWideningOptions(command: Command): Command {
  return command
    .option('--ranges <file>', 'outside ranges that you have names for, as YAML or JSON, cdn: [198.51.100.0/24]: an address within is proposed as all of them (may be repeated)', (value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
    .option('--max-ranges <n>', 'merge the outside addresses of a workload into at most so many ranges, those that open the fewest others')
    .option('--widen-namespaces <n>', 'from so many workloads of a namespace at one port on, name the whole namespace');
}

/** The same, over what the configuration says. Whoever proposes asks it, so that all propose the same. */
export async function wideningOf(context: Context, options: WideningOptions, graph: Graph): Promise<Widen> {
  const configured = (await loadConfig(context))?.proposals;
  const files = [...(configured?.ranges ?? []), ...(options.ranges ?? [])];
  return {
    ranges: files.length === 0 ? [] : await knownRanges(files, graph),
    maxRanges: numberOf('--max-ranges', options.maxRanges, 64) ?? configured?.maxRanges ?? null,
    widenNamespaces: numberOf('--widen-namespaces', options.widenNamespaces, Number.MAX_SAFE_INTEGER) ?? configured?.widenNamespaces ?? null,
  };
}

async function knownRanges(files: readonly string[], graph: Graph): Promise<Widen['ranges']> {
  const [{ readKnownRanges }, { insideCluster }, { Roster }] = await Promise.all([import('../config-ranges.ts'), import('../policy/propose/known-ranges.ts'), import('../policy/roster.ts')]);
  const known = readKnownRanges(files);
  const wrong = insideCluster(known, graph, new Roster(graph));
  if (wrong !== null) throw new UsageError(`${files.join(', ')}: ${wrong}`);
  return known;
}

function numberOf(option: string, text: string | undefined, most: number): number | null {
  if (text === undefined) return null;
  const number = /^[0-9]{1,15}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > most) throw new UsageError(`${option} ${text}: must be a number from 1${most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : ' on'}`);
  return number;
}
