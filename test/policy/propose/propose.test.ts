import { describe, expect, it } from 'vitest';
import { kubernetes } from '../../../src/export/kubernetes.ts';
import type { ProposedRule } from '../../../src/model/proposal.ts';
import { propose } from '../../../src/policy/propose/propose.ts';
import { Learner } from '../../support/graph.ts';
import { connection, hubbleLine, pod, T0, WORLD, type HubbleFlow } from '../../support/hubble.ts';
import { nodeObject, ownerObject, serviceObject } from '../../support/inventory.ts';
import { deployed, edgeOf, learned, proposed, unproposed, used, workloadName } from '../../support/proposals.ts';
import { APISERVER, NODE } from '../../support/shop.ts';
import { policySet } from '../../support/rendering.ts';

const web = deployed('shop/web', '10.0.0.1');
const cart = deployed('shop/cart', '10.0.0.2');
const blog = deployed('shop/blog', '10.0.0.3');
const BOTH = [...web.objects, ...cart.objects];
const webToCart: HubbleFlow = { from: web.end, to: cart.end, port: 8080 };

const out = (address: string, port = 443): HubbleFlow => ({ from: web.end, to: WORLD(address), port, direction: 'EGRESS', point: 'TO_STACK' });
const many = (n: number): readonly HubbleFlow[] => Array.from({ length: n }, (_, i) => out(`198.51.100.${i + 1}`));

function rulesOf(learner: Learner, path: string): readonly ProposedRule[] {
  return propose(learner.graph()).proposals.find(({ workload }) => workloadName(workload) === path)?.rules ?? [];
}

describe('what cannot be named leaves its direction alone, never half closed', () => {
  it('sixty-four outside addresses are named, one more is a person’s choice', () => {
    expect(proposed(learned(many(64), web.objects).graph())[1]).toMatch(/^ {2}out 198\.51\.100\.1\/32 \| .* 443\/TCP$/);
    const over = learned([...many(65), { ...webToCart, to: web.end, from: cart.end }], BOTH).graph();
    expect(proposed(over, { wants: ({ name }) => name === 'web' })).toEqual(['shop/web {app=web} Ingress', '  in {app=cart} 8080/TCP']);
    expect(unproposed(over, { wants: ({ name }) => name === 'web' })).toEqual([
      'shop/web egress: 65 outside addresses were used: merge them into a few ranges (--max-ranges), or name those that they are in (--ranges)',
    ]);
  });

  it('an address counts once, however many ports of it were used', () => {
    const ports = many(40).flatMap((flow) => [flow, { ...flow, port: 8443 }]);
    expect(proposed(learned(ports, web.objects).graph())).toHaveLength(2);
  });

  it('outside addresses over the cap of the graph are never proposed', () => {
    const learner = learned([], web.objects, { limits: { outsideAddresses: 2 } }).read(many(3).flatMap(used));
    expect(learner.edges()).toContainEqual(expect.stringContaining('external'));
    expect(proposed(learner.graph())).toEqual([]);
    expect(unproposed(learner.graph())).toEqual([expect.stringContaining('egress: there are more outside addresses than the graph keeps')]);
  });

  it('ports over the cap of a pair are never proposed', () => {
    const flows = [80, 81, 82, 83].map((port) => ({ ...webToCart, port }));
    const learner = learned(flows, BOTH, { limits: { portsPerPair: 2 } });
    const overflow = edgeOf(learner.graph(), ':-1/TCP');
    learner.store.choices.decide('accept', [learner.graph().canon.storedEdge(overflow)], 'edge', { by: 'tester', at: 0, comment: null });
    expect(proposed(learner.graph())).toEqual([]);
    expect(unproposed(learner.graph())).toContainEqual(expect.stringContaining('more ports of one pair were used than the graph keeps'));
  });

  it('a workload of another cluster', () => {
    const there = pod('shop', 'web-0', '10.9.0.1', { app: 'web' }, { cluster: 'east' });
    const here = pod('shop', 'cart-0', '10.0.0.2', { app: 'cart' }, { cluster: 'west' });
    const local = pod('shop', 'blog-0', '10.0.0.3', { app: 'blog' }, { cluster: 'west' });
    const graph = learned(
      [
        { from: there, to: here },
        { from: local, to: here },
        { from: here, to: local, port: 80 },
      ],
      [],
      { cluster: 'west' },
    ).graph();
    expect(proposed(graph, { wants: ({ name }) => name === 'cart' })).toEqual(['shop/cart {app=cart} Egress', '  out {app=blog} 80/TCP']);
    expect(unproposed(graph)).toContainEqual('shop/cart ingress: shop/web is in another cluster (east), which a NetworkPolicy cannot name');
    expect(propose(graph).proposals.every(({ workload }) => workload.cluster === 'west')).toBe(true);
  });

  it('a node at an address where pods have theirs', () => {
    const nodes = [nodeObject('node-a', '192.168.0.1', '10.0.0.0/24'), nodeObject('node-b', '192.168.0.2', '10.0.1.0/24')];
    const graph = learned([{ from: { ...NODE, ip: '10.0.1.77' }, to: web.end }, webToCart], [...BOTH, ...nodes]).graph();
    expect(proposed(graph, { wants: ({ name }) => name === 'web' })).toEqual(['shop/web {app=web} Egress', '  out {app=cart} 8080/TCP']);
    expect(unproposed(graph)).toContainEqual('shop/web ingress: the node was seen at 10.0.1.77, where pods have theirs: a range would name pods');
  });

  it('only ICMP', () => {
    const ping = (reply: boolean, time: number): string =>
      hubbleLine({ ...webToCart, time, reply, extra: { l4: { ICMPv4: { type: reply ? 0 : 8 } } } });
    const learner = learned([], BOTH).read([T0, T0 + 60_000].flatMap((time) => [ping(false, time), ping(true, time)]));
    expect(proposed(learner.graph())).toEqual([]);
    expect(unproposed(learner.graph())).toContainEqual(
      'shop/cart: ingress: only ICMP was seen, which a NetworkPolicy cannot name; egress: no accepted edge leads out of it',
    );
  });

  it('a peer that cannot be selected takes its whole direction along, not the other', () => {
    const bare = deployed('shop/bare', '10.0.0.9', { labels: {}, selector: {} });
    const graph = learned(
      [webToCart, { from: bare.end, to: cart.end }, { from: cart.end, to: web.end, port: 80 }],
      [...BOTH, ...bare.objects],
    ).graph();
    expect(proposed(graph, { wants: ({ name }) => name === 'cart' })).toEqual(['shop/cart {app=cart} Egress', '  out {app=web} 80/TCP']);
    expect(unproposed(graph, { wants: ({ name }) => name === 'bare' })).toEqual(['shop/bare: its pods have no stable label']);
  });
});

