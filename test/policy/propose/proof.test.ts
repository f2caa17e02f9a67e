import { describe, expect, it } from 'vitest';
import type { Graph, GraphEdge } from '../../../src/learn/graph.ts';
import type { Peer } from '../../../src/model/peer.ts';
import type { NetworkPolicySpec, PolicyPeer, PolicyPort } from '../../../src/model/policy.ts';
import type { Direction, Proof, ProposedRule, RulePeer, Widening } from '../../../src/model/proposal.ts';
import { prove } from '../../../src/policy/propose/proof.ts';
import { Roster } from '../../../src/policy/roster.ts';
import { connection, hubbleLine, pod, type HubbleFlow } from '../../support/hubble.ts';
import { podObject } from '../../support/inventory.ts';
import { networkPolicy } from '../../support/policy.ts';
import { deployed, learned, workloadName } from '../../support/proposals.ts';
import { NODE } from '../../support/shop.ts';

const web = deployed('shop/web', '10.0.0.1');
const cart = deployed('shop/cart', '10.0.0.2');
const blog = deployed('shop/blog', '10.0.0.3');
const vault = deployed('bank/vault', '10.0.1.1');
const EVERYBODY = [web, cart, blog, vault].flatMap(({ objects }) => objects);
const TCP8080: PolicyPort = { port: 8080, protocol: 'TCP' };

const app = (name: string): PolicyPeer => ({ podSelector: { matchLabels: { app: name } } });
const rule = (
  direction: Direction,
  peers: readonly PolicyPeer[],
  ports: readonly PolicyPort[] = [TCP8080],
  widenings: readonly Widening[] = [],
  whom: readonly RulePeer[] = [],
): ProposedRule => ({ direction, whom, peers, ports, edges: [], widenings, comment: '' });

/** Proves the rules as a policy of shop/cart, or of another workload, by all edges of the graph that are its own. */
function proof(graph: Graph, rules: readonly ProposedRule[], path = 'shop/cart'): Proof | string {
  const roster = new Roster(graph);
  const member = [...roster.members()].find(({ peer }) => workloadName(peer) === path);
  if (member === undefined) throw new Error(`no workload ${path}`);
  const [namespace = '', name = ''] = path.split('/');
  const of = (direction: Direction): readonly ProposedRule[] => rules.filter((one) => one.direction === direction);
  const spec: NetworkPolicySpec = {
    podSelector: { matchLabels: { app: name } },
    policyTypes: [...new Set(rules.map(({ direction }) => (direction === 'ingress' ? ('Ingress' as const) : ('Egress' as const))))],
    ingress: of('ingress').map(({ peers, ports }) => ({ from: peers, ports })),
    egress: of('egress').map(({ peers, ports }) => ({ to: peers, ports })),
  };
  const isOwn = (peer: Peer): boolean => peer.type === 'workload' && workloadName(peer) === path;
  const own = new Map<Direction, readonly GraphEdge[]>([
    ['ingress', graph.edges.filter(({ destination }) => isOwn(destination))],
    ['egress', graph.edges.filter(({ source }) => isOwn(source))],
  ]);
  return prove(networkPolicy(spec, namespace), member.peer, own, rules, roster);
}

const webToCart: HubbleFlow = { from: web.end, to: cart.end, port: 8080 };
const graphOf = (flows: readonly HubbleFlow[], objects: readonly object[] = EVERYBODY): Graph => learned(flows, objects).graph();

