import { describe, expect, it } from 'vitest';
import type { AdminPolicy } from '../../../src/model/admin-policy.ts';
import type { ContainerPort } from '../../../src/model/inventory.ts';
import { sortedLabels } from '../../../src/model/labels.ts';
import type { NetworkPolicy } from '../../../src/model/policy.ts';
import { PolicySet, type End, type NodeEnd, type PolicyProtocol } from '../../../src/policy/evaluate/evaluate.ts';
import { anp, banp, cnp } from '../../support/admin-policy.ts';
import { addressEnd, namespaces, networkPolicy, podEnd } from '../../support/policy.ts';

const port = (name: string, number: number, protocol: PolicyProtocol = 'TCP'): ContainerPort => ({ name, port: number, protocol });
const web = podEnd('shop/web', { app: 'web' }, { ips: ['10.0.0.1'], ports: [port('http', 9999)] });
const cart = podEnd('shop/cart', { app: 'cart' }, { ips: ['10.0.0.2'], hostAddresses: ['192.168.0.1'], ports: [port('http', 8080), port('dns', 53, 'UDP'), port('dns', 5353)] });
const vault = podEnd('bank/vault', { app: 'vault' }, { ips: ['10.0.1.1', '2001:db8::1'] });
const outside = addressEnd('198.51.100.7');
const around = namespaces({ shop: { team: 'a' }, bank: { team: 'b' } });
const NODES: readonly NodeEnd[] = [
  { labels: sortedLabels([['role', 'worker']]), addresses: ['192.168.0.1', '2001:db8:1::1'] },
  { labels: sortedLabels([['role', 'control']]), addresses: ['192.168.0.9'] },
];

interface Asked {
  readonly from?: End;
  readonly to?: End;
  readonly port?: number;
  readonly protocol?: PolicyProtocol;
}

const setOf = (admin: readonly AdminPolicy[], policies: readonly NetworkPolicy[] = []): PolicySet => new PolicySet(policies, around, admin, NODES);

function ask(admin: readonly AdminPolicy[], policies: readonly NetworkPolicy[] = [], { from = web, to = cart, port: number = 8080, protocol = 'TCP' }: Asked = {}) {
  return setOf(admin, policies).evaluate(from, to, number, protocol);
}

const EVERYBODY = 'namespaces: {}';
const CART = 'pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: cart}}}';
/** Into cart, from anybody in the cluster. */
const into = (action: string, priority = 10, name = 'some'): AdminPolicy => anp(`priority: ${priority}, subject: {${CART}}, ingress: [{action: ${action}, from: [{${EVERYBODY}}]}]`, name);
const baseline = (action: string): AdminPolicy => banp(`subject: {${CART}}, ingress: [{action: ${action}, from: [{${EVERYBODY}}]}]`);
const cluster = (tier: string, action: string, priority = 10, name = 'some'): AdminPolicy =>
  cnp(`tier: ${tier}, priority: ${priority}, subject: {${CART}}, ingress: [{action: ${action}, from: [{${EVERYBODY}}]}]`, name);
const closed = networkPolicy({ podSelector: { matchLabels: { app: 'cart' } }, policyTypes: ['Ingress'] }, 'shop', 'closed');
const open = networkPolicy({ podSelector: { matchLabels: { app: 'cart' } }, ingress: [{}] }, 'shop', 'open');
const outOnly = networkPolicy({ podSelector: { matchLabels: { app: 'cart' } }, policyTypes: ['Egress'] }, 'shop', 'out-only');

