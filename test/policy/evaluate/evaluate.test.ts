import { describe, expect, it } from 'vitest';
import type { NetworkPolicy, NetworkPolicySpec, PolicyPeer } from '../../../src/model/policy.ts';
import type { LabelSelector } from '../../../src/model/selector.ts';
import { PolicySet, type End } from '../../../src/policy/evaluate/evaluate.ts';
import { addressEnd, endName, from, ingressOnly, namespaces, networkPolicy, podEnd } from '../../support/policy.ts';

const web = podEnd('shop/web', { app: 'web', tier: 'front' }, { ips: ['10.0.0.1'] });
const cart = podEnd('shop/cart', { app: 'cart', tier: 'back' }, { ips: ['10.0.0.2'] });
const blank = podEnd('shop/blank', {}, { ips: ['10.0.0.3', '2001:db8:1::3'] });
const bankWeb = podEnd('bank/web', { app: 'web', tier: '' }, { ips: ['10.0.1.1'] });
const lab = podEnd('lab/rat', { app: 'web', tier: 'front' });
const outside = addressEnd('198.51.100.7');
const outside6 = addressEnd('2001:db8:ff::7');
const EVERYBODY: readonly End[] = [web, cart, blank, bankWeb, lab, outside, outside6];

// There is no Namespace object for lab.
const around = namespaces({ shop: { team: 'a' }, bank: { team: 'b', audited: '' } });

/** Who reaches a pod at a port. */
function reaching(pod: End, policies: readonly NetworkPolicy[], port = 8080): readonly string[] {
  const set = new PolicySet(policies, around);
  return EVERYBODY.filter((end) => end !== pod && set.evaluate(end, pod, port, 'TCP').allowed).map(endName);
}

/** Whom a pod reaches at a port. */
function reachedBy(pod: End, policies: readonly NetworkPolicy[], port = 8080): readonly string[] {
  const set = new PolicySet(policies, around);
  return EVERYBODY.filter((end) => end !== pod && set.evaluate(pod, end, port, 'TCP').allowed).map(endName);
}

const ALL = EVERYBODY.filter((end) => end !== cart).map(endName);
const [IN_SHOP, IN_BANK, IN_LAB] = [['shop/web', 'shop/blank'], ['bank/web'], ['lab/rat']] as const;
const PODS = [...IN_SHOP, ...IN_BANK, ...IN_LAB];

describe('who is admitted by the peers of an ingress rule', () => {
  const inBank: LabelSelector = { matchLabels: { 'kubernetes.io/metadata.name': 'bank' } };
  it.each<[string, readonly PolicyPeer[] | undefined, readonly string[]]>([
    ['no from at all: everybody', undefined, ALL],
    ['an empty from: everybody', [], ALL],
    ['an empty podSelector: every pod of the policy’s namespace, nobody outside', [{ podSelector: {} }], IN_SHOP],
    ['an empty namespaceSelector: every pod of every namespace, nobody outside', [{ namespaceSelector: {} }], PODS],
    ['both empty in one element: the same', [{ namespaceSelector: {}, podSelector: {} }], PODS],
    ['a podSelector alone stays in the policy’s namespace', [{ podSelector: { matchLabels: { app: 'web' } } }], ['shop/web']],
    [
      'a podSelector with an empty namespaceSelector leaves it',
      [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'web' } } }],
      ['shop/web', 'bank/web', 'lab/rat'],
    ],
    ['a namespace by its name', [{ namespaceSelector: inBank }], IN_BANK],
    ['a namespace by a label of its own', [{ namespaceSelector: { matchLabels: { team: 'b' } } }], IN_BANK],
    ['the policy’s own namespace must match too', [{ namespaceSelector: { matchLabels: { team: 'b' } }, podSelector: {} }], IN_BANK],
    ['both selectors in one element: and', [{ namespaceSelector: inBank, podSelector: { matchLabels: { tier: 'front' } } }], []],
    [
      'the same selectors in two elements: or',
      [{ namespaceSelector: inBank }, { podSelector: { matchLabels: { tier: 'front' } } }],
      ['shop/web', 'bank/web'],
    ],
    ['a namespace without an object has its name', [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'lab' } } }], IN_LAB],
    ['a namespace’s label called name is not its name', [{ namespaceSelector: { matchLabels: { name: 'bank' } } }], []],
  ])('%s', (_, peers, expected) => {
    expect(reaching(cart, [ingressOnly([peers === undefined ? {} : { from: peers }])])).toEqual(expected);
  });

  it('a namespace cannot take the name of another by a label', () => {
    const posing = namespaces({ lab: { 'kubernetes.io/metadata.name': 'bank' } });
    const set = new PolicySet([from({ namespaceSelector: inBank })], posing);
    expect(set.evaluate(lab, cart, 8080, 'TCP').allowed).toBe(false);
    expect(set.evaluate(bankWeb, cart, 8080, 'TCP').allowed).toBe(true);
  });
});

