import { describe, expect, it } from 'vitest';
import type { AdminPolicy } from '../../../src/model/admin-policy.ts';
import type { NetworkPolicy, PolicyPeer, PolicyPort } from '../../../src/model/policy.ts';
import { addressSetText } from '../../../src/policy/diff/address-set.ts';
import { diffPeerName, diffPolicies, type DiffPeer, type Policies, type PolicyDiff } from '../../../src/policy/diff/diff.ts';
import { portSetText } from '../../../src/policy/diff/port-set.ts';
import { propose } from '../../../src/policy/propose/propose.ts';
import type { Graph } from '../../../src/learn/graph.ts';
import { edgeName } from '../../../src/detect/violation.ts';
import { anp, banp } from '../../support/admin-policy.ts';
import { WORLD, type HubbleFlow } from '../../support/hubble.ts';
import { nodeObject, ownerObject, podObject } from '../../support/inventory.ts';
import { networkPolicy } from '../../support/policy.ts';
import { deployed, learned } from '../../support/proposals.ts';
import { NODE } from '../../support/shop.ts';

const web = deployed('shop/web', '10.0.0.1');
const cart = deployed('shop/cart', '10.0.0.2', { ports: [{ name: 'http', containerPort: 8080 }] });
const vault = deployed('bank/vault', '10.0.1.1');
const EVERYBODY = [...web.objects, ...cart.objects, ...vault.objects];
const partner = WORLD('198.51.100.10');

const graphOf = (flows: readonly HubbleFlow[] = [], objects: readonly object[] = EVERYBODY): Graph => learned(flows, objects).graph();
const forApp = (app: string, spec: Partial<NetworkPolicy['spec']>, namespace = 'shop'): NetworkPolicy => networkPolicy({ podSelector: { matchLabels: { app } }, ...spec }, namespace, `for-${app}`);
const admits = (app: string, peers: readonly PolicyPeer[], ...ports: readonly PolicyPort[]): NetworkPolicy => forApp(app, { policyTypes: ['Ingress'], ingress: [{ from: peers, ports }] });
const reaches = (app: string, peers: readonly PolicyPeer[], ...ports: readonly PolicyPort[]): NetworkPolicy => forApp(app, { policyTypes: ['Egress'], egress: [{ to: peers, ports }] });
const app = (name: string): PolicyPeer => ({ podSelector: { matchLabels: { app: name } } });
const block = (cidr: string, ...except: readonly string[]): PolicyPeer => ({ ipBlock: { cidr, except } });

const NOTHING: Policies = { network: [], admin: [] };

const name = (peer: DiffPeer): string => (peer.type === 'outside' ? addressSetText(peer.addresses) : diffPeerName(peer));
const lines = ({ differences }: PolicyDiff): readonly string[] =>
  differences.map(
    ({ change, source, destination, ports, partly, edges }) =>
      `${change === 'appears' ? '+' : '-'} ${name(source)} -> ${name(destination)} ${portSetText(ports)}${partly ? ' partly' : ''}${edges.length > 0 ? ` (${edges.map((edge) => `${edgeName(edge)} ${edge.state}`).join('; ')})` : ''}`,
  );
const diff = (before: readonly NetworkPolicy[], after: readonly NetworkPolicy[], graph = graphOf()): readonly string[] => lines(diffPolicies(graph, { network: before, admin: [] }, { network: after, admin: [] }));

