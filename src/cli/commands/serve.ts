import type { Define } from '../command.ts';
import { addClusterOptions } from '../reading-options.ts';
import type { ServeOptions } from '../serve/serve.ts';

export const define: Define = (command, run) => {
  addClusterOptions(command.option('--listen <address>', 'where /metrics, /healthz and /readyz are served (default: the configuration’s, 127.0.0.1:8470)'))
    .option('--kubernetes', 'watch the cluster’s API: who is who, as it changes')
    .addHelpText(
      'after',
      `
Reads the configuration's sources for good, learns, and alerts. SIGTERM ends it within 10 seconds, everything read committed; SIGHUP reads the configuration
again. Decisions of other processes (footpath watch, accept, alerts) hold from the next commit on.

Flags count more than the environment (FOOTPATH_DB, FOOTPATH_LISTEN, FOOTPATH_LISTEN_TOKEN_FILE, FOOTPATH_LOG_LEVEL, FOOTPATH_CLUSTER, FOOTPATH_CLUSTER_CIDRS,
FOOTPATH_ACCESS_LOG_FORMAT, FOOTPATH_KUBERNETES), that more than the file. footpath config print-default shows every key.

Example:
  footpath serve --config footpath.yaml

footpath.yaml:
  database: footpath.db
  listen: 127.0.0.1:8470
  inventory: { kubernetes: true }
  sources:
    - file: { paths: ["/var/run/cilium/hubble/*.log"], format: hubble }
  alerts:
    targets:
      - alertmanager: { urls: ["http://alertmanager:9093"] }`,
    )
    .action((options: ServeOptions) =>
      run(async (context) => {
        const [{ serve }, { version }] = await Promise.all([import('../serve/serve.ts'), import('../version.ts')]);
        return serve(context, options, version());
      }),
    );
};
