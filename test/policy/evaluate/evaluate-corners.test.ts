import { describe, expect, it } from 'vitest';
import type { NetworkPolicy, NetworkPolicySpec, PolicyType } from '../../../src/model/policy.ts';
import { PolicySet, type End } from '../../../src/policy/evaluate/evaluate.ts';
import { addressEnd, ask, from, ingressOnly, networkPolicy, podEnd } from '../../support/policy.ts';

const web = podEnd('shop/web', { app: 'web' }, { ips: ['10.0.0.1'] });
const cart = podEnd('shop/cart', { app: 'cart' }, { ips: ['10.0.0.2'], hostAddresses: ['192.168.0.1', '2001:db8::1'] });
const vault = podEnd('bank/vault', { app: 'vault' });
const outside = addressEnd('198.51.100.7');
const allowed = (policies: readonly NetworkPolicy[], source: End, to: End): boolean | null => ask(policies, { from: source, to }).allowed;

describe('what closes a pod', () => {
  const INGRESS = [{ from: [{ podSelector: {} }] }];
  const EGRESS = [{ to: [{ podSelector: {} }] }];
  const types = (...all: PolicyType[]): Pick<NetworkPolicySpec, 'policyTypes'> => ({ policyTypes: all });
  it.each<[string, Partial<NetworkPolicySpec>, { readonly in: boolean; readonly out: boolean }]>([
    ['no types, no rules: ingress', {}, { in: true, out: false }],
    ['no types, ingress rules', { ingress: INGRESS }, { in: true, out: false }],
    ['no types, egress rules: both', { egress: EGRESS }, { in: true, out: true }],
    ['no types, an empty list of egress rules: ingress alone', { egress: [] }, { in: true, out: false }],
    ['no types, both', { ingress: INGRESS, egress: EGRESS }, { in: true, out: true }],
    ['empty types count as none', { ...types(), egress: EGRESS }, { in: true, out: true }],
    ['empty types without rules', types(), { in: true, out: false }],
    ['Ingress', types('Ingress'), { in: true, out: false }],
    ['Egress', types('Egress'), { in: false, out: true }],
    ['both', types('Ingress', 'Egress'), { in: true, out: true }],
    ['both, the other way round', types('Egress', 'Ingress'), { in: true, out: true }],
    ['Egress, though there are ingress rules', { ...types('Egress'), ingress: INGRESS }, { in: false, out: true }],
    ['Ingress, though there are egress rules', { ...types('Ingress'), egress: EGRESS }, { in: true, out: false }],
  ])('%s', (_, spec, expected) => {
    const policies = [networkPolicy({ podSelector: { matchLabels: { app: 'web' } }, ...spec })];
    const set = new PolicySet(policies, new Map());
    expect({ in: set.isolates('ingress', web), out: set.isolates('egress', web) }).toEqual(expected);
    // Nobody outside is in any of these rules: what is closed is shut to them.
    expect({ in: !allowed(policies, outside, web), out: !allowed(policies, web, outside) }).toEqual(expected);
  });

  it('rules of a direction that the types leave out are not read', () => {
    const policy = networkPolicy({
      podSelector: { matchLabels: { app: 'cart' } },
      policyTypes: ['Ingress'],
      egress: [{ to: [{ podSelector: {} }] }],
    });
    expect(allowed([policy], web, cart)).toBe(false);
    expect(allowed([policy], cart, vault)).toBe(true);
  });
});

