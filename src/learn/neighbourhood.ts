import { peerKey } from '../model/peer.ts';
import type { Directory } from '../resolve/directory.ts';
import type { Scan } from './scan.ts';
import type { StoredPod } from './stored.ts';
import type { Neighbourhood, SuspectEdge } from './suspicion.ts';

/** What suspicions of one edge have to know of all the others. */
export function neighbourhood(
  edges: readonly SuspectEdge[],
  scans: readonly Scan[],
  pods: ReadonlyMap<string, readonly StoredPod[]>,
  directory: Directory,
  connectionsOf: Neighbourhood['connectionsOf'],
): Neighbourhood {
  const portsBetween = new Map<string, Set<number>>();
  const seenNodes = new Set<string>();
  for (const { source, destination, port, success, evidence } of edges) {
    if (source.type === 'node' || destination.type === 'node') for (const address of evidence.addresses) seenNodes.add(address);
    if (source.type !== 'workload' || destination.type !== 'workload' || success === 'none') continue;
    const pair = `${source.namespace}>${destination.namespace}`;
    const ports = portsBetween.get(pair) ?? new Set();
    portsBetween.set(pair, ports.add(port));
  }
  const { nodes } = directory.inventory;
  return {
    scanners: new Set(scans.map(({ source }) => peerKey(source))),
    portsBetween,
    podsOf: new Map([...pods].map(([key, own]) => [key, own.map(({ namespace, name }) => `${namespace}/${name}`)])),
    connectionsOf,
    coversNodes: (addresses) => {
      if (nodes.length > 0) return nodes.length > 1 && nodes.every((node) => node.addresses.some((address) => addresses.has(address)));
      return seenNodes.size > 1 && [...seenNodes].every((address) => addresses.has(address));
    },
    podsOnEveryNode: (names) => {
      const on = new Set<string | null>();
      for (const name of names) {
        const [namespace = '', pod = ''] = name.split('/');
        on.add(directory.pod(namespace, pod)?.node ?? null);
      }
      return nodes.length > 1 && nodes.every((node) => on.has(node.name));
    },
  };
}
