import { OperationError, UsageError } from '../errors.ts';
import { readManifests } from '../kubernetes/manifests.ts';
import { toInventory } from '../kubernetes/inventory.ts';
import { parseCidr, type Cidr } from '../model/address.ts';
import { isClusterName } from '../model/names.ts';
import type { Store } from '../store/store.ts';
import type { Config } from '../config.ts';
import type { Context } from './context.ts';
import { plain } from './text.ts';

/** Stores what the flags and the configuration say of the cluster; later commands know it too. */
export function describeCluster(context: Context, store: Store, config: Config): void {
  const { files } = config.inventory;
  if (files.length > 0) {
    const { objects, problems } = readManifests(files);
    for (const problem of problems) context.say(`footpath: ${plain(problem)}`);
    const { inventory, ignored } = toInventory(objects);
    if (context.options.verbose === true) for (const [kind, n] of ignored) context.say(`inventory: ${n} of kind ${plain(kind)} not needed`);
    const notNeeded = [...ignored.values()].reduce((sum, n) => sum + n, 0);
    if (notNeeded === objects.length) throw new OperationError(`${files.join(', ')}: holds no Kubernetes objects; give what kubectl get pods,… -A -o json prints, or manifests`);
    store.inventory.write(inventory);
  }
  store.inventory.addRanges(config.clusterCidrs.map(rangeOf));
  const { cluster } = config;
  if (cluster === null) return;
  if (!isClusterName(cluster)) throw new UsageError(`--cluster ${cluster}: is no name of a cluster (letters, digits, -, _ and .)`);
  store.setSetting('cluster', cluster);
}

function rangeOf(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === null) throw new UsageError(`--cluster-cidr ${text}: is no range of addresses; write it as 10.0.0.0/8 or fd00::/48`);
  return cidr;
}
