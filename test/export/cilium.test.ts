import { describe, expect, it } from 'vitest';
import { cilium } from '../../src/export/cilium.ts';
import type { PolicySet, RenderOptions } from '../../src/exporter.ts';
import type { Edge } from '../../src/model/edge.ts';
import { workloadPeer, type Peer } from '../../src/model/peer.ts';
import { PLAINTEXT } from '../../src/model/principal.ts';
import type { EchoRule, ProposedRule, RulePeer } from '../../src/model/proposal.ts';
import { wideningLine } from '../../src/policy/propose/comment.ts';
import { evidence, witness } from '../support/evidence.ts';
import { policySet, proposal } from '../support/rendering.ts';

const named = (namespace: string, name: string) => workloadPeer({ cluster: '', namespace, kind: 'Deployment', name });
const workload = (path: string, selector: Extract<RulePeer, { type: 'workload' }>['selector'] = { matchLabels: { app: path.replace(/.*\//, '') } }): RulePeer => {
  const [namespace = '', name = ''] = path.split('/');
  return { type: 'workload', workload: named(namespace, name), selector };
};
const outside = (cidr: string, ...names: string[]): RulePeer => ({ type: 'addresses', of: 'external', blocks: [{ cidr }], names });
const every = (of: 'node' | 'apiserver' | 'public', cidr: string): RulePeer => ({ type: 'addresses', of, blocks: [{ cidr }], names: [] });
const DNS: Partial<ProposedRule> = { direction: 'egress', whom: [workload('kube-system/dns')], ports: [{ port: 53, protocol: 'TCP' }, { port: 53, protocol: 'UDP' }] };

interface Spec {
  readonly endpointSelector: unknown;
  readonly enableDefaultDeny: unknown;
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

type Rule = Readonly<Record<string, unknown>> & { readonly toPorts: readonly { readonly ports: readonly { readonly port: string }[]; readonly rules?: { readonly http?: readonly { readonly method: string; readonly path: string }[] } }[] };

function one(rules: readonly Partial<ProposedRule>[], more: Partial<PolicySet> = {}, options: RenderOptions = {}): { readonly spec: Spec; readonly text: string } {
  const [file] = cilium.render(policySet([proposal({ rules })], [], more), options);
  const { spec } = (file?.object ?? {}) as { readonly spec: Spec };
  return { spec, text: file?.content ?? '' };
}

describe('whom Cilium is told of', () => {
  it('pods by labels of the API, of another namespace by its name', () => {
    const { spec } = one([{ whom: [workload('shop/web'), workload('bank/web', { matchExpressions: [{ key: 'app', operator: 'In', values: ['a', 'b'] }] }), { type: 'namespace', namespace: 'shop' }] }]);
    expect(spec.endpointSelector).toEqual({ matchLabels: { 'k8s:app': 'cart' } });
    expect(spec.ingress).toEqual([
      {
        fromEndpoints: [
          { matchLabels: { 'k8s:app': 'web' } },
          { matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'bank' }, matchExpressions: [{ key: 'k8s:app', operator: 'In', values: ['a', 'b'] }] },
          { matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'shop' } },
        ],
        toPorts: [{ ports: [{ port: '8080', protocol: 'TCP' }] }],
      },
    ]);
  });

  it.each([
    ['ingress', 'node', ['host', 'remote-node', 'ingress']],
    ['egress', 'node', ['host', 'remote-node']],
    ['ingress', 'apiserver', ['kube-apiserver']],
    ['egress', 'apiserver', ['kube-apiserver']],
    ['ingress', 'public', ['world', 'host', 'remote-node', 'ingress']],
  ] as const)('%s of %s by entities, which a range would not match, and says so', (direction, of, entities) => {
    const { spec, text } = one([{ direction, whom: [every(of, '192.168.0.1/32')] }]);
    expect(spec[direction]).toEqual([expect.objectContaining({ [direction === 'ingress' ? 'fromEntities' : 'toEntities']: entities })]);
    expect(text).toContain(`  # widening ${of === 'public' ? 'world' : of}-entity (${entities.join(', ')}): `);
    expect(text).toMatch(new RegExp(`^# proved as a NetworkPolicy: .*${of === 'public' ? 'world' : of}-entity: ${entities.join(', ')}$`, 'm'));
  });

  it('one kind of peers a rule, each with the ports', () => {
    const { spec } = one([{ direction: 'egress', whom: [workload('shop/web'), every('node', '192.168.0.1/32'), outside('198.51.100.7/32')] }]);
    expect(spec.egress?.map((rule) => Object.keys(rule))).toEqual([['toEndpoints', 'toPorts'], ['toEntities', 'toPorts'], ['toCIDRSet', 'toPorts']]);
  });

  it('a label that it does not tell pods by is noted', () => {
    const { text } = one([{ whom: [workload('shop/web', { matchLabels: { 'kubernetes.io/role': 'web', 'app.kubernetes.io/name': 'web', 'k8s-app': 'web' } })] }]);
    expect(text.match(/# note: the label \S+/g)).toEqual(['# note: the label kubernetes.io/role']);
  });
});

describe('ports', () => {
  it('each with its own protocol, ranges and names as they are', () => {
    const { spec } = one([{ ports: [{ port: 80, protocol: 'TCP' }, { port: 53, protocol: 'UDP' }, { port: 8000, endPort: 8010 }, { port: 'http', protocol: 'TCP' }, { protocol: 'SCTP' }] }]);
    expect(spec.ingress?.[0]?.toPorts).toEqual([
      { ports: [{ port: '80', protocol: 'TCP' }, { port: '53', protocol: 'UDP' }, { port: '8000', endPort: 8010, protocol: 'TCP' }, { port: 'http', protocol: 'TCP' }, { port: '1', endPort: 65_535, protocol: 'SCTP' }] },
    ]);
  });

  it('no more than forty in one list', () => {
    const { spec } = one([{ ports: Array.from({ length: 90 }, (_, i) => ({ port: 1000 + 2 * i, protocol: 'TCP' as const })) }]);
    expect(spec.ingress?.[0]?.toPorts.map(({ ports }) => ports.length)).toEqual([40, 40, 10]);
  });

  it('a name leads out as the numbers that were seen: Cilium would resolve it over all pods', () => {
    const rule = { direction: 'egress', whom: [workload('shop/web')], ports: [{ port: 9113, protocol: 'TCP' }, { port: 'http', protocol: 'TCP' }], edges: ['a', 'b', 'c'] } as const;
    const edges = new Map([9090, 8080, 9113].map((port, i) => ['abc'[i] ?? '', edge('abc'[i] ?? '', named('shop', 'cart'), { port })]));
    expect(one([rule], { edges }).spec.egress?.[0]?.toPorts).toEqual([{ ports: [8080, 9090, 9113].map((port) => ({ port: String(port), protocol: 'TCP' })) }]);
    expect(one([{ ...rule, direction: 'ingress' }], { edges }).text).toContain('port: http');
    // Without what was seen the name stays: no port at all would be every port.
    expect(one([rule]).text).toContain('port: http');
  });
});

describe('directions', () => {
  it.each([
    ['ingress', { ingress: true, egress: false }],
    ['egress', { ingress: false, egress: true }],
  ] as const)('%s alone is closed, and the other said to be open', (direction, said) => {
    const { spec } = one([{ direction }]);
    expect([spec.enableDefaultDeny, Object.keys(spec).filter((key) => key.endsWith('gress'))]).toEqual([said, [direction]]);
  });

  it('a whole namespace is closed by a NetworkPolicy', () => {
    expect(cilium.render(policySet([], ['shop'])).map(({ object }) => object)).toEqual([expect.objectContaining({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' })]);
  });
});

describe('DNS names', () => {
  const api: Partial<ProposedRule> = { direction: 'egress', whom: [outside('198.51.100.7/32', 'api.example.com', 'www.example.com'), outside('198.51.100.8/32', 'api.example.com'), outside('203.0.113.9/32')], ports: [{ port: 443, protocol: 'TCP' }] };
  const through = { dns: [{ matchPattern: '*' }] };

  it('stand for addresses, at the port that was used, and lookups go through the proxy', () => {
    const { spec, text } = one([api, DNS]);
    expect(spec.egress).toEqual([
      { toFQDNs: [{ matchName: 'api.example.com' }, { matchName: 'www.example.com' }], toPorts: [{ ports: [{ port: '443', protocol: 'TCP' }] }] },
      { toCIDRSet: [{ cidr: '203.0.113.9/32' }], toPorts: [{ ports: [{ port: '443', protocol: 'TCP' }] }] },
      expect.objectContaining({ toPorts: [{ ports: [{ port: '53', protocol: 'TCP' }, { port: '53', protocol: 'UDP' }], rules: through }] }),
    ]);
    expect(text).toContain('widening dns-name (api.example.com, www.example.com)');
    expect(text).toContain('dns-name: api.example.com, www.example.com');
  });

  it('stand for ranges, too, which then open nothing', () => {
    const widenings = [{ reason: 'compacted', beyond: '198.51.100.0/29' }] as const;
    const rule = { ...api, whom: [outside('198.51.100.0/29', 'api.example.com')], widenings, comment: `to external 198.51.100.1\n${wideningLine(widenings[0])}` };
    expect(one([rule, DNS]).text).not.toContain('widening compacted');
    expect(one([rule]).text).toContain('  # widening compacted (198.51.100.0/29)');
  });

  it('stay addresses where no lookup is allowed: they would open nothing', () => {
    const { spec, text } = one([api]);
    expect(spec.egress?.map((rule) => Object.keys(rule)[0])).toEqual(['toCIDRSet']);
    expect(text).not.toContain('dns');
  });

  it('stay addresses for clients, and for whoever answers for names', () => {
    const resolver = outside('198.51.100.53/32', 'dns.example.com');
    const { spec } = one([{ whom: [outside('198.51.100.7/32', 'api.example.com')] }, api, { ...DNS, whom: [resolver] }]);
    expect(spec.ingress?.[0]).toHaveProperty('fromCIDRSet');
    expect(spec.egress?.[2]).toMatchObject({ toCIDRSet: [{ cidr: '198.51.100.53/32' }], toPorts: [{ rules: through }] });
  });

  it('are learned at another port where the cluster’s resolver has one; other ports of it go past the proxy', () => {
    const rule = { ...DNS, ports: [{ port: 5353, protocol: 'UDP' as const }, { port: 9153, protocol: 'TCP' as const }] };
    const resolvers = [{ peer: named('kube-system', 'dns'), port: 5353 }];
    const [, , dns] = one([api, rule], { resolvers }).spec.egress ?? [];
    expect(dns?.toPorts).toEqual([{ ports: [{ port: '5353', protocol: 'UDP' }], rules: through }, { ports: [{ port: '9153', protocol: 'TCP' }] }]);
    expect(one([api, rule]).text).not.toContain('toFQDNs');
  });

  it('without names lookups go straight', () => expect(one([DNS]).text).not.toContain('rules:'));

  it('a node-local cache is the host, for lookups alone', () => {
    const { spec, text } = one([{ ...DNS, whom: [outside('169.254.20.10/32')], ports: [{ port: 53, protocol: 'UDP' }, { port: 80, protocol: 'TCP' }] }, api]);
    expect(spec.egress?.slice(0, 2)).toMatchObject([{ toCIDRSet: [{ cidr: '169.254.20.10/32' }] }, { toEntities: ['host'], toPorts: [{ ports: [{ port: '53', protocol: 'UDP' }], rules: through }] }]);
    expect(text).toContain('widening host-entity (host)');
    // The address where clouds answer with credentials is no cache of names.
    expect(one([{ direction: 'egress', whom: [outside('169.254.169.254/32')], ports: [{ port: 80, protocol: 'TCP' }] }]).text).not.toContain('toEntities');
  });
});

describe('pings', () => {
  const echo = (whom: RulePeer, more: Partial<EchoRule> = {}): EchoRule => ({ direction: 'ingress', whom, protocol: 'ICMP', edges: ['e'], comment: 'from shop/web', notes: ['ICMP from shop/web is used'], ...more });
  const rendered = (...echoes: readonly EchoRule[]) => {
    const [file] = cilium.render(policySet([proposal({ echoes, notes: ['ICMP from shop/web is used', 'another'] })]));
    return { ingress: ((file?.object ?? {}) as { readonly spec: Spec }).spec.ingress?.slice(1), text: file?.content ?? '' };
  };

  it('are echo requests beside the ports, and no longer what cannot be named', () => {
    const { ingress, text } = rendered(echo(workload('shop/web')), echo(every('node', '192.168.0.1/32'), { protocol: 'ICMPv6' }));
    expect(ingress).toEqual([
      { fromEndpoints: [{ matchLabels: { 'k8s:app': 'web' } }], icmps: [{ fields: [{ family: 'IPv4', type: 8 }] }] },
      { fromEntities: ['host', 'remote-node', 'ingress'], icmps: [{ fields: [{ family: 'IPv6', type: 128 }] }] },
    ]);
    expect(text.match(/# note: .*/g)).toEqual(['# note: another']);
    expect(text).toContain('node-entity: host, remote-node, ingress');
  });

  it('open nothing in a direction that is left alone', () => {
    expect(rendered(echo(workload('shop/web'), { direction: 'egress' })).text).not.toContain('icmps');
  });
});

interface Seen {
  readonly port?: number;
  readonly requests?: readonly string[];
  readonly collector?: string;
  readonly principals?: readonly string[];
}

function edge(id: string, source: Peer, { port = 8080, requests = [], collector = 'hubble', principals = [] }: Seen = {}): Edge {
  const operations = requests.map((request) => ({ method: request.split(' ')[0] ?? '', path: request.split(' ')[1] ?? '', count: 1 }));
  const point = collector === 'hubble' && requests.length > 0 ? 'l7' : 'inbound';
  return { id, source, destination: named('shop', 'cart'), protocol: 'TCP', port, evidence: { ...evidence({ witnesses: [[witness('destination', collector, point), { opened: 1 }]] }), operations, principals: new Set(principals) } };
}

describe('requests', () => {
  const l7 = { l7: true };
  const asked = (rules: readonly Partial<ProposedRule>[], edges: readonly Edge[]) => one(rules, { edges: new Map(edges.map((own) => [own.id, own])) }, l7);
  const web = named('shop', 'web');
  const rule = { whom: [workload('shop/web')], ports: [{ port: 8080, protocol: 'TCP' as const }], edges: ['a'] };

  it('are told only where they are asked for', () => {
    const edges = new Map([['a', edge('a', web, { requests: ['GET /cart'] })]]);
    expect(one([rule], { edges }).text).not.toContain('http:');
    expect(one([rule], { edges }, l7).spec.ingress?.[0]?.toPorts).toEqual([{ ports: [{ port: '8080', protocol: 'TCP' }], rules: { http: [{ method: 'GET', path: '/cart(;[^/?]*)?(\\?.*)?' }] } }]);
  });

  it('of one client are none of another’s, and of one port none of another’s', () => {
    const edges = [edge('a', web, { requests: ['GET /a'] }), edge('b', named('bank', 'web'), { requests: ['GET /b', 'POST /b'] }), edge('c', web, { port: 8081 }), edge('d', web, { port: 8082, requests: ['GET /d'] })];
    const { spec } = asked([{ whom: [workload('shop/web'), workload('bank/web')], ports: [{ port: 8080, endPort: 8082, protocol: 'TCP' }], edges: ['a', 'b', 'c', 'd'] }], edges);
    const told = spec.ingress?.map(({ toPorts }) => toPorts.map(({ ports, rules }) => `${ports.map(({ port }) => port).join()} ${rules?.http?.map(({ method, path }) => `${method} ${path.slice(0, 2)}`).join() ?? 'any'}`));
    expect(told).toEqual([
      ['8080 GET /a', '8082 GET /d', '8081 any'],
      ['8080 GET /b,POST /b', '8081,8082 any'],
    ]);
  });

  it.each([
    ['without requests', edge('a', web), false],
    ['read by Cilium', edge('a', web, { requests: ['GET /a'] }), true],
    ['that the server’s proxy saw in plain text', edge('a', web, { requests: ['GET /a'], collector: 'envoy-access-log', principals: [PLAINTEXT] }), true],
    ['that a proxy tells, and nobody knows whether they were encrypted', edge('a', web, { requests: ['GET /a'], collector: 'envoy-access-log' }), false],
    ['with a certificate', edge('a', web, { requests: ['GET /a'], collector: 'envoy-access-log', principals: [PLAINTEXT, 'spiffe://cluster.local/ns/shop/sa/web'] }), false],
  ])('of connections %s', (_, own, isTold) => {
    const { text } = asked([rule], [own]);
    expect(text.includes('http:')).toBe(isTold);
    expect(text.includes('# note: requests from shop/web at port 8080 stay open')).toBe(!isTold && own.evidence.operations.length > 0);
  });

  it('are told by the server alone, and not at the client', () => {
    expect(asked([{ ...rule, direction: 'egress' }], [edge('a', web, { requests: ['GET /a'] })]).text).not.toContain('http:');
  });

  it.each<readonly [string, Peer, RulePeer]>([
    ['an address', { type: 'external', address: '198.51.100.7' }, outside('198.51.100.0/24')],
    ['the public', { type: 'public' }, every('public', '0.0.0.0/0')],
    ['a namespace', named('shop', 'any'), { type: 'namespace', namespace: 'shop' }],
  ])('of %s', (_, source, client) => expect(asked([{ ...rule, whom: [client] }], [edge('a', source, { requests: ['GET /a'] })]).text).toContain('http:'));
});
