import { expect, it } from 'vitest';
import { FORMATS } from '../support/fuzz/formats.ts';
import { fuzz } from '../support/fuzz/fuzz.ts';
import { changedKernel, type Change } from '../support/small-kernel.ts';

const HUBBLE = FORMATS.find(({ name }) => name === 'hubble')!;
const LINES = FORMATS.filter(({ name }) => name !== 'hubble');

/** Mistakes that a kernel could hold, each of which mutated records must tell. */
const MISTAKES: readonly (readonly [what: string, change: Change])[] = [
  ['a key that comes twice counts with each value', [/if \(load<u32>\(at, 8\) == generation\) return 0;/, '']],
  ['a record may go on behind its end', [/object\(start, 0\) == end/, 'object(start, 0) >= end']],
  ['one more level is taken', [/const MAX_DEPTH: i32 = 56;/, 'const MAX_DEPTH: i32 = 64;']],
  ['control characters may be in strings', [/i8x16\.splat\(0x20\)/, 'i8x16.splat(0x01)']],
  ['any escape is one', [/default:\n      return 0;/, 'default:\n      return p + 1;']],
  ['numbers may begin with zeros', [/if \(load<u8>\(p\) == 0x30\) p\+\+;\n  else if/, 'if']],
  ['a comma may stand before the end', [/if \(byte != 0x2c\) return 0;\n    p = afterSpaces\(p \+ 1\);/, 'if (byte != 0x2c) return 0;\n    p = afterSpaces(p + 1);\n    if (load<u8>(p) == 0x7d) return p + 1;']],
  ['braces close brackets', [/while \(next == \(\(objects & 1\) != 0 \? 0x7d : 0x5d\)\)/, 'while (next == 0x7d || next == 0x5d)']],
  ['a value is known by its beginning', [/return same\(p, load<u32>\(value, 8\), load<u32>\(value, 4\)\) \? number : -1;/, 'return same(p, load<u32>(value, 8), 32) ? number : -1;']],
  ['any fraction is three digits long', [/scale \/= 10;/, '']],
  ['months have 31 days', [/if \(day > days\) return false;/, '']],
  ['the second time counts', [/return isNaN\(firstTime\) \? secondTime : firstTime;/, 'return isNaN(secondTime) ? firstTime : secondTime;']],
  ['ports may be any number', [/if \(port < 0 \|\| port > 65535\) return false;/g, 'if (port < 0) return false;']],
  ['an end is who it was before', [/return load<f64>\(entry, HOLDS_FROM\) <= time && time <= load<f64>\(entry, HOLDS_UNTIL\);/, 'return true;']],
  ['the pod of the server is counted', [/seatOf\(\(rule & BACKWARDS\) == 0 \? firstEnd : secondEnd\)/, 'seatOf((rule & BACKWARDS) != 0 ? firstEnd : secondEnd)']],
  ['a workload stands for itself', [/ \|\| workloadOf\(firstEnd\) == workloadOf\(secondEnd\)/, '']],
];

/** Those that only access logs can tell. */
const MISTAKES_OF_LINES: typeof MISTAKES = [
  ['an operation is counted once', [/if \(performed != 0\) countBeside\(performed\);/, '']],
  ['an origin that names an end is overlooked', [/named \? ENDS_AS_THEY_ARE : 0/, '0']],
];

/** Whether the two ways come apart, or what is no record cannot even be read. */
function isTold(change: Change, formats = [HUBBLE]): boolean {
  const kernel = changedKernel([change]);
  try {
    return formats.some((format) => fuzz(format, 1, 100_000, kernel).difference !== null);
  } catch {
    return true;
  }
}

it.each(MISTAKES)('%s: the records tell', (_, change) => {
  expect(isTold(change)).toBe(true);
});

it.each(MISTAKES_OF_LINES)('%s: the lines tell', (_, change) => {
  expect(isTold(change, LINES)).toBe(true);
});

it('no mistake: they tell nothing', () => {
  expect(isTold([/$/, ''])).toBe(false);
});
