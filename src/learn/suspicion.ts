import { METADATA_ADDRESSES } from '../model/address.ts';
import { hoursSeen, MANY_PORTS, totals, type EdgeKey, type Evidence, type Tally } from '../model/edge.ts';
import { peerKey } from '../model/peer.ts';
import type { Success } from './success.ts';

/** Why an edge is not learned by itself. Each rule is a pure function of the edge's present evidence and its neighbours'. */

export const SUSPICIONS = [
  'single-sighting',
  'one-pod',
  'much-out',
  'no-success',
  'scan',
  'many-ports',
  'metadata',
  'kubelet',
  'etcd',
  'remote-shell',
  'foreign-data-store',
] as const;
export type Suspicion = (typeof SUSPICIONS)[number];

/** Notes on an edge that hold nothing back. */
export const NOTES = ['no-opening', 'unconfirmed'] as const;
export type Flag = Suspicion | (typeof NOTES)[number];

export interface SuspectEdge extends EdgeKey {
  readonly evidence: Evidence;
  readonly success: Success;
}

/** What the rules need to know of everything else. */
export interface Neighbourhood {
  /** Keys of peers that scanned. */
  readonly scanners: ReadonlySet<string>;
  /** Namespaces `from>to` to the ports over which they talk with success. */
  readonly portsBetween: ReadonlyMap<string, ReadonlySet<number>>;
  /** Pods of a workload, by its peer key. */
  readonly podsOf: ReadonlyMap<string, readonly string[]>;
  /** Connections that a pod, `namespace/name`, opened within these hours since 1970. */
  readonly connectionsOf: (pod: string, hours: ReadonlySet<number>) => number;
  /** Whether these addresses, or the nodes of these pods, are every node that is known, and more than one: of a single node everything would be on every one. */
  readonly coversNodes: (addresses: ReadonlySet<string>) => boolean;
  readonly podsOnEveryNode: (pods: Iterable<string>) => boolean;
}

/** `total` is what all witnesses of the edge together say. */
type Rule = (edge: SuspectEdge, around: Neighbourhood, total: Readonly<Tally>) => boolean;

const ENOUGH_DAYS = 3;
const MANY_CONNECTIONS = 20;
const MUCH_OUT = 100_000_000;
const DATA_STORES: ReadonlySet<number> = new Set([1433, 1521, 2379, 3306, 5432, 5984, 6379, 7000, 9042, 9200, 11_211, 27_017]);

const RULES: Readonly<Record<Suspicion, Rule>> = {
  'single-sighting': ({ evidence }, _, { opened }) => opened === 1 && hoursSeen(evidence) === 1,

  'one-pod': ({ source, evidence }, around, { opened }) => {
    if (source.type !== 'workload' || source.kind !== 'Deployment' || hasSettled(evidence)) return false;
    if (opened < MANY_CONNECTIONS) return false;
    const { pods } = evidence;
    if (pods.size !== 1) return false;
    const hours = hoursOf(evidence);
    const idle = (around.podsOf.get(peerKey(source)) ?? []).filter(
      (pod) => !pods.has(pod) && around.connectionsOf(pod, hours) >= MANY_CONNECTIONS,
    );
    return idle.length >= 2;
  },

  'much-out': ({ destination, evidence }, _, { bytesOut, bytesIn }) =>
    destination.type === 'external' && evidence.days.size === 1 && bytesOut > MUCH_OUT && bytesOut > 10 * bytesIn,

  'no-success': ({ success }) => success === 'none',

  scan: ({ source, success }, around) => success === 'none' && around.scanners.has(peerKey(source)),

  'many-ports': ({ port }) => port === MANY_PORTS,

  metadata: ({ destination, evidence }, around) =>
    destination.type === 'external' && METADATA_ADDRESSES.has(destination.address) && !around.podsOnEveryNode(evidence.pods.keys()),

  kubelet: (edge, around) => edge.destination.type === 'node' && onPorts(edge, 10_250, 10_255) && !around.coversNodes(edge.evidence.addresses),

  etcd: (edge, around) => onPorts(edge, 2379, 2380) && !reachesEveryNode(edge, around),

  'remote-shell': (edge, around) => onPorts(edge, 22, 3389) && !reachesEveryNode(edge, around),

  'foreign-data-store': ({ source, destination, port }, around) => {
    if (source.type !== 'workload' || destination.type !== 'workload' || source.namespace === destination.namespace) return false;
    if (!DATA_STORES.has(port)) return false;
    const between = around.portsBetween.get(`${source.namespace}>${destination.namespace}`) ?? new Set();
    return [...between].every((other) => other === port);
  },
};

/** Three days of an edge say that it is no accident. */
function hasSettled(evidence: Evidence): boolean {
  return evidence.days.size >= ENOUGH_DAYS;
}

function onPorts({ protocol, port }: EdgeKey, ...ports: readonly number[]): boolean {
  return protocol === 'TCP' && ports.includes(port);
}

function reachesEveryNode({ destination, evidence }: SuspectEdge, around: Neighbourhood): boolean {
  return destination.type === 'node' && around.coversNodes(evidence.addresses);
}

/** Hours since 1970 in which an edge was seen. */
export function hoursOf(evidence: Evidence): ReadonlySet<number> {
  const hours = new Set<number>();
  for (const [day, mask] of evidence.days) for (let hour = 0; hour < 24; hour++) if ((mask >> hour) & 1) hours.add(day * 24 + hour);
  return hours;
}

/** What is asked of an edge that anybody outside may use: nothing by address. */
const OF_THE_PUBLIC: ReadonlySet<Suspicion> = new Set(['single-sighting', 'no-success', 'many-ports', 'etcd', 'remote-shell']);

/** The suspicions that hold on an edge. */
export function suspicionsOf(edge: SuspectEdge, around: Neighbourhood, total: Readonly<Tally> = totals(edge.evidence)): readonly Suspicion[] {
  const isPublic = edge.source.type === 'public';
  return SUSPICIONS.filter((suspicion) => (!isPublic || OF_THE_PUBLIC.has(suspicion)) && RULES[suspicion](edge, around, total));
}
