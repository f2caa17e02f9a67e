import type { Command } from 'commander';

/** What every command that reads records is told of them. */
export interface ReadingOptions {
  readonly format?: string;
  readonly accessLogFormat?: string;
  readonly inventory: readonly string[];
  readonly cluster?: string;
  readonly clusterCidr: readonly string[];
}

/** And what those that may read for good are told beside it. */
export interface LiveOptions extends ReadingOptions {
  readonly kubernetes?: boolean;
  /** Brokers, with commas between them. */
  readonly kafka?: string;
  readonly topic?: string;
  readonly group?: string;
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
const collectList = (value: string, before: readonly string[]): readonly string[] => [...before, ...value.split(',').filter((item) => item !== '')];

/** Options of every command that reads records. */
export function addReadingOptions(command: Command): Command {
  return addClusterOptions(
    command
      .argument('[paths...]', 'files, folders, patterns, or - for standard input; gzip and zstd are told by their first bytes')
      .option('--format <name>', 'the format of the records (default: told from the first ones; footpath collectors lists them)'),
  );
}

/** What is known of the cluster that the records are from. */
export function addClusterOptions(command: Command): Command {
  return command
    .option('--access-log-format <format>', "the mesh's own Envoy format string or JSON template, or @FILE that holds it")
    .option('--inventory <file>', "what kubectl get … -o json printed, or manifests (may be repeated)", collect, [])
    .option('--cluster <name>', 'name of the cluster that the records are from')
    .option('--cluster-cidr <cidr,…>', 'ranges of pods, Services and nodes that the inventory does not tell', collectList, []);
}