describe('the tiers', () => {
  it.each<[string, readonly AdminPolicy[], readonly NetworkPolicy[], boolean]>([
    ['nobody says anything: open', [], [], true],
    ['an administrator denies', [into('Deny')], [], false],
    ['before a NetworkPolicy that admits', [into('Deny')], [open], false],
    ['an administrator allows', [into('Allow')], [], true],
    ['before a NetworkPolicy that does not admit', [into('Allow')], [closed], true],
    ['and before a baseline that denies', [into('Allow'), baseline('Deny')], [], true],
    ['what is passed on, NetworkPolicies decide: against it', [into('Pass')], [closed], false],
    ['what is passed on, NetworkPolicies decide: for it', [into('Pass')], [open], true],
    ['what is passed on goes to the baseline where no NetworkPolicy is for the pod', [into('Pass'), baseline('Deny')], [], false],
    ['what is passed on and nobody decides is open', [into('Pass')], [], true],
    ['passing skips what comes later in the tier', [into('Pass', 1), into('Deny', 2, 'late')], [], true],
    ['the baseline denies where nobody else says anything', [baseline('Deny')], [], false],
    ['a NetworkPolicy that admits has the word before the baseline', [baseline('Deny')], [open], true],
    ['so has one that does not', [baseline('Allow')], [closed], false],
    ['a NetworkPolicy for the other direction has not', [baseline('Deny')], [outOnly], false],
    ['the lower priority is asked first: it denies', [into('Allow', 20, 'late'), into('Deny', 10, 'early')], [], false],
    ['the lower priority is asked first: it allows', [into('Deny', 20, 'early'), into('Allow', 10, 'late')], [], true],
    ['priority 0 is a priority', [into('Deny', 0), into('Allow', 1, 'other')], [], false],
    ['ClusterNetworkPolicy of the Admin tier accepts', [cluster('Admin', 'Accept')], [closed], true],
    ['ClusterNetworkPolicy of the Admin tier denies', [cluster('Admin', 'Deny')], [open], false],
    ['ClusterNetworkPolicy of the Baseline tier denies', [cluster('Baseline', 'Deny')], [], false],
    ['ClusterNetworkPolicy of the Baseline tier after NetworkPolicies', [cluster('Baseline', 'Deny')], [open], true],
    ['passing in the Baseline tier skips the rest of it', [cluster('Baseline', 'Pass', 1), cluster('Baseline', 'Deny', 2, 'late')], [], true],
    ['an Admin priority says nothing in the Baseline tier', [cluster('Baseline', 'Deny', 0), cluster('Admin', 'Accept', 1_000, 'other')], [], true],
  ])('%s', (_, admin, policies, allowed) => {
    expect(ask(admin, policies).allowed).toBe(allowed);
  });

  it('both ends must let it through', () => {
    const out = (action: string): AdminPolicy => anp(`priority: 5, subject: {namespaces: {}}, egress: [{action: ${action}, to: [{namespaces: {}}]}]`, 'out');
    expect(ask([out('Allow')], [closed]).allowed).toBe(false);
    expect(ask([out('Deny'), into('Allow')]).allowed).toBe(false);
    expect(ask([out('Allow'), into('Allow')], [closed]).allowed).toBe(true);
  });

  it('the first rule of a policy that matches decides', () => {
    const rules = (...actions: readonly string[]): AdminPolicy =>
      anp(`priority: 1, subject: {namespaces: {}}, ingress: [${actions.map((action, i) => `{action: ${action}, from: [{namespaces: {}}]${i === 0 ? ', ports: [{portNumber: {protocol: TCP, port: 80}}]' : ''}}`).join(', ')}]`);
    expect(ask([rules('Allow', 'Deny')], [], { port: 80 }).allowed).toBe(true);
    expect(ask([rules('Allow', 'Deny')], [], { port: 81 }).allowed).toBe(false);
  });

  it('a policy without rules of a direction says nothing of it', () => {
    const [first] = [anp('priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{networks: [203.0.113.0/24]}]}]')];
    expect(ask([first])).toMatchObject({ allowed: true, because: 'no egress rule of AdminNetworkPolicy some decides it, and no NetworkPolicy selects the pod' });
  });
});

