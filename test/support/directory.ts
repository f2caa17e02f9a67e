import { eachObject, toInventory } from '../../src/kubernetes/inventory.ts';
import { parseCidr, type Cidr } from '../../src/model/address.ts';
import type { Inventory } from '../../src/model/inventory.ts';
import type { Peer, WorkloadPeer } from '../../src/model/peer.ts';
import { Directory } from '../../src/resolve/directory.ts';
import type { Life, Sightings } from '../../src/resolve/sightings.ts';
import { groupBy } from '../../src/model/group.ts';
import { workload } from './evidence.ts';

/** The inventory that these objects make. */
export const inventoryOf = (...objects: readonly unknown[]): Inventory => toInventory(eachObject(objects)).inventory;

export interface DirectoryOptions {
  readonly ranges?: readonly string[];
  readonly cluster?: string;
}

export function directoryOf(objects: readonly unknown[] = [], { ranges = [], cluster }: DirectoryOptions = {}): Directory {
  return new Directory(inventoryOf(...objects), ranges.map(range), cluster ?? null);
}

export function range(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === null) throw new Error(`no range: ${text}`);
  return cidr;
}

/** `shop/web-1` of the Deployment `shop/web` at an address, from one time to another. */
export function life(address: string, pod: string, firstSeen: number, lastSeen: number, of?: WorkloadPeer): Life {
  const [namespace = '', name = ''] = pod.split('/');
  return { address, namespace, pod: name, workload: of ?? workload(`${namespace}/${name.replace(/-[^-]*$/, '')}`), firstSeen, lastSeen };
}

export function sightings(...lives: readonly Life[]): Sightings {
  return groupBy(lives, ({ address }) => address);
}

/** `Deployment shop/web`, or the type of the peer and its address. */
export function told(peer: Peer | null): string {
  if (peer === null) return 'nobody';
  if (peer.type === 'workload') return `${peer.kind} ${peer.namespace}/${peer.name}`;
  return 'address' in peer ? `${peer.type} ${peer.address}` : peer.type;
}
