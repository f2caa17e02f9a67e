import type { Store } from '../store/store.ts';
import type { Graph } from '../learn/graph.ts';
import type { Directory } from '../resolve/directory.ts';
import type { Limits } from '../learn/limits.ts';
import type { Config } from '../config.ts';
import type { Context } from './context.ts';
import { isoTime } from './text.ts';

/** Where the database is, by flag, environment, configuration, or the default. */
export function databasePath({ options, env }: Context, config: Config | null): string {
  return options.db ?? env['FOOTPATH_DB'] ?? config?.database ?? 'footpath.db';
}

export async function loadConfig({ options, env }: Context): Promise<Config | null> {
  const path = options.config ?? env['FOOTPATH_CONFIG'];
  if (path === undefined || path === '') return null;
  const { readConfig } = await import('../config.ts');
  return readConfig(path);
}

/** Opens the database for a command that reads or decides, and closes it whatever happens. */
export async function withStore<T>(context: Context, work: (store: Store) => T | Promise<T>): Promise<T> {
  const config = await loadConfig(context);
  const [{ Store: StoreClass }, { asOperationError }] = await Promise.all([import('../store/store.ts'), import('../store/database.ts')]);
  const store = new StoreClass(databasePath(context, config), { create: false, ...limitsOf(config) });
  try {
    return await work(store);
  } catch (error) {
    throw asOperationError(error, store.path);
  } finally {
    store.close();
  }
}

/** Opens the database for a command that reads input into it, made if it is not there; there is one such process at a time. */
export async function withIngestStore<T>(context: Context, config: Config | null, work: (store: Store) => Promise<T>): Promise<T> {
  const [{ Store: StoreClass }, { asOperationError }, { lockForIngest }] = await Promise.all([import('../store/store.ts'), import('../store/database.ts'), import('../store/lock.ts')]);
  const path = databasePath(context, config);
  const since = isoTime(context.now());
  const store = new StoreClass(path, { create: true, ...limitsOf(config) });
  try {
    const lock = lockForIngest(path, { pid: context.pid, since });
    try {
      return await work(store);
    } finally {
      lock.release();
    }
  } catch (error) {
    throw asOperationError(error, path);
  } finally {
    store.close();
  }
}

export function limitsOf(config: Config | null): { readonly limits?: Limits } {
  return config === null ? {} : { limits: config.limits };
}

/** The inventory and ranges that the database holds, by the questions that are asked of them. */
export async function directoryOf(store: Store): Promise<Directory> {
  const { Directory: DirectoryClass } = await import('../resolve/directory.ts');
  return new DirectoryClass(store.inventory.read(), store.inventory.readRanges(), store.setting('cluster'));
}

export async function graphOf(store: Store, options: { readonly withUnresolved?: boolean } = {}): Promise<Graph> {
  return (await graphBuilder(store, await directoryOf(store), options))();
}

/** Builds the graph of this moment whenever it is called, also within a transaction. */
export async function graphBuilder(store: Store, directory: Directory, options: { readonly withUnresolved?: boolean } = {}): Promise<() => Graph> {
  const [{ buildGraph }, { fingerprint }] = await Promise.all([import('../learn/graph.ts'), import('../fingerprint.ts')]);
  const connectionsOf = (pod: string, hours: ReadonlySet<number>): ReadonlyMap<string, number> => store.edges.connectionsOf(pod, hours);
  return () => store.read((stored) => buildGraph({ ...options, stored, directory, fingerprint, connectionsOf }));
}
