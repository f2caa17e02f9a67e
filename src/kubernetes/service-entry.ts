import { canonicalAddress } from '../model/address.ts';
import type { MeshService } from '../model/mesh.ts';
import type { TypedObject } from './inventory.ts';
import { get, integer, list, text, texts } from './object.ts';
import { identity, labelsOf } from './project.ts';

/** ServiceEntries that select workloads, among objects. */
export function serviceEntries(objects: readonly TypedObject[]): readonly MeshService[] {
  return objects.flatMap(({ kind, group, object }): MeshService[] => {
    const named = kind === 'ServiceEntry' && group === 'networking.istio.io' ? identity(object, true) : null;
    const selector = labelsOf(get(object, 'spec', 'workloadSelector', 'labels'));
    if (named === null || selector.size === 0) return [];
    const ports = list(get(object, 'spec', 'ports')).flatMap((port) => {
      const number = integer(get(port, 'number'));
      return number === null ? [] : [{ name: text(get(port, 'name')), port: number, targetPort: integer(get(port, 'targetPort')) ?? number, nodePort: null, protocol: 'TCP' as const }];
    });
    const addresses = texts(get(object, 'spec', 'addresses')).map(canonicalAddress).filter((address) => address !== null);
    const hosts = texts(get(object, 'spec', 'hosts')).map((host) => host.toLowerCase());
    return [{ kind: 'ServiceEntry', ...named, addresses, selector, ports, labels: labelsOf(get(object, 'metadata', 'labels')), hosts }];
  });
}
