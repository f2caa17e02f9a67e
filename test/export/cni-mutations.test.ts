import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { calico } from '../../src/export/calico.ts';
import { cilium } from '../../src/export/cilium.ts';
import { workloadPeer } from '../../src/model/peer.ts';
import type { RulePeer } from '../../src/model/proposal.ts';
import type { End, PolicyProtocol } from '../../src/policy/evaluate/evaluate.ts';
import { CalicoPolicies, type CalicoPolicy } from '../support/calico-evaluator.ts';
import { CiliumPolicies, type CiliumPolicy } from '../support/cilium-evaluator.ts';
import { addressEnd, podEnd } from '../support/policy.ts';
import { policySet, proposal } from '../support/rendering.ts';

/** Mistakes that exporters have made elsewhere, each made on purpose: the evaluators that judge ours must see every one. */

const workload = (path: string, app: string): RulePeer => {
  const [namespace = '', name = ''] = path.split('/');
  return { type: 'workload', workload: workloadPeer({ cluster: '', namespace, kind: 'Deployment', name }), selector: { matchLabels: { app } } };
};
const pod = (path: string, app: string, ip: string, http?: number) => podEnd(path, { app }, { ips: [ip], ports: http === undefined ? [] : [{ name: 'http', port: http, protocol: 'TCP' }] });

const cart = pod('shop/cart-0', 'cart', '10.0.0.1', 80);
const ends: Readonly<Record<string, End>> = {
  cart,
  web: pod('shop/web-0', 'web', '10.0.0.2'),
  ledger: pod('bank/ledger-0', 'ledger', '10.0.1.1', 7000),
  namesake: pod('shop/ledger-0', 'ledger', '10.0.0.3'),
  dns: pod('kube-system/dns-0', 'dns', '10.0.2.1'),
  api: addressEnd('198.51.100.7'),
  stranger: addressEnd('198.51.100.8'),
  node: addressEnd('192.168.0.1'),
};

const proposed = proposal({
  rules: [
    { whom: [workload('shop/web', 'web')], ports: [{ port: 80, protocol: 'TCP' }, { port: 53, protocol: 'UDP' }] },
    { direction: 'egress', whom: [workload('bank/ledger', 'ledger')], ports: [{ port: 7000, endPort: 7003, protocol: 'TCP' }] },
    { direction: 'egress', whom: [workload('kube-system/dns', 'dns')], ports: [{ port: 53, protocol: 'TCP' }, { port: 53, protocol: 'UDP' }] },
    { direction: 'egress', whom: [{ type: 'addresses', of: 'external', blocks: [{ cidr: '198.51.100.7/32' }], names: ['api.example.com'] }], ports: [{ port: 443, protocol: 'TCP' }] },
    { direction: 'egress', whom: [{ type: 'addresses', of: 'node', blocks: [{ cidr: '192.168.0.1/32' }], names: [] }], ports: [{ port: 9100, protocol: 'TCP' }] },
  ],
});

type Question = readonly [source: End, destination: End, port: number, protocol: PolicyProtocol];

const QUESTIONS: readonly Question[] = Object.values(ends).flatMap((other) =>
  [53, 80, 443, 7000, 7002, 7003, 9100].flatMap((port) =>
    (['TCP', 'UDP'] as const).flatMap((protocol): readonly Question[] => (other === cart ? [] : [[cart, other, port, protocol], [other, cart, port, protocol]])),
  ),
);

interface Asked {
  allows(source: End, destination: End, port: number, protocol: PolicyProtocol): boolean;
}

const nameOf = (end: End): string => Object.entries(ends).find(([, own]) => own === end)?.[0] ?? '';
const answers = (asked: Asked): readonly string[] =>
  QUESTIONS.filter((question) => asked.allows(...question)).map(([source, destination, port, protocol]) => `${nameOf(source)} -> ${nameOf(destination)} ${port}/${protocol}`).toSorted();

const DNS = new Map([['api.example.com', ['198.51.100.7']]]);
const asCilium = (text: string): readonly string[] =>
  answers(new CiliumPolicies([parse(text) as CiliumPolicy], { nodes: new Set(['192.168.0.1']), apiservers: new Set(), dns: DNS, ends: Object.values(ends) }));
const asCalico = (text: string): readonly string[] => answers(new CalicoPolicies([parse(text) as CalicoPolicy]));

const MEANT = ['cart -> api 443/TCP', 'cart -> dns 53/TCP', 'cart -> dns 53/UDP', 'cart -> ledger 7000/TCP', 'cart -> ledger 7002/TCP', 'cart -> ledger 7003/TCP', 'cart -> node 9100/TCP', 'web -> cart 53/UDP', 'web -> cart 80/TCP'];