describe('a node that is gone', () => {
  it('costs nobody a policy: those that are there are named, with a note', () => {
    const graph = learned([{ from: NODE, to: web.end }, webToCart], [...BOTH, nodeObject('node-a', '192.168.0.1', '10.0.0.0/16')]).graph();
    expect(proposed(graph, { wants: ({ name }) => name === 'web' })).toEqual([
      'shop/web {app=web} Ingress Egress',
      '  in 192.168.0.1/32 8080/TCP',
      '  out {app=cart} 8080/TCP',
    ]);
    const notes = propose(graph).proposals.flatMap((proposal) => proposal.notes);
    expect(notes).toContainEqual('192.168.0.2 stood for the node and is left out: the inventory no longer holds it');
  });
});

describe('a workload that is gone', () => {
  const later = new Date(T0 + 86_400_000).toISOString();
  const newest = nodeObject('node-a', '192.168.0.1', '10.0.0.0/16', later);
  const gone = ({ objects }: { readonly objects: readonly object[] }): readonly object[] => objects.filter((object) => (object as { kind: string }).kind === 'Pod');

  it('gets no policy, and whoever it talked to keeps the rule while its labels are nobody else’s', () => {
    const learner = learned([webToCart], [...gone(web), ...cart.objects]).know(...cart.objects, newest);
    expect(proposed(learner.graph())).toEqual(['shop/cart {app=cart} Ingress', '  in {app=web} 8080/TCP']);
    expect(unproposed(learner.graph())).toContainEqual('shop/web: it is gone: the inventory no longer holds it');
  });

  it('cannot be named once another has its labels', () => {
    const heir = deployed('shop/heir', '10.0.0.9', { labels: { app: 'web' } });
    const learner = learned([webToCart], [...gone(web), ...cart.objects]).know(...cart.objects, ...heir.objects, newest);
    expect(proposed(learner.graph())).toEqual([]);
    expect(unproposed(learner.graph())).toContainEqual(expect.stringContaining('ingress: shop/web, which is gone, cannot be selected: its pods have no label that tells them'));
  });
});

