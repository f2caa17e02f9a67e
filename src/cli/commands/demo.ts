import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../errors.ts';
import type { Context } from '../context.ts';
import type { Define } from '../command.ts';
import { count, styleFor } from '../text.ts';

const MARK = '.footpath-demo';

export const define: Define = (command, run) => {
  command
    .option('--out <folder>', 'where to leave its logs and its database', 'footpath-demo')
    .action((options: { readonly out: string }) => run((context) => tell(context, options.out)));
};

/** Five scenes, each a command that can be repeated on the database that the demo leaves behind. */
async function tell(context: Context, folder: string): Promise<number> {
  prepare(folder);
  const { writeDemo } = await import('../../demo/write.ts');
  const style = styleFor(context.stdout, context.env);
  const show = (text: string): void => context.print(`${text}\n`);
  const scene = (title: string): void => show(`\n${style.bold(style.cyan(title))}`);
  const files = writeDemo(folder);
  writeFileSync(join(folder, MARK), 'This folder was written by footpath demo, which may write it anew.\n');
  const database = join(folder, 'footpath.db');
  const play = async (...args: readonly string[]): Promise<number> => {
    show(style.dim(`$ footpath ${args.map((arg) => (/[^\w./:=-]/.test(arg) ? `'${arg}'` : arg)).join(' ')} --db ${database}`));
    return context.play([...args, '--db', database]);
  };

  show(`A week of Istio's Bookinfo: ${count(files.connections)} connections, as Hubble and the proxies logged them (${folder}/week).`);
  scene('1. Read the logs, and look at the graph');
  await play('observe', '--inventory', files.inventory, files.week);
  await play('edges', '-o', 'tree');
  scene('2. What was learned, and what it has not seen');
  await play('status');
  scene('3. Policies, with their evidence');
  await play('propose', '--workload', 'istio-ingress/istio-ingress');
  await play('propose', '--workload', 'bookinfo/productpage-v1');
  scene('4. Watch, and an attack: somebody is in the gateway');
  await play('watch', '-A');
  await play('observe', files.attack);
  await play('alerts');
  const first = await idOf(context, database, 'ratings');
  if (first !== null) await play('alerts', 'show', first);
  scene('5. What the policies would have blocked');
  const policies = join(folder, 'policies');
  await play('propose', '--quiet', '--out', policies);
  const status = await play('simulate', '--policies', policies);
  scene('Next, on your own cluster');
  show('  kubectl get pods,services,endpointslices,namespaces,nodes,replicasets,deployments,statefulsets,daemonsets,jobs,cronjobs -A -o json > cluster.json');
  show('  footpath observe --inventory cluster.json /var/run/cilium/hubble/*.log      # or the logs of istio-proxy, or both');
  show('  footpath status · footpath propose -n NS · footpath watch -A · footpath alerts');
  show(style.dim(`The demo's database is ${database}: every command above can be repeated on it.`));
  return status;
}

/** An empty folder, or one that the demo wrote before. Nothing else is touched. */
function prepare(folder: string): void {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return;
  if (!existsSync(join(folder, MARK))) throw new UsageError(`--out ${folder}: is a folder with other things in it; name an empty or a new one`);
  rmSync(folder, { recursive: true });
}

/** Id of the alert about a workload of this name. */
async function idOf(context: Context, path: string, name: string): Promise<string | null> {
  const [{ Store }, { graphOf }, { alertsIn }] = await Promise.all([import('../../store/store.ts'), import('../session.ts'), import('../alerting.ts')]);
  const store = new Store(path, { create: false });
  try {
    const alerts = alertsIn(store, await graphOf(store), context.now());
    const found = alerts.find(({ source, destination }) => source?.type === 'workload' && source.name === 'istio-ingress' && destination?.type === 'workload' && destination.name.startsWith(name));
    return found?.id.slice(0, 7) ?? null;
  } finally {
    store.close();
  }
}
