import { describe, expect, it } from 'vitest';
import type { AdminPolicy } from '../../../src/model/admin-policy.ts';
import type { NetworkPolicy } from '../../../src/model/policy.ts';
import { peerName } from '../../../src/model/peer.ts';
import { propose } from '../../../src/policy/propose/propose.ts';
import { replay, type Replay } from '../../../src/policy/replay/replay.ts';
import type { Graph } from '../../../src/learn/graph.ts';
import { adminObject, anp } from '../../support/admin-policy.ts';
import { Learner } from '../../support/graph.ts';
import { hubbleLine, pod, WORLD, type HubbleFlow } from '../../support/hubble.ts';
import { nodeObject, podObject } from '../../support/inventory.ts';
import { ingressOnly, networkPolicy } from '../../support/policy.ts';
import { deployed, learned } from '../../support/proposals.ts';
import { NODE } from '../../support/shop.ts';

const web = deployed('shop/web', '10.0.0.1');
const cart = deployed('shop/cart', '10.0.0.2', { ports: [{ name: 'http', containerPort: 8080 }] });
const vault = deployed('bank/vault', '10.0.1.1');
const EVERYBODY = [...web.objects, ...cart.objects, ...vault.objects];
const webToCart: HubbleFlow = { from: web.end, to: cart.end, port: 8080 };

const graphOf = (flows: readonly HubbleFlow[], objects: readonly object[] = EVERYBODY): Graph => learned(flows, objects).graph();
const forApp = (app: string, spec: Partial<NetworkPolicy['spec']>, namespace = 'shop'): NetworkPolicy =>
  networkPolicy({ podSelector: { matchLabels: { app } }, ...spec }, namespace, `for-${app}`);

const broken = ({ broken: all }: Replay): readonly string[] =>
  all.map(({ edge, partly }) => `${peerName(edge.source)} -> ${peerName(edge.destination)} ${edge.port}/${edge.protocol}${partly ? ' partly' : ''}`);

