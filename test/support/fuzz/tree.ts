import type { Random } from '../../../src/demo/random.ts';

/** JSON in which keys may come again and values are as they are written. */
export type Tree = { readonly text: string } | { readonly items: readonly Tree[] } | { readonly entries: readonly Entry[] };
type Entry = readonly [key: string, value: Tree];

type Values = ReadonlyMap<string, readonly Tree[]>;

/** Null for what is no JSON. */
export function readTree(text: string): Tree | null {
  try {
    return treeOf(JSON.parse(text));
  } catch {
    return null;
  }
}

function treeOf(value: unknown): Tree {
  if (Array.isArray(value)) return { items: value.map(treeOf) };
  if (typeof value === 'object' && value !== null) return { entries: Object.entries(value).map(([key, inner]): Entry => [key, treeOf(inner)]) };
  return { text: JSON.stringify(value) };
}

/** With `loose`, in another of the ways in which the same can be written. */
export function writeTree(tree: Tree, random: Random, loose: boolean): string {
  const gap = (): string => (loose && random.next() < 0.1 ? random.pick([' ', '  ', '\t', '\r', '                 ']) : '');
  const text = (written: string): string => (loose && random.next() < 0.05 && /^"[^\\]+"$/.test(written) ? escaped(written, random) : written);
  const write = (value: Tree): string => {
    if ('text' in value) return text(value.text);
    if ('items' in value) return `[${gap()}${value.items.map((item) => write(item) + gap()).join(`,${gap()}`)}]`;
    return `{${gap()}${value.entries.map(([key, inner]) => `${text(JSON.stringify(key))}${gap()}:${gap()}${write(inner)}${gap()}`).join(`,${gap()}`)}}`;
  };
  return gap() + write(tree) + gap();
}

function escaped(written: string, random: Random): string {
  const at = 1 + random.below(written.length - 2);
  return `${written.slice(0, at)}\\u${written.charCodeAt(at).toString(16).padStart(4, '0')}${written.slice(at + 1)}`;
}

/** One change somewhere in it. */
export function edited(tree: Tree, random: Random, values: Values): Tree {
  if ('text' in tree) return otherValue(tree, random);
  if ('items' in tree) {
    const { items } = tree;
    const at = random.below(items.length + 1);
    const item = items[at];
    if (item !== undefined && random.next() < 0.7) return { items: items.toSpliced(at, 1, edited(item, random, values)) };
    return { items: random.next() < 0.5 ? items.toSpliced(at, 1) : items.toSpliced(at, 0, item ?? anyValue(random)) };
  }
  const { entries } = tree;
  // Of an object with few keys, one of them holds nearly all.
  const [any, inner] = [random.below(entries.length), entries.findIndex(([, value]) => !('text' in value))];
  const at = entries.length < 4 && inner >= 0 && random.next() < 0.7 ? inner : any;
  const entry = entries[at];
  if (entry === undefined) return { entries: [[anyKey(random, values), anyValue(random)]] };
  // Objects mostly say what matters further in.
  if (!('text' in entry[1]) && random.next() < 0.75) return { entries: entries.toSpliced(at, 1, [entry[0], edited(entry[1], random, values)]) };
  return { entries: changedAt(entries, at, entry, random, values) };
}

function changedAt(entries: readonly Entry[], at: number, [key, value]: Entry, random: Random, values: Values): readonly Entry[] {
  const elsewhere = random.below(entries.length + 1);
  switch (random.below(10)) {
    case 0:
      return entries.toSpliced(at, 1);
    case 1:
      // The same key again: what is said last counts.
      return entries.toSpliced(elsewhere, 0, [key, random.next() < 0.5 ? value : seenValue(key, random, values)]);
    case 2:
      return entries.toSpliced(at, 1).toSpliced(elsewhere, 0, [key, value]);
    case 3:
      return entries.toSpliced(at, 1, [anyKey(random, values), value]);
    case 4: {
      // A key that is wanted somewhere else.
      const other = anyKey(random, values);
      return entries.toSpliced(elsewhere, 0, [other, seenValue(other, random, values)]);
    }
    case 5:
      return entries.toSpliced(at, 1, [key, otherValue(value, random)]);
    case 6:
      return entries.toSpliced(at, 1, [key, nested(value, random)]);
    default:
      return entries.toSpliced(at, 1, [key, seenValue(key, random, values)]);
  }
}

function seenValue(key: string, random: Random, values: Values): Tree {
  const seen = values.get(key) ?? [];
  return seen[random.below(seen.length)] ?? anyValue(random);
}

function anyKey(random: Random, values: Values): string {
  const keys = [...values.keys()];
  const key = keys[random.below(keys.length)] ?? 'key';
  switch (random.below(8)) {
    case 0:
      return key.toUpperCase();
    case 1:
      return `${key}_`;
    case 2:
      return key.slice(0, -1);
    case 3:
      return random.pick(['', '"', '__proto__', 'x'.repeat(60), 'é', `${key}":`]);
    default:
      return key;
  }
}

function anyValue(random: Random): Tree {
  return random.pick(VALUES);
}

/** The same in another type, or something else. */
function otherValue(value: Tree, random: Random): Tree {
  if (!('text' in value) || random.next() < 0.5) return anyValue(random);
  const { text } = value;
  if (random.next() < 0.7) return { text: text.startsWith('"') ? text.slice(1, -1).replaceAll('\\', '') || '0' : `"${text}"` };
  return { text: JSON.stringify(text.repeat(random.pick([2, 20, 2000])).slice(0, 17_000)) };
}

/** Around the deepest levels that records may have. */
function nested(value: Tree, random: Random): Tree {
  let deep = value;
  const isList = random.next() < 0.5;
  for (let n = random.pick([1, 1, 1, 1, 1, 2, 2, 50 + random.below(20)]); n > 0; n--) deep = isList ? { items: [deep] } : { entries: [['flow', deep]] };
  return deep;
}

const VALUES = [
  'null', 'true', 'false', '""', '{}', '[]', '[{}]', '{"a":1}', '0', '-0', '1', '-1', '80', '00', '65535', '65536', '40000', '1.5', '1e3', '1E+2', '0.0', '.5', '1.', '99999999999999999999', '999999999999999', '1e999', '"0"', '"080"',
  '"8080"', '"00000080"', '"2026-03-02T12:00:00Z"', '"2026-03-02T12:00:60Z"', '"2026-03-02T12:00:00.5Z"', '"2026-03-02t12:00:00z"', '"2026-03-02T12:00:00+02:00"', '"2028-02-29T23:59:59.999999999Z"', '"2026-02-29T00:00:00Z"',
  '"1970-01-01T00:00:00Z"', '"1970-01-01T00:00:00+02:00"', '"9999-12-31T23:59:59.9Z"', '"10.0.0.9"', '"010.0.0.1"', '"::ffff:10.0.0.9"', '"fd00::9"', '"10.0.0.9:80"', '"FORWARDED"', '"DROPPED"', '"\\u0000"', '"\\ud800"', '"a\\/b"', 'nul', '',
].map((text) => ({ text })) as [Tree, ...Tree[]];
