import { edgeKey, type EdgeKey } from '../model/edge.ts';
import type { PublicEntry } from '../model/decision.ts';
import { PUBLIC } from '../model/peer.ts';
import { EvidenceBuilder } from './evidence.ts';

/** More distinct clients than this make a port a public one, whatever Service is before it. */
const MANY_CLIENTS = 16;

export function publicEdge({ destination, protocol, port }: EdgeKey): EdgeKey {
  return { source: PUBLIC, destination, protocol, port };
}

/**
 * Ports of workloads that served the outside: behind a Service of type LoadBalancer or NodePort, or to more than 16 clients.
 * `served` are edges with success from outside addresses; `exposed` holds `namespace/kind/name:port/protocol`.
 */
export function findPublicEntries(served: readonly EdgeKey[], exposed: ReadonlySet<string>): readonly PublicEntry[] {
  const clients = new Map<string, { readonly entry: EdgeKey; count: number }>();
  for (const edge of served) {
    if (edge.source.type !== 'external' || edge.destination.type !== 'workload') continue;
    const key = edgeKey(publicEdge(edge));
    const known = clients.get(key);
    if (known === undefined) clients.set(key, { entry: edge, count: 1 });
    else known.count++;
  }
  return [...clients.values()]
    .filter(({ entry: { destination, port, protocol }, count }) => {
      if (destination.type !== 'workload') return false;
      const { namespace, kind, name } = destination;
      return count > MANY_CLIENTS || exposed.has(`${namespace}/${kind}/${name}:${port}/${protocol}`);
    })
    .map(({ entry: { destination, protocol, port } }) => ({ destination, protocol, port }));
}

/** How many addresses a public edge keeps as samples. */
const SAMPLES = 16;

/** Folds the edges of outside clients of public entries into one edge each, in place. */
export function foldPublicClients(edges: Map<string, { readonly edge: EdgeKey; readonly builder: EvidenceBuilder }>, entries: readonly PublicEntry[]): void {
  const keys = new Set(entries.map((entry) => edgeKey({ source: PUBLIC, ...entry })));
  const clients = [...edges].filter(([, { edge }]) => edge.source.type === 'external' && keys.has(edgeKey(publicEdge(edge))));
  // In the order of the addresses, so that the samples are the same whatever came first.
  for (const [key, { edge, builder }] of clients.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const together = publicEdge(edge);
    const publicKey = edgeKey(together);
    let target = edges.get(publicKey);
    if (target === undefined) edges.set(publicKey, (target = { edge: together, builder: new EvidenceBuilder() }));
    target.builder.addClient(builder);
    if (edge.source.type === 'external' && target.builder.addressCount < SAMPLES) target.builder.addAddress(edge.source.address);
    edges.delete(key);
  }
}