describe('edges that policies would deny', () => {
  it('none where no policy is for their ends', () => {
    expect(replay(graphOf([webToCart]), [networkPolicy({}, 'elsewhere')])).toMatchObject({
      judged: 1,
      broken: [],
      unjudged: [],
      unused: { count: 0, listed: [] },
      warnings: [],
    });
  });

  it.each<[string, readonly NetworkPolicy[], readonly string[]]>([
    ['the destination is closed', [forApp('cart', { policyTypes: ['Ingress'] })], ['shop/web -> shop/cart 8080/TCP']],
    ['the source is closed', [forApp('web', { policyTypes: ['Egress'] })], ['shop/web -> shop/cart 8080/TCP']],
    ['another port is open', [forApp('cart', { ingress: [{ ports: [{ port: 80 }] }] })], ['shop/web -> shop/cart 8080/TCP']],
    ['the port is open by its name', [forApp('cart', { ingress: [{ ports: [{ port: 'http' }] }] })], []],
    [
      'one of two policies opens it',
      [forApp('cart', { policyTypes: ['Ingress'] }), forApp('cart', { ingress: [{ from: [{ podSelector: {} }] }] })],
      [],
    ],
    ['the policies are for the other direction', [forApp('cart', { policyTypes: ['Egress'] }), forApp('web', { policyTypes: ['Ingress'] })], []],
  ])('%s', (_, policies, expected) => {
    expect(broken(replay(graphOf([webToCart]), policies))).toEqual(expected);
  });

  it('are judged by all policies at once, never by one alone', () => {
    const flows = [webToCart, { ...webToCart, from: vault.end }];
    const perPeer = [
      ingressOnly([{ from: [{ podSelector: {} }] }]),
      ingressOnly([{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'bank' } } }] }]),
    ];
    expect(broken(replay(graphOf(flows), perPeer))).toEqual([]);
    expect(broken(replay(graphOf(flows), perPeer.slice(0, 1)))).toEqual(['bank/vault -> shop/cart 8080/TCP']);
  });

  it('say why, by the first pair of pods that is denied', () => {
    const [first] = replay(graphOf([webToCart]), [forApp('cart', { policyTypes: ['Ingress'] })]).broken;
    expect(first?.because).toBe('no ingress rule of shop/for-cart admits it');
  });

  it('say so where only some of the pods are cut off', () => {
    const canary = podObject({
      namespace: 'shop',
      name: 'web-1',
      ip: '10.0.0.9',
      labels: { app: 'web', track: 'canary' },
      owner: ['StatefulSet', 'web'],
    });
    const stable = { podSelector: { matchExpressions: [{ key: 'track', operator: 'DoesNotExist' as const }] } };
    expect(broken(replay(graphOf([webToCart], [...EVERYBODY, canary]), [forApp('cart', { ingress: [{ from: [stable] }] })]))).toEqual([
      'shop/web -> shop/cart 8080/TCP partly',
    ]);
  });

  it('are judged whatever their state: what nobody accepted is denied on purpose', () => {
    const denied = hubbleLine({
      ...webToCart,
      port: 22,
      verdict: 'DROPPED',
      extra: { is_reply: undefined, drop_reason_desc: 'POLICY_DENIED', event_type: { type: 1 } },
    });
    const result = replay(learned([webToCart], EVERYBODY).read([denied]).graph(), [forApp('cart', { ingress: [{ ports: [{ port: 8080 }] }] })]);
    expect(result.judged).toBe(2);
    expect(result.broken.map(({ edge }) => `${edge.port} ${edge.state}`)).toEqual(['22 observed']);
  });

  it('are asked for every address of a node and of an outside end', () => {
    const flows = [
      { from: NODE, to: cart.end },
      { from: { ...NODE, ip: '192.168.0.3' }, to: cart.end },
      { from: WORLD('198.51.100.7'), to: cart.end },
    ];
    const admit = (...cidrs: string[]): NetworkPolicy => forApp('cart', { ingress: [{ from: cidrs.map((cidr) => ({ ipBlock: { cidr } })) }] });
    expect(broken(replay(graphOf(flows), [admit('192.168.0.2/31', '198.51.100.0/24')]))).toEqual([]);
    expect(broken(replay(graphOf(flows), [admit('192.168.0.2/32', '198.51.100.0/24')]))).toEqual(['node -> shop/cart 8080/TCP partly']);
    expect(broken(replay(graphOf(flows), [admit('192.168.0.0/16')]))).toEqual(['external 198.51.100.7 -> shop/cart 8080/TCP']);
  });

  it('between two pods of one workload are edges like any other', () => {
    const second = podObject({ namespace: 'shop', name: 'web-1', ip: '10.0.0.9', labels: { app: 'web' }, owner: ['StatefulSet', 'web'] });
    const gossip = graphOf([{ from: web.end, to: pod('shop', 'web-1', '10.0.0.9', { app: 'web' }), port: 7000 }], [...EVERYBODY, second]);
    const self = { podSelector: { matchLabels: { app: 'web' } } };
    expect(broken(replay(gossip, [forApp('web', { policyTypes: ['Ingress'] })]))).toEqual(['shop/web -> shop/web 7000/TCP']);
    expect(broken(replay(gossip, [forApp('web', { policyTypes: ['Egress'] })]))).toEqual(['shop/web -> shop/web 7000/TCP']);
    expect(broken(replay(gossip, [forApp('web', { ingress: [{ from: [self] }], egress: [{ to: [self] }] })]))).toEqual([]);
  });

  it('of a node that the inventory no longer holds are judged by those that it holds', () => {
    const nodes = [nodeObject('node-b', '192.168.0.5', '10.0.0.0/16')];
    const admit = (cidr: string): NetworkPolicy => forApp('cart', { ingress: [{ from: [{ ipBlock: { cidr } }] }] });
    const graph = graphOf([{ from: NODE, to: cart.end }], [...EVERYBODY, ...nodes]);
    expect(broken(replay(graph, [admit('192.168.0.5/32')]))).toEqual([]);
    expect(broken(replay(graph, [admit('192.168.0.2/32')]))).toEqual(['node -> shop/cart 8080/TCP']);
  });

  it('of a node by an address in the pods’ ranges are judged by that address', () => {
    const nodes = [nodeObject('node-a', '192.168.0.1', '10.0.0.0/24'), nodeObject('node-b', '192.168.0.2', '10.0.1.0/24')];
    const graph = graphOf([{ from: { ...NODE, ip: '10.0.1.0' }, to: cart.end }], [...EVERYBODY, ...nodes]);
    expect(broken(replay(graph, [forApp('cart', { ingress: [{ from: [{ ipBlock: { cidr: '192.168.0.0/24' } }] }] })]))).toEqual(['node -> shop/cart 8080/TCP']);
  });

  it('come with the warnings of their answers, once each', () => {
    const flows = [webToCart, { ...webToCart, port: 9090 }];
    const { warnings } = replay(graphOf(flows), [forApp('cart', { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] })]);
    expect(warnings).toEqual([expect.stringContaining('ipBlock')]);
  });
});