describe('what the API leaves open', () => {
  it('two policies of one priority that disagree', () => {
    const answer = ask([into('Deny', 10, 'a'), into('Allow', 10, 'b')]);
    expect(answer).toEqual({
      allowed: null,
      because: 'ingress rule 1 of AdminNetworkPolicy a denies it and ingress rule 1 of AdminNetworkPolicy b allows it, at the same priority: which of them is asked first is not defined',
      warnings: [],
    });
  });

  it('but not where they agree, or only one matches', () => {
    expect(ask([into('Deny', 10, 'a'), into('Deny', 10, 'b')]).allowed).toBe(false);
    const other = anp('priority: 10, subject: {namespaces: {}}, ingress: [{action: Allow, from: [{namespaces: {matchLabels: {team: b}}}]}]', 'b');
    expect(ask([into('Deny', 10, 'a'), other]).allowed).toBe(false);
  });

  it('nor where the other end denies anyway', () => {
    const out = anp('priority: 5, subject: {namespaces: {}}, egress: [{action: Deny, to: [{namespaces: {}}]}]', 'out');
    expect(ask([into('Deny', 10, 'a'), into('Allow', 10, 'b'), out])).toMatchObject({ allowed: false, because: 'egress rule 1 of AdminNetworkPolicy out denies it' });
    const undecided = [1, 2].map((n) => anp(`priority: 5, subject: {namespaces: {}}, egress: [{action: ${n === 1 ? 'Allow' : 'Deny'}, to: [{namespaces: {}}]}]`, `out-${n}`));
    expect(ask(undecided, [closed])).toMatchObject({ allowed: false, because: 'no ingress rule of shop/closed admits it' });
    expect(ask(undecided, [open]).allowed).toBeNull();
  });

  it('the same priority in different tiers is no such thing', () => {
    expect(ask([cluster('Admin', 'Accept', 10), cluster('Baseline', 'Deny', 10, 'other')]).allowed).toBe(true);
  });

  it('a pod on the host’s network, whatever administrators say', () => {
    expect(ask([into('Deny')], [], { from: podEnd('shop/agent', {}, { hostNetwork: true }) }).allowed).toBeNull();
  });

  it('what is always so stays so: a pod and itself, a pod and its node', () => {
    expect(ask([into('Deny')], [], { from: cart }).allowed).toBe(true);
    const all = anp('priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{networks: [0.0.0.0/0]}]}]');
    expect(ask([all, into('Deny')], [], { from: addressEnd('192.168.0.1') }).allowed).toBe(true);
  });
});

describe('whom a policy is for', () => {
  const deny = (subject: string): AdminPolicy => anp(`priority: 1, subject: {${subject}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]`);
  it.each<[string, string, readonly string[]]>([
    ['all namespaces', 'namespaces: {}', ['shop/cart', 'bank/vault']],
    ['namespaces with a label', 'namespaces: {matchLabels: {team: b}}', ['bank/vault']],
    ['namespaces by their name', 'namespaces: {matchLabels: {kubernetes.io/metadata.name: shop}}', ['shop/cart']],
    ['namespaces without a label', 'namespaces: {matchExpressions: [{key: team, operator: NotIn, values: [a]}]}', ['bank/vault']],
    ['pods anywhere', 'pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: cart}}}', ['shop/cart']],
    ['pods of some namespaces', 'pods: {namespaceSelector: {matchLabels: {team: b}}, podSelector: {matchLabels: {app: cart}}}', []],
    ['all pods of some namespaces', 'pods: {namespaceSelector: {matchLabels: {team: a}}, podSelector: {}}', ['shop/cart']],
  ])('%s', (_, subject, denied) => {
    expect([cart, vault].filter((to) => ask([deny(subject)], [], { to }).allowed === false).map(({ namespace, name }) => `${namespace}/${name}`)).toEqual(denied);
  });
});

