import { addressText, parseCidr, type Address, type Cidr } from '../../model/address.ts';
import { subtract, union, type Ranges } from './ranges.ts';

/** Addresses of both families on one line, IPv6 behind IPv4 with a gap between. */
export type AddressSet = Ranges<bigint>;

export interface Block {
  readonly cidr: string;
  readonly except: readonly string[];
}

const WIDTH = { 4: 32, 6: 128 } as const;
const BASE = { 4: 0n, 6: 1n << 128n } as const;
const FAMILIES = [4, 6] as const;

/** Every address there is. */
export const WORLD: AddressSet = FAMILIES.map((family) => [BASE[family], BASE[family] + (1n << BigInt(WIDTH[family]))]);

export function addressPlace({ family, value }: Address): bigint {
  return BASE[family] + value;
}

function cidrRange({ family, base, bits }: Cidr): readonly [bigint, bigint] {
  const from = BASE[family] + base;
  return [from, from + (1n << BigInt(WIDTH[family] - bits))];
}

/** The addresses of an ipBlock; none if it spells no range. */
export function blockAddresses(cidr: string, except: readonly string[] = []): AddressSet {
  const range = parseCidr(cidr);
  if (range === null) return [];
  const holes = except.map(parseCidr).filter((hole) => hole !== null);
  return subtract([cidrRange(range)], union(holes.map((hole) => [cidrRange(hole)])));
}

export function addressCount(set: AddressSet): bigint {
  return set.reduce((sum, [from, to]) => sum + (to - from), 0n);
}

/** A set in as few ranges and exceptions as spell it, sorted. */
export function blocksOf(set: AddressSet): readonly Block[] {
  return FAMILIES.flatMap((family) => {
    const [low, high] = [BASE[family], BASE[family] + (1n << BigInt(WIDTH[family]))];
    const own = set.filter(([from]) => from >= low && from < high).map(([from, to]) => [from - low, to - low] as const);
    return spell(family, 0n, 0, own).best;
  });
}

interface Spelling {
  readonly best: readonly Block[];
  readonly cost: number;
  /** What of the range is not in the set, in ranges. */
  readonly holes: readonly string[];
}

/** Halves a range until a part is all in the set or all out of it: as deep as an address is long. */
function spell(family: 4 | 6, base: bigint, bits: number, set: Ranges<bigint>): Spelling {
  const size = 1n << BigInt(WIDTH[family] - bits);
  const text = `${addressText(family, base)}/${bits}`;
  const [first] = set;
  if (first === undefined) return { best: [], cost: 0, holes: [text] };
  if (first[0] <= base && first[1] >= base + size) return { best: [{ cidr: text, except: [] }], cost: 1, holes: [] };
  const middle = base + size / 2n;
  const low = spell(family, base, bits + 1, set.filter(([from]) => from < middle));
  const high = spell(family, middle, bits + 1, set.filter(([, to]) => to > middle));
  const holes = [...low.holes, ...high.holes];
  const cost = low.cost + high.cost;
  if (1 + holes.length < cost) return { best: [{ cidr: text, except: holes }], cost: 1 + holes.length, holes };
  return { best: [...low.best, ...high.best], cost, holes };
}

/** `10.0.0.0/8 except 10.1.0.0/16`; `anywhere`. Of many ranges the first are named, and the rest counted. */
export function addressSetText(set: AddressSet, most = 4): string {
  if (subtract(WORLD, set).length === 0) return 'anywhere';
  const blocks = blocksOf(set);
  const texts = blocks.slice(0, most).map(({ cidr, except }) => {
    if (except.length === 0) return cidr;
    return `${cidr} except ${except.slice(0, most).join(', ')}${except.length > most ? ` and ${except.length - most} more` : ''}`;
  });
  return `${texts.join('; ')}${blocks.length > most ? ` and ${blocks.length - most} more ranges` : ''}`;
}
