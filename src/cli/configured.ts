import type { Config } from '../config.ts';
import { UsageError } from '../errors.ts';
import type { Context } from './context.ts';
import type { LiveOptions } from './reading-options.ts';

/** The configuration of a process that reads: the file's, over that the environment's, over that the flags'. */
export async function configured(context: Context, options: Partial<LiveOptions>): Promise<Config> {
  const { DEFAULT_CONFIG, readConfig, withEnvironment } = await import('../config.ts');
  const path = context.options.config ?? context.env['FOOTPATH_CONFIG'];
  const config = withEnvironment(path === undefined || path === '' ? DEFAULT_CONFIG : readConfig(path), context.env);
  const { inventory } = config;
  return {
    ...config,
    cluster: options.cluster ?? config.cluster,
    clusterCidrs: [...config.clusterCidrs, ...(options.clusterCidr ?? [])],
    accessLogFormat: options.accessLogFormat ?? config.accessLogFormat,
    inventory: { ...inventory, files: [...inventory.files, ...(options.inventory ?? [])], kubernetes: options.kubernetes ?? inventory.kubernetes },
  };
}

/** The sources that a command line names, instead of the configuration's; those if it names none. */
export function sourcesOf(config: Config, paths: readonly string[], { format, kafka, topic, group }: Partial<LiveOptions>): Config['sources'] {
  const files = paths.length === 0 ? [] : [{ name: 'files', file: { paths: [...paths], format: format ?? null } }];
  if (kafka === undefined && (topic !== undefined || group !== undefined)) throw new UsageError('--topic and --group belong to --kafka: name the brokers');
  if (kafka === undefined) return files.length === 0 ? config.sources : files;
  if (topic === undefined) throw new UsageError('--kafka: name the topic (--topic)');
  if (format === undefined) throw new UsageError('--kafka: name the format of its messages (--format; footpath collectors lists them)');
  const brokers = kafka.split(',').filter((broker) => broker !== '');
  return [...files, { name: 'kafka', kafka: { brokers, tls: false, sasl: null, topic, group: group ?? 'footpath', format, sessionTimeoutSeconds: 10, rebalanceTimeoutSeconds: 20 } }];
}
