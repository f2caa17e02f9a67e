import { cidrContains, parseAddress, type Cidr } from '../../model/address.ts';
import type { Directory } from '../../resolve/directory.ts';

/** Peers that are told by their addresses alone. */
export type AddressClass = 'node' | 'apiserver';

export interface ClassAddresses {
  /** By the inventory; empty if it says nothing of the class. */
  readonly known: ReadonlySet<string>;
  /** Seen, and still there as far as anybody knows; sorted. */
  readonly present: readonly string[];
  /** Seen once; the inventory holds nobody any more who has them. */
  readonly gone: readonly string[];
}

/** The addresses of a class: those that the inventory knows, and what has become of those that were seen. */
export function classAddresses(type: AddressClass, seen: Iterable<string>, directory: Directory): ClassAddresses {
  const known = type === 'node' ? directory.nodeAddresses : directory.apiserverAddresses;
  // Of a node's addresses within the pods' ranges (its bridge's, its tunnel's) no inventory holds all.
  const isThere = (text: string): boolean => known.has(text) || inRanges(text, directory.podRanges) || (type === 'node' && directory.isNode(text));
  const all = [...seen].toSorted();
  return { known, present: all.filter((text) => known.size === 0 || isThere(text)), gone: all.filter((text) => known.size > 0 && !isThere(text)) };
}

export function inRanges(text: string, ranges: readonly Cidr[]): boolean {
  const address = parseAddress(text);
  return address !== null && ranges.some((range) => cidrContains(range, address));
}
