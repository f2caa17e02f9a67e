import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalAddress,
  cidrContains,
  cidrCovers,
  cidrSize,
  compactCidrs,
  METADATA_ADDRESSES,
  parseAddress,
  parseCidr,
  rangeAround,
  scopeOf,
  sharedBits,
  singleAddressCidr,
  type Address,
  type Cidr,
} from '../../src/model/address.ts';

const address = (text: string): Address => {
  const parsed = parseAddress(text);
  if (parsed === null) throw new Error(`no address: ${text}`);
  return parsed;
};
const cidr = (text: string): Cidr => {
  const parsed = parseCidr(text);
  if (parsed === null) throw new Error(`no range: ${text}`);
  return parsed;
};

const v4 = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map((octets) => octets.join('.'));
/** Groups with many zeros, so that there is something to shorten; never the mapped IPv4 range. */
const groups = fc
  .array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  .filter((all) => !(all.slice(0, 5).every((group) => group === 0) && all[5] === 0xffff));
const v6 = groups.map((all) => all.map((group) => group.toString(16)).join(':'));
const any = fc.oneof(v4, v6);
const range = fc.oneof(
  fc.tuple(v4, fc.nat(32)).map(([text, bits]) => `${text}/${bits}`),
  fc.tuple(v6, fc.nat(128)).map(([text, bits]) => `${text}/${bits}`),
);
/** Ranges within a small space, which often touch. */
const nearRange = fc.oneof(
  fc.tuple(fc.nat(7), fc.integer({ min: 28, max: 32 })).map(([host, bits]) => cidr(`10.0.0.${host}/${bits}`)),
  fc.tuple(fc.nat(7), fc.integer({ min: 124, max: 128 })).map(([host, bits]) => cidr(`fd00::${host}/${bits}`)),
);
const nearAddress = fc.oneof(
  fc.nat(15).map((host) => address(`10.0.0.${host}`)),
  fc.nat(15).map((host) => address(`fd00::${host.toString(16)}`)),
);

