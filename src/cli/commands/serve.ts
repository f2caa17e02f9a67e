import type { Define } from '../command.ts';

export const define: Define = (command, run) => {
  command
    .option('--listen <address>', 'where /metrics, /healthz and /readyz are served (default: the configuration’s, 127.0.0.1:8470)')
    .addHelpText(
      'after',
      `
Reads the configuration's sources for good, learns, and alerts. SIGTERM ends it within 10 seconds, everything read committed; SIGHUP reads the configuration
again. Decisions of other processes (footpath watch, accept, alerts) hold from the next commit on.

Example:
  footpath serve --config footpath.yaml

footpath.yaml:
  database: footpath.db
  listen: 127.0.0.1:8470
  inventory: { files: [cluster.json] }
  sources:
    - file: { paths: ["/var/run/cilium/hubble/*.log"], format: hubble }`,
    )
    .action((options: { readonly listen?: string }) =>
      run(async (context) => {
        const [{ serve }, { version }] = await Promise.all([import('../serve/serve.ts'), import('../version.ts')]);
        return serve(context, options, version());
      }),
    );
};