describe('what appears and vanishes', () => {
  it('nothing where only the text differs', () => {
    const one = forApp('cart', { ingress: [{ from: [app('web'), app('cart')], ports: [{ port: 80 }, { port: 81 }] }] });
    const other = forApp('cart', {
      policyTypes: ['Ingress'],
      ingress: [{ from: [app('cart')], ports: [{ port: 80, endPort: 81, protocol: 'TCP' }] }, { from: [app('web')], ports: [{ port: 81 }, { port: 80 }] }],
    });
    const [first, second] = [forApp('cart', { ingress: [{ from: [app('web')], ports: [{ port: 80, endPort: 81 }] }] }), forApp('cart', { ingress: [{ from: [app('cart')], ports: [{ port: 80, endPort: 81 }] }] })];
    expect([diff([one], [other]), diff([one], [first, second]), diff([one, one], [one])]).toEqual([[], [], []]);
  });

  it.each<[string, readonly NetworkPolicy[], readonly NetworkPolicy[], readonly string[]]>([
    ['another port', [admits('cart', [app('web')], { port: 80 })], [admits('cart', [app('web')], { port: 81 })], ['- shop/web -> shop/cart 80/TCP', '+ shop/web -> shop/cart 81/TCP']],
    ['another peer', [admits('cart', [app('web')], { port: 80 })], [admits('cart', [app('cart')], { port: 80 })], ['+ shop/cart -> shop/cart 80/TCP', '- shop/web -> shop/cart 80/TCP']],
    ['a wider range of ports', [admits('cart', [app('web')], { port: 80, endPort: 90 })], [admits('cart', [app('web')], { port: 70, endPort: 90 })], ['+ shop/web -> shop/cart 70-79/TCP']],
    ['any port', [admits('cart', [app('web')], { port: 80 })], [admits('cart', [app('web')])], ['+ shop/web -> shop/cart any port but 80/TCP']],
    ['a named port', [admits('cart', [app('web')], { port: 'http' })], [admits('cart', [app('web')], { port: 8080 })], []],
    ['a name that nobody has', [admits('cart', [app('web')], { port: 'grpc' })], [admits('cart', [app('web')], { port: 'http' })], ['+ shop/web -> shop/cart 8080/TCP']],
    ['a range that was narrowed', [reaches('web', [block('10.0.0.0/8')], { port: 443 })], [reaches('web', [block('10.1.0.0/16')], { port: 443 })], [
      '- shop/web -> 10.0.0.0/8 except 10.1.0.0/16 443/TCP',
      '- shop/web -> bank/vault 443/TCP',
      '- shop/web -> shop/cart 443/TCP',
      '- shop/web -> shop/web 443/TCP',
    ]],
    ['an exception that is let in again', [reaches('web', [block('203.0.113.0/24', '203.0.113.0/25')])], [reaches('web', [block('203.0.113.0/25'), block('203.0.113.0/24', '203.0.113.0/25')])], ['+ shop/web -> 203.0.113.0/25 any port']],
    ['everybody instead of everybody outside', [reaches('web', [block('0.0.0.0/0'), block('::/0')], { port: 80 })], [reaches('web', [], { port: 80 })], []],
    ['both ends must allow', [admits('cart', [app('web')], { port: 80 })], [admits('cart', [app('web')], { port: 80 }), reaches('web', [app('cart')], { port: 81 })], [
      '- shop/web -> anywhere any port',
      '- shop/web -> bank/vault any port',
      '- shop/web -> shop/cart 80/TCP',
      '- shop/web -> shop/web any port',
    ]],
    ['a protocol', [admits('cart', [app('web')], { port: 53 })], [admits('cart', [app('web')], { port: 53, protocol: 'UDP' })], ['- shop/web -> shop/cart 53/TCP', '+ shop/web -> shop/cart 53/UDP']],
  ])('%s', (_, before, after, expected) => {
    expect(diff(before, after).toSorted()).toEqual(expected.toSorted());
    const turned = diff(after, before).map((line) => (line.startsWith('+') ? `-${line.slice(1)}` : `+${line.slice(1)}`));
    expect(turned.toSorted()).toEqual(expected.toSorted());
  });

  it('closing a pod takes everybody away, and the outside', () => {
    expect(diff([], [forApp('cart', { policyTypes: ['Ingress'] })])).toEqual([
      '- bank/vault -> shop/cart any port',
      '- anywhere -> shop/cart any port',
      '- shop/cart -> shop/cart any port',
      '- shop/web -> shop/cart any port',
    ]);
  });

  it('shows what of it was used, and by whom', () => {
    const graph = graphOf([
      { from: web.end, to: cart.end, port: 8080 },
      { from: web.end, to: partner, port: 443 },
    ]);
    expect(diff([], [forApp('cart', { policyTypes: ['Ingress'] })], graph)).toContain('- shop/web -> shop/cart any port (shop/web -> shop/cart 8080/TCP accepted)');
    expect(diff([reaches('web', [block('198.51.0.0/16')], {})], [reaches('web', [block('198.51.0.0/17')], {})], graph)).toEqual(['- shop/web -> 198.51.128.0/17 any/TCP']);
    const narrowed = diff([reaches('web', [block('198.51.0.0/16')], {})], [reaches('web', [block('198.51.0.0/18')], {})], graph);
    expect(narrowed).toEqual(['- shop/web -> 198.51.64.0/18; 198.51.128.0/17 any/TCP (shop/web -> external 198.51.100.10 443/TCP accepted)']);
  });

  it('tells when only some of the pods are meant', () => {
    const rolling = ['v1', 'v2'].map((version, i) => podObject({ namespace: 'shop', name: `web-5d9c7b9f6${version === 'v1' ? 'b' : 'c'}-x7k2${'bc'[i]}`, ip: `10.0.0.${i + 7}`, labels: { app: 'web', version }, owner: ['ReplicaSet', `web-5d9c7b9f6${version === 'v1' ? 'b' : 'c'}`] }));
    const graph = graphOf([], [...cart.objects, ownerObject('Deployment', 'shop', 'web', { app: 'web' }), ...rolling]);
    const onlyNew = admits('cart', [{ podSelector: { matchLabels: { version: 'v2' } } }], { port: 80 });
    expect(diff([admits('cart', [app('web')], { port: 80 })], [onlyNew], graph)).toEqual(['- shop/web -> shop/cart 80/TCP partly']);
  });

  it('asks of nodes as of nodes, and never of a pod’s own', () => {
    const graph = graphOf([{ from: NODE, to: cart.end, port: 8080 }], [...EVERYBODY, nodeObject('node-b', '192.168.0.2', '10.0.0.0/16')]);
    expect(diff([admits('cart', [block('192.168.0.0/24')], { port: 8080 })], [admits('cart', [app('web')], { port: 8080 })], graph)).toContain('- node -> shop/cart 8080/TCP (node -> shop/cart 8080/TCP accepted)');
  });

  it('a pod’s only node reaches it whatever policies say', () => {
    const there = podObject({ namespace: 'shop', name: 'tool', ip: '10.0.0.9', labels: { app: 'tool' }, node: 'node-a', hostIP: '192.168.0.1' });
    const nodes = (...names: readonly string[]): readonly object[] => names.map((own, i) => nodeObject(own, `192.168.0.${i + 1}`, '10.0.0.0/16'));
    const closed = [forApp('tool', { policyTypes: ['Ingress'] })];
    expect(diff([], closed, graphOf([], [there, ...nodes('node-a')]))).toEqual(['- anywhere -> shop/tool any port']);
    expect(diff([], closed, graphOf([], [there, ...nodes('node-a', 'node-b')]))).toEqual(['- node -> shop/tool any port', '- anywhere -> shop/tool any port']);
  });

  it('leaves out whom policies do not bind, and says so', () => {
    const agent = podObject({ namespace: 'shop', name: 'agent', ip: '192.168.0.2', labels: { app: 'agent' }, hostNetwork: true });
    const result = diffPolicies(graphOf([], [...EVERYBODY, agent]), NOTHING, { ...NOTHING, network: [networkPolicy({ policyTypes: ['Ingress'] })] });
    expect([result.workloads, result.leftOut.map(({ workload, because }) => `${workload.name}: ${because}`)]).toEqual([3, ["agent: on the host's network, where policies do not apply"]]);
    expect(lines(result).filter((line) => line.includes('agent'))).toEqual([]);
  });

  it('asks administrators first, and last', () => {
    const admitted = admits('cart', [app('web')], { port: 8080 });
    const withAdmin = (...admin: readonly AdminPolicy[]): Policies => ({ network: [admitted], admin });
    const shop = 'namespaces: {matchLabels: {kubernetes.io/metadata.name: shop}}';
    const deny = anp(`priority: 1, subject: {${shop}}, ingress: [{action: Deny, from: [{${shop}}], ports: [{portRange: {start: 8000, end: 9000, protocol: TCP}}]}]`);
    expect(lines(diffPolicies(graphOf(), withAdmin(), withAdmin(deny)))).toEqual(['- shop/cart -> shop/web 8000-9000/TCP', '- shop/web -> shop/cart 8080/TCP', '- shop/web -> shop/web 8000-9000/TCP']);
    const allow = anp(`priority: 0, subject: {${shop}}, ingress: [{action: Allow, from: [{${shop}}], ports: [{portNumber: {port: 8500, protocol: TCP}}]}]`);
    expect(lines(diffPolicies(graphOf(), withAdmin(deny), withAdmin(deny, allow)))).toEqual([
      '+ shop/cart -> shop/cart 8500/TCP',
      '+ shop/cart -> shop/web 8500/TCP',
      '+ shop/web -> shop/cart 8500/TCP',
      '+ shop/web -> shop/web 8500/TCP',
    ]);
    const baseline = banp(`subject: {${shop}}, egress: [{action: Deny, to: [{networks: [203.0.113.0/24]}]}]`);
    expect(lines(diffPolicies(graphOf(), withAdmin(), withAdmin(baseline)))).toEqual(['- shop/cart -> 203.0.113.0/24 any port', '- shop/web -> 203.0.113.0/24 any port']);
  });

  it('has no second pod of a bare pod', () => {
    const bare = podObject({ namespace: 'shop', name: 'tool', ip: '10.0.0.9', labels: { app: 'tool' } });
    expect(diff([], [forApp('tool', { policyTypes: ['Egress'] })], graphOf([], [bare]))).toEqual(['- shop/tool -> anywhere any port']);
  });

  it('what is proposed differs from no policies in what nobody used', () => {
    const graph = graphOf([{ from: web.end, to: cart.end, port: 8080 }]);
    const policies = propose(graph, { includeObserved: false, wants: () => true }).proposals.map(({ policy }) => policy);
    const { differences } = diffPolicies(graph, NOTHING, { ...NOTHING, network: policies });
    expect(differences.length).toBeGreaterThan(0);
    expect(differences.filter(({ change, edges }) => change === 'appears' || edges.length > 0)).toEqual([]);
  });
});
