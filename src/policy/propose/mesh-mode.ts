import type { MeshMode, PodFact, WorkloadFact } from '../../model/inventory.ts';
import type { Labels } from '../../model/labels.ts';

const DATAPLANE = 'istio.io/dataplane-mode';

/**
 * How a workload's pods take part in the mesh: as those that run do, else as one of its template would. Several while they move from one
 * to another; none where nobody knows. `namespace` are its labels, null where the inventory does not hold it.
 */
export function meshModes(pods: readonly PodFact[], fact: WorkloadFact | null, namespace: Labels | null): ReadonlySet<MeshMode> {
  const running = pods.map(({ mesh }) => mesh ?? null).filter((mode) => mode !== null);
  if (running.length > 0) return new Set(running.toSorted());
  const wanted = fact === null ? null : templateMode(fact, namespace);
  return new Set(wanted === null ? [] : [wanted]);
}

function templateMode({ mesh = null, templateLabels }: WorkloadFact, namespace: Labels | null): MeshMode | null {
  if (mesh !== null && mesh !== 'none') return mesh;
  const dataplane = templateLabels?.get(DATAPLANE) ?? namespace?.get(DATAPLANE);
  if (dataplane === 'ambient') return 'ambient';
  if (namespace === null) return mesh;
  const injects = namespace.get('istio-injection') === 'enabled' || (namespace.has('istio.io/rev') && namespace.get('istio-injection') !== 'disabled');
  return injects && mesh !== 'none' ? 'sidecar' : 'none';
}
