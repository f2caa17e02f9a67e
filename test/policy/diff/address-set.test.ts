import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../src/model/address.ts';
import { addressCount, addressPlace, addressSetText, blockAddresses, blocksOf, WORLD, type AddressSet } from '../../../src/policy/diff/address-set.ts';
import { isIn, subtract, union } from '../../../src/policy/diff/ranges.ts';
import { parsed } from '../../support/policy.ts';

const text = (set: AddressSet): string => addressSetText(set);
const less = (a: string, ...b: readonly string[]): AddressSet => subtract(blockAddresses(a), union(b.map((one) => blockAddresses(one))));

describe('a set of addresses', () => {
  it.each<[string, AddressSet, string]>([
    ['everything', WORLD, 'anywhere'],
    ['one family', blockAddresses('0.0.0.0/0'), '0.0.0.0/0'],
    ['the other', blockAddresses('::/0'), '::/0'],
    ['host bits do not count', blockAddresses('10.1.2.3/8'), '10.0.0.0/8'],
    ['what is left of a range that was narrowed', less('10.0.0.0/8', '10.1.0.0/16'), '10.0.0.0/8 except 10.1.0.0/16'],
    ['half of one', less('10.0.0.0/8', '10.0.0.0/9'), '10.128.0.0/9'],
    ['two of four parts', less('10.0.0.0/8', '10.64.0.0/10', '10.128.0.0/10'), '10.0.0.0/10; 10.192.0.0/10'],
    ['an eighth missing: three ranges, or one and an exception', less('10.0.0.0/24', '10.0.0.0/27'), '10.0.0.0/24 except 10.0.0.0/27'],
    ['a quarter missing: two ranges', less('10.0.0.0/24', '10.0.0.0/26'), '10.0.0.64/26; 10.0.0.128/25'],
    ['one address missing', less('198.51.100.0/24', '198.51.100.7/32'), '198.51.100.0/24 except 198.51.100.7/32'],
    ['neighbours that make a range', union([blockAddresses('10.0.0.0/25'), blockAddresses('10.0.0.128/25')]), '10.0.0.0/24'],
    ['an exception of an ipBlock', blockAddresses('2001:db8::/32', ['2001:db8:1::/48']), '2001:db8::/32 except 2001:db8:1::/48'],
    ['both families', union([blockAddresses('10.0.0.0/8'), blockAddresses('2001:db8::/64')]), '10.0.0.0/8; 2001:db8::/64'],
    ['the last address of all', blockAddresses('255.255.255.255/32'), '255.255.255.255/32'],
    ['what is no range', blockAddresses('10.0.0'), ''],
  ])('%s', (_, set, expected) => {
    expect(text(set)).toBe(expected);
  });

  it('counts its addresses exactly', () => {
    expect([addressCount(less('10.0.0.0/8', '10.1.0.0/16')), addressCount(blockAddresses('::/0'))]).toEqual([16_777_216n - 65_536n, 1n << 128n]);
  });

  const cidr = fc.tuple(fc.nat({ max: 255 }), fc.integer({ min: 24, max: 32 })).map(([low, bits]) => `192.0.2.${low}/${bits}`);

  it('is spelled as it is, in no more words than its ranges one by one', () => {
    fc.assert(
      fc.property(fc.array(cidr, { maxLength: 6 }), fc.array(cidr, { maxLength: 4 }), (held, holes) => {
        const set = subtract(union(held.map((one) => blockAddresses(one))), union(holes.map((one) => blockAddresses(one))));
        const blocks = blocksOf(set);
        expect(union(blocks.map((block) => blockAddresses(block.cidr, block.except)))).toEqual(set);
        for (const { cidr: own, except } of blocks) for (const hole of except) expect(subtract(blockAddresses(hole), blockAddresses(own))).toEqual([]);
      }),
    );
  });

  it('has exactly the addresses of its ranges', () => {
    fc.assert(
      fc.property(cidr, cidr, fc.nat({ max: 255 }), (outer, hole, low) => {
        const address = parseAddress(`192.0.2.${low}`)!;
        const inside = (one: string): boolean => isIn(addressPlace(address), blockAddresses(one));
        expect(isIn(addressPlace(address), blockAddresses(outer, [hole]))).toBe(inside(outer) && !inside(hole));
      }),
    );
  });

  it('does not take one family for the other', () => {
    expect(isIn(addressPlace(parsed('::a00:1')), blockAddresses('10.0.0.0/8'))).toBe(false);
  });

  it('is cut where it is long', () => {
    const many = union(Array.from({ length: 9 }, (_, i) => blockAddresses(`10.${2 * i}.0.0/16`)));
    expect(addressSetText(many, 2)).toBe('10.0.0.0/16; 10.2.0.0/16 and 7 more ranges');
  });
});
