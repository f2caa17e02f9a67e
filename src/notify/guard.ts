import { cidrContains, METADATA_ADDRESSES, parseAddress, parseCidr, scopeOf, type Address, type Cidr } from '../model/address.ts';

/**
 * Who named a target. What stands in the operator's own file may lie within the cluster or on this machine; what was set in any
 * other way reaches public addresses alone. Nobody reaches the addresses where clouds hand out credentials.
 */
export type Trust = 'operator' | 'anybody';

function range(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === null) throw new Error(`bad range in the table of guarded addresses: ${text}`);
  return cidr;
}

/** IPv6 that carries an IPv4 address, with the bits that follow it: NAT64, 6to4, IPv4-compatible. */
const CARRIERS = ([['64:ff9b::/96', 0n], ['2002::/16', 80n], ['::/96', 0n]] as const).map(([text, shift]) => [range(text), shift] as const);
/** For tests, documents, protocols and the future: nobody's on the Internet. */
const RESERVED = ['192.0.0.0/24', '192.0.2.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '240.0.0.0/4', '64:ff9b:1::/48', '100::/64', '2001:db8::/32', 'fec0::/10'].map(range);

/** Why nothing may be sent to an address; null if it may. */
export function whyForbidden(text: string, trust: Trust): string | null {
  const address = parseAddress(text);
  if (address === null) return 'is no address';
  return why(address, trust) ?? carried(address).map((inner) => why(inner, trust)).find((reason) => reason !== null) ?? null;
}

function why(address: Address, trust: Trust): string | null {
  if (METADATA_ADDRESSES.has(address.text)) return 'is a metadata service';
  const scope = scopeOf(address);
  if (scope === 'link-local' || scope === 'multicast' || scope === 'unspecified') return `is ${scope}`;
  if (trust === 'operator') return null;
  if (scope !== 'global') return `is ${scope}`;
  return RESERVED.some((cidr) => cidrContains(cidr, address)) ? 'is reserved' : null;
}

function carried(address: Address): readonly Address[] {
  // ::1 and :: have a scope of their own.
  if (address.family !== 6 || address.value <= 1n) return [];
  return CARRIERS.filter(([cidr]) => cidrContains(cidr, address)).flatMap(([, shift]) => {
    const value = (address.value >> shift) & 0xffffffffn;
    const bytes = [24n, 16n, 8n, 0n].map((n) => String((value >> n) & 255n));
    return parseAddress(bytes.join('.')) ?? [];
  });
}