describe('an address', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['2001:0db8::0001', '2001:db8::1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'], // the longest run of zeros is shortened
    ['1:0:0:2:3:0:0:4', '1::2:3:0:0:4'], // of equal runs the first
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'], // one zero alone is written
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['::ffff:10.0.0.1', '10.0.0.1'], // IPv4 in IPv6 is IPv4
    ['::FFFF:a00:1', '10.0.0.1'],
    ['64:ff9b::10.0.0.1', '64:ff9b::a00:1'], // dotted in another prefix is IPv6
    ['::10.0.0.1', '::a00:1'],
  ])('%s is written %s', (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
  });

  it.each([
    ['nothing', ''],
    ['a name', 'localhost'],
    ['three octets', '10.0.1'],
    ['five octets', '10.0.0.0.1'],
    ['an octet over 255', '10.0.0.256'],
    ['octal', '010.0.0.1'],
    ['a leading zero', '10.0.0.01'],
    ['hexadecimal', '0x0a.0.0.1'],
    ['one number', '167772161'],
    ['a sign', '10.0.0.-1'],
    ['an empty octet', '10..0.1'],
    ['spaces', ' 10.0.0.1'],
    ['a line end', '10.0.0.1\n'],
    ['a port', '10.0.0.1:80'],
    ['brackets', '[::1]'],
    ['a zone', 'fe80::1%eth0'],
    ['seven groups', '1:2:3:4:5:6:7'],
    ['nine groups', '1:2:3:4:5:6:7:8:9'],
    ['eight groups and a gap', '1:2:3:4::5:6:7:8'],
    ['two gaps', '1::2::3'],
    ['three colons', ':::'],
    ['a lone colon at the start', ':1:2:3:4:5:6:7'],
    ['a lone colon at the end', '1:2:3:4:5:6:7:'],
    ['five digits', '12345::'],
    ['no digit', 'g::'],
    ['dotted in front', '10.0.0.1::'],
    ['dotted and broken', '::ffff:10.0.0.256'],
    ['other digits', '١٠.0.0.1'],
    ['a very long text', `${'0'.repeat(100_000)}::1`],
  ])('is not %s', (_, text) => {
    expect(parseAddress(text)).toBeNull();
  });

  it('is written in one way, which reads back to it', () => {
    fc.assert(
      fc.property(any, (text) => {
        const parsed = address(text);
        expect(address(parsed.text)).toEqual(parsed);
        expect(canonicalAddress(text.toUpperCase())).toBe(parsed.text);
      }),
    );
  });

  it('keeps its value: the groups that are written are the groups that were read', () => {
    fc.assert(
      fc.property(groups, (all) => {
        const parsed = address(all.map((group) => group.toString(16)).join(':'));
        const read = Array.from({ length: 8 }, (_, i) => Number((parsed.value >> BigInt(112 - 16 * i)) & 0xffffn));
        expect(read).toEqual(all);
        expect(parsed.text).not.toMatch(/:::|(^|:)0[0-9a-f]/);
      }),
    );
  });

  it('is the same in IPv4 and as IPv4 in IPv6', () => {
    fc.assert(
      fc.property(v4, (text) => {
        expect(parseAddress(`::ffff:${text}`)).toEqual(address(text));
      }),
    );
  });

  it('never throws and never yields text that does not parse, whatever it is given', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f:.%/]{0,30}$/)), (text) => {
        const canonical = canonicalAddress(text);
        const parsed = parseCidr(text);
        expect(canonical === null ? null : canonicalAddress(canonical)).toBe(canonical);
        expect(parsed === null ? null : parseCidr(parsed.text)).toEqual(parsed);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a range', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.1.2.3/8', '10.0.0.0/8'], // host bits are cleared
    ['10.1.2.3', '10.1.2.3/32'],
    ['10.1.2.3/31', '10.1.2.2/31'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['255.255.255.255/0', '0.0.0.0/0'],
    ['2001:DB8:1::9/48', '2001:db8:1::/48'],
    ['::1', '::1/128'],
    ['::/0', '::/0'],
    ['ffff::/1', '8000::/1'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['::ffff:10.1.2.3', '10.1.2.3/32'],
  ])('%s is %s', (text, canonical) => {
    expect(parseCidr(text)?.text).toBe(canonical);
  });

  it.each([
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '/8',
    '10.0.0.0/8 ',
    '10.0.0.0/1e1',
    '::ffff:10.0.0.0/95',
  ])('is not %s', (text) => {
    expect(parseCidr(text)).toBeNull();
  });

  it.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.0/8', '9.255.255.255', false],
    ['10.0.0.4/30', '10.0.0.7', true],
    ['10.0.0.4/30', '10.0.0.8', false],
    ['10.0.0.4/30', '10.0.0.3', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '::1', false], // the whole of IPv4 holds no IPv6
    ['::/0', '10.0.0.1', false],
    ['::/0', '2001:db8::1', true],
    ['2001:db8::/32', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', true],
    ['2001:db8::/32', '2001:db9::', false],
    ['fd00::10/128', 'fd00::10', true],
    ['fd00::10/128', 'fd00::11', false],
  ])('%s and %s: %s', (text, inside, expected) => {
    expect(cidrContains(cidr(text), address(inside))).toBe(expected);
  });

  it('holds the address that it is written with, and the one before its first and after its last not', () => {
    fc.assert(
      fc.property(range, (text) => {
        const parsed = cidr(text);
        const width = parsed.family === 4 ? 32 : 128;
        const size = 1n << BigInt(width - parsed.bits);
        const at = (value: bigint): Address => ({ family: parsed.family, value, text: '' });
        expect(cidrContains(parsed, address(text.slice(0, text.indexOf('/'))))).toBe(true);
        expect(cidrContains(parsed, at(parsed.base))).toBe(true);
        expect(cidrContains(parsed, at(parsed.base + size - 1n))).toBe(true);
        if (parsed.base > 0n) expect(cidrContains(parsed, at(parsed.base - 1n))).toBe(false);
        if (parsed.base + size < 1n << BigInt(width)) expect(cidrContains(parsed, at(parsed.base + size))).toBe(false);
      }),
    );
  });

  it('of one address holds it alone', () => {
    fc.assert(
      fc.property(any, (text) => {
        const parsed = address(text);
        const single = singleAddressCidr(parsed);
        expect(single.text).toBe(`${parsed.text}/${parsed.family === 4 ? 32 : 128}`);
        expect(cidr(single.text)).toEqual(single);
        expect(cidrContains(single, parsed)).toBe(true);
        expect(cidrContains(single, { ...parsed, value: parsed.value ^ 1n })).toBe(false);
      }),
    );
  });

  it('covers another exactly if it holds all of its addresses', () => {
    const all = Array.from({ length: 16 }, (_, host) => [address(`10.0.0.${host}`), address(`fd00::${host.toString(16)}`)]).flat();
    fc.assert(
      fc.property(nearRange, nearRange, (outer, inner) => {
        const held = all.filter((one) => cidrContains(inner, one));
        expect(cidrCovers(outer, inner)).toBe(held.every((one) => cidrContains(outer, one)));
      }),
    );
  });
});

