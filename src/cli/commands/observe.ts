import type { Define } from '../command.ts';
import { outputOf } from '../context.ts';
import { UsageError } from '../../errors.ts';
import { jobsOf } from '../jobs.ts';
import { addReadingOptions, type LiveOptions } from '../reading-options.ts';
import { severityOf } from '../severity.ts';

interface Options extends LiveOptions {
  readonly follow?: boolean;
  readonly failOn?: string;
  readonly jobs?: string;
}

export const define: Define = (command, run) => {
  addReadingOptions(command)
    .option('-f, --follow', 'keep reading files as they grow, through every rotation, until interrupted')
    .option('--kafka <host:port,…>', 'read a topic of these brokers, until interrupted')
    .option('--topic <topic>', 'of --kafka')
    .option('--group <group>', 'of --kafka: it belongs to this database alone (default: footpath)')
    .option('--kubernetes', 'ask the cluster’s API who is who; with -f, watch it')
    .option('--jobs <number>', 'read large files that are not compressed on so many cores: sooner done, for more memory (default: 1)')
    .option('--fail-on <severity>', 'exit with 3 if an alert of at least this severity is open afterwards')
    .addHelpText(
      'after',
      `
Examples:
  footpath observe --inventory cluster.json /var/run/cilium/hubble/*.log
  kubectl logs -n shop deploy/cart -c istio-proxy | footpath observe --inventory cluster.json -
  footpath observe -o json logs/ | jq .newEdges
  footpath observe -f --kubernetes "/var/run/cilium/hubble/*.log"
  footpath observe --kafka kafka:9092 --topic flows --format hubble

The inventory: kubectl get pods,services,endpointslices,namespaces,nodes,replicasets,deployments,statefulsets,daemonsets,jobs,cronjobs -A -o json`,
    )
    .action((paths: readonly string[], options: Options) =>
      run(async (context) => {
        outputOf(context, ['table', 'json']);
        const failOn = severityOf(options.failOn, '--fail-on');
        const jobs = options.jobs === undefined ? 1 : jobsOf(options.jobs);
        if (options.follow === true || options.kafka !== undefined) {
          if (options.jobs !== undefined) throw new UsageError('--jobs is for files that are read to their end: without -f and --kafka');
          const { followAndLearn } = await import('../serve/follow.ts');
          return followAndLearn(context, paths, options, failOn);
        }
        const { readAndLearn } = await import('../reading.ts');
        return readAndLearn(context, paths, { ...options, jobs }, failOn);
      }),
    );
};
