import type { Define } from '../command.ts';
import { outputOf } from '../context.ts';
import { addReadingOptions, type ReadingOptions } from '../reading-options.ts';
import { severityOf } from '../severity.ts';

interface Options extends ReadingOptions {
  readonly failOn?: string;
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
        const { readAndLearn } = await import('../reading.ts');
        return readAndLearn(context, paths, options, failOn);
      }),
    );
};
