import { describe, expect, it } from 'vitest';
import type { NetworkPolicy, PolicyPeer } from '../../../src/model/policy.ts';
import { replay, type Replay } from '../../../src/policy/replay/replay.ts';
import { anp } from '../../support/admin-policy.ts';
import { WORLD, type HubbleFlow } from '../../support/hubble.ts';
import { podObject } from '../../support/inventory.ts';
import { networkPolicy } from '../../support/policy.ts';
import { deployed, learned } from '../../support/proposals.ts';

const web = deployed('shop/web', '10.0.0.1');
const cart = deployed('shop/cart', '10.0.0.2', { ports: [{ name: 'http', containerPort: 8080 }, { name: 'admin', containerPort: 9090 }] });
const vault = deployed('bank/vault', '10.0.1.1', { ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'UDP' }] });
const EVERYBODY = [...web.objects, ...cart.objects, ...vault.objects];
const webToCart: HubbleFlow = { from: web.end, to: cart.end, port: 8080 };

const replayed = (policies: readonly NetworkPolicy[], admin: Parameters<typeof replay>[2] = [], flows: readonly HubbleFlow[] = [webToCart], objects: readonly object[] = EVERYBODY): Replay =>
  replay(learned(flows, objects).graph(), policies, admin);
const forCart = (...peers: readonly PolicyPeer[]): NetworkPolicy => networkPolicy({ podSelector: { matchLabels: { app: 'cart' } }, ingress: [{ from: peers }] }, 'shop', 'for-cart');

describe('pairs that are allowed and unused', () => {
  it('are counted and listed by pair and port, in the order of names and ports', () => {
    expect(replayed([forCart({ namespaceSelector: {} })]).unused).toEqual({
      count: 3,
      listed: ['bank/vault -> shop/cart 8080/TCP', 'bank/vault -> shop/cart 9090/TCP', 'shop/web -> shop/cart 9090/TCP'],
    });
  });

  it('are those of the source’s policies too', () => {
    const out = networkPolicy({ podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Egress'], egress: [{ to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'bank' } } }] }] });
    expect(replayed([out]).unused.listed).toEqual(['shop/web -> bank/vault 80/TCP', 'shop/web -> bank/vault 80/UDP']);
  });

  it('count once where several kinds of pods are let through', () => {
    const canary = podObject({ namespace: 'shop', name: 'web-1', ip: '10.0.0.9', labels: { app: 'web', track: 'canary' }, owner: ['StatefulSet', 'web'] });
    const { unused } = replayed([forCart({ podSelector: { matchLabels: { app: 'web' } } })], [], [webToCart], [...EVERYBODY, canary]);
    expect(unused).toEqual({ count: 1, listed: ['shop/web -> shop/cart 9090/TCP'] });
  });

  it('count where some of the pods are let through', () => {
    const canary = podObject({ namespace: 'shop', name: 'web-1', ip: '10.0.0.9', labels: { app: 'web', track: 'canary' }, owner: ['StatefulSet', 'web'] });
    expect(replayed([forCart({ podSelector: { matchLabels: { track: 'canary' } } })], [], [webToCart], [...EVERYBODY, canary]).unused.listed).toEqual(['shop/web -> shop/cart 9090/TCP']);
  });

  it('are none of those that an administrator denies, and those that he allows', () => {
    const all = (action: string): ReturnType<typeof anp> => anp(`priority: 1, subject: {namespaces: {}}, ingress: [{action: ${action}, from: [{namespaces: {matchLabels: {kubernetes.io/metadata.name: bank}}}]}]`);
    expect(replayed([forCart({ namespaceSelector: {} })], [all('Deny')]).unused.listed).toEqual(['shop/web -> shop/cart 9090/TCP']);
    expect(replayed([forCart({ podSelector: {} })], [all('Allow')]).unused.listed).toEqual(['bank/vault -> shop/cart 8080/TCP', 'bank/vault -> shop/cart 9090/TCP', 'shop/web -> shop/cart 9090/TCP']);
  });

  it('are counted exactly where they are too many to list', () => {
    const ports = Array.from({ length: 600 }, (_, i) => ({ containerPort: 10_000 + i }));
    const wide = deployed('shop/wide', '10.0.2.1', { ports });
    const { unused } = replayed([networkPolicy({ podSelector: { matchLabels: { app: 'wide' } }, ingress: [{ from: [{ namespaceSelector: {} }] }] })], [], [webToCart], [...EVERYBODY, ...wide.objects]);
    expect([unused.count, unused.listed.length, unused.listed[0]]).toEqual([1_800, 1_000, 'bank/vault -> shop/wide 10000/TCP']);
  });
});

describe('ranges that are allowed and unused', () => {
  const ranges = (flows: readonly HubbleFlow[], ...blocks: readonly NonNullable<PolicyPeer['ipBlock']>[]): readonly string[] =>
    replayed([forCart(...blocks.map((ipBlock) => ({ ipBlock })))], [], flows).unusedRanges.listed.map((line) => line.replace('shop/for-cart from ', ''));
  const fromOutside: HubbleFlow = { from: WORLD('198.51.100.7'), to: cart.end };

  it('come with their size, the largest first', () => {
    expect(
      ranges([webToCart], { cidr: '192.0.2.0/24' }, { cidr: '0.0.0.0/0', except: ['10.0.0.0/8', '10.1.0.0/16'] }, { cidr: '203.0.113.9/32' }, { cidr: '2001:db8::/64' }),
    ).toEqual(['2001:db8::/64 (about 2^64 addresses)', '0.0.0.0/0 (4,278,190,080 addresses)', '192.0.2.0/24 (256 addresses)', '203.0.113.9/32 (1 address)']);
  });

  it('are used by an address in them, not by one in their holes', () => {
    expect(ranges([fromOutside], { cidr: '198.51.100.0/24' })).toEqual([]);
    expect(ranges([fromOutside], { cidr: '198.51.100.0/24', except: ['198.51.100.0/28'] })).toEqual(['198.51.100.0/24 (240 addresses)']);
  });

  it('are used by the other direction of no rule', () => {
    expect(ranges([{ from: cart.end, to: WORLD('198.51.100.7'), port: 443 }], { cidr: '198.51.100.0/24' })).toEqual(['198.51.100.0/24 (256 addresses)']);
  });
});