describe('an end that nobody is known to own', () => {
  const nobody = { ip: '10.0.0.99' };
  const range = nodeObject('node-a', '192.168.0.1', '10.0.0.0/16');
  const flows: readonly HubbleFlow[] = [webToCart, { from: nobody, to: cart.end, port: 9090 }, { from: web.end, to: nobody, port: 9091, direction: 'EGRESS', point: 'TO_STACK' }];
  const notesOf = (learner: Learner): readonly string[] => propose(learner.graph()).proposals.flatMap(({ notes }) => notes.filter((note) => note.includes('nobody')));
  const NOTES = [
    'ingress: clients were answered that nobody is known to own, and no rule is for them: footpath edges -o wide --workload shop/cart',
    'egress: servers answered that nobody is known to own, and no rule is for them: footpath edges -o wide --workload shop/web',
  ];
  const RULES = ['shop/cart {app=cart} Ingress', '  in {app=web} 8080/TCP', 'shop/web {app=web} Egress', '  out {app=cart} 8080/TCP'];

  it('makes no rule, and a note at the end that is known', () => {
    const learner = learned(flows, [...BOTH, range]);
    expect(proposed(learner.graph())).toEqual(RULES);
    expect(notesOf(learner)).toEqual(NOTES);
  });

  it('also after it was given up on, and where observed edges are asked for', () => {
    const learner = learned(flows, [...BOTH, range]).settle(Number.MAX_SAFE_INTEGER);
    expect(learner.graph().unresolved.rows).toEqual([]);
    expect(proposed(learner.graph(), { includeObserved: true })).toEqual(RULES);
    expect(notesOf(learner)).toEqual(NOTES);
  });

  it('is no note where it was not answered, for nobody needs what fails', () => {
    const tried = [{ from: nobody, to: cart.end, port: 9090 }].flatMap((flow) => [0, 1].map((i) => hubbleLine({ ...flow, time: T0 + i * 60_000 })));
    expect(notesOf(learned([webToCart], [...BOTH, range]).read(tried))).toEqual([]);
  });
});

describe('which edges make rules', () => {
  const suspect: HubbleFlow = { from: blog.end, to: cart.end, port: 22 };
  const learner = (): Learner => learned([webToCart, suspect], [...BOTH, ...blog.objects]);

  it('a suspicious edge makes none until a person accepts it', () => {
    expect(proposed(learner().graph(), { wants: ({ name }) => name === 'cart' })).toEqual([
      'shop/cart {app=cart} Ingress',
      '  in {app=web} 8080/TCP',
    ]);
    const accepted = learner();
    accepted.store.choices.decide('accept', [accepted.graph().canon.storedEdge(edgeOf(accepted.graph(), ':22/TCP'))], 'edge', {
      by: 'tester',
      at: 0,
      comment: null,
    });
    expect(proposed(accepted.graph(), { wants: ({ name }) => name === 'cart' })).toContain('  in {app=blog} 22/TCP');
  });

  it('or until observed edges are asked for, which leave out those without success', () => {
    const denied = { verdict: 'DROPPED', extra: { is_reply: undefined, drop_reason_desc: 'POLICY_DENIED', event_type: { type: 1 } } } as const;
    const graph = learner()
      .read([hubbleLine({ ...suspect, port: 2222, ...denied })])
      .graph();
    expect(graph.edges).toHaveLength(3);
    expect(proposed(graph, { includeObserved: true, wants: ({ name }) => name === 'cart' })).toEqual([
      'shop/cart {app=cart} Ingress',
      '  in {app=blog} 22/TCP',
      '  in {app=web} 8080/TCP',
    ]);
  });

  it('a rule knows the edges that made it, and every edge is in a rule of both its ends', () => {
    const learnt = learned([webToCart, { ...webToCart, port: 9090 }, { from: cart.end, to: blog.end, port: 80 }], [...BOTH, ...blog.objects]);
    const rules = propose(learnt.graph()).proposals.flatMap((proposal) =>
      proposal.rules.map(({ direction, edges }) => ({ at: `${workloadName(proposal.workload)} ${direction}`, edges })),
    );
    for (const { id, source, destination } of learnt.graph().edges) {
      if (source.type !== 'workload' || destination.type !== 'workload') throw new Error('all ends are workloads here');
      const at = rules.filter(({ edges }) => edges.includes(id)).map((rule) => rule.at);
      expect(at.toSorted()).toEqual([`${workloadName(source)} egress`, `${workloadName(destination)} ingress`].toSorted());
    }
  });
});