describe('what two addresses share', () => {
  it.each([
    ['198.51.100.0', '198.51.100.1', 31],
    ['198.51.100.0', '198.51.100.128', 24],
    ['0.0.0.0', '128.0.0.0', 0],
    ['198.51.100.7', '198.51.100.7', 32],
    ['2001:db8::1', '2001:db8::2', 126],
    ['2001:db8::1', '198.51.100.7', -1],
  ])('%s and %s: %i bits, which is the longest range around one that holds the other', (a, b, bits) => {
    expect(sharedBits(address(a), address(b))).toBe(bits);
    if (bits < 0) return;
    const around = rangeAround(address(a), bits);
    expect(cidrContains(around, address(b))).toBe(true);
    expect(around).toEqual(cidr(`${a}/${bits}`));
    if (a !== b) expect(cidrContains(rangeAround(address(a), bits + 1), address(b))).toBe(false);
  });

  it.each([
    ['198.51.100.7/32', 1n],
    ['10.0.0.0/8', 16_777_216n],
    ['2001:db8::/32', 2n ** 96n],
  ])('%s holds %i addresses', (text, size) => {
    expect(cidrSize(cidr(text))).toBe(size);
  });
});

describe('compact ranges', () => {
  it('hold what they held, none within another, in one order', () => {
    fc.assert(
      fc.property(fc.array(nearRange, { maxLength: 8 }), nearAddress, (ranges, one) => {
        const compact = compactCidrs(ranges);
        expect(compact.some((kept) => cidrContains(kept, one))).toBe(ranges.some((given) => cidrContains(given, one)));
        for (const [i, a] of compact.entries()) for (const [j, b] of compact.entries()) if (i !== j) expect(cidrCovers(a, b)).toBe(false);
        expect(compactCidrs(compact)).toEqual(compact);
        expect(compactCidrs(ranges.toReversed())).toEqual(compact);
      }),
    );
  });

  it('are sorted by family, then by first address', () => {
    const texts = ['fd00::/64', '10.2.0.0/16', '10.1.0.0/16', '10.1.2.0/24', '10.1.0.0/16', '9.0.0.0/8'];
    expect(compactCidrs(texts.map(cidr)).map(({ text }) => text)).toEqual(['9.0.0.0/8', '10.1.0.0/16', '10.2.0.0/16', 'fd00::/64']);
  });
});

describe('where an address can live', () => {
  it.each([
    ['8.8.8.8', 'global'],
    ['9.255.255.255', 'global'],
    ['10.0.0.0', 'private'],
    ['10.255.255.255', 'private'],
    ['11.0.0.0', 'global'],
    ['100.63.255.255', 'global'],
    ['100.64.0.0', 'private'], // carriers’ range, used for pods
    ['100.127.255.255', 'private'],
    ['100.128.0.0', 'global'],
    ['172.15.255.255', 'global'],
    ['172.16.0.0', 'private'],
    ['172.31.255.255', 'private'],
    ['172.32.0.0', 'global'],
    ['192.167.255.255', 'global'],
    ['192.168.0.0', 'private'],
    ['192.169.0.0', 'global'],
    ['127.0.0.6', 'loopback'],
    ['128.0.0.0', 'global'],
    ['169.254.169.254', 'link-local'],
    ['169.255.0.0', 'global'],
    ['223.255.255.255', 'global'],
    ['224.0.0.251', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['255.255.255.255', 'multicast'],
    ['0.0.0.0', 'unspecified'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::2', 'global'],
    ['fbff::1', 'global'],
    ['fc00::1', 'private'],
    ['fdff::1', 'private'],
    ['fe00::1', 'global'],
    ['fe80::1', 'link-local'],
    ['febf::1', 'link-local'],
    ['fec0::1', 'global'],
    ['ff02::1', 'multicast'],
    ['2001:db8::1', 'global'],
  ])('%s: %s', (text, scope) => {
    expect(scopeOf(address(text))).toBe(scope);
  });

  it('knows the metadata services by their canonical addresses', () => {
    for (const text of METADATA_ADDRESSES) expect(canonicalAddress(text)).toBe(text);
    expect(METADATA_ADDRESSES.has('169.254.169.254')).toBe(true);
    expect(METADATA_ADDRESSES.has('fd00:ec2::254')).toBe(true);
  });
});
