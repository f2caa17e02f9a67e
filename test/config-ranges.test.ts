import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readKnownRanges } from '../src/config-ranges.ts';
import { OperationError, UsageError } from '../src/errors.ts';
import { scratch } from './support/cli.ts';

/** Paths of files with these contents: `0.yaml`, `1.yaml`. */
function files(...contents: readonly string[]): readonly string[] {
  const folder = scratch();
  return contents.map((content, i) => {
    const path = join(folder, `${i}.yaml`);
    writeFileSync(path, content);
    return path;
  });
}

/** `cdn: 198.51.100.0/24 2001:db8::/32`, one line a name. */
const read = (...contents: readonly string[]): readonly string[] => readKnownRanges(files(...contents)).map(({ name, ranges }) => `${name}: ${ranges.map(({ text }) => text).join(' ')}`);

/** What is said of files that are not right, without the folder. */
function refusal(...contents: readonly string[]): string {
  try {
    read(...contents);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    const { message } = error as Error;
    expect(message.split('\n')).toHaveLength(1);
    return message.replace(/\S*\/(?=[0-9]\.yaml)/g, '');
  }
  throw new Error('nothing was wrong with it');
}

describe('files of known ranges', () => {
  it.each([
    ['YAML', 'office: [192.0.2.0/28]\ncdn:\n- 2001:db8::/32\n- 198.51.100.0/24\n'],
    ['JSON', '{"office": ["192.0.2.0/28"], "cdn": ["2001:DB8::/32", "198.51.100.0/24"]}'],
  ])('hold ranges by name, sorted whatever their order: %s', (_, content) => {
    expect(read(content)).toEqual(['cdn: 198.51.100.0/24 2001:db8::/32', 'office: 192.0.2.0/28']);
  });

  it('add up, in whatever order they are given', () => {
    const [a, b] = ['cdn: [198.51.100.0/24]', 'office: [192.0.2.0/28]'] as const;
    expect(read(a, b)).toEqual(read(b, a));
    expect(read(a, b)).toEqual(['cdn: 198.51.100.0/24', 'office: 192.0.2.0/28']);
    expect(readKnownRanges([])).toEqual([]);
  });

  it('may have a range within another of the same name, as lists of providers do: it says nothing new', () => {
    expect(read('cdn: [198.51.100.64/26, 198.51.100.0/24, 203.0.113.7/32]')).toEqual(['cdn: 198.51.100.0/24 203.0.113.7/32']);
  });

  it('take a name for a name, whatever YAML elsewhere or JavaScript would make of it', () => {
    expect(read('on: [198.51.100.0/24]\nconstructor: [192.0.2.0/28]\n')).toEqual(['constructor: 192.0.2.0/28', 'on: 198.51.100.0/24']);
    expect(refusal('__proto__: [198.51.100.0/24]')).toBe('0.yaml: "__proto__": is no name of ranges (up to 63 letters, digits, -, _ and .)');
  });

  it.each([
    ['nothing', '', '0.yaml: must hold names, each with a list of ranges (cdn: [198.51.100.0/24])'],
    ['no names', '{}', '0.yaml: must hold names, each with a list of ranges (cdn: [198.51.100.0/24])'],
    ['a list alone', '- 198.51.100.0/24', '0.yaml: must hold names, each with a list of ranges (cdn: [198.51.100.0/24])'],
    ['no YAML', 'cdn: [', '0.yaml: is no valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ] at line 1, column 7'],
    ['a name twice', 'cdn: [198.51.100.0/24]\ncdn: [203.0.113.0/24]', '0.yaml: is no valid YAML: Map keys must be unique at line 2, column 1'],
    ['a name that is none', '"a b": [198.51.100.0/24]', '0.yaml: "a b": is no name of ranges (up to 63 letters, digits, -, _ and .)'],
    ['a name that would end a comment', '"a\\nb": [198.51.100.0/24]', '0.yaml: "a\\nb": is no name of ranges (up to 63 letters, digits, -, _ and .)'],
    ['an empty name', '"": [198.51.100.0/24]', '0.yaml: "": is no name of ranges (up to 63 letters, digits, -, _ and .)'],
    ['a number for a name', '7: [198.51.100.0/24]', '0.yaml: 7: is no name of ranges (up to 63 letters, digits, -, _ and .)'],
    ['one range instead of a list', 'cdn: 198.51.100.0/24', '0.yaml: cdn: must be a list of at least one range (198.51.100.0/24)'],
    ['an empty list', 'cdn: []', '0.yaml: cdn: must be a list of at least one range (198.51.100.0/24)'],
    ['a name without a list', 'cdn:', '0.yaml: cdn: must be a list of at least one range (198.51.100.0/24)'],
    ['what is no range', 'cdn: [198.51.100.0/33]', '0.yaml: cdn: "198.51.100.0/33" is no range of addresses (198.51.100.0/24, 2001:db8::/32; one address is /32 or /128)'],
    ['an address without a length', 'cdn: [198.51.100.7]', '0.yaml: cdn: "198.51.100.7" is no range of addresses (198.51.100.0/24, 2001:db8::/32; one address is /32 or /128)'],
    ['a number', 'cdn: [7]', '0.yaml: cdn: 7 is no range of addresses (198.51.100.0/24, 2001:db8::/32; one address is /32 or /128)'],
    ['a map', 'cdn: [{a: 1}]', '0.yaml: cdn: a list or map is no range of addresses (198.51.100.0/24, 2001:db8::/32; one address is /32 or /128)'],
    ['a list that holds itself', 'cdn: &a [*a]', '0.yaml: cdn: a list or map is no range of addresses (198.51.100.0/24, 2001:db8::/32; one address is /32 or /128)'],
    ['a name that holds itself', '? &k [x, *k]\n: [198.51.100.0/24]', '0.yaml: a list or map: is no name of ranges (up to 63 letters, digits, -, _ and .)'],
    ['a text without end', `cdn: [${'9'.repeat(5000)}x]`, `0.yaml: cdn: "${'9'.repeat(60)}…" is no range of addresses (198.51.100.0/24, 2001:db8::/32; one address is /32 or /128)`],
    ['nothing in a list', 'cdn: [~]', '0.yaml: cdn: null is no range of addresses (198.51.100.0/24, 2001:db8::/32; one address is /32 or /128)'],
    ['host bits', 'cdn: [198.51.100.7/24]', '0.yaml: cdn: 198.51.100.7/24 has bits set behind its length; 198.51.100.0/24 is the range that it is in'],
    ['host bits of IPv6', 'cdn: ["2001:db8::1/64"]', '0.yaml: cdn: 2001:db8::1/64 has bits set behind its length; 2001:db8::/64 is the range that it is in'],
    ['the world', 'all: [0.0.0.0/0]', '0.yaml: all: 0.0.0.0/0 is the whole world, which is no known range'],
    ['the other world', 'all: ["::/0"]', '0.yaml: all: ::/0 is the whole world, which is no known range'],
    ['a range twice, though it is spelt otherwise', 'cdn: ["2001:db8::/32", "2001:0db8::/32"]', '0.yaml: cdn: 2001:db8::/32 is given twice'],
    ['one range of two names', 'a: [198.51.100.0/24]\nb: [198.51.100.0/24]', 'ranges a (198.51.100.0/24) and b (198.51.100.0/24) have addresses in common: which name do these have?'],
    ['ranges of two names one in the other', 'b: [192.0.2.0/24, 198.51.100.0/24]\na: [198.51.100.64/26]', 'ranges b (198.51.100.0/24) and a (198.51.100.64/26) have addresses in common: which name do these have?'],
    ['more ranges than a policy takes', `cdn: [${Array.from({ length: 1001 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`).join(', ')}]`, '0.yaml: cdn: 1001 ranges are more than a policy takes (1000): leave out what is not used, or join some'],
  ])('are refused in one line if they hold %s', (_, content, message) => {
    expect(refusal(content)).toBe(message);
  });

  it('are refused if two of them have a name, or addresses of two names', () => {
    expect(refusal('cdn: [198.51.100.0/24]', 'cdn: [203.0.113.0/24]')).toBe('1.yaml: cdn is in 0.yaml already: a name has all its ranges in one place');
    expect(refusal('cdn: [198.51.100.0/24]', 'office: [198.51.100.16/28]')).toBe('ranges cdn (198.51.100.0/24) and office (198.51.100.16/28) have addresses in common: which name do these have?');
  });

  it('are another error if they cannot be read', () => {
    expect(() => readKnownRanges([join(scratch(), 'missing.yaml')])).toThrow(OperationError);
    expect(() => readKnownRanges([join(scratch(), 'missing.yaml')])).toThrow(/missing\.yaml: cannot be read: ENOENT$/);
  });
});
