/**
 * Addresses and ranges as Kubernetes writes them. Text is canonical (RFC 5952; an IPv4-mapped IPv6 address is its IPv4
 * address), so that two spellings of one address are one key. Strict on purpose: no octal, no hex, no short forms, no zones.
 */

export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
  /** Canonical text. */
  readonly text: string;
}

export interface Cidr {
  readonly family: 4 | 6;
  /** First address of the range; host bits are cleared. */
  readonly base: bigint;
  readonly bits: number;
  readonly text: string;
}

/** Where an address can live: `private` covers RFC 1918, RFC 6598 and RFC 4193. */
export type AddressScope = 'global' | 'private' | 'link-local' | 'loopback' | 'multicast' | 'unspecified';

function parseIpv4(text: string): bigint | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part)) return null;
    const octet = Number(part);
    if (octet > 255) return null;
    value = value * 256 + octet;
  }
  return BigInt(value);
}

function parseIpv6(text: string): bigint | null {
  if (text.length > 45) return null;
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  const last = groups[groups.length - 1];
  const tail = last?.[last.length - 1];
  if (last !== undefined && tail !== undefined && tail.includes('.')) {
    const v4 = parseIpv4(tail);
    if (v4 === null) return null;
    last.splice(-1, 1, (v4 >> 16n).toString(16), (v4 & 0xffffn).toString(16));
  }
  const [head = [], rest = []] = groups;
  const missing = 8 - head.length - rest.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  let value = 0n;
  for (const group of [...head, ...Array<string>(missing).fill('0'), ...rest]) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return null;
    value = (value << 16n) | BigInt(`0x${group}`);
  }
  return value;
}

function formatIpv4(value: bigint): string {
  const n = Number(value);
  return `${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`;
}

function formatIpv6(value: bigint): string {
  const groups: number[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(Number((value >> shift) & 0xffffn));
  let bestStart = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === 0) length++;
    if (length > bestLength) [bestStart, bestLength] = [i, length];
  }
  const hex = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return bestStart < 0 ? hex(0, 8) : `${hex(0, bestStart)}::${hex(bestStart + bestLength, 8)}`;
}

const MAPPED_PREFIX = 0xffffn << 32n;

function make(family: 4 | 6, value: bigint): Address {
  if (family === 6 && value >> 32n === MAPPED_PREFIX >> 32n) return make(4, value & 0xffffffffn);
  return { family, value, text: family === 4 ? formatIpv4(value) : formatIpv6(value) };
}

/** Canonical text of the address with this number. */
export function addressText(family: 4 | 6, value: bigint): string {
  return make(family, value).text;
}

/** The address that `text` spells, or null if it spells none. */
export function parseAddress(text: string): Address | null {
  if (text.includes(':')) {
    const value = parseIpv6(text);
    return value === null ? null : make(6, value);
  }
  const value = parseIpv4(text);
  return value === null ? null : make(4, value);
}

/** Canonical text of an address, or null: the form in which addresses are compared and stored everywhere. */
export function canonicalAddress(text: string): string | null {
  return parseAddress(text)?.text ?? null;
}

const width = (family: 4 | 6): number => (family === 4 ? 32 : 128);

/** The range that `text` spells (`10.0.0.0/8`); host bits are cleared, a lone address is a range of one. Null if none. */
export function parseCidr(text: string): Cidr | null {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === null) return null;
  const mapped = address.family === 4 && text.includes(':');
  const digits = slash < 0 ? String(mapped ? 128 : width(address.family)) : text.slice(slash + 1);
  if (!/^(0|[1-9][0-9]{0,2})$/.test(digits)) return null;
  const bits = Number(digits) - (mapped ? 96 : 0);
  if (bits < 0 || bits > width(address.family)) return null;
  return rangeAround(address, bits);
}

/** The range that holds exactly one address: `/32` or `/128`. */
export function singleAddressCidr(address: Address): Cidr {
  return rangeAround(address, width(address.family));
}

/** The range of this length that the address is in. */
export function rangeAround({ family, value }: Address, bits: number): Cidr {
  const host = BigInt(width(family) - bits);
  const base = (value >> host) << host;
  return { family, base, bits, text: `${make(family, base).text}/${bits}` };
}

/** How many addresses a range holds. */
export function cidrSize({ family, bits }: Cidr): bigint {
  return 1n << BigInt(width(family) - bits);
}

/** How many leading bits two addresses of one family share; -1 where they are of two. */
export function sharedBits(a: Address, b: Address): number {
  if (a.family !== b.family) return -1;
  const differing = a.value ^ b.value;
  return differing === 0n ? width(a.family) : width(a.family) - differing.toString(2).length;
}

export function cidrContains(cidr: Cidr, address: Address): boolean {
  if (cidr.family !== address.family) return false;
  const host = BigInt(width(cidr.family) - cidr.bits);
  return address.value >> host === cidr.base >> host;
}

export function cidrCovers(outer: Cidr, inner: Cidr): boolean {
  return outer.bits <= inner.bits && cidrContains(outer, { family: inner.family, value: inner.base, text: '' });
}

/** Sorted by family, first address, length; ranges that another one covers are dropped. */
export function compactCidrs(cidrs: readonly Cidr[]): Cidr[] {
  const sorted = cidrs.toSorted(
    (a, b) => a.family - b.family || (a.base < b.base ? -1 : a.base > b.base ? 1 : a.bits - b.bits),
  );
  const kept: Cidr[] = [];
  for (const cidr of sorted) {
    const previous = kept[kept.length - 1];
    if (previous === undefined || !cidrCovers(previous, cidr)) kept.push(cidr);
  }
  return kept;
}

const SCOPES: readonly (readonly [Cidr, AddressScope])[] = (
  [
    ['0.0.0.0/8', 'unspecified'],
    ['10.0.0.0/8', 'private'],
    ['100.64.0.0/10', 'private'],
    ['127.0.0.0/8', 'loopback'],
    ['169.254.0.0/16', 'link-local'],
    ['172.16.0.0/12', 'private'],
    ['192.168.0.0/16', 'private'],
    ['224.0.0.0/4', 'multicast'],
    ['255.255.255.255/32', 'multicast'],
    ['::/128', 'unspecified'],
    ['::1/128', 'loopback'],
    ['fc00::/7', 'private'],
    ['fe80::/10', 'link-local'],
    ['ff00::/8', 'multicast'],
  ] as const
).map(([text, scope]) => {
  const cidr = parseCidr(text);
  if (cidr === null) throw new Error(`bad range in the table of scopes: ${text}`);
  return [cidr, scope] as const;
});

/** Ranges outside the global network: private, link-local and the like. */
export const SPECIAL_RANGES: readonly Cidr[] = SCOPES.map(([cidr]) => cidr);

export function scopeOf(address: Address): AddressScope {
  for (const [cidr, scope] of SCOPES) if (cidrContains(cidr, address)) return scope;
  return 'global';
}

/** Where clouds answer with a node's credentials (AWS, GCP, Azure and their IPv6 form). */
export const METADATA_ADDRESSES: ReadonlySet<string> = new Set(['169.254.169.254', 'fd00:ec2::254', '169.254.170.2', '168.63.129.16']);
