import type { ServiceFact, ServicePort } from '../../model/inventory.ts';
import type { Labels } from '../../model/labels.ts';
import { peerKey, workloadPeer, type Peer, type WorkloadPeer } from '../../model/peer.ts';
import type { Graph } from '../../learn/graph.ts';
import { backendsOf } from '../../resolve/service.ts';
import type { Roster } from '../roster.ts';

const GATEWAY_NAME = 'gateway.networking.k8s.io/gateway-name';
const USE = 'istio.io/use-waypoint';
const USE_NAMESPACE = 'istio.io/use-waypoint-namespace';
const USE_FROM_GATEWAYS = 'istio.io/ingress-use-waypoint';

/** A Service that stands before a port of a pod. */
export interface ServedBy {
  readonly service: ServiceFact;
  readonly port: ServicePort;
  /** Whom ztunnels hand its connections to; null if straight to the pod. */
  readonly waypoint: WorkloadPeer | null;
  /** Gateways and sidecars go through it, too. */
  readonly forAll: boolean;
}

/** Which Services stand before the ports of pods, where waypoints are used at all. */
export class Waypoints {
  readonly #served = new Map<string, ServedBy[]>();

  constructor(graph: Graph, roster: Roster) {
    const { services, namespaces } = graph.directory.inventory;
    const labelsOf = new Map(namespaces.map(({ name, labels }) => [name, labels]));
    const uses = (labels: Labels | undefined): boolean => labels?.has(USE) === true;
    const concerned = new Set([...namespaces.filter(({ labels }) => uses(labels)).map(({ name }) => name), ...services.filter(({ labels }) => uses(labels)).map(({ namespace }) => namespace)]);
    const workloads = concerned.size === 0 ? NONE : waypointWorkloads(roster);
    for (const service of services.filter(({ namespace }) => concerned.has(namespace))) {
      const own = service.labels;
      const around = labelsOf.get(service.namespace);
      const named = uses(own) ? own : around;
      const name = named?.get(USE) ?? 'none';
      const where = named?.get(USE_NAMESPACE) ?? service.namespace;
      // Its Deployment is called as its Gateway is, if nobody has seen its pods.
      const waypoint = name === 'none' ? null : (workloads.get(`${where}/${name}`) ?? workloadPeer({ cluster: graph.canon.localCluster, namespace: where, kind: 'Deployment', name }));
      const forAll = (own?.get(USE_FROM_GATEWAYS) ?? around?.get(USE_FROM_GATEWAYS)) === 'true';
      for (const port of service.ports) {
        for (const key of new Set(backendsOf(service, port, graph.directory).map((backend) => keyOf(graph.canon.end(backend.peer).peer, backend.port, port.protocol)))) {
          const known = this.#served.get(key);
          if (known === undefined) this.#served.set(key, [{ service, port, waypoint, forAll }]);
          else known.push({ service, port, waypoint, forAll });
        }
      }
    }
  }

  /** The Services before a port of a workload, in the order of the inventory; none where no waypoint is used around it. */
  before({ destination, port, protocol }: { readonly destination: Peer; readonly port: number; readonly protocol: string }): readonly ServedBy[] {
    return this.#served.get(keyOf(destination, port, protocol)) ?? [];
  }
}

const NONE: ReadonlyMap<string, WorkloadPeer> = new Map();

function keyOf(peer: Peer, port: number, protocol: string): string {
  return `${peerKey(peer)}:${port}/${protocol}`;
}

/** Waypoints by `namespace/gateway`. */
function waypointWorkloads(roster: Roster): ReadonlyMap<string, WorkloadPeer> {
  return new Map(
    roster.local().flatMap(({ peer, mesh, standIns }) => {
      const gateway = standIns[0]?.labels.get(GATEWAY_NAME);
      return mesh.has('waypoint') && gateway !== undefined ? [[`${peer.namespace}/${gateway}`, peer] as const] : [];
    }),
  );
}
