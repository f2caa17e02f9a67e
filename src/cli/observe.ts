import type { Command } from 'commander';
import { SEVERITIES, type Severity } from '../model/alert.ts';
import { UsageError } from '../errors.ts';
import { outputOf, suggestion } from './context.ts';
import type { Define } from './program.ts';

interface Options {
  readonly format?: string;
  readonly accessLogFormat?: string;
  readonly inventory: readonly string[];
  readonly cluster?: string;
  readonly clusterCidr: readonly string[];
  readonly failOn?: string;
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
const collectList = (value: string, before: readonly string[]): readonly string[] => [...before, ...value.split(',').filter((item) => item !== '')];

/** Options of every command that reads records. */
export function addReadingOptions(command: Command): Command {
  return command
    .argument('[paths...]', 'files, folders, patterns, or - for standard input; gzip and zstd are told by their first bytes')
    .option('--format <name>', 'the format of the records (default: told from the first ones; footpath collectors lists them)')
    .option('--access-log-format <format>', "the mesh's own Envoy format string or JSON template, or @FILE that holds it")
    .option('--inventory <file>', "what kubectl get … -o json printed, or manifests (may be repeated)", collect, [])
    .option('--cluster <name>', 'name of the cluster that the records are from')
    .option('--cluster-cidr <cidr,…>', 'ranges of pods, Services and nodes that the inventory does not tell', collectList, []);
}

export const define: Define = (command, run) => {
  addReadingOptions(command)
    .option('--fail-on <severity>', 'exit with 3 if an alert of at least this severity is open afterwards')
    .addHelpText(
      'after',
      `
Examples:
  footpath observe --inventory cluster.json /var/run/cilium/hubble/*.log
  kubectl logs -n shop deploy/cart -c istio-proxy | footpath observe --inventory cluster.json -
  footpath observe -o json logs/ | jq .newEdges

The inventory: kubectl get pods,services,endpointslices,namespaces,nodes,replicasets,deployments,statefulsets,daemonsets,jobs,cronjobs -A -o json`,
    )
    .action((paths: readonly string[], options: Options) =>
      run(async (context) => {
        outputOf(context, ['table', 'json']);
        const failOn = severityOf(options.failOn, '--fail-on');
        const { readAndLearn } = await import('./reading.ts');
        return readAndLearn(context, paths, { ...options, failOn });
      }),
    );
};

export function severityOf(text: string | undefined, flag: string): Severity | null {
  if (text === undefined) return null;
  const found = SEVERITIES.find((severity) => severity === text);
  if (found === undefined) throw new UsageError(`${flag} ${text}: no such severity${suggestion(text, SEVERITIES)}`);
  return found;
}

export type ReadingOptions = Omit<Options, 'failOn'> & { readonly failOn: Severity | null };
