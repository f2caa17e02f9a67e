import type { ServiceFact } from '../../model/inventory.ts';
import { hasPorts } from '../../model/flow.ts';
import { peerKey, peerName, type Peer, type WorkloadPeer } from '../../model/peer.ts';
import type { Widening } from '../../model/proposal.ts';
import type { GraphEdge } from '../../learn/graph.ts';
import { HBONE_PORT, type Way } from '../propose/wire.ts';
import { identify, type Around, type ClientIdentity } from './clients.ts';

/** A client at a port, as the proxy there meets it: behind a waypoint that is the waypoint. */
export interface Entry {
  readonly client: Peer;
  /** The pod's, or at a waypoint the Service's. */
  readonly port: number;
  readonly edges: readonly GraphEdge[];
  readonly identity: ClientIdentity;
  readonly widenings: readonly Widening[];
}

/** Who comes to a workload's pods. */
export interface PodAccess {
  readonly entries: readonly Entry[];
  /** What the mesh does not carry, or nobody can say; sentences. */
  readonly notes: readonly string[];
  /** Why no policy can be written; null if one can. */
  readonly problem: string | null;
}

/** Who comes to a Service that a waypoint stands before. */
export interface ServiceAccess {
  readonly service: ServiceFact;
  readonly waypoint: WorkloadPeer;
  /** Workloads behind it that were reached. */
  readonly behind: readonly WorkloadPeer[];
  readonly entries: readonly Entry[];
}

export interface Accesses {
  readonly pods: ReadonlyMap<string, PodAccess>;
  readonly services: readonly ServiceAccess[];
}

/** Ports of a sidecar itself, which are not led through it. */
const NOT_CAPTURED: ReadonlySet<number> = new Set([15_020, 15_021, 15_090]);

interface Arrival {
  readonly client: Peer;
  readonly port: number;
  readonly edges: GraphEdge[];
  /** Those of its own: behind a waypoint they are others', with their certificates. */
  readonly own: GraphEdge[];
  readonly widenings: Widening[];
  isTunnelled: boolean;
}

/** Whom the accepted edges lead where, by the key of the workload, and by Service. */
export function accessesOf(edges: readonly GraphEdge[], waysOf: (edge: GraphEdge) => readonly Way[], around: Around): Accesses {
  const pods = new Map<string, { readonly server: WorkloadPeer; readonly arrivals: Map<string, Arrival>; readonly edges: GraphEdge[] }>();
  const services = new Map<string, { readonly service: ServiceFact; readonly waypoint: WorkloadPeer; readonly behind: Map<string, WorkloadPeer>; readonly arrivals: Map<string, Arrival> }>();
  for (const edge of edges) {
    const { source, destination: server } = edge;
    if (server.type !== 'workload') continue;
    const own = of(pods, peerKey(server), () => ({ server, arrivals: new Map<string, Arrival>(), edges: [] as GraphEdge[] }));
    own.edges.push(edge);
    if (edge.protocol !== 'TCP' || edge.port <= 0 || edge.port === HBONE_PORT || isSidecarsOwn(edge, around)) continue;
    for (const way of waysOf(edge)) {
      if (typeof way === 'string') {
        const straight = arrive(own.arrivals, source, edge.port, edge);
        straight.own.push(edge);
        straight.isTunnelled ||= way === 'tunnel';
        continue;
      }
      const { waypoint, service, port } = way;
      const through = arrive(own.arrivals, waypoint, edge.port, { ...edge, source: waypoint });
      through.widenings.push({ reason: 'waypoint', beyond: `TCP ${edge.port} from ${peerName(waypoint)}` });
      const before = of(services, `${service.namespace}/${service.name}`, () => ({ service, waypoint, behind: new Map<string, WorkloadPeer>(), arrivals: new Map<string, Arrival>() }));
      before.behind.set(peerKey(server), server);
      const asked = arrive(before.arrivals, source, port.port, edge);
      asked.own.push(edge);
      asked.isTunnelled = true;
    }
  }
  return {
    pods: new Map([...pods].map(([key, { server, arrivals, edges: all }]) => [key, { entries: entriesOf(arrivals, server, around), notes: notesOf(all, around), problem: problemOf(all, arrivals) }])),
    services: [...services.values()].map(({ service, waypoint, behind, arrivals }) => ({ service, waypoint, behind: [...behind.values()], entries: entriesOf(arrivals, waypoint, around) })),
  };
}

function of<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

function arrive(arrivals: Map<string, Arrival>, client: Peer, port: number, edge: GraphEdge): Arrival {
  const arrival = of(arrivals, `${peerKey(client)}:${port}`, () => ({ client, port, edges: [], own: [], widenings: [], isTunnelled: false }));
  arrival.edges.push(edge);
  return arrival;
}

function entriesOf(arrivals: ReadonlyMap<string, Arrival>, server: WorkloadPeer, around: Around): readonly Entry[] {
  return [...arrivals]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { client, port, edges, own, widenings, isTunnelled }]) => ({ client, port, edges, widenings, identity: identify(client, own, server, isTunnelled, around) }));
}

/** Of an ambient pod they are ports like any other. */
function isSidecarsOwn({ destination, port }: GraphEdge, { roster }: Around): boolean {
  return NOT_CAPTURED.has(port) && roster.member(destination)?.mesh.has('ambient') !== true;
}

function notesOf(edges: readonly GraphEdge[], around: Around): readonly string[] {
  return edges.flatMap((edge) => {
    const { source, port, protocol } = edge;
    const what = hasPorts(protocol) && port > 0 ? `${protocol} ${port}` : protocol;
    if (protocol !== 'TCP') return [`${what} from ${peerName(source)} is not carried by the mesh: the NetworkPolicy alone is for it`];
    return isSidecarsOwn(edge, around) ? [`${what} from ${peerName(source)} is a port of the sidecar itself, which no policy of the mesh sees: the NetworkPolicy alone is for it`] : [];
  });
}

/** Whoever was seen in the tunnel alone uses ports that nobody knows. */
function problemOf(edges: readonly GraphEdge[], arrivals: ReadonlyMap<string, Arrival>): string | null {
  const known = new Set([...arrivals.values()].flatMap(({ client, edges: own }) => [peerKey(client), ...own.map(({ id }) => id)]));
  const unknown = edges.filter(({ port, source }) => port === HBONE_PORT && !known.has(peerKey(source))).map(({ source }) => peerName(source));
  return unknown.length === 0 ? null : `${unknown.toSorted().join(', ')} ${unknown.length === 1 ? 'was' : 'were'} seen in the mesh’s tunnel alone: access logs of the server’s side tell the ports`;
}