describe('how rules are put together', () => {
  it('one rule a peer, with its ports in order', () => {
    const graph = learned(
      [
        { ...webToCart, port: 9090 },
        { ...webToCart, port: 443 },
        { ...webToCart, port: 443, protocol: 'UDP' },
        { from: blog.end, to: cart.end, port: 80 },
      ],
      [...BOTH, ...blog.objects],
    ).graph();
    expect(proposed(graph, { wants: ({ name }) => name === 'cart' })).toEqual([
      'shop/cart {app=cart} Ingress',
      '  in {app=blog} 80/TCP',
      '  in {app=web} 443/TCP 443/UDP 9090/TCP',
    ]);
  });

  it('outside addresses share a rule only where all their ports are the same', () => {
    const flows = [out('198.51.100.1'), out('198.51.100.2'), out('198.51.100.3'), out('198.51.100.3', 8443)];
    expect(proposed(learned(flows, web.objects).graph())).toEqual([
      'shop/web {app=web} Egress',
      '  out 198.51.100.1/32 | 198.51.100.2/32 443/TCP',
      '  out 198.51.100.3/32 443/TCP 8443/TCP',
    ]);
  });

  it('notes what a rule rests on: addresses of the API server that only records tell', () => {
    const [proposal] = propose(learned([{ from: web.end, to: APISERVER, port: 6443 }], web.objects).graph()).proposals;
    expect(proposal?.notes).toContainEqual(expect.stringContaining('addresses of the API server are those that were seen'));
  });

  it('gives one policy to workloads of another name, and two names to workloads of one', () => {
    const job = ownerObject('CronJob', 'shop', 'web', { app: 'web-job' });
    const run = pod('shop', 'web-29540160-x7k2p', '10.0.0.8', { app: 'web-job' });
    const graph = learned([webToCart, { from: run, to: cart.end }], [...BOTH, job]).graph();
    expect(
      propose(graph)
        .proposals.map(({ policy }) => policy.metadata.name)
        .toSorted(),
    ).toEqual(['cart', 'web-cronjob', 'web-statefulset']);
    expect(propose(graph, { wants: ({ kind }) => kind === 'CronJob' }).proposals.map(({ policy }) => policy.metadata.name)).toEqual(['web-cronjob']);
  });

  it('leaves the name of the policy that closes a namespace to that', () => {
    const named = deployed('shop/default-deny', '10.0.0.8');
    const { proposals } = propose(learned([{ from: named.end, to: cart.end }], [...named.objects, ...cart.objects]).graph());
    const files = kubernetes.render(policySet(proposals, ['shop'])).map((file) => file.name);
    expect(files).toEqual(['shop__cart.yaml', 'shop__default-deny-statefulset.yaml', 'shop__default-deny.yaml']);
  });

  it('says why a workload gets none', () => {
    const rejected = learned([webToCart], [...BOTH, ...blog.objects]);
    rejected.store.choices.decide('reject', [rejected.graph().canon.storedEdge(edgeOf(rejected.graph(), ':8080'))], 'edge', {
      by: 'tester',
      at: 0,
      comment: null,
    });
    expect(unproposed(rejected.graph()).toSorted()).toEqual([
      'shop/blog: no connection of it was seen',
      'shop/cart: its one edge is not accepted: rejected (footpath edges --workload shop/cart)',
      'shop/web: its one edge is not accepted: rejected (footpath edges --workload shop/web)',
    ]);
    const flagged = new Learner().know(...BOTH).read(connection(webToCart));
    expect(unproposed(flagged.graph())).toContainEqual(expect.stringContaining('its one edge is not accepted: flagged single-sighting'));
  });
});