describe('administrators', () => {
  const closed = forApp('cart', { policyTypes: ['Ingress'] });
  const all = (action: string, from = '{namespaces: {}}'): AdminPolicy => anp(`priority: 1, subject: {namespaces: {matchLabels: {kubernetes.io/metadata.name: shop}}}, ingress: [{action: ${action}, from: [${from}]}]`);

  it('are asked first', () => {
    expect(broken(replay(graphOf([webToCart]), [closed], [all('Allow')]))).toEqual([]);
    expect(replay(graphOf([webToCart]), [], [all('Deny')]).broken.map(({ because }) => because)).toEqual(['ingress rule 1 of AdminNetworkPolicy some denies it']);
    expect(broken(replay(graphOf([webToCart]), [closed], [all('Pass')]))).toEqual(['shop/web -> shop/cart 8080/TCP']);
  });

  it('make NetworkPolicies moot, and a warning says whose', () => {
    expect(replay(graphOf([webToCart]), [closed], [all('Allow')]).warnings).toEqual([
      'ingress rule 1 of AdminNetworkPolicy some decides before NetworkPolicies are asked: for other pods, those of shop/cart are moot',
    ]);
    expect(replay(graphOf([webToCart]), [closed], [all('Allow', '{namespaces: {matchLabels: {a: b}}}')]).warnings).toEqual([]);
    expect(replay(graphOf([webToCart]), [networkPolicy({}, 'elsewhere')], [all('Allow')]).warnings).toEqual([]);
  });

  it('of the cluster make NetworkPolicies moot that it does not have yet', () => {
    const object = adminObject('AdminNetworkPolicy', '{priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{namespaces: {}}]}]}');
    const graph = graphOf([webToCart], [...EVERYBODY, object, adminObject('ClusterNetworkPolicy', '{tier: Nowhere}')]);
    expect(replay(graph, [forApp('web', { policyTypes: ['Egress'], egress: [{}] })])).toMatchObject({
      broken: [],
      warnings: ['in the cluster, egress rule 1 of AdminNetworkPolicy some decides before NetworkPolicies are asked: for other pods, those of shop/web are moot'],
    });
    expect(replay(graph, [forApp('cart', { policyTypes: ['Ingress'] })]).warnings).toEqual([]);
  });

  it('are named with some of the workloads, and the number of the others', () => {
    const many = Array.from({ length: 7 }, (_, i) => deployed(`shop/w${i}`, `10.0.3.${i}`));
    const { warnings } = replay(graphOf([webToCart], many.flatMap(({ objects }) => objects)), [networkPolicy({})], [all('Deny')]);
    expect(warnings).toEqual([expect.stringMatching(/: for other pods, those of shop\/cart, shop\/w0, shop\/w1, shop\/w2, shop\/w3 and 4 more are moot$/)]);
  });

  it('name nodes by their labels, as the inventory has them', () => {
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-a', labels: { role: 'control' } }, status: { addresses: [{ type: 'InternalIP', address: '192.168.0.2' }] } };
    const graph = graphOf([{ from: web.end, to: { ...NODE, ip: '192.168.0.2' }, port: 6443 }], [...EVERYBODY, node]);
    const deny = (role: string): AdminPolicy => anp(`priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{nodes: {matchLabels: {role: ${role}}}}]}]`);
    expect(replay(graph, [], [deny('control')]).broken).toHaveLength(1);
    expect(replay(graph, [], [deny('worker')]).broken).toEqual([]);
  });
});

