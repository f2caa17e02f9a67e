import { addTally, emptyTally, type EdgeKey, type Evidence, type Tally, type WitnessTally } from '../../src/model/edge.ts';
import { witnessKey, type Protocol, type Side, type Witness } from '../../src/model/flow.ts';
import { OTHER_ADDRESSES, workloadPeer, type Peer, type WorkloadPeer } from '../../src/model/peer.ts';

/** Peers, edges and their evidence in few words. */

/** `shop/web` is a Deployment, `shop/StatefulSet/db` what it says. */
export function workload(path: string, cluster = ''): WorkloadPeer {
  const parts = path.split('/');
  const [namespace = '', second = '', third] = parts;
  return workloadPeer({ cluster, namespace, kind: third === undefined ? 'Deployment' : second, name: third ?? second });
}

export const outside = (address: string): Peer => ({ type: 'external', address });
export const OTHERS = outside(OTHER_ADDRESSES);
export const NODE: Peer = { type: 'node', cluster: '' };
export const APISERVER: Peer = { type: 'apiserver', cluster: '' };
export const at = (address: string, account = ''): Peer => ({ type: 'address', cluster: '', address, account });
export const unresolved = (address: string): Peer => ({ type: 'unresolved', address });

/** `edge('shop/web', 'shop/cart', 8080)` */
export function edge(source: string | Peer, destination: string | Peer, port = 8080, protocol: Protocol = 'TCP'): EdgeKey {
  const peer = (end: string | Peer): Peer => (typeof end === 'string' ? workload(end) : end);
  return { source: peer(source), destination: peer(destination), protocol, port };
}

export function witness(side: Side = 'destination', collector = 'hubble', point = 'to-endpoint'): Witness {
  return { collector, side, point };
}

export function tally(counts: Partial<Tally> = {}): Tally {
  return { ...emptyTally(), ...counts };
}

export interface EvidenceParts {
  readonly witnesses?: readonly (readonly [Witness, Partial<Tally>])[];
  /** Hours since day 0 in which the edge was seen. */
  readonly hours?: readonly number[];
  /** Source pods to their connections. */
  readonly pods?: Readonly<Record<string, number>>;
  readonly addresses?: readonly string[];
  readonly principals?: readonly string[];
  readonly failedSlots?: readonly number[];
}

/** Evidence of one answered connection, unless it is said otherwise. */
export function evidence({
  witnesses = [[witness(), { opened: 1, answered: 1 }]],
  hours = [0],
  pods = {},
  addresses = [],
  principals = [],
  failedSlots = [],
}: EvidenceParts = {}): Evidence {
  const all = new Map<string, WitnessTally & { readonly tally: Tally }>();
  for (const [who, counts] of witnesses) {
    const known = all.get(witnessKey(who));
    if (known === undefined) all.set(witnessKey(who), { witness: who, tally: tally(counts) });
    else addTally(known.tally, tally(counts));
  }
  const days = new Map<number, number>();
  for (const hour of hours) days.set(Math.floor(hour / 24), (days.get(Math.floor(hour / 24)) ?? 0) | (1 << (hour % 24)));
  return {
    witnesses: all,
    days,
    pods: new Map(Object.entries(pods)),
    addresses: new Set(addresses),
    principals: new Set(principals),
    operations: [],
    failedSlots: new Map(failedSlots.map((slot) => [slot, 0])),
    byLabelsOnly: new Set(),
  };
}