describe('rules', () => {
  const clients = [1, 2, 3].map((n) => deployed(`shop/client-${n}`, `10.0.3.${n}`));
  const objects = [...web.objects, ...clients.flatMap((one) => one.objects)];
  const [first, second, third] = clients;
  const asks = (client: typeof first, ...ports: readonly number[]): readonly HubbleFlow[] => ports.map((port) => ({ from: client!.end, to: web.end, port }));
  const into = (flows: readonly HubbleFlow[]): readonly string[] => proposed(learned(flows, objects).graph(), { wants: ({ name }) => name === 'web' }).slice(1);

  it('are one for all peers with the same ports', () => {
    expect(into([...asks(first, 80, 443), ...asks(second, 443, 80), ...asks(third, 80, 443)])).toEqual(['  in {app=client-1} | {app=client-2} | {app=client-3} 80/TCP 443/TCP']);
  });

  it('never open a port to a peer that was not seen to use it', () => {
    expect(into([...asks(first, 80), ...asks(second, 443), ...asks(third, 80, 443)])).toEqual(['  in {app=client-1} | {app=client-3} 80/TCP', '  in {app=client-2} | {app=client-3} 443/TCP']);
  });

  it('have a range for three ports or more in a row, each of which was seen', () => {
    expect(into(asks(first, 8000, 8001, 8003))).toEqual(['  in {app=client-1} 8000/TCP 8001/TCP 8003/TCP']);
    expect(into(asks(first, 8000, 8001, 8002, 8003, 9000))).toEqual(['  in {app=client-1} 8000-8003/TCP 9000/TCP']);
    expect(into([...asks(first, 8000, 8001, 8002), ...asks(second, 8001)])).toEqual(['  in {app=client-1} 8000-8002/TCP', '  in {app=client-2} 8001/TCP']);
  });
});

