import { existsSync } from 'node:fs';
import type { TypedObject } from '../kubernetes/inventory.ts';
import type { Graph } from '../learn/graph.ts';
import type { Context } from './context.ts';
import { databasePath, directoryOf, graphBuilder, graphOf, loadConfig, withStore } from './session.ts';

/** A graph, and where it is from: the path of the database; null where manifests alone tell who there is. */
export interface World {
  readonly graph: Graph;
  readonly database: string | null;
}

/**
 * The world that policies are for: that of the database, if there is one (or one was named), else what manifests tell.
 * `beside` adds the manifests' workloads to those of the database.
 */
export async function withWorld<T>(context: Context, objects: readonly TypedObject[], { beside }: { readonly beside: boolean }, work: (world: World) => T | Promise<T>): Promise<T> {
  const { toInventory } = await import('../kubernetes/inventory.ts');
  const path = databasePath(context, await loadConfig(context));
  const isNamed = context.options.db !== undefined || context.env['FOOTPATH_DB'] !== undefined;
  if (path !== ':memory:' && (isNamed || existsSync(path))) {
    return withStore(context, async (store) => {
      if (!beside) return work({ graph: await graphOf(store), database: path });
      const [directory, { Directory }, { inventory: added }] = [await directoryOf(store), await import('../resolve/directory.ts'), toInventory(objects)];
      const { inventory } = directory;
      const both = {
        ...inventory,
        pods: [...inventory.pods, ...added.pods],
        workloads: [...inventory.workloads, ...added.workloads],
        services: [...inventory.services, ...added.services],
        namespaces: [...inventory.namespaces, ...added.namespaces],
      };
      const graph = (await graphBuilder(store, new Directory(both, store.inventory.readRanges(), directory.cluster)))();
      return work({ graph, database: path });
    });
  }
  const { Store } = await import('../store/store.ts');
  const store = new Store(':memory:', { create: true });
  try {
    store.inventory.write(toInventory(objects).inventory);
    return await work({ graph: await graphOf(store), database: null });
  } finally {
    store.close();
  }
}