describe('workloads of another cluster', () => {
  const there = pod('shop', 'web-0', '10.9.0.1', { app: 'web' }, { cluster: 'east' });
  const here = pod('shop', 'cart-0', '10.0.0.2', { app: 'cart' }, { cluster: 'west' });
  const graph = (flow: HubbleFlow = { from: there, to: here }): Graph => learned([flow], [], { cluster: 'west' }).graph();

  it('are matched by no selector, but by their addresses', () => {
    const admit = (peer: object): NetworkPolicy => forApp('cart', { ingress: [{ from: [peer] }] });
    expect(broken(replay(graph(), [admit({ podSelector: { matchLabels: { app: 'web' } } })]))).toEqual(['shop/web -> shop/cart 8080/TCP']);
    expect(broken(replay(graph(), [admit({ namespaceSelector: {} })]))).toEqual(['shop/web -> shop/cart 8080/TCP']);
    expect(replay(graph(), [admit({ ipBlock: { cidr: '10.9.0.0/16' } })])).toMatchObject({ judged: 1, broken: [], warnings: [] });
  });

  it('are closed by no policy', () => {
    expect(replay(graph(), [forApp('web', { policyTypes: ['Egress'] })])).toMatchObject({ judged: 1, broken: [] });
    expect(replay(graph({ from: here, to: there }), [forApp('web', { policyTypes: ['Ingress'] })])).toMatchObject({ judged: 1, broken: [] });
  });

  it('are not judged while no address of theirs is known', () => {
    const { judged, unjudged } = replay(graph({ from: { ...there, ip: undefined }, to: here }), [networkPolicy({})]);
    expect([judged, unjudged.map(({ because }) => because)]).toEqual([0, ['nothing is known of the pods or addresses of shop/web']]);
  });
});

describe('edges that cannot be judged', () => {
  const why = (graph: Graph): readonly string[] => replay(graph, [networkPolicy({})]).unjudged.map(({ because }) => because);

  it('ICMP', () => {
    const ping = (reply: boolean): string => hubbleLine({ ...webToCart, reply, extra: { l4: { ICMPv4: { type: reply ? 0 : 8 } } } });
    expect(
      why(
        learned([], EVERYBODY)
          .read([ping(false), ping(true)])
          .graph(),
      ),
    ).toEqual(['NetworkPolicies say nothing of ICMP']);
  });

  it('ports over the cap of a pair', () => {
    const learner = learned(
      [80, 81, 82].map((port) => ({ ...webToCart, port })),
      EVERYBODY,
      { limits: { portsPerPair: 2 } },
    );
    expect(why(learner.graph())).toEqual(['its ports are not kept one by one']);
  });

  it('an end of which no label is known', () => {
    const nameless = { ip: '10.0.0.1', pod: 'web-0', namespace: 'shop' };
    expect(why(graphOf([{ ...webToCart, from: nameless }], cart.objects))).toEqual(['nothing is known of the pods or addresses of shop/web']);
    expect(why(graphOf([{ ...webToCart, to: { ip: '10.0.0.2', pod: 'cart-0', namespace: 'shop' } }], web.objects))).toEqual([
      'nothing is known of the pods or addresses of shop/cart',
    ]);
  });

  it('a pod that turned out to be on the host’s network', () => {
    const template = deployed('shop/cart', '10.0.0.2', { pod: { hostNetwork: true } }).objects.slice(0, 1);
    expect(why(graphOf([webToCart], [...web.objects, ...template]))).toEqual([expect.stringContaining("shop/cart is on the host's network")]);
  });

  it('an end that nobody is known to own is left out, not guessed', () => {
    const learner = new Learner().know(...EVERYBODY).read([hubbleLine({ ...webToCart, to: { ip: '10.9.9.9' } })]);
    expect(replay(learner.graph({ withUnresolved: true }), [networkPolicy({})])).toMatchObject({ judged: 0, broken: [], unjudged: [] });
  });
});

