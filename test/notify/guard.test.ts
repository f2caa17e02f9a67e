import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { whyForbidden } from '../../src/notify/guard.ts';

describe('the guard', () => {
  it.each([
    ['169.254.169.254', 'is a metadata service'],
    ['169.254.170.2', 'is a metadata service'],
    ['168.63.129.16', 'is a metadata service'],
    ['fd00:ec2::254', 'is a metadata service'],
    ['169.254.0.1', 'is link-local'],
    ['fe80::1', 'is link-local'],
    ['::ffff:169.254.169.254', 'is a metadata service'],
    ['::ffff:a9fe:a9fe', 'is a metadata service'],
    ['64:ff9b::a9fe:a9fe', 'is a metadata service'],
    ['64:ff9b::169.254.1.1', 'is link-local'],
    ['2002:a9fe:a9fe::1', 'is a metadata service'],
    ['::a9fe:a9fe', 'is a metadata service'],
    ['0.0.0.0', 'is unspecified'],
    ['::', 'is unspecified'],
    ['::ffff:0.0.0.0', 'is unspecified'],
    ['224.0.0.1', 'is multicast'],
    ['255.255.255.255', 'is multicast'],
    ['ff02::1', 'is multicast'],
    ['', 'is no address'],
    ['0x7f.1', 'is no address'],
    ['fe80::1%eth0', 'is no address'],
  ])('sends nothing to %s, whoever asks for it', (address, reason) => {
    expect([whyForbidden(address, 'operator'), whyForbidden(address, 'anybody')]).toEqual([reason, reason]);
  });

  it.each([
    ['127.0.0.1', 'is loopback'],
    ['127.8.8.8', 'is loopback'],
    ['::1', 'is loopback'],
    ['::ffff:127.0.0.1', 'is loopback'],
    ['64:ff9b::7f00:1', 'is loopback'],
    ['2002:7f00:1::', 'is loopback'],
    ['10.1.2.3', 'is private'],
    ['172.31.0.1', 'is private'],
    ['192.168.0.1', 'is private'],
    ['100.100.100.200', 'is private'],
    ['fd12::1', 'is private'],
    ['64:ff9b::a01:203', 'is private'],
    ['192.0.0.1', 'is reserved'],
    ['198.18.0.1', 'is reserved'],
    ['240.0.0.1', 'is reserved'],
    ['2001:db8::1', 'is reserved'],
    ['fec0::1', 'is reserved'],
    ['64:ff9b:1::1', 'is reserved'],
  ])('sends to %s for the operator alone', (address, reason) => {
    expect([whyForbidden(address, 'operator'), whyForbidden(address, 'anybody')]).toEqual([null, reason]);
  });

  it.each([['93.184.216.34'], ['8.8.8.8'], ['2606:4700::1111'], ['64:ff9b::808:808'], ['::ffff:8.8.8.8'], ['172.32.0.1'], ['169.253.255.255']])('sends to %s for anybody', (address) => {
    expect(whyForbidden(address, 'anybody')).toBeNull();
  });

  it('sees through every way to carry an IPv4 address', () => {
    const octet = fc.nat(255);
    fc.assert(
      fc.property(octet, octet, octet, octet, fc.constantFrom('operator' as const, 'anybody' as const), (a, b, c, d, trust) => {
        const plain = whyForbidden(`${a}.${b}.${c}.${d}`, trust);
        const hex = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
        const carried = [`::ffff:${hex}`, `64:ff9b::${hex}`, `2002:${hex}::1`].map((address) => whyForbidden(address, trust));
        expect(carried).toEqual([plain, plain, plain]);
      }),
      { numRuns: 300 },
    );
  });
});