describe('what a selector matches', () => {
  const expression = (key: string, operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist', ...values: string[]): LabelSelector => ({
    matchExpressions: [values.length > 0 ? { key, operator, values } : { key, operator }],
  });
  it.each<[string, LabelSelector, readonly string[]]>([
    ['In with one of its values', expression('tier', 'In', 'front', 'middle'), ['shop/web', 'lab/rat']],
    ['In does not match where the label is absent', expression('tier', 'In', 'back'), []],
    ['In with the empty value matches the empty value, not its absence', expression('tier', 'In', ''), ['bank/web']],
    ['NotIn matches other values, and where the label is absent', expression('tier', 'NotIn', 'front'), ['shop/blank', 'bank/web']],
    ['NotIn with the empty value', expression('tier', 'NotIn', ''), ['shop/web', 'shop/blank', 'lab/rat']],
    ['Exists matches the empty value too', expression('tier', 'Exists'), ['shop/web', 'bank/web', 'lab/rat']],
    ['DoesNotExist', expression('tier', 'DoesNotExist'), ['shop/blank']],
    ['matchLabels with the empty value', { matchLabels: { tier: '' } }, ['bank/web']],
    ['all labels must match', { matchLabels: { app: 'web', tier: 'front' } }, ['shop/web', 'lab/rat']],
    ['labels and expressions must both match', { matchLabels: { app: 'web' }, ...expression('tier', 'NotIn', 'front') }, ['bank/web']],
    [
      'every expression must match',
      {
        matchExpressions: [
          { key: 'app', operator: 'Exists' },
          { key: 'tier', operator: 'In', values: [''] },
        ],
      },
      ['bank/web'],
    ],
    ['letters are not folded', { matchLabels: { app: 'Web' } }, []],
    ['a key is not a prefix', { matchLabels: { ap: 'web' } }, []],
  ])('%s', (_, podSelector, expected) => {
    expect(reaching(cart, [from({ namespaceSelector: {}, podSelector })])).toEqual(expected);
  });

  it.each<[string, LabelSelector, readonly string[]]>([
    ['NotIn matches a namespace without the label', expression('team', 'NotIn', 'a'), ['bank/web', 'lab/rat']],
    ['DoesNotExist matches one that nobody described', expression('team', 'DoesNotExist'), IN_LAB],
    ['Exists with an empty value', expression('audited', 'Exists'), IN_BANK],
    ['In on the name', expression('kubernetes.io/metadata.name', 'In', 'lab', 'bank'), ['bank/web', 'lab/rat']],
  ])('of namespaces: %s', (_, namespaceSelector, expected) => {
    expect(reaching(cart, [from({ namespaceSelector })])).toEqual(expected);
  });
});

describe('which pods a policy is for', () => {
  it.each<[string, NetworkPolicy, readonly string[]]>([
    ['an empty podSelector: all of its namespace', networkPolicy({}), ['bank/web', 'lab/rat']],
    ['a label', networkPolicy({ podSelector: { matchLabels: { app: 'web' } } }), ['shop/cart', 'shop/blank', 'bank/web', 'lab/rat']],
    [
      'an expression that also holds without the label',
      networkPolicy({ podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] } }),
      ['shop/web', 'bank/web', 'lab/rat'],
    ],
    ['nobody', networkPolicy({ podSelector: { matchLabels: { app: 'none' } } }), ['shop/web', 'shop/cart', 'shop/blank', 'bank/web', 'lab/rat']],
    [
      'the same labels in another namespace',
      networkPolicy({ podSelector: { matchLabels: { app: 'web' } } }, 'bank'),
      ['shop/web', 'shop/cart', 'shop/blank', 'lab/rat'],
    ],
  ])('%s', (_, policy, open) => {
    const set = new PolicySet([policy], around);
    const pods = [web, cart, blank, bankWeb, lab];
    expect(pods.filter((pod) => set.evaluate(outside, pod, 8080, 'TCP').allowed).map(endName)).toEqual(open);
    expect(pods.filter((pod) => !set.isolates('ingress', pod)).map(endName)).toEqual(open);
    expect(pods.some((pod) => set.isolates('egress', pod))).toBe(false);
  });
});