describe('what is open and was never used', () => {
  const unused = (flows: readonly HubbleFlow[], policies: readonly NetworkPolicy[], objects = EVERYBODY): readonly string[] =>
    replay(graphOf(flows, objects), policies).unused.listed;

  it('pairs of workloads at the ports that are known of the destination', () => {
    expect(unused([webToCart], [forApp('cart', { ingress: [{ from: [{ namespaceSelector: {} }] }] })])).toEqual(['bank/vault -> shop/cart 8080/TCP']);
  });

  it('ports that its containers name count as known', () => {
    expect(unused([{ ...webToCart, port: 9090 }], [forApp('cart', { ingress: [{ from: [{ podSelector: {} }] }] })])).toEqual([
      'shop/web -> shop/cart 8080/TCP',
    ]);
  });

  it('not where neither end is closed: that is no policy’s doing', () => {
    expect(unused([webToCart], [forApp('web', { policyTypes: ['Ingress'] })])).toEqual([]);
  });

  it('not what an accepted edge uses, nor what is shut', () => {
    expect(unused([webToCart], [forApp('cart', { ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }] })])).toEqual([]);
  });

  it('what was only tried in vain was never used', () => {
    const denied = hubbleLine({
      ...webToCart,
      from: vault.end,
      verdict: 'DROPPED',
      extra: { is_reply: undefined, drop_reason_desc: 'POLICY_DENIED', event_type: { type: 1 } },
    });
    const graph = learned([webToCart], EVERYBODY).read([denied, denied]).graph();
    expect(replay(graph, [forApp('cart', { ingress: [{}] })]).unused.listed).toEqual(['bank/vault -> shop/cart 8080/TCP']);
  });

  it('ranges that no accepted edge comes from or goes to', () => {
    const flows: readonly HubbleFlow[] = [
      { from: WORLD('198.51.100.7'), to: cart.end },
      { from: cart.end, to: WORLD('203.0.113.5'), port: 443 },
    ];
    const blocks = (...cidrs: string[]): readonly { readonly ipBlock: { readonly cidr: string } }[] => cidrs.map((cidr) => ({ ipBlock: { cidr } }));
    const policy = forApp('cart', {
      ingress: [{ from: blocks('198.51.100.0/24', '192.0.2.0/24') }],
      egress: [{ to: blocks('203.0.113.5/32', '198.51.100.0/24') }],
    });
    expect(replay(graphOf(flows), [policy]).unusedRanges).toEqual({ count: 2, listed: ['shop/for-cart from 192.0.2.0/24 (256 addresses)', 'shop/for-cart to 198.51.100.0/24 (256 addresses)'] });
  });

  it('a range of a policy that selects nobody who uses it', () => {
    const policy = forApp('vault', { ingress: [{ from: [{ ipBlock: { cidr: '198.51.100.0/24' } }] }] }, 'bank');
    expect(replay(graphOf([{ from: WORLD('198.51.100.7'), to: cart.end }]), [policy]).unusedRanges.listed).toEqual(['bank/for-vault from 198.51.100.0/24 (256 addresses)']);
  });
});

describe('a round trip', () => {
  it('proposals replayed over what they were made of break nothing, and open nothing that was not used', () => {
    const dns = pod('kube-system', 'coredns-0', '10.0.0.53', { 'k8s-app': 'kube-dns' });
    const asks = [web, cart].flatMap(({ end }) =>
      (['UDP', 'TCP'] as const).map((protocol): HubbleFlow => ({ from: end, to: dns, port: 53, protocol })),
    );
    const flows: readonly HubbleFlow[] = [
      webToCart,
      { from: cart.end, to: vault.end, port: 9000 },
      { from: web.end, to: WORLD('198.51.100.7'), port: 443 },
      ...asks,
    ];
    const graph = graphOf(flows);
    const result = replay(
      graph,
      propose(graph).proposals.map(({ policy }) => policy),
    );
    expect(result).toMatchObject({ judged: 7, broken: [], unjudged: [], unused: { count: 0, listed: [] }, unusedRanges: { count: 0, listed: [] }, warnings: [] });
  });
});
