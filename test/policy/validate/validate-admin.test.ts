import { describe, expect, it } from 'vitest';
import { ADMIN_KINDS, type AdminKind } from '../../../src/model/admin-policy.ts';
import { isAdminKind, validateAdminPolicy } from '../../../src/policy/validate/validate-admin.ts';
import { adminObject } from '../../support/admin-policy.ts';

const [ANP, BANP, CNP] = ADMIN_KINDS;
const problems = (kind: AdminKind, object: object): readonly string[] => validateAdminPolicy(kind, object).problems.map(({ field, message }) => `${field} ${message}`);
const of = (kind: AdminKind, spec: string): readonly string[] => problems(kind, adminObject(kind, spec));

const RULE = '{action: Deny, from: [{namespaces: {}}]}';
const around = (more: string): string => `{priority: 1, subject: {namespaces: {}}, ${more}}`;
const peer = (text: string): string => around(`egress: [{action: Allow, to: [${text}]}]`);
const port = (text: string): string => around(`ingress: [{action: Allow, from: [{namespaces: {}}], ports: [${text}]}]`);
const clusterWide = (more: string, tier = 'Admin'): string => `{tier: ${tier}, priority: 1, subject: {namespaces: {}}, ${more}}`;
const protocol = (text: string): string => clusterWide(`ingress: [{action: Accept, from: [{namespaces: {}}], protocols: [${text}]}]`);
const many = (n: number, text: string): string => Array.from({ length: n }, () => text).join(', ');

describe('what an API server takes', () => {
  it.each<[string, AdminKind, string]>([
    ['no rules', ANP, '{priority: 0, subject: {namespaces: {}}}'],
    ['the last priority', ANP, '{priority: 1000, subject: {namespaces: {}}}'],
    ['a subject of pods', ANP, '{priority: 1, subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {a: b}}}}}'],
    ['a named rule', ANP, around(`ingress: [{name: ${'a'.repeat(100)}, action: Pass, from: [{namespaces: {}}]}]`)],
    ['all kinds of egress peers', ANP, peer("{namespaces: {}}, {pods: {namespaceSelector: {}, podSelector: {}}}, {nodes: {}}, {networks: [10.0.0.0/8, 'fd00::/8']}, {domainNames: [example.com, '*.example.com', example.com.]}")],
    ['all kinds of ports', ANP, port('{portNumber: {protocol: UDP, port: 1}}, {portRange: {start: 1, end: 65535}}, {namedPort: http}')],
    ['a hundred rules', ANP, around(`ingress: [${many(100, RULE)}]`)],
    ['a baseline', BANP, `{subject: {namespaces: {}}, ingress: [${RULE}]}`],
    ['both tiers', CNP, clusterWide(`ingress: [${RULE}]`)],
    ['both tiers', CNP, clusterWide('egress: [{action: Pass, to: [{nodes: {}}]}]', 'Baseline')],
    ['all protocols', CNP, protocol('{tcp: {destinationPort: {number: 80}}}, {udp: {destinationPort: {range: {start: 1, end: 2}}}}, {sctp: {destinationPort: {number: 1}}}, {destinationNamedPort: http}')],
    ['nulls where something may be missing', CNP, '{tier: Admin, priority: 1, subject: {namespaces: {}, pods: null}, ingress: null, egress: [{name: null, action: Deny, to: [{networks: [10.0.0.0/8], nodes: null}], protocols: null}]}'],
  ])('%s (%s)', (_, kind, spec) => {
    const { policy, problems: found, warnings } = validateAdminPolicy(kind, adminObject(kind, spec));
    expect({ found, warnings }).toEqual({ found: [], warnings: [] });
    expect(policy).not.toBeNull();
  });

  it('reads both generations to the same', () => {
    const old = validateAdminPolicy(ANP, adminObject(ANP, port('{portNumber: {port: 80}}, {portRange: {protocol: UDP, start: 1, end: 2}}, {namedPort: http}'))).policy;
    const young = validateAdminPolicy(CNP, adminObject(CNP, protocol('{tcp: {destinationPort: {number: 80}}}, {udp: {destinationPort: {range: {start: 1, end: 2}}}}, {destinationNamedPort: http}'))).policy;
    expect(young).toEqual({ ...old, kind: CNP });
  });

  it('reads ClusterNetworkPolicy of the next version too', () => {
    const object = { ...adminObject(CNP, clusterWide('ingress: []')), apiVersion: 'policy.networking.k8s.io/v1beta1' };
    expect(problems(CNP, object)).toEqual([]);
  });
});

