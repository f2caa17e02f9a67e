import type { MeshMode } from '../../model/inventory.ts';
import type { Peer, WorkloadPeer } from '../../model/peer.ts';
import { peerKey, peerName } from '../../model/peer.ts';
import type { Widening } from '../../model/proposal.ts';
import type { Graph, GraphEdge } from '../../learn/graph.ts';
import type { Roster } from '../roster.ts';
import { Waypoints, type ServedBy } from './waypoints.ts';

/** The port of the mesh's tunnel, which carries all others. */
export const HBONE_PORT = 15_008;

/** A connection as the node sees it, where NetworkPolicies apply: in the tunnel, to a waypoint, from one. */
export interface WireEdge extends GraphEdge {
  /** What a rule for it opens that the edge itself does not say; null where it is the edge itself. */
  readonly widening: Widening | null;
}

/** How a connection reaches its pod: as it is, in the tunnel, or through the waypoint of a Service. */
export type Way = 'own' | 'tunnel' | (ServedBy & { readonly waypoint: WorkloadPeer });

/** Who talks to whom on the wire for an edge: the edge itself where no tunnel carries it. One function for all edges of a graph. */
export function wireOf(graph: Graph, roster: Roster): (edge: GraphEdge) => readonly WireEdge[] {
  const waysTo = waysOf(graph, roster);
  return (edge) => {
    const ways = waysTo(edge);
    if (ways === AS_IT_IS) return [plain(edge)];
    const wire = ways.flatMap((way) => (way === 'own' ? [plain(edge)] : way === 'tunnel' ? [tunnelled(edge)] : hops(edge, way.waypoint)));
    return wire.length < 2 ? wire : [...new Map(wire.map((one) => [`${peerKey(one.source)}>${peerKey(one.destination)}:${one.port}`, one])).values()];
  };
}

/** The ways that an edge takes, one at least. One function for all edges of a graph. */
export function waysOf(graph: Graph, roster: Roster): (edge: GraphEdge) => readonly Way[] {
  const waypoints = new Waypoints(graph, roster);
  const modesOf = (peer: Peer): readonly (MeshMode | null)[] => {
    const known = peer.type === 'workload' ? [...(roster.member(peer)?.mesh ?? [])] : ['none' as const];
    return known.length > 0 ? known : [null];
  };
  // Edges share the objects of their ends.
  const byPeer = new Map<Peer, readonly (MeshMode | null)[]>();
  const modes = (peer: Peer): readonly (MeshMode | null)[] => {
    let known = byPeer.get(peer);
    if (known === undefined) byPeer.set(peer, (known = modesOf(peer)));
    return known;
  };
  return (edge) => {
    // The mesh captures TCP alone, and what is seen in its tunnel already is on the wire.
    if (edge.protocol !== 'TCP' || edge.port <= 0 || edge.port === HBONE_PORT || edge.destination.type !== 'workload') return AS_IT_IS;
    const there = modes(edge.destination);
    if (!there.some((mode) => mode === 'ambient' || mode === 'sidecar' || mode === 'gateway')) return AS_IT_IS;
    const pairs = modes(edge.source).flatMap((from) => there.map((to) => ({ from, to })));
    return [...new Set(pairs.flatMap(({ from, to }) => waysBetween(edge, from, to, waypoints)))];
  };
}

const AS_IT_IS: readonly Way[] = ['own'];

function plain(edge: GraphEdge): WireEdge {
  return { ...edge, widening: null };
}

/**
 * Which port is used on the wire. Ambient pods are reached through the tunnel by everybody in the mesh. A proxy that is reached by a
 * ztunnel is reached so, too, if it is new enough. Where nobody knows how a client takes part, both are opened.
 */
function portsBetween(from: MeshMode | null, to: MeshMode | null): readonly ('own' | 'tunnel')[] {
  if (to === 'ambient') return from === null ? ['own', 'tunnel'] : from === 'none' ? ['own'] : ['tunnel'];
  if ((to === 'sidecar' || to === 'gateway') && (from === 'ambient' || from === 'waypoint')) return ['own', 'tunnel'];
  return ['own'];
}

function waysBetween(edge: GraphEdge, from: MeshMode | null, to: MeshMode | null, waypoints: Waypoints): readonly Way[] {
  const served = to === 'ambient' && (from === 'ambient' || from === 'sidecar' || from === 'gateway') ? waypoints.before(edge) : [];
  const through = served.filter((one): one is Exclude<Way, string> => one.waypoint !== null && (from === 'ambient' || one.forAll));
  const isStraight = served.length === 0 || through.length < served.length;
  return [...through, ...(isStraight ? portsBetween(from, to) : [])];
}

const HBONE: Widening = { reason: 'hbone', beyond: `TCP ${HBONE_PORT}` };

function tunnelled(edge: GraphEdge): WireEdge {
  return { ...edge, port: HBONE_PORT, widening: HBONE };
}

/** To the waypoint, and from it to the pod. */
function hops(edge: GraphEdge, waypoint: WorkloadPeer): readonly WireEdge[] {
  const widening: Widening = { reason: 'waypoint', beyond: `TCP ${HBONE_PORT} of ${peerName(waypoint)}` };
  return [
    { ...edge, destination: waypoint, port: HBONE_PORT, widening },
    { ...edge, source: waypoint, port: HBONE_PORT, widening },
  ];
}
