import { readYaml } from './config-yaml.ts';
import { UsageError } from './errors.ts';
import { compactCidrs, cidrCovers, parseCidr, type Cidr } from './model/address.ts';
import { isLabelValue } from './model/names.ts';
import type { KnownRanges } from './policy/propose/outside-peers.ts';

/** More would be a policy that nobody reads, and that an API server has no room for. */
const MOST_RANGES = 1000;

/**
 * Files of outside ranges by the name that people have for them, `cdn: [198.51.100.0/24, "2001:db8::/32"]`, as YAML or JSON; sorted by
 * name. Strict, for what they open nobody has seen: a name twice, a range twice, one that says something else than it spells, ranges of
 * two names with an address in common are errors of one line.
 */
export function readKnownRanges(paths: readonly string[]): readonly KnownRanges[] {
  const groups = new Map<string, { readonly path: string; readonly ranges: readonly Cidr[] }>();
  for (const path of paths) {
    for (const [name, given] of namesIn(path)) {
      const other = groups.get(name);
      if (other !== undefined) throw new UsageError(`${path}: ${name} is in ${other.path} already: a name has all its ranges in one place`);
      groups.set(name, { path, ranges: rangesOf(given, `${path}: ${name}`) });
    }
  }
  const known = [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, { ranges }]) => ({ name, ranges }));
  requireApart(known);
  return known;
}

function namesIn(path: string): ReadonlyMap<string, unknown> {
  const value = readYaml(path, { mapAsMap: true });
  if (!(value instanceof Map) || value.size === 0) throw new UsageError(`${path}: must hold names, each with a list of ranges (cdn: [198.51.100.0/24])`);
  for (const name of value.keys()) {
    if (typeof name !== 'string' || name === '' || !isLabelValue(name)) throw new UsageError(`${path}: ${shown(name)}: is no name of ranges (up to 63 letters, digits, -, _ and .)`);
  }
  return value as ReadonlyMap<string, unknown>;
}

function rangesOf(given: unknown, where: string): readonly Cidr[] {
  if (!Array.isArray(given) || given.length === 0) throw new UsageError(`${where}: must be a list of at least one range (198.51.100.0/24)`);
  if (given.length > MOST_RANGES) throw new UsageError(`${where}: ${given.length} ranges are more than a policy takes (${MOST_RANGES}): leave out what is not used, or join some`);
  const ranges = given.map((text) => rangeOf(text, where));
  const sorted = ranges.map(({ text }) => text).toSorted();
  const twice = sorted.find((text, i) => text === sorted[i - 1]);
  if (twice !== undefined) throw new UsageError(`${where}: ${twice} is given twice`);
  return compactCidrs(ranges);
}

function rangeOf(text: unknown, where: string): Cidr {
  const range = typeof text === 'string' && text.includes('/') ? parseCidr(text) : null;
  if (typeof text !== 'string' || range === null) throw new UsageError(`${where}: ${shown(text)} is no range of addresses (198.51.100.0/24, 2001:db8::/32; one address is /32 or /128)`);
  if (range.bits === 0) throw new UsageError(`${where}: ${text} is the whole world, which is no known range`);
  const address = parseCidr(text.slice(0, text.indexOf('/')));
  if (address?.base !== range.base) throw new UsageError(`${where}: ${text} has bits set behind its length; ${range.text} is the range that it is in`);
  return range;
}

/** What was given in a range's or a name's place, in one line: a list in YAML may even hold itself. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  return typeof value === 'object' && value !== null ? 'a list or map' : String(value);
}

/** An address has one name, whatever else is in the files. */
function requireApart(known: readonly KnownRanges[]): void {
  const all = known.flatMap(({ name, ranges }) => ranges.map((range) => ({ name, range }))).toSorted((a, b) => order(a.range, b.range));
  for (const [i, { name, range }] of all.entries()) {
    const before = all[i - 1];
    if (before !== undefined && cidrCovers(before.range, range)) {
      throw new UsageError(`ranges ${before.name} (${before.range.text}) and ${name} (${range.text}) have addresses in common: which name do these have?`);
    }
  }
}

function order(a: Cidr, b: Cidr): number {
  return a.family - b.family || (a.base < b.base ? -1 : a.base > b.base ? 1 : a.bits - b.bits);
}