describe('DNS', () => {
  const LABELS = { 'k8s-app': 'kube-dns' };
  const coredns = deployed('kube-system/coredns', '10.0.0.53', { labels: LABELS, ports: [{ name: 'dns', containerPort: 5353, protocol: 'UDP' }] });
  const service = (targetPort: number | string): object =>
    serviceObject('kube-system', 'kube-dns', '10.96.0.10', LABELS, [{ port: 53, protocol: 'UDP', targetPort }]);
  const resolver = pod('kube-system', 'coredns-0', '10.0.0.53', LABELS);
  const UNSEEN = 'dns-unseen';
  const ofWeb = (learner: Learner): readonly string[] => proposed(learner.graph(), { wants: ({ name }) => name === 'web' }).slice(1);

  it('is opened to the cluster’s resolver at the port of its pods, though nobody asked it', () => {
    expect(ofWeb(learned([webToCart], [...BOTH, ...coredns.objects, service('dns')]))).toEqual([
      '  out kube-system/{k8s-app=kube-dns} 5353/TCP 5353/UDP',
      '  out {app=cart} 8080/TCP',
    ]);
  });

  it('is opened to whoever others ask where no Service tells', () => {
    const learner = learned([webToCart, { from: blog.end, to: resolver, port: 53, protocol: 'UDP' }]);
    expect(ofWeb(learner)).toEqual(['  out kube-system/{k8s-app=kube-dns} 53/TCP 53/UDP', '  out {app=cart} 8080/TCP']);
    expect(rulesOf(learner, 'shop/web').flatMap(({ widenings }) => widenings.map(({ reason }) => reason))).toEqual([UNSEEN]);
  });

  it('stays where it is in the file when somebody asks', () => {
    const asked: HubbleFlow = { from: web.end, to: resolver, port: 53, protocol: 'UDP' };
    const objects = [...BOTH, ...coredns.objects, service(53)];
    expect(ofWeb(learned([webToCart, asked], objects))).toEqual(ofWeb(learned([webToCart], objects)));
  });

  const notesOfWeb = (learner: Learner): readonly string[] => propose(learner.graph(), { wants: ({ name }) => name === 'web' }).proposals.flatMap(({ notes }) => notes);

  it('is not opened where none is known, with a note', () => {
    expect(ofWeb(learned([webToCart], BOTH))).toEqual(['  out {app=cart} 8080/TCP']);
    expect(notesOfWeb(learned([webToCart], BOTH))).toEqual(['egress is closed without DNS: no resolver is known, an inventory with services tells it']);
  });

  it('is not opened where the resolver has no name, with a note', () => {
    const bare = deployed('kube-system/coredns', '10.0.0.53', { labels: {}, selector: {} });
    const slice = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 'dns', namespace: 'kube-system', labels: { 'kubernetes.io/service-name': 'kube-dns' } }, endpoints: [{ addresses: ['10.0.0.53'] }], ports: [{ port: 53, protocol: 'UDP' }] };
    const dns = serviceObject('kube-system', 'kube-dns', '10.96.0.10', null, [{ port: 53, protocol: 'UDP', targetPort: 53 }]);
    expect(notesOfWeb(learned([webToCart], [...BOTH, ...bare.objects, dns, slice]))).toEqual([
      'egress is closed without DNS: kube-system/coredns cannot be selected: its pods have no stable label',
    ]);
  });

  it('needs no note where it is open, or where nothing else is', () => {
    expect(notesOfWeb(learned([webToCart], [...BOTH, ...coredns.objects, service(53)]))).toEqual([]);
    expect(notesOfWeb(learned([{ from: cart.end, to: web.end }], BOTH))).toEqual([]);
  });

  it('that is open at a client is open at the resolver, too', () => {
    const asked: HubbleFlow = { from: cart.end, to: resolver, port: 53, protocol: 'UDP' };
    const learner = learned([webToCart, { from: blog.end, to: WORLD('198.51.100.7'), port: 443 }, asked], [...BOTH, ...blog.objects, ...coredns.objects, service(53)]);
    expect(proposed(learner.graph(), { wants: ({ name }) => name === 'coredns' })).toEqual([
      'kube-system/coredns {k8s-app=kube-dns} Ingress',
      '  in shop/{app=blog} | shop/{app=web} 53/TCP 53/UDP',
      '  in shop/{app=cart} 53/TCP 53/UDP',
    ]);
    expect(rulesOf(learner, 'kube-system/coredns').map(({ widenings }) => widenings)).toEqual([
      [{ reason: 'dns-unseen', beyond: 'UDP and TCP 53 from shop/blog, shop/web' }],
      [{ reason: 'dns-protocol', beyond: 'TCP 53' }],
    ]);
  });

  it('is open at a resolver that nobody was seen to ask, where its namespace is closed by default', () => {
    const graph = learned([webToCart], [...BOTH, ...coredns.objects, service(53)]).graph();
    const wants = ({ name }: { readonly name: string }): boolean => name === 'coredns';
    expect(unproposed(graph, { wants })).toEqual(['kube-system/coredns: no connection of it was seen']);
    expect(unproposed(graph, { wants, closed: ['shop'] })).toEqual(['kube-system/coredns: no connection of it was seen']);
    expect(proposed(graph, { wants, closed: ['kube-system'] })).toEqual(['kube-system/coredns {k8s-app=kube-dns} Ingress', '  in shop/{app=web} 53/TCP 53/UDP']);
    const others = unproposed(graph, { wants: ({ name }) => name !== 'coredns' });
    expect(unproposed(graph, { wants: ({ name }) => name !== 'coredns', closed: ['shop', 'kube-system'] })).toEqual(others.map((line) => `${line}; default-deny closes it`));
  });

  it('does not close a resolver that nobody was seen to ask', () => {
    const learner = learned([webToCart, { from: resolver, to: WORLD('198.51.100.53'), port: 853 }], [...BOTH, ...coredns.objects, service(53)]);
    expect(proposed(learner.graph(), { wants: ({ name }) => name === 'coredns' })[0]).toBe('kube-system/coredns {k8s-app=kube-dns} Egress');
  });

  it('does not close a resolver that was seen to be reached for something else alone', () => {
    const scraped: HubbleFlow = { from: blog.end, to: resolver, port: 9153 };
    const graph = learned([webToCart, scraped, { from: resolver, to: WORLD('198.51.100.53'), port: 853 }], [...BOTH, ...blog.objects, ...coredns.objects, service(53)]).graph();
    const wants = ({ name }: { readonly name: string }): boolean => name === 'coredns';
    expect(proposed(graph, { wants })[0]).toBe('kube-system/coredns {k8s-app=kube-dns} Egress');
    expect(unproposed(graph, { wants })).toEqual(['kube-system/coredns ingress: it resolves names for others, and nobody was seen to ask it: to close it may cut them off']);
    // Closed it is in any case: it stays open for those who have to ask.
    expect(proposed(graph, { wants, closed: ['kube-system'] })).toEqual([
      'kube-system/coredns {k8s-app=kube-dns} Ingress Egress',
      '  in shop/{app=blog} | shop/{app=web} 53/TCP 53/UDP',
      '  in shop/{app=blog} 9153/TCP',
      '  out 198.51.100.53/32 853/TCP',
    ]);
  });

  it('is opened to a cache that runs as pods, too, which asks for others', () => {
    const cache = pod('kube-system', 'node-local-dns-x7k2p', '10.0.0.52', { 'k8s-app': 'node-local-dns' });
    const learner = learned([webToCart, { from: cache, to: resolver, port: 53, protocol: 'UDP' }]);
    expect(ofWeb(learner)).toEqual(['  out kube-system/{k8s-app=kube-dns} 53/TCP 53/UDP', '  out kube-system/{k8s-app=node-local-dns} 53/TCP 53/UDP', '  out {app=cart} 8080/TCP']);
  });

  it('is not opened beside a resolver that was seen, whoever it is', () => {
    const learner = learned([{ from: web.end, to: WORLD('9.9.9.9'), port: 53, protocol: 'TCP' }], [...web.objects, ...coredns.objects, service(53)]);
    expect(ofWeb(learner)).toEqual(['  out 9.9.9.9/32 53/TCP 53/UDP']);
    expect(rulesOf(learner, 'shop/web')[0]?.widenings).toEqual([{ reason: 'dns-protocol', beyond: 'UDP 53' }]);
  });

  it('is no widening where both protocols were seen', () => {
    const flows = (['UDP', 'TCP'] as const).map((protocol): HubbleFlow => ({ from: web.end, to: resolver, port: 53, protocol }));
    expect(rulesOf(learned(flows, [...web.objects, ...coredns.objects, service(53)]), 'shop/web').flatMap(({ widenings }) => widenings)).toEqual([]);
  });

  it('is not opened for the resolver itself, which asks whom it asks', () => {
    const learner = learned([{ from: resolver, to: WORLD('198.51.100.53'), port: 853 }], [...coredns.objects, service(53)]);
    expect(proposed(learner.graph())).toEqual(['kube-system/coredns {k8s-app=kube-dns} Egress', '  out 198.51.100.53/32 853/TCP']);
  });

  it('is not opened for a workload without any egress', () => {
    const learner = learned([webToCart], [...BOTH, ...coredns.objects, service(53)]);
    expect(proposed(learner.graph(), { wants: ({ name }) => name === 'cart' })).toEqual(['shop/cart {app=cart} Ingress', '  in {app=web} 8080/TCP']);
  });
});

