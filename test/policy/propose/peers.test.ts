import { describe, expect, it } from 'vitest';
import type { Graph } from '../../../src/learn/graph.ts';
import type { Peer, WorkloadPeer } from '../../../src/model/peer.ts';
import type { PolicyPeer } from '../../../src/model/policy.ts';
import type { Widening } from '../../../src/model/proposal.ts';
import { namePeer, policyPeers } from '../../../src/policy/propose/peers.ts';
import { Roster } from '../../../src/policy/roster.ts';
import { Learner, type LearnerOptions } from '../../support/graph.ts';
import { nodeObject, serviceObject } from '../../support/inventory.ts';
import { WORLD } from '../../support/hubble.ts';
import { deployed, learned } from '../../support/proposals.ts';

const workload = (path: string, kind = 'StatefulSet', cluster = 'default'): WorkloadPeer => {
  const [namespace = '', name = ''] = path.split('/');
  return { type: 'workload', cluster, namespace, kind, name };
};
const WEB = workload('shop/web');

function graphOf(objects: readonly object[], options: LearnerOptions = {}): Graph {
  return new Learner(options).know(...objects).graph();
}

type Named = { readonly peers: readonly PolicyPeer[]; readonly widenings: readonly Widening[]; readonly notes: readonly string[] } | { readonly peers: null; readonly reason: string };

/** How a peer of `shop/web` is named, as a NetworkPolicy writes it. */
function named(peer: Peer, graph: Graph, seen: readonly string[] = []): Named {
  const result = namePeer(peer, WEB, new Set(seen), new Roster(graph), graph.directory);
  if (result.whom === null) return { peers: null, reason: result.reason };
  const { whom, widenings, notes } = result;
  return { peers: policyPeers(whom, WEB.namespace), widenings, notes };
}

/** Why a peer cannot be named. */
function refusal(peer: Peer, graph: Graph, seen: readonly string[] = []): string {
  const result = named(peer, graph, seen);
  expect(result.peers).toBeNull();
  return result.peers === null ? result.reason : '';
}

const SHOP = [
  ...deployed('shop/web', '10.0.0.1').objects,
  ...deployed('shop/cart', '10.0.0.2').objects,
  ...deployed('bank/vault', '10.0.1.1').objects,
];
const endpointSlice = (...addresses: readonly string[]): object => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
  endpoints: [{ addresses }],
  ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
});

describe('a workload as a peer', () => {
  it('is a podSelector in the policy’s own namespace', () => {
    expect(named(workload('shop/cart'), graphOf(SHOP))).toEqual({
      peers: [{ podSelector: { matchLabels: { app: 'cart' } } }],
      widenings: [],
      notes: [],
    });
  });

  it('is its namespace’s name and a podSelector in one element elsewhere', () => {
    const expected = {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'bank' } },
      podSelector: { matchLabels: { app: 'vault' } },
    };
    expect(named(workload('bank/vault'), graphOf(SHOP)).peers).toEqual([expected]);
  });

  it.each<[string, Peer, readonly object[], RegExp]>([
    ['in another cluster', workload('shop/cart', 'StatefulSet', 'east'), SHOP, /shop\/cart is in another cluster \(east\)/],
    ['that is not known', workload('shop/none'), SHOP, /shop\/none is not known/],
    [
      'on the host’s network',
      workload('shop/agent'),
      [...SHOP, ...deployed('shop/agent', '192.168.0.1', { pod: { hostNetwork: true } }).objects],
      /shop\/agent is on the host's network/,
    ],
    [
      'that no label tells from others',
      workload('shop/twin'),
      [...SHOP, ...deployed('shop/twin', '10.0.0.9', { labels: { app: 'cart' }, selector: null }).objects],
      /shop\/twin cannot be selected: its pods have no label that tells them/,
    ],
    [
      'without labels',
      workload('shop/bare'),
      [...SHOP, ...deployed('shop/bare', '10.0.0.9', { labels: {}, selector: {} }).objects],
      /shop\/bare cannot be selected: its pods have no stable label/,
    ],
  ])('has no name %s', (_, peer, objects, expected) => {
    expect(refusal(peer, graphOf(objects))).toMatch(expected);
  });
});