describe('ranges of addresses', () => {
  const block = (cidr: string, ...except: string[]): PolicyPeer => ({ ipBlock: except.length > 0 ? { cidr, except } : { cidr } });
  it.each<[string, readonly PolicyPeer[], readonly string[]]>([
    ['a single address', [block('198.51.100.7/32')], ['198.51.100.7']],
    ['a neighbour', [block('198.51.100.6/32')], []],
    ['host bits may be set', [block('198.51.100.200/24')], ['198.51.100.7']],
    ['but for a hole', [block('198.51.100.0/24', '198.51.100.0/29')], []],
    ['a hole that ends before it', [block('198.51.100.0/24', '198.51.100.0/30', '198.51.100.8/29')], ['198.51.100.7']],
    ['another peer lets an excepted address back in', [block('198.51.100.0/24', '198.51.100.0/29'), block('198.51.100.7/32')], ['198.51.100.7']],
    ['IPv6, however it is spelled', [block('2001:0DB8:00FF:0::/64')], ['2001:db8:ff::7']],
    ['IPv6 with a hole', [block('2001:db8:ff::/64', '2001:db8:ff::/125')], []],
    ['IPv4 written as IPv6', [block('::ffff:198.51.100.0/120')], ['198.51.100.7']],
    ['all of IPv4 holds no IPv6; pods by their addresses', [block('0.0.0.0/0')], ['shop/web', 'shop/blank', 'bank/web', '198.51.100.7']],
    ['all of IPv6 holds no IPv4', [block('::/0')], ['shop/blank', '2001:db8:ff::7']],
    ['the world without the pods', [block('0.0.0.0/0', '10.0.0.0/8'), block('::/0', '2001:db8:1::/48')], ['198.51.100.7', '2001:db8:ff::7']],
    ['either address of a pod will do', [block('2001:db8:1::/48')], ['shop/blank']],
    [
      'a hole for one address of a pod leaves the other',
      [block('0.0.0.0/0', '10.0.0.0/8'), block('2001:db8:1::3/128')],
      ['shop/blank', '198.51.100.7'],
    ],
  ])('%s', (_, peers, expected) => {
    expect(reaching(cart, [from(...peers)])).toEqual(expected);
  });

  it('an address is compared as a number, not as text', () => {
    const set = new PolicySet([from(block('198.51.100.7/32'))], around);
    expect(set.evaluate(addressEnd('::ffff:198.51.100.7'), cart, 8080, 'TCP').allowed).toBe(true);
    expect(set.evaluate(addressEnd('198.51.100.70'), cart, 8080, 'TCP').allowed).toBe(false);
  });

  it('warns where only an ipBlock admits a pod, as network plugins differ, and nowhere else', () => {
    const set = new PolicySet([from(block('10.0.0.0/8'), { podSelector: { matchLabels: { app: 'web' } } })], around);
    expect(set.evaluate(bankWeb, cart, 8080, 'TCP')).toMatchObject({ allowed: true, warnings: [expect.stringContaining('ipBlock')] });
    expect(set.evaluate(web, cart, 8080, 'TCP')).toMatchObject({ allowed: true, warnings: [] });
    expect(set.evaluate(addressEnd('10.9.9.9'), cart, 8080, 'TCP')).toMatchObject({ allowed: true, warnings: [] });
    expect(set.evaluate(podEnd('lab/web', {}, { ips: ['192.168.0.9'] }), cart, 8080, 'TCP')).toMatchObject({ allowed: false, warnings: [] });
  });

  it('another policy that admits the pod by its labels takes the warning away', () => {
    const set = new PolicySet([from(block('10.0.0.0/8')), from({ namespaceSelector: {} })], around);
    expect(set.evaluate(bankWeb, cart, 8080, 'TCP')).toMatchObject({ allowed: true, warnings: [] });
  });
});

describe('whom the peers of an egress rule open', () => {
  const out = (spec: Partial<NetworkPolicySpec>): NetworkPolicy => networkPolicy({ policyTypes: ['Egress'], ...spec });
  const FROM_WEB = EVERYBODY.filter((end) => end !== web).map(endName);
  it.each<[string, NetworkPolicy, readonly string[]]>([
    ['no to at all: everybody', out({ egress: [{}] }), FROM_WEB],
    ['an empty to: everybody', out({ egress: [{ to: [] }] }), FROM_WEB],
    ['no rules: nobody', out({ egress: [] }), []],
    ['pods of its namespace', out({ egress: [{ to: [{ podSelector: {} }] }] }), ['shop/cart', 'shop/blank']],
    [
      'another namespace',
      out({ egress: [{ to: [{ namespaceSelector: { matchLabels: { team: 'b' } }, podSelector: { matchLabels: { app: 'web' } } }] }] }),
      ['bank/web'],
    ],
    ['a range', out({ egress: [{ to: [{ ipBlock: { cidr: '198.51.100.0/24' } }] }] }), ['198.51.100.7']],
    ['a port that is not asked for', out({ egress: [{ to: [{ podSelector: {} }], ports: [{ port: 9090 }] }] }), []],
  ])('%s', (_, policy, expected) => {
    expect(reachedBy(web, [policy])).toEqual(expected);
  });
});