describe('a public entry', () => {
  const NODE_A = nodeObject('node-a', '192.168.0.1', '10.0.0.0/24');
  const into = (n: number): readonly HubbleFlow[] => Array.from({ length: n }, (_, i) => ({ from: WORLD(`198.51.100.${i + 1}`), to: web.end }));

  it('is what more than sixteen outside clients reached, without a Service', () => {
    expect(proposed(learned(into(17), [...web.objects, NODE_A]).graph())).toEqual([
      'shop/web {app=web} Ingress',
      '  in 0.0.0.0/0 but 10.0.0.0/24 8080/TCP',
    ]);
    expect(proposed(learned(into(16), [...web.objects, NODE_A]).graph())[1]).toContain('198.51.100.16/32 | ');
  });

  it('is one of ingress only: whom a workload reaches outside stays named', () => {
    const egress = Array.from({ length: 20 }, (_, i) => out(`203.0.113.${i + 1}`));
    const [, first, ...rest] = proposed(learned(egress, [...web.objects, NODE_A]).graph());
    expect(first).toContain('203.0.113.20/32');
    expect(rest).toEqual([]);
  });

  it('never holds a pod that is known outside the ranges', () => {
    const there = deployed('shop/web', '10.9.0.1');
    const service = serviceObject('shop', 'web', '10.96.0.1', { app: 'web' }, [{ port: 80, targetPort: 8080 }], 'LoadBalancer');
    const graph = learned([{ from: WORLD('198.51.100.7'), to: there.end }], [...there.objects, service, NODE_A]).graph();
    expect(proposed(graph)).toEqual([]);
    expect(unproposed(graph)).toEqual([expect.stringMatching(/^shop\/web: ingress: the pods' ranges are not all known: a pod has 10\.9\.0\.1/)]);
  });

  it('does not swallow the rules of pods beside it', () => {
    const service = serviceObject('shop', 'web', '10.96.0.1', { app: 'web' }, [{ port: 80, targetPort: 8080 }], 'NodePort');
    const graph = learned([...into(1), { from: cart.end, to: web.end }], [...BOTH, service, NODE_A]).graph();
    expect(proposed(graph, { wants: ({ name }) => name === 'web' })).toEqual([
      'shop/web {app=web} Ingress',
      '  in 0.0.0.0/0 but 10.0.0.0/24 8080/TCP',
      '  in {app=cart} 8080/TCP',
    ]);
  });
});