describe('an outside address as a peer', () => {
  it.each([
    ['198.51.100.7', '198.51.100.7/32'],
    ['2001:db8::7', '2001:db8::7/128'],
  ])('%s is a range of one', (address, cidr) => {
    expect(named({ type: 'external', address }, graphOf(SHOP))).toEqual({ peers: [{ ipBlock: { cidr } }], widenings: [], notes: [] });
  });

  it('addresses over the cap are for a person to choose', () => {
    expect(refusal({ type: 'external', address: 'others' }, graphOf(SHOP))).toMatch(/more outside addresses than the graph keeps/);
  });

  it.each<Peer>([
    { type: 'unresolved', address: '10.0.0.77' },
    { type: 'address', cluster: '', address: '10.0.0.77', account: '' },
    { type: 'labels', cluster: '', namespace: 'shop', labels: 'app=web' },
  ])('nobody is made up for %j', (peer) => {
    expect(refusal(peer, graphOf(SHOP))).toMatch(/nobody is known to own/);
  });
});

describe('the public as a peer', () => {
  const NODES = [nodeObject('node-a', '192.168.0.1', '10.0.0.0/24'), nodeObject('node-b', '192.168.0.2', '10.0.1.0/24')];
  const DUAL = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-c' }, spec: { podCIDRs: ['10.0.2.0/24', '2001:db8:2::/64'] }, status: {} };

  it('is every address but those of pods, with the widening that says so', () => {
    expect(named({ type: 'public' }, graphOf([...SHOP, ...NODES]), ['198.51.100.7'])).toEqual({
      peers: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/24', '10.0.1.0/24'] } }],
      widenings: [{ reason: 'public-entry', beyond: '0.0.0.0/0' }],
      notes: [],
    });
  });

  it('leaves out the ranges that a person named, once where they overlap', () => {
    const { peers } = named({ type: 'public' }, graphOf([...SHOP, ...NODES], { ranges: ['10.0.0.0/16', '10.96.0.0/12'] }), ['198.51.100.7']);
    expect(peers).toEqual([{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/16', '10.96.0.0/12'] } }]);
  });

  it('is IPv6 too if IPv6 was seen, and only if', () => {
    const graph = graphOf([...SHOP, ...NODES, DUAL]);
    const cidrs = (...seen: string[]): readonly unknown[] => (named({ type: 'public' }, graph, seen).peers ?? []).map(({ ipBlock }) => ipBlock);
    const v4 = { cidr: '0.0.0.0/0', except: ['10.0.0.0/24', '10.0.1.0/24', '10.0.2.0/24'] };
    const v6 = { cidr: '::/0', except: ['2001:db8:2::/64'] };
    expect(cidrs('198.51.100.7')).toEqual([v4]);
    expect(cidrs('2001:db8:ff::7')).toEqual([v6]);
    expect(cidrs('2001:db8:ff::7', '198.51.100.7')).toEqual([v4, v6]);
    expect(
      named({ type: 'public' }, graph, ['2001:db8:ff::7', '198.51.100.7']).peers === null
        ? []
        : named({ type: 'public' }, graph, ['2001:db8:ff::7', '198.51.100.7']),
    ).toMatchObject({ widenings: [{ beyond: '0.0.0.0/0, ::/0' }] });
  });

  it('holds the nodes that are in a range which a person named, but not their pods', () => {
    const { peers } = named({ type: 'public' }, graphOf([...SHOP, ...NODES], { ranges: ['10.0.0.0/8', '192.168.0.0/16'] }), ['198.51.100.7']);
    expect(peers).toEqual([
      { ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8', '192.168.0.0/16'] } },
      { ipBlock: { cidr: '192.168.0.1/32' } },
      { ipBlock: { cidr: '192.168.0.2/32' } },
    ]);
  });

  it('has no name while a pod is known outside the ranges, by the inventory or by records: it would hold the pod', () => {
    const stray = deployed('bank/stray', '10.9.0.1');
    const reason = /the pods' ranges are not all known: a pod has 10\.9\.0\.1.*--cluster-cidr/;
    expect(refusal({ type: 'public' }, graphOf([...SHOP, ...NODES, ...stray.objects]), ['198.51.100.7'])).toMatch(reason);
    const seen = learned([{ from: stray.end, to: deployed('shop/web', '10.0.0.1').end }], [...SHOP, ...NODES]).graph();
    expect(refusal({ type: 'public' }, seen, ['198.51.100.7'])).toMatch(reason);
    expect(named({ type: 'public' }, graphOf([...SHOP, ...NODES, ...stray.objects], { ranges: ['10.9.0.0/16'] }), ['198.51.100.7']).peers).toHaveLength(1);
  });

  it.each([
    ['on the host’s network', { hostNetwork: true }],
    ['that has completed', { phase: 'Succeeded' }],
  ])('a pod %s has no address of its own that would be admitted', (_, pod) => {
    const other = deployed('bank/other', '192.168.0.1', { pod });
    expect(named({ type: 'public' }, graphOf([...SHOP, ...NODES, ...other.objects]), ['198.51.100.7']).peers).toHaveLength(1);
  });

  it('has no name where the whole world is the cluster', () => {
    expect(refusal({ type: 'public' }, graphOf(SHOP, { ranges: ['0.0.0.0/0'] }), ['198.51.100.7'])).toBe('--cluster-cidr 0.0.0.0/0 leaves nobody outside');
  });

  it('has no name while the ranges of the pods are not known: it would hold every pod', () => {
    expect(refusal({ type: 'public' }, graphOf(SHOP), ['198.51.100.7'])).toMatch(/pods' ranges are not known.*--cluster-cidr/);
    expect(refusal({ type: 'public' }, graphOf([...SHOP, ...NODES]), ['2001:db8:ff::7'])).toMatch(/pods' ranges \(IPv6\) are not known/);
  });
});

describe('nodes and the API server as peers', () => {
  const NODES = [nodeObject('node-a', '192.168.0.1', '10.0.0.0/24'), nodeObject('node-b', '192.168.0.2', '10.0.1.0/24')];
  const NODE: Peer = { type: 'node', cluster: 'default' };
  const APISERVER: Peer = { type: 'apiserver', cluster: 'default' };

  it('a node is every known node, and those that were not seen are a widening', () => {
    expect(named(NODE, graphOf([...SHOP, ...NODES]), ['192.168.0.1'])).toEqual({
      peers: [{ ipBlock: { cidr: '192.168.0.1/32' } }, { ipBlock: { cidr: '192.168.0.2/32' } }],
      widenings: [{ reason: 'all-nodes', beyond: '192.168.0.2/32' }],
      notes: [],
    });
  });

  it('no widening where all of them were seen', () => {
    expect(named(NODE, graphOf([...SHOP, ...NODES]), ['192.168.0.2', '192.168.0.1'])).toMatchObject({ widenings: [] });
  });

  it('without an inventory a node is what was seen, with a note', () => {
    expect(named(NODE, graphOf(SHOP), ['192.168.0.7'])).toEqual({
      peers: [{ ipBlock: { cidr: '192.168.0.7/32' } }],
      widenings: [],
      notes: [expect.stringContaining('no inventory')],
    });
  });

  const BLOCKS = ['192.168.0.1/32', '192.168.0.2/32'].map((cidr) => ({ ipBlock: { cidr } }));
  const withTunnel = (address: string): readonly object[] =>
    NODES.map((node) => ({ ...node, metadata: { name: 'node-a', annotations: { 'projectcalico.org/IPv4VXLANTunnelAddr': address } } }));

  it.each<[string, string, readonly object[], readonly string[]]>([
    ['its bridge', '10.0.1.1', NODES, []],
    ['its tunnel', '10.0.1.0', NODES, []],
    ['a tunnel of a range that is not told', '10.7.0.1', withTunnel('10.7.0.1'), []],
    ['whoever has it in a node’s range', '10.0.1.77', NODES, []],
    ['whoever has it in a range that a person named', '10.5.0.77', NODES, ['10.5.0.0/16']],
    ['whoever has it in such a range, and no inventory tells the nodes', '10.5.0.77', [], ['10.5.0.0/16']],
    ['a pod', '10.0.0.2', [], []],
  ])('seen at an address where pods have theirs a node has no name, for it cannot be left out: %s', (_, address, nodes, ranges) => {
    const reason = `the node was seen at ${address}, where pods have theirs: a range would name pods`;
    expect(refusal(NODE, graphOf([...SHOP, ...nodes], { ranges }), ['192.168.0.1', address])).toBe(reason);
  });

  it('a node that the inventory no longer holds is left out, with a note', () => {
    const { peers, notes } = { notes: [], ...named(NODE, graphOf([...SHOP, ...NODES]), ['192.168.0.1', '192.168.0.9']) };
    expect(peers).toEqual(BLOCKS);
    expect(notes).toEqual(['192.168.0.9 stood for the node and is left out: the inventory no longer holds it']);
  });

  it('a node within a range that a person named is one all the same: only pods’ own ranges hold nobody else', () => {
    const wide = graphOf([...SHOP, ...NODES], { ranges: ['192.168.0.0/16'] });
    expect(named(NODE, wide, ['192.168.0.1']).peers).toEqual(BLOCKS);
    const pod = deployed('shop/odd', '192.168.0.2');
    expect(named(NODE, graphOf([...SHOP, NODES[0]!, ...pod.objects]), ['192.168.0.1']).peers).toEqual(BLOCKS.slice(0, 1));
  });

  it('a node of which no address is known has no name', () => {
    expect(refusal(NODE, graphOf(SHOP))).toMatch(/no address of the node is known; give an inventory with nodes/);
  });

  it('the API server is every endpoint of default/kubernetes', () => {
    expect(named(APISERVER, graphOf([...SHOP, ...NODES, endpointSlice('192.168.0.9', '192.168.0.10')]), ['192.168.0.9'])).toEqual({
      peers: [{ ipBlock: { cidr: '192.168.0.9/32' } }, { ipBlock: { cidr: '192.168.0.10/32' } }],
      widenings: [{ reason: 'all-apiservers', beyond: '192.168.0.10/32' }],
      notes: [],
    });
  });

  it('the endpoints of another Service are not the API server’s', () => {
    const other = {
      ...endpointSlice('10.0.9.9'),
      metadata: { name: 'x', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    };
    expect(refusal(APISERVER, graphOf([...SHOP, other]))).toMatch(/no address of the API server is known; give an inventory with endpointslices/);
  });

  it('without endpoints the API server is what was seen, with a note', () => {
    const result = named(APISERVER, graphOf(SHOP), ['192.168.0.9']);
    expect(result).toEqual({ peers: [{ ipBlock: { cidr: '192.168.0.9/32' } }], widenings: [], notes: [expect.stringContaining('API server')] });
  });
});

describe('what a peer is settled to before it is named', () => {
  it('an address that records took for an outside one is no range once it is a pod’s', () => {
    const web = deployed('shop/web', '10.0.0.1');
    const flows = [{ from: web.end, to: { ip: '203.0.113.5', labels: ['reserved:world'] }, port: 443 }];
    expect(learned(flows).edges()).toEqual(['shop/web -> external 203.0.113.5 443/TCP accepted']);
    const settled = learned(flows).know(...deployed('shop/pay', '203.0.113.5').objects);
    expect(settled.edges({ withUnresolved: true })).toEqual(['shop/web -> unresolved 203.0.113.5 443/TCP observed']);
  });

  it('a Service’s address is never a peer: what is behind it is', () => {
    const web = deployed('shop/web', '10.0.0.1');
    const cart = deployed('shop/cart', '10.0.0.2');
    const service = serviceObject('shop', 'cart', '10.96.0.2', { app: 'cart' }, [{ port: 80, targetPort: 8080 }]);
    const learner = learned([{ from: web.end, to: { ip: '10.96.0.2' }, port: 80 }], [...web.objects, ...cart.objects, service]);
    expect(learner.edges()).toEqual(['shop/web -> shop/cart 8080/TCP accepted']);
  });
});

describe('whom a rule names, before any form writes it down', () => {
  it('a workload goes with its selector, an outside address with the DNS names that records gave', () => {
    const cart = namePeer(workload('shop/cart'), WEB, new Set(), new Roster(graphOf(SHOP)), graphOf(SHOP).directory);
    expect(cart).toMatchObject({ whom: { type: 'workload', workload: { name: 'cart' }, selector: { matchLabels: { app: 'cart' } } } });
    const graph = learned([{ from: deployed('shop/web', '10.0.0.1').end, to: WORLD('198.51.100.7'), names: ['b.example.org', 'a.example.org'], port: 443 }], SHOP).graph();
    const outside = namePeer({ type: 'external', address: '198.51.100.7' }, WEB, new Set(), new Roster(graph), graph.directory);
    expect(outside).toMatchObject({ whom: { type: 'addresses', of: 'external', blocks: [{ cidr: '198.51.100.7/32' }], names: ['a.example.org', 'b.example.org'] } });
  });
  it.each(['shop', 'bank'])('the whole of namespace %s goes by its name, also the policy’s own: no selector is empty', (namespace) => {
    const peers = policyPeers({ type: 'namespace', namespace }, WEB.namespace);
    expect(peers).toEqual([{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }]);
  });
});