describe('what an API server refuses', () => {
  it.each<[AdminKind, string, string]>([
    [ANP, '{subject: {namespaces: {}}}', 'spec.priority must be a number from 0 to 1000'],
    [ANP, '{priority: 1001, subject: {namespaces: {}}}', 'spec.priority must be a number from 0 to 1000'],
    [ANP, '{priority: -1, subject: {namespaces: {}}}', 'spec.priority must be a number from 0 to 1000'],
    [ANP, "{priority: '1', subject: {namespaces: {}}}", 'spec.priority must be a number from 0 to 1000'],
    [ANP, '{priority: 1}', 'spec.subject must have exactly one field'],
    [ANP, '{priority: 1, subject: {namespaces: {}, pods: {podSelector: {}}}}', 'spec.subject must have exactly one field'],
    [ANP, '{priority: 1, subject: {services: {}}}', 'spec.subject.services unknown field'],
    [ANP, '{tier: Admin, priority: 1, subject: {namespaces: {}}}', 'spec.tier unknown field'],
    [BANP, '{priority: 1, subject: {namespaces: {}}}', 'spec.priority unknown field'],
    [BANP, '{subject: {namespaces: {}}, ingress: [{action: Pass, from: [{namespaces: {}}]}]}', 'spec.ingress[0].action must be one of Allow, Deny'],
    [CNP, clusterWide('ingress: []', 'Middle'), 'spec.tier must be Admin or Baseline'],
    [CNP, clusterWide('ingress: [{action: Allow, from: [{namespaces: {}}]}]'), 'spec.ingress[0].action must be one of Accept, Deny, Pass'],
    [ANP, around('ingress: [{action: Accept, from: [{namespaces: {}}]}]'), 'spec.ingress[0].action must be one of Allow, Deny, Pass'],
    [ANP, around('ingress: [{action: toString, from: [{namespaces: {}}]}]'), 'spec.ingress[0].action must be one of Allow, Deny, Pass'],
    [ANP, around('ingress: [{from: [{namespaces: {}}]}]'), 'spec.ingress[0].action must be one of Allow, Deny, Pass'],
    [ANP, around('ingress: [{action: Deny}]'), 'spec.ingress[0].from must have at least one item'],
    [ANP, around('ingress: [{action: Deny, from: []}]'), 'spec.ingress[0].from must have at least one item'],
    [ANP, around('ingress: [{action: Deny, from: [{}]}]'), 'spec.ingress[0].from[0] must have exactly one field'],
    [ANP, around('ingress: [{action: Deny, from: [{networks: [10.0.0.0/8]}]}]'), 'spec.ingress[0].from[0].networks unknown field'],
    [ANP, around('ingress: [{action: Deny, from: [{nodes: {}}]}]'), 'spec.ingress[0].from[0].nodes unknown field'],
    [ANP, around(`ingress: [${many(101, RULE)}]`), 'spec.ingress may have at most 100 items'],
    [CNP, clusterWide(`ingress: [${many(26, RULE)}]`), 'spec.ingress may have at most 25 items'],
    [ANP, around(`ingress: [{name: ${'a'.repeat(101)}, action: Deny, from: [{namespaces: {}}]}]`), 'spec.ingress[0].name must be text of at most 100 characters'],
    [ANP, peer('{networks: []}'), 'spec.egress[0].to[0].networks must have at least one item'],
    [ANP, peer(`{networks: [${many(26, '10.0.0.0/8')}]}`), 'spec.egress[0].to[0].networks may have at most 25 items'],
    [ANP, peer('{networks: [10.0.0.0]}'), 'spec.egress[0].to[0].networks[0] must be a range such as 10.0.0.0/8 or fd00::/8'],
    [ANP, peer("{networks: ['::ffff:10.0.0.0/104']}"), 'spec.egress[0].to[0].networks[0] must be a range such as 10.0.0.0/8 or fd00::/8'],
    [ANP, peer('{domainNames: [localhost]}'), 'spec.egress[0].to[0].domainNames[0] must be a domain name such as kubernetes.io or *.kubernetes.io'],
    [ANP, peer("{domainNames: ['a.*.example.com']}"), 'spec.egress[0].to[0].domainNames[0] must be a domain name such as kubernetes.io or *.kubernetes.io'],
    [ANP, peer('{namespaces: {matchLabels: {"a b": c}}}'), 'spec.egress[0].to[0].namespaces.matchLabels "a b" is no label key'],
    [ANP, around('egress: [{action: Deny, to: [{domainNames: [example.com]}]}]'), 'spec.egress[0].to may name domains only where traffic is allowed'],
    [ANP, around('egress: [{action: Deny, to: [{nodes: {}}], ports: [{namedPort: http}]}]'), 'spec.egress[0].ports may not name ports beside peers that are no pods: only pods have names for them'],
    [ANP, port(''), 'spec.ingress[0].ports must have at least one item'],
    [ANP, port('{}'), 'spec.ingress[0].ports[0] must have exactly one field'],
    [ANP, port('{portNumber: {port: 80}, namedPort: http}'), 'spec.ingress[0].ports[0] must have exactly one field'],
    [ANP, port('{portNumber: {port: 0}}'), 'spec.ingress[0].ports[0].portNumber.port must be between 1 and 65535'],
    [ANP, port('{portNumber: {port: 80, protocol: ICMP}}'), 'spec.ingress[0].ports[0].portNumber.protocol must be TCP, UDP or SCTP'],
    [ANP, port('{portRange: {start: 80, end: 80}}'), 'spec.ingress[0].ports[0].portRange must start before it ends'],
    [ANP, port('{portRange: {start: 80}}'), 'spec.ingress[0].ports[0].portRange.end must be between 1 and 65535'],
    [ANP, port('{namedPort: "80"}'), 'spec.ingress[0].ports[0].namedPort must be a name of at most 15 lowercase letters, digits and single hyphens with a letter in it'],
    [CNP, protocol('{icmp: {}}'), 'spec.ingress[0].protocols[0].icmp unknown field'],
    [CNP, protocol('{tcp: {}}'), 'spec.ingress[0].protocols[0].tcp must have exactly one field'],
    [CNP, protocol('{tcp: {destinationPort: {}}}'), 'spec.ingress[0].protocols[0].tcp.destinationPort must have exactly one field'],
    [CNP, protocol('{tcp: {destinationPort: {number: 70000}}}'), 'spec.ingress[0].protocols[0].tcp.destinationPort.number must be between 1 and 65535'],
    [CNP, protocol('{tcp: {destinationPort: {range: {start: 9, end: 8}}}}'), 'spec.ingress[0].protocols[0].tcp.destinationPort.range must start before it ends'],
    [CNP, clusterWide('ingress: [{action: Deny, from: [{namespaces: {}}], ports: []}]'), 'spec.ingress[0].ports unknown field'],
  ])('%s %s', (kind, spec, problem) => {
    expect(of(kind, spec)).toContain(problem);
    expect(validateAdminPolicy(kind, adminObject(kind, spec)).policy).toBeNull();
  });

  it('a baseline by another name, since there is one alone', () => {
    expect(problems(BANP, adminObject(BANP, '{subject: {namespaces: {}}}', 'other'))).toEqual(['metadata.name must be default: a cluster has only one BaselineAdminNetworkPolicy']);
  });

  it('a version that the kind never had', () => {
    const object = { ...adminObject(CNP, clusterWide('ingress: []')), apiVersion: 'policy.networking.k8s.io/v1alpha1' };
    expect(problems(CNP, object)).toEqual(['apiVersion must be policy.networking.k8s.io/v1alpha2 or policy.networking.k8s.io/v1beta1, not "policy.networking.k8s.io/v1alpha1"']);
  });

  it.each([null, undefined, 7, 'text', [], { spec: 7 }, { spec: [] }, { metadata: 'x', spec: { subject: 'x', ingress: 'x', egress: [7] } }])('%j, whatever the kind', (object) => {
    for (const kind of ADMIN_KINDS) expect(validateAdminPolicy(kind, object).policy).toBeNull();
  });
});

it('kinds of other names are none of an administrator’s', () => {
  expect(['NetworkPolicy', 'CiliumClusterwideNetworkPolicy', 'toString', ''].some(isAdminKind)).toBe(false);
});