describe('both ends have a say', () => {
  const outOfWeb = (app: string): NetworkPolicy =>
    networkPolicy({
      podSelector: { matchLabels: { app: 'web' } },
      policyTypes: ['Egress'],
      egress: [{ to: [{ podSelector: { matchLabels: { app } } }] }],
    });
  const intoCart = (app: string): NetworkPolicy =>
    networkPolicy({
      podSelector: { matchLabels: { app: 'cart' } },
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ podSelector: { matchLabels: { app } } }] }],
    });
  it.each([
    ['no policy: open', [], true],
    ['the source lets it out, the destination lets it in', [outOfWeb('cart'), intoCart('web')], true],
    ['the source alone', [outOfWeb('cart'), intoCart('other')], false],
    ['the destination alone', [outOfWeb('other'), intoCart('web')], false],
    ['neither', [outOfWeb('other'), intoCart('other')], false],
    ['one end is open', [outOfWeb('cart')], true],
    ['the other end is open', [intoCart('web')], true],
    ['policies add up: one that admits is enough', [intoCart('other'), intoCart('web')], true],
    ['in any order', [intoCart('web'), intoCart('other')], true],
  ])('%s', (_, policies, expected) => {
    expect(allowed(policies, web, cart)).toBe(expected);
  });

  it('a connection that is allowed says nothing of the way back', () => {
    const policies = [outOfWeb('cart'), intoCart('web')];
    expect(allowed(policies, cart, web)).toBe(true);
    const closed = [...policies, networkPolicy({ podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'] })];
    expect(allowed(closed, web, cart)).toBe(true);
    expect(allowed(closed, cart, web)).toBe(false);
  });

  it('a policy holds for the pods of its own namespace alone', () => {
    expect(allowed([networkPolicy({ policyTypes: ['Ingress'] }, 'bank')], web, cart)).toBe(true);
    expect(allowed([networkPolicy({ policyTypes: ['Ingress'] }, 'bank')], web, vault)).toBe(false);
  });

  it('an address outside has no policies of its own', () => {
    const closed = [networkPolicy({ policyTypes: ['Egress', 'Ingress'] })];
    expect(allowed(closed, outside, vault)).toBe(true);
    expect(allowed(closed, outside, addressEnd('203.0.113.9'))).toBe(true);
  });
});

describe('what policies do not touch', () => {
  const shut = [networkPolicy({ policyTypes: ['Ingress', 'Egress'] })];

  it('a pod reaches itself, whatever policies say', () => {
    expect(ask(shut, { from: cart, to: cart })).toMatchObject({ allowed: true, because: expect.stringContaining('itself') });
  });

  it('a pod reaches no other pod with the same labels for that', () => {
    expect(allowed(shut, cart, podEnd('shop/cart-2', { app: 'cart' }))).toBe(false);
  });

  it.each(['192.168.0.1', '2001:db8::1', '2001:DB8:0::1'])('the node of a pod reaches it from %s', (address) => {
    expect(ask(shut, { from: addressEnd(address), to: cart })).toMatchObject({
      allowed: true,
      because: expect.stringContaining('node of shop/cart'),
    });
  });

  it('another node does not, nor the node of another pod', () => {
    expect(allowed(shut, addressEnd('192.168.0.2'), cart)).toBe(false);
    expect(allowed(shut, addressEnd('192.168.0.1'), web)).toBe(false);
  });
});

describe('what Kubernetes leaves open', () => {
  const agent = podEnd('shop/agent', { app: 'agent' }, { hostNetwork: true });
  const done = podEnd('shop/done', { app: 'done' }, { completed: true });
  const shut = [networkPolicy({ policyTypes: ['Ingress', 'Egress'] })];
  it.each<[string, readonly NetworkPolicy[], End, End, RegExp]>([
    ['from a pod on the host’s network', shut, agent, cart, /shop\/agent is on the host's network/],
    ['to a pod on the host’s network', shut, cart, agent, /shop\/agent is on the host's network/],
    ['to such a pod from outside', [], outside, agent, /shop\/agent is on the host's network/],
    ['from such a pod to itself', [], agent, agent, /shop\/agent is on the host's network/],
    ['though no policy selects anybody', [], cart, agent, /shop\/agent is on the host's network/],
    [
      'though a rule names its labels',
      [from({ podSelector: { matchLabels: { app: 'agent' } } })],
      agent,
      cart,
      /shop\/agent is on the host's network/,
    ],
    ['from a completed pod', shut, done, cart, /shop\/done has completed/],
    ['to a completed pod', [], cart, done, /shop\/done has completed/],
  ])('%s', (_, policies, source, to, because) => {
    expect(ask(policies, { from: source, to })).toEqual({ allowed: null, because: expect.stringMatching(because), warnings: [] });
  });
});

describe('why', () => {
  const named = (name: string, app: string): NetworkPolicy =>
    networkPolicy(
      {
        podSelector: { matchLabels: { app: 'cart' } },
        policyTypes: ['Ingress'],
        ingress: [{ ports: [{ port: 1 }] }, { from: [{ podSelector: { matchLabels: { app } } }] }],
      },
      'shop',
      name,
    );
  const because = (policies: readonly NetworkPolicy[], source: End = web, to: End = cart): string => ask(policies, { from: source, to }).because;

  it('names the rule that admits', () => {
    expect(because([named('first', 'other'), named('second', 'web')])).toBe('ingress rule 2 of shop/second admits it');
  });

  it('names the rules of both ends', () => {
    const out = networkPolicy({ podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Egress'], egress: [{}] }, 'shop', 'out');
    expect(because([out, named('into', 'web')])).toBe('egress rule 1 of shop/out admits it; ingress rule 2 of shop/into admits it');
  });

  it('names every policy that could have admitted', () => {
    expect(because([named('first', 'a'), named('second', 'b')])).toBe('no ingress rule of shop/first, shop/second admits it');
  });

  it('names the end that shut the way out, before the other is asked', () => {
    expect(because([networkPolicy({ policyTypes: ['Egress'] }, 'shop', 'out'), ingressOnly([])])).toBe('no egress rule of shop/out admits it');
  });

  it('says that nothing stands in the way', () => {
    expect(because([], vault, web)).toBe('no policy selects either end');
  });
});
