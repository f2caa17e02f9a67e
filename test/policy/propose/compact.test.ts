import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressText, cidrContains, cidrCovers, cidrSize, parseCidr, rangeAround, type Address, type Cidr } from '../../../src/model/address.ts';
import { compact, WIDEST } from '../../../src/policy/propose/compact.ts';
import { parsed } from '../../support/policy.ts';

const range = (text: string): Cidr => {
  const cidr = parseCidr(text);
  if (cidr === null) throw new Error(`not a range: ${text}`);
  return cidr;
};
const anywhere = (): boolean => true;

/** Ranges and what they add, as text: `198.51.100.0/30 198.51.100.8/32 +1`. */
function compacted(members: readonly string[], limit: number, { seen = members, mayHold = anywhere }: { readonly seen?: readonly string[]; readonly mayHold?: (own: Cidr) => boolean } = {}): string | null {
  const result = compact(members.map(parsed), seen.map(parsed), limit, mayHold);
  return result === null ? null : [...result.ranges.map(({ text }) => text), `+${result.added}`].join(' ');
}

describe('addresses as few ranges', () => {
  it('are merged where that adds the fewest others', () => {
    const far = ['198.51.100.0', '198.51.100.3', '203.0.113.7'];
    expect(compacted(far, 3)).toBe('198.51.100.0/32 198.51.100.3/32 203.0.113.7/32 +0');
    expect(compacted(far, 2)).toBe('198.51.100.0/30 203.0.113.7/32 +2');
  });

  it('are merged for nothing where all of a range was seen, though more ranges were allowed', () => {
    expect(compacted(['198.51.100.4', '198.51.100.5', '198.51.100.9'], 3)).toBe('198.51.100.4/31 198.51.100.9/32 +0');
  });

  it('cost only what was not seen: addresses that others stand for are free', () => {
    const members = ['198.51.100.0', '198.51.100.2'];
    expect(compacted(members, 1)).toBe('198.51.100.0/30 +2');
    expect(compacted(members, 1, { seen: [...members, '198.51.100.3'] })).toBe('198.51.100.0/30 +1');
  });

  it('are those that cost least together, not those that the cheapest merges lead to', () => {
    const members = [0, 7, 8, 9, 10, 11, 12, 13, 14, 15, 32, 33, 39].map((n) => `198.51.100.${n}`);
    // 32 to 39 alone adds but 5; then 0 to 7 had to be merged as well, for 6, and with that 8 to 15 for nothing.
    expect(compacted(members, 3)).toBe('198.51.100.0/28 198.51.100.32/31 198.51.100.39/32 +6');
  });

  it('share their number among families, of which none is merged with the other', () => {
    const both = ['198.51.100.0', '198.51.100.1', '2001:db8::', '2001:db8::3'];
    expect(compacted(both, 2)).toBe('198.51.100.0/31 2001:db8::/126 +2');
    expect(compacted(both, 3)).toBe('198.51.100.0/31 2001:db8::/128 2001:db8::3/128 +0');
    expect(compacted(both, 1)).toBeNull();
  });

  it('are not merged beyond a bound', () => {
    expect(compacted(['198.51.0.0', '198.51.255.255'], 1)).toBe('198.51.0.0/16 +65534');
    expect(compacted(['198.50.255.255', '198.51.0.0'], 1)).toBeNull();
    expect(compacted(['2001:db8:1::', '2001:db8:1:ffff::'], 1)).toBe(`2001:db8:1::/48 +${2n ** 80n - 2n}`);
    expect(compacted(['2001:db8:1::', '2001:db8:2::'], 1)).toBeNull();
  });

  it('are not merged over what may not be held, unless all of it was seen', () => {
    const mayHold = (own: Cidr): boolean => !cidrCovers(own, range('198.51.100.2/32'));
    expect(compacted(['198.51.100.0', '198.51.100.3'], 1, { mayHold })).toBeNull();
    expect(compacted(['198.51.100.0', '198.51.100.3', '198.51.100.9'], 2, { mayHold })).toBeNull();
    expect(compacted(['198.51.100.0', '198.51.100.3', '198.51.100.4', '198.51.100.7'], 3, { mayHold })).toBe('198.51.100.0/32 198.51.100.3/32 198.51.100.4/30 +2');
    expect(compacted(['198.51.100.2', '198.51.100.3'], 1, { mayHold })).toBe('198.51.100.2/31 +0');
  });

  it('of ten thousand are a few ranges in a moment', () => {
    const members = Array.from({ length: 10_000 }, (_, i) => parsed(addressText(4, 0xc6330000n + BigInt((i % 10) * 4096 + Math.floor(i / 10) * 2))));
    const result = compact(members, members, 8, anywhere);
    expect(result?.ranges.length).toBe(7);
    expect((result?.ranges ?? []).reduce((sum, own) => sum + cidrSize(own), 0n) - (result?.added ?? 0n)).toBe(10_000n);
  });
});