describe('Cilium', () => {
  const text = cilium.render(policySet([proposed]))[0]?.content ?? '';

  it('lets through what is meant', () => expect(asCilium(text)).toEqual(MEANT));

  it.each<readonly [string, (text: string) => string, readonly string[]]>([
    ['a peer of another namespace without it', (own) => own.replace(/ +k8s:io\.kubernetes\.pod\.namespace: bank\n/, ''), ['cart -> namesake 7000/TCP']],
    ['a port without its protocol', (own) => own.replace(/(port: "80"\n) +protocol: TCP\n/, '$1'), ['web -> cart 80/UDP']],
    ['every port with every protocol', (own) => own.replace('      - port: "80"\n', '      - port: "80"\n        protocol: UDP\n      - port: "80"\n'), ['web -> cart 80/UDP']],
    ['peers and ports in two rules', (own) => own.replace('app: web\n    toPorts', 'app: web\n  - toPorts'), ['web -> cart 443/TCP', 'stranger -> cart 80/TCP']],
    ['no lookups through the proxy', (own) => own.replace(/ {6}rules:\n {8}dns:\n.*\n/, ''), ['!cart -> api 443/TCP']],
    ['a name opened for lookups alone', (own) => own.replace('port: "443"', 'port: "53"'), ['!cart -> api 443/TCP']],
    ['a range for what is a node', (own) => own.replace(/toEntities:\n +- host\n +- remote-node\n/, 'toCIDRSet:\n    - cidr: 192.168.0.1/32\n'), ['!cart -> node 9100/TCP']],
    ['a range of ports without its end', (own) => own.replace(/ +endPort: 7003\n/, ''), ['!cart -> ledger 7002/TCP']],
    ['a name on its way out', (own) => own.replace(/port: "7000"\n +endPort: 7003/, 'port: http'), ['!cart -> ledger 7000/TCP']],
    ['a rule without peers', (own) => own.replace(/fromEndpoints:\n +- matchLabels:\n +k8s:app: web\n {4}toPorts/, 'toPorts'), ['stranger -> cart 80/TCP']],
    ['a direction that is not closed', (own) => own.replace('egress: true', 'egress: false'), ['cart -> stranger 443/TCP']],
    ['another workload selected', (own) => own.replace('k8s:app: cart', 'k8s:app: carts'), ['stranger -> cart 80/TCP']],
  ])('%s is seen', (_, mistake, seen) => {
    expect(mistake(text)).not.toBe(text);
    const after = asCilium(mistake(text));
    for (const one of seen) expect(after.includes(one.replace('!', ''))).toBe(!one.startsWith('!'));
  });
});

describe('Calico', () => {
  const text = calico.render(policySet([proposed]), { enforced: true })[0]?.content ?? '';

  it('lets through what is meant', () => expect(asCalico(text)).toEqual(MEANT));

  it.each<readonly [string, (text: string) => string, readonly string[]]>([
    ['a peer of another namespace without it', (own) => own.replace(/ +namespaceSelector: kubernetes\.io\/metadata\.name == 'bank'\n/, ''), ['cart -> namesake 7000/TCP', '!cart -> ledger 7000/TCP']],
    ['a namespace instead of its workload', (own) => own.replace(/ +selector: app == 'ledger'\n/, '').replace("== 'bank'", "== 'shop'"), ['cart -> web 7000/TCP']],
    ['a rule without its protocol', (own) => own.replace('    protocol: TCP\n', ''), ['web -> cart 80/UDP']],
    ['no rule for the second protocol', (own) => own.replace(/ {2}# as above\n {2}- action: Allow\n {4}protocol: UDP\n(?: {4}.*\n)+/, ''), ['!web -> cart 53/UDP']],
    ['a range and a selector at once', (own) => own.replace('      nets:', "      selector: app == 'api'\n      nets:"), ['!cart -> api 443/TCP']],
    ['a range of ports without its end', (own) => own.replace('7000:7003', '7000'), ['!cart -> ledger 7002/TCP']],
    ['a rule without its ports', (own) => own.replace(/ +destination:\n +ports:\n +- 80\n/, ''), ['web -> cart 443/TCP']],
    ['a direction that is not closed', (own) => own.replace('  - Egress\n', ''), ['cart -> stranger 443/TCP']],
    ['another workload selected', (own) => own.replace("selector: app == 'cart'", "selector: app in { 'carts' }"), ['stranger -> cart 80/TCP']],
  ])('%s is seen', (_, mistake, seen) => {
    expect(mistake(text)).not.toBe(text);
    const after = asCalico(mistake(text));
    for (const one of seen) expect(after.includes(one.replace('!', ''))).toBe(!one.startsWith('!'));
  });
});