describe('whom a rule names', () => {
  const ENDS: readonly (readonly [string, End])[] = [
    ['cart', cart],
    ['vault', vault],
    ['198.51.100.7', outside],
    ['192.168.0.1', addressEnd('192.168.0.1')],
    ['192.168.0.9', addressEnd('192.168.0.9')],
    ['2001:db8:1::1', addressEnd('2001:db8:1::1')],
  ];
  const NODE_ADDRESSES = ['192.168.0.1', '192.168.0.9', '2001:db8:1::1'];
  it.each<[string, string, readonly string[]]>([
    ['namespaces: pods alone, no address', '{namespaces: {}}', ['cart', 'vault']],
    ['namespaces by a label', '{namespaces: {matchLabels: {team: b}}}', ['vault']],
    ['pods', '{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: cart}}}}', ['cart']],
    ['pods, by both selectors', '{pods: {namespaceSelector: {matchLabels: {team: b}}, podSelector: {matchLabels: {app: cart}}}}', []],
    ['networks hold pods too', '{networks: [10.0.0.0/24, 198.51.100.0/24]}', ['cart', '198.51.100.7']],
    ['a network of the other family', '{networks: ["::/0"]}', ['vault', '2001:db8:1::1']],
    ['all of IPv4', '{networks: [0.0.0.0/0]}', ['cart', 'vault', '198.51.100.7', '192.168.0.1', '192.168.0.9']],
    ['nodes by a label', '{nodes: {matchLabels: {role: worker}}}', ['192.168.0.1', '2001:db8:1::1']],
    ['all nodes, and nobody else', '{nodes: {}}', NODE_ADDRESSES],
    ['several peers: any of them', '{nodes: {matchLabels: {role: control}}}, {namespaces: {matchLabels: {team: a}}}', ['cart', '192.168.0.9']],
  ])('%s', (_, peers, denied) => {
    const policy = anp(`priority: 1, subject: {${EVERYBODY}}, egress: [{action: Deny, to: [${peers}]}]`);
    expect(ENDS.filter(([, to]) => ask([policy], [], { to }).allowed === false).map(([name]) => name)).toEqual(denied);
  });

  it('of an egress rule with networks, no warning is due: they hold pods by definition', () => {
    const policy = anp(`priority: 1, subject: {${EVERYBODY}}, egress: [{action: Allow, to: [{networks: [10.0.0.0/8]}]}]`);
    expect(ask([policy])).toMatchObject({ allowed: true, warnings: [] });
  });

  it('a domain has no address here: the rule does not match, and a warning says so', () => {
    const policies = [
      cnp(`tier: Admin, priority: 1, subject: {${EVERYBODY}}, egress: [{name: pkgs, action: Accept, to: [{domainNames: ['*.example.com']}]}, {action: Deny, to: [{networks: [0.0.0.0/0]}]}]`),
    ];
    expect(ask(policies, [], { to: outside })).toEqual({
      allowed: false,
      because: 'egress rule 2 of ClusterNetworkPolicy some denies it',
      warnings: ['egress rule 1 (pkgs) of ClusterNetworkPolicy some names domains: whether an address has such a name cannot be told'],
    });
    expect(ask(policies)).toMatchObject({ allowed: false, warnings: [] });
  });

  it('ranges do not match a pod whose addresses nobody knows, and a warning says so', () => {
    const policy = anp(`priority: 1, subject: {${EVERYBODY}}, egress: [{action: Deny, to: [{networks: [10.0.0.0/8]}]}]`);
    const template = podEnd('shop/cart', { app: 'cart' });
    expect(ask([policy], [], { to: template })).toMatchObject({ allowed: true, warnings: [expect.stringMatching(/^egress rule 1 of AdminNetworkPolicy some names ranges: /)] });
  });
});