/** All ways to cut a range into ranges, down to single addresses. */
function tilings(whole: Cidr): readonly (readonly Cidr[])[] {
  if (whole.bits === 32) return [[whole]];
  const half = (value: bigint): Cidr => rangeAround({ family: 4, value, text: '' }, whole.bits + 1);
  const [left, right] = [tilings(half(whole.base)), tilings(half(whole.base + cidrSize(whole) / 2n))];
  return [[whole], ...left.flatMap((a) => right.map((b) => [...a, ...b]))];
}

describe('for any addresses of a small network', () => {
  const BASE = 0xc6336400n;
  const WHOLE = range('198.51.100.0/28');
  const TILINGS = tilings(WHOLE);
  const at = (offset: number): Address => ({ family: 4, value: BASE + BigInt(offset), text: addressText(4, BASE + BigInt(offset)) });
  const offsets = fc.uniqueArray(fc.nat(15), { maxLength: 10 });
  const smallRange = fc.tuple(fc.nat(15), fc.integer({ min: 28, max: 32 })).map(([offset, bits]) => rangeAround(at(offset), bits));
  const network = fc.record({
    members: fc.uniqueArray(fc.nat(15), { minLength: 1, maxLength: 10 }),
    others: offsets,
    forbidden: fc.array(smallRange, { maxLength: 3 }),
    limit: fc.integer({ min: 1, max: 5 }),
  });

  it('the cost is that of the best of all ways, and there is no answer only where there is no way', () => {
    fc.assert(
      fc.property(network, ({ members, others, forbidden, limit }) => {
        const own = members.map(at);
        const seen = [...new Set([...members, ...others])].map(at);
        const addedBy = (cidr: Cidr): bigint => cidrSize(cidr) - BigInt(seen.filter((address) => cidrContains(cidr, address)).length);
        const mayHold = (cidr: Cidr): boolean => !forbidden.some((one) => cidrCovers(one, cidr) || cidrCovers(cidr, one));
        const ways = TILINGS.map((tiling) => tiling.filter((cidr) => own.some((address) => cidrContains(cidr, address))))
          .filter((used) => used.length <= limit && used.every((cidr) => addedBy(cidr) === 0n || mayHold(cidr)))
          .map((used) => ({ added: used.reduce((sum, cidr) => sum + addedBy(cidr), 0n), count: used.length }));
        const best = ways.toSorted((a, b) => Number(a.added - b.added) || a.count - b.count)[0];
        const result = compact(own, seen, limit, mayHold);
        expect(result === null ? undefined : { added: result.added, count: result.ranges.length }).toEqual(best);
        if (result === null) return;
        // It says what it does: all members, sorted and apart, nothing forbidden, and the cost that it names.
        expect(own.filter((address) => !result.ranges.some((cidr) => cidrContains(cidr, address)))).toEqual([]);
        for (const [i, cidr] of result.ranges.entries()) {
          const before = result.ranges[i - 1];
          if (before !== undefined) expect(before.base + cidrSize(before) <= cidr.base).toBe(true);
          expect(addedBy(cidr) === 0n || mayHold(cidr)).toBe(true);
        }
        expect(result.ranges.reduce((sum, cidr) => sum + addedBy(cidr), 0n)).toBe(result.added);
      }),
      { numRuns: 500 },
    );
  });
});

describe('for any addresses of both families', () => {
  const address = fc.oneof(
    fc.tuple(fc.constantFrom(0xc6330000n, 0xc6340000n), fc.nat(0xffff)).map(([base, n]) => parsed(addressText(4, base + BigInt(n)))),
    fc.tuple(fc.constantFrom(0x20010db8n << 96n, 0x20010db9n << 96n), fc.nat(0xffff), fc.nat(3)).map(([base, n, far]) => parsed(addressText(6, base + (BigInt(n) << BigInt(far * 16))))),
  );

  it('there are never more ranges than allowed, none is too wide, all are covered, and the order is no matter', () => {
    fc.assert(
      fc.property(fc.uniqueArray(address, { minLength: 1, maxLength: 60, selector: ({ text }) => text }), fc.integer({ min: 1, max: 12 }), (members, limit) => {
        const result = compact(members, members, limit, anywhere);
        expect(compact(members.toReversed(), members.toReversed(), limit, anywhere)).toEqual(result);
        if (result === null) return;
        expect(result.ranges.length).toBeLessThanOrEqual(limit);
        expect(result.ranges.filter(({ family, bits }) => bits < WIDEST[family])).toEqual([]);
        expect(members.filter((own) => !result.ranges.some((cidr) => cidrContains(cidr, own)))).toEqual([]);
        expect(result.ranges.reduce((sum, cidr) => sum + cidrSize(cidr), 0n) - BigInt(members.length)).toBe(result.added);
        const more = compact(members, members, limit + 1, anywhere);
        expect(more !== null && more.added <= result.added).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