describe('a proof keeps what was accepted', () => {
  it('counts the edges that stay allowed, in both directions', () => {
    const graph = graphOf([webToCart, { from: cart.end, to: vault.end, port: 5432 }]);
    const toVault: PolicyPeer = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'bank' } }, ...app('vault') };
    expect(proof(graph, [rule('ingress', [app('web')]), rule('egress', [toVault], [{ port: 5432, protocol: 'TCP' }])])).toEqual({
      acceptedEdges: 2,
      rules: 2,
      isolates: ['ingress', 'egress'],
      excess: [],
      excessCount: 0,
    });
  });

  it.each<[string, ProposedRule]>([
    ['another peer', rule('ingress', [app('blog')])],
    ['another port', rule('ingress', [app('web')], [{ port: 8081, protocol: 'TCP' }])],
    ['another protocol', rule('ingress', [app('web')], [{ port: 8080, protocol: 'UDP' }])],
    [
      'the peer’s labels in another namespace',
      rule('ingress', [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'bank' } }, ...app('web') }]),
    ],
  ])('names the edge that would be denied: a rule for %s', (_, wrong) => {
    expect(proof(graphOf([webToCart]), [wrong])).toBe('shop/web -> shop/cart 8080/TCP would be denied');
  });

  it('asks about two pods of one workload in both directions, and counts their edge once', () => {
    const second = podObject({ namespace: 'shop', name: 'cart-1', ip: '10.0.0.9', labels: { app: 'cart' }, owner: ['StatefulSet', 'cart'] });
    const graph = graphOf([{ from: cart.end, to: pod('shop', 'cart-1', '10.0.0.9', { app: 'cart' }), port: 8080 }], [...EVERYBODY, second]);
    const denied = 'shop/cart -> shop/cart 8080/TCP would be denied';
    expect(proof(graph, [rule('ingress', [app('cart')]), rule('egress', [app('cart')])])).toMatchObject({ acceptedEdges: 1, excess: [] });
    expect(proof(graph, [rule('ingress', [app('cart')]), rule('egress', [app('web')])])).toBe(denied);
    expect(proof(graph, [rule('ingress', [app('web')]), rule('egress', [app('cart')])])).toBe(denied);
  });

  it('asks for every set of labels that the peer’s pods have', () => {
    const canary = podObject({
      namespace: 'shop',
      name: 'web-1',
      ip: '10.0.0.9',
      labels: { app: 'web', track: 'canary' },
      owner: ['StatefulSet', 'web'],
    });
    const graph = graphOf([webToCart], [...EVERYBODY, canary]);
    const stable = { podSelector: { matchExpressions: [{ key: 'track', operator: 'DoesNotExist' as const }] } };
    expect(proof(graph, [rule('ingress', [stable])])).toBe('shop/web -> shop/cart 8080/TCP would be denied');
    expect(proof(graph, [rule('ingress', [app('web')])])).toMatchObject({ acceptedEdges: 1 });
  });

  it('asks for every address that stood for a node', () => {
    const graph = graphOf([
      { from: NODE, to: cart.end },
      { from: { ...NODE, ip: '192.168.0.3' }, to: cart.end },
    ]);
    const block = (...all: string[]): readonly PolicyPeer[] => all.map((ip) => ({ ipBlock: { cidr: `${ip}/32` } }));
    expect(proof(graph, [rule('ingress', block('192.168.0.2'))])).toBe('node -> shop/cart 8080/TCP would be denied');
    expect(proof(graph, [rule('ingress', block('192.168.0.2', '192.168.0.3'))])).toMatchObject({ acceptedEdges: 1 });
  });

  it('asks for the port that the destination’s pods have, also by name', () => {
    const named = deployed('shop/cart', '10.0.0.2', { ports: [{ name: 'http', containerPort: 8080 }] });
    const graph = graphOf([webToCart], [...web.objects, ...named.objects]);
    expect(proof(graph, [rule('ingress', [app('web')], [{ port: 'http', protocol: 'TCP' }])])).toMatchObject({ acceptedEdges: 1 });
  });

  it('asks only pods that can have served the port, where one name has several numbers', () => {
    const revision = (n: number, number: number): object =>
      podObject({ namespace: 'shop', name: `cart-${n}`, ip: `10.0.0.${n}`, labels: { app: 'cart', rev: `${n}` }, owner: ['StatefulSet', 'cart'], ports: [{ name: 'http', containerPort: number }] });
    const graph = graphOf([{ ...webToCart, to: pod('shop', 'cart-8', '10.0.0.8', { app: 'cart', rev: '8' }) }], [...web.objects, ...blog.objects, revision(8, 8080), revision(9, 9090)]);
    const http: readonly PolicyPort[] = [{ port: 'http', protocol: 'TCP' }];
    expect(proof(graph, [rule('ingress', [app('web')], http)])).toMatchObject({ acceptedEdges: 1, excess: ['shop/web -> shop/cart 9090/TCP'] });
    expect(proof(graph, [rule('ingress', [app('web')], [{ port: 9090, protocol: 'TCP' }])])).toBe('shop/web -> shop/cart 8080/TCP would be denied');
    expect(proof(graph, [rule('ingress', [app('web'), app('blog')], http)])).toMatchObject({ excess: ['shop/blog -> shop/cart 8080/TCP', 'shop/blog -> shop/cart 9090/TCP', 'shop/web -> shop/cart 9090/TCP'] });
  });

  it('leaves out what a NetworkPolicy cannot name', () => {
    const ping = (reply: boolean): string => hubbleLine({ ...webToCart, reply, extra: { l4: { ICMPv4: { type: reply ? 0 : 8 } } } });
    const graph = learned([webToCart], EVERYBODY)
      .read([ping(false), ping(true)])
      .graph();
    expect(graph.edges).toHaveLength(2);
    expect(proof(graph, [rule('ingress', [app('web')])])).toMatchObject({ acceptedEdges: 1, excess: [] });
  });

  it('fails where nobody stands for an end', () => {
    const nameless = { ip: '10.0.0.1', pod: 'web-0', namespace: 'shop' };
    expect(proof(graphOf([{ ...webToCart, from: nameless }], cart.objects), [rule('ingress', [app('web')])])).toBe('nothing stands for shop/web');
    expect(
      proof(graphOf([{ ...webToCart, to: { ip: '10.0.0.2', pod: 'cart-0', namespace: 'shop' } }], web.objects), [rule('ingress', [app('web')])]),
    ).toBe('no pod is known that it could select');
  });
});