describe('at which ports', () => {
  const ASKED = ['80/TCP', '81/TCP', '90/TCP', '91/TCP', '8080/TCP', '80/UDP', '53/UDP', '5353/TCP', '80/SCTP', '9999/TCP'];
  const denied = (policy: AdminPolicy): readonly string[] =>
    ASKED.filter((text) => {
      const [number = '', protocol = ''] = text.split('/');
      return ask([policy], [], { port: Number(number), protocol: protocol as PolicyProtocol }).allowed === false;
    });
  it.each<[string, string, readonly string[]]>([
    ['none said: all of every protocol', '', ASKED],
    ['one', 'ports: [{portNumber: {protocol: TCP, port: 80}}]', ['80/TCP']],
    ['of no protocol: TCP', 'ports: [{portNumber: {port: 80}}]', ['80/TCP']],
    ['of another protocol', 'ports: [{portNumber: {protocol: SCTP, port: 80}}]', ['80/SCTP']],
    ['a range, both ends included', 'ports: [{portRange: {protocol: TCP, start: 81, end: 90}}]', ['81/TCP', '90/TCP']],
    ['a name means all that the destination calls so, whatever the protocol', 'ports: [{namedPort: dns}]', ['53/UDP', '5353/TCP']],
    ['a name is the destination’s', 'ports: [{namedPort: http}]', ['8080/TCP']],
    ['several: any of them', 'ports: [{namedPort: http}, {portNumber: {protocol: UDP, port: 80}}]', ['8080/TCP', '80/UDP']],
  ])('AdminNetworkPolicy: %s', (_, ports, expected) => {
    expect(denied(anp(`priority: 1, subject: {${EVERYBODY}}, ingress: [{action: Deny, from: [{namespaces: {}}]${ports === '' ? '' : `, ${ports}`}}]`))).toEqual(expected);
  });

  it.each<[string, string, readonly string[]]>([
    ['one', '{tcp: {destinationPort: {number: 80}}}', ['80/TCP']],
    ['a range, both ends included', '{tcp: {destinationPort: {range: {start: 81, end: 90}}}}', ['81/TCP', '90/TCP']],
    ['UDP', '{udp: {destinationPort: {number: 80}}}', ['80/UDP']],
    ['SCTP', '{sctp: {destinationPort: {range: {start: 1, end: 65535}}}}', ['80/SCTP']],
    ['a name', '{destinationNamedPort: dns}', ['53/UDP', '5353/TCP']],
  ])('ClusterNetworkPolicy: %s', (_, protocol, expected) => {
    expect(denied(cnp(`tier: Admin, priority: 1, subject: {${EVERYBODY}}, ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [${protocol}]}]`))).toEqual(expected);
  });
});

describe('why', () => {
  it('names the policy and the rule, with its name', () => {
    const policy = anp(`priority: 1, subject: {${EVERYBODY}}, ingress: [{name: keep out, action: Deny, from: [{namespaces: {}}]}]`, 'walls');
    expect(ask([policy]).because).toBe('ingress rule 1 (keep out) of AdminNetworkPolicy walls denies it');
  });

  it('names what was passed to', () => {
    expect(ask([into('Pass')], [closed]).because).toBe('no ingress rule of shop/closed admits it');
    expect(ask([into('Pass'), baseline('Deny')]).because).toBe('ingress rule 1 of BaselineAdminNetworkPolicy default denies it');
  });
});

describe('where NetworkPolicies are moot', () => {
  const moot = (policy: AdminPolicy): string | null => setOf([policy], [closed]).moot('ingress', cart);
  it.each<[string, string, string | null]>([
    ['everything is denied', '{action: Deny, from: [{namespaces: {}}]}', 'ingress rule 1 of AdminNetworkPolicy some'],
    ['everything is allowed', '{action: Allow, from: [{pods: {namespaceSelector: {}, podSelector: {}}}]}', 'ingress rule 1 of AdminNetworkPolicy some'],
    ['all that is left', '{action: Allow, from: [{namespaces: {matchLabels: {team: a}}}]}, {action: Deny, from: [{namespaces: {}}]}', 'ingress rule 2 of AdminNetworkPolicy some'],
    ['not where some of it is passed on before', '{action: Pass, from: [{namespaces: {matchLabels: {team: a}}}]}, {action: Deny, from: [{namespaces: {}}]}', null],
    ['not where some ports are left', '{action: Deny, from: [{namespaces: {}}], ports: [{portNumber: {port: 80}}]}', null],
    ['not where some pods are left', '{action: Deny, from: [{namespaces: {matchLabels: {team: a}}}]}', null],
    ['not where everything is passed on before', '{action: Pass, from: [{namespaces: {}}]}, {action: Deny, from: [{namespaces: {}}]}', null],
  ])('%s', (_, rules, expected) => {
    expect(moot(anp(`priority: 1, subject: {${CART}}, ingress: [${rules}]`))).toBe(expected);
    expect(setOf([anp(`priority: 1, subject: {${CART}}, ingress: [${rules}]`)], [closed]).moot('egress', cart)).toBeNull();
  });
});
