import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressText, cidrCovers, compactCidrs, parseCidr, rangeAround, type Cidr } from '../../../src/model/address.ts';
import { RangeIndex } from '../../../src/policy/propose/range-index.ts';
import { parsed } from '../../support/policy.ts';

const range = (text: string): Cidr => {
  const cidr = parseCidr(text);
  if (cidr === null) throw new Error(`not a range: ${text}`);
  return cidr;
};

describe('ranges by what shares an address with them', () => {
  const index = new RangeIndex([
    [range('198.51.100.0/24'), 'a'],
    [range('203.0.113.8/29'), 'b'],
    [range('2001:db8::/32'), 'c'],
  ]);

  it.each([
    ['198.51.100.255/32', 'a'],
    ['198.51.0.0/16', 'a'],
    ['203.0.113.15/32', 'b'],
    ['203.0.113.16/32', null],
    ['203.0.113.7/32', null],
    ['2001:db8:ffff::1/128', 'c'],
    ['2001:db9::/32', null],
    ['0.0.0.1/32', null],
    ['255.255.255.255/32', null],
  ])('%s: %s', (text, expected) => {
    expect(index.overlapping(range(text))).toBe(expected);
  });

  it('finds nothing among none', () => {
    expect(new RangeIndex<string>([]).overlapping(range('0.0.0.0/0'))).toBeNull();
  });

  it('finds one whenever looking at each would', () => {
    const any = fc.tuple(fc.constantFrom<4 | 6>(4, 6), fc.nat(255), fc.integer({ min: 22, max: 32 })).map(([family, n, bits]) => rangeAround(parsed(addressText(family, (family === 4 ? 0xc6336400n : 0x20010db8n << 96n) + BigInt(n))), family === 4 ? bits : bits + 96));
    fc.assert(
      fc.property(fc.array(any, { maxLength: 12 }), any, (all, asked) => {
        const disjoint = compactCidrs(all);
        const own = new RangeIndex(disjoint.map((cidr) => [cidr, cidr.text] as const));
        const slowly = disjoint.filter((cidr) => cidrCovers(cidr, asked) || cidrCovers(asked, cidr)).map(({ text }) => text);
        const found = own.overlapping(asked);
        expect(found === null ? slowly : slowly.includes(found)).toEqual(found === null ? [] : true);
      }),
      { numRuns: 300 },
    );
  });
});