describe('a proof lists what is allowed beyond', () => {
  const excess = (graph: Graph, rules: readonly ProposedRule[]): readonly string[] => {
    const result = proof(graph, rules);
    if (typeof result === 'string') throw new Error(result);
    return result.excess;
  };

  it('other workloads that a peer matches, by pair and port', () => {
    const ports: readonly PolicyPort[] = [TCP8080, { port: 9090, protocol: 'TCP' }];
    expect(excess(graphOf([webToCart]), [rule('ingress', [{ podSelector: {} }], ports)])).toEqual([
      'shop/blog -> shop/cart 8080/TCP',
      'shop/blog -> shop/cart 9090/TCP',
      'shop/web -> shop/cart 9090/TCP',
    ]);
  });

  it('in either direction', () => {
    const graph = graphOf([{ from: cart.end, to: web.end, port: 80 }]);
    expect(excess(graph, [rule('egress', [{ namespaceSelector: {} }], [{ port: 80, protocol: 'TCP' }])])).toEqual([
      'shop/cart -> bank/vault 80/TCP',
      'shop/cart -> shop/blog 80/TCP',
    ]);
  });

  it('not an edge that was accepted, even if another rule was made for it', () => {
    const graph = graphOf([webToCart, { from: blog.end, to: cart.end, port: 8080 }]);
    expect(excess(graph, [rule('ingress', [app('web')]), rule('ingress', [{ podSelector: {} }])])).toEqual([]);
  });

  it('not a workload of another cluster, which no selector matches', () => {
    const there = pod('shop', 'blog-0', '10.9.0.1', { app: 'blog' }, { cluster: 'east' });
    const local = (one: typeof web) => ({ ...one.end, cluster: 'west' });
    const graph = learned([{ ...webToCart, from: local(web), to: local(cart) }, { from: there, to: local(vault) }], [], { cluster: 'west' }).graph();
    expect(excess(graph, [rule('ingress', [{ podSelector: {} }])])).toEqual([]);
  });

  it('not a pod on the host’s network, which no selector matches', () => {
    const agent = deployed('shop/agent', '192.168.0.1', { pod: { hostNetwork: true } });
    expect(excess(graphOf([webToCart], [...EVERYBODY, ...agent.objects]), [rule('ingress', [{ podSelector: {} }])])).toEqual([
      'shop/blog -> shop/cart 8080/TCP',
    ]);
  });

  it('a workload of which only one kind of pod matches', () => {
    const canary = podObject({
      namespace: 'shop',
      name: 'blog-1',
      ip: '10.0.0.9',
      labels: { app: 'blog', track: 'canary' },
      owner: ['StatefulSet', 'blog'],
    });
    const canaries = { podSelector: { matchLabels: { track: 'canary' } } };
    expect(excess(graphOf([webToCart], [...EVERYBODY, canary]), [rule('ingress', [app('web'), canaries])])).toEqual([
      'shop/blog -> shop/cart 8080/TCP',
    ]);
  });

  it('each stated widening, sorted with the rest', () => {
    const widened = rule('ingress', [{ podSelector: {} }], [TCP8080], [{ reason: 'all-nodes', beyond: '192.168.0.3/32' }]);
    expect(excess(graphOf([webToCart]), [widened])).toEqual(['all-nodes: 192.168.0.3/32', 'shop/blog -> shop/cart 8080/TCP']);
  });

  it('DNS once, as the widening that it is', () => {
    const dns = pod('kube-system', 'coredns-0', '10.0.0.53', { 'k8s-app': 'kube-dns' });
    const graph = learned([])
      .read(connection({ from: cart.end, to: dns, port: 53, protocol: 'UDP' }))
      .graph();
    const both: readonly PolicyPort[] = (['TCP', 'UDP'] as const).map((protocol) => ({ port: 53, protocol }));
    const peer: PolicyPeer = {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    };
    const meant: RulePeer = { type: 'workload', workload: { type: 'workload', cluster: 'default', namespace: 'kube-system', kind: 'StatefulSet', name: 'coredns' }, selector: peer.podSelector! };
    const widened = (whom: readonly RulePeer[]): ProposedRule => rule('egress', [peer], both, [{ reason: 'dns-protocol', beyond: 'TCP 53' }], whom);
    expect(excess(graph, [widened([meant])])).toEqual(['dns-protocol: TCP 53']);
    expect(excess(graph, [widened([])])).toEqual(['dns-protocol: TCP 53', 'shop/cart -> kube-system/coredns 53/TCP']);
  });

  it('a whole namespace once, as the widening that it is, and no other namespace with it', () => {
    const shop: RulePeer = { type: 'namespace', namespace: 'shop' };
    const widened = (peers: readonly PolicyPeer[]): ProposedRule => rule('ingress', peers, [TCP8080], [{ reason: 'whole-namespace', beyond: '8080/TCP from shop' }], [shop]);
    const named: PolicyPeer = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } };
    expect(excess(graphOf([webToCart]), [widened([named])])).toEqual(['whole-namespace: 8080/TCP from shop']);
    expect(excess(graphOf([webToCart]), [widened([{ namespaceSelector: {} }])])).toEqual(['bank/vault -> shop/cart 8080/TCP', 'whole-namespace: 8080/TCP from shop']);
  });

  it('the first fifty of them, and how many there are', () => {
    const many = Array.from({ length: 60 }, (_, i) => deployed(`shop/other-${i}`, `10.0.2.${i + 1}`));
    const graph = graphOf([webToCart], [...EVERYBODY, ...many.flatMap(({ objects }) => objects)]);
    const result = proof(graph, [rule('ingress', [{ podSelector: {} }])]);
    expect(result).toMatchObject({ excessCount: 61, excess: expect.arrayContaining(['shop/blog -> shop/cart 8080/TCP']) });
    expect(typeof result === 'string' ? 0 : result.excess.length).toBe(50);
  });

  it('a pod whose address is in a range', () => {
    const block = { ipBlock: { cidr: '10.0.0.0/24' } };
    expect(excess(graphOf([webToCart]), [rule('ingress', [block])])).toEqual(['shop/blog -> shop/cart 8080/TCP']);
    expect(excess(graphOf([webToCart]), [rule('ingress', [app('web'), { ipBlock: { cidr: '10.0.0.3/32' } }])])).toEqual(['shop/blog -> shop/cart 8080/TCP']);
  });
});
