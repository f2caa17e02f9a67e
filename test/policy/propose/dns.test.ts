import { describe, expect, it } from 'vitest';
import { peerName } from '../../../src/model/peer.ts';
import { clusterResolvers, isDns, isResolver } from '../../../src/policy/propose/dns.ts';
import type { Learner } from '../../support/graph.ts';
import { hubbleLine, pod, WORLD, type HubbleFlow } from '../../support/hubble.ts';
import { serviceObject } from '../../support/inventory.ts';
import { deployed, learned } from '../../support/proposals.ts';

const web = deployed('shop/web', '10.0.0.1');
const cart = deployed('shop/cart', '10.0.0.2');
const LABELS = { 'k8s-app': 'kube-dns' };
const coredns = deployed('kube-system/coredns', '10.0.0.53', { labels: LABELS, ports: [{ name: 'dns', containerPort: 5353, protocol: 'UDP' }] });
const resolver = pod('kube-system', 'coredns-0', '10.0.0.53', LABELS);

const dnsService = (path: string, ports: readonly object[], selector: Record<string, string> | null = LABELS): object => {
  const [namespace = '', name = ''] = path.split('/');
  return serviceObject(namespace, name, '10.96.0.10', selector, ports);
};
const UDP53 = [{ name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 }];

const resolvers = (learner: Learner): readonly string[] => clusterResolvers(learner.graph()).map(({ peer, port }) => `${peerName(peer)}:${port}`);
const asks = (from: HubbleFlow['from'], to = resolver, more: Partial<HubbleFlow> = {}): HubbleFlow => ({
  from,
  to,
  port: 53,
  protocol: 'UDP',
  ...more,
});

describe('the resolvers of a cluster', () => {
  it.each(['kube-system/kube-dns', 'kube-system/coredns', 'kube-system/rke2-coredns-rke2-coredns'])('answer for the Service %s', (path) => {
    expect(resolvers(learned([], [...web.objects, ...coredns.objects, dnsService(path, UDP53)]))).toEqual(['kube-system/coredns:53']);
  });

  it.each<[string, readonly object[], readonly string[]]>([
    ['by its number', [{ port: 53, protocol: 'UDP', targetPort: 8053 }], ['kube-system/coredns:8053']],
    ['by its name', [{ port: 53, protocol: 'UDP', targetPort: 'dns' }], ['kube-system/coredns:5353']],
    ['which is the Service’s own where none is said', [{ port: 53, protocol: 'UDP' }], ['kube-system/coredns:53']],
    [
      'but not of TCP or of metrics alone',
      [
        { port: 53, protocol: 'TCP', targetPort: 8053 },
        { port: 9153, protocol: 'UDP' },
      ],
      [],
    ],
  ])('are asked at the port of the pod: %s', (_, ports, expected) => {
    expect(resolvers(learned([], [...coredns.objects, dnsService('kube-system/kube-dns', ports)]))).toEqual(expected);
  });

  it('are OpenShift’s DaemonSet where that is the Service', () => {
    const openshift = deployed('openshift-dns/dns-default', '10.0.0.54', {
      kind: 'DaemonSet',
      labels: { dns: 'default' },
      ports: [{ name: 'dns', containerPort: 5353, protocol: 'UDP' }],
    });
    const service = dnsService('openshift-dns/dns-default', [{ port: 53, protocol: 'UDP', targetPort: 'dns' }], { dns: 'default' });
    expect(resolvers(learned([], [...openshift.objects, service]))).toEqual(['openshift-dns/dns-default:5353']);
  });

  it('are not told by a Service that merely has the name', () => {
    expect(resolvers(learned([], [...coredns.objects, dnsService('shop/kube-dns', UDP53)]))).toEqual([]);
  });

  it('are whoever most workloads ask where no Service tells', () => {
    // Its name comes first: that is no reason.
    const other = pod('auth', 'resolver-0', '10.0.0.99', { app: 'resolver' });
    const flows = [asks(web.end, other), asks(web.end), asks(cart.end), { ...asks(cart.end, resolver), protocol: 'TCP' as const }];
    expect(resolvers(learned(flows))).toEqual(['kube-system/coredns:53']);
  });

  it('are the node-local cache if that is whom they ask', () => {
    expect(resolvers(learned([asks(web.end, WORLD('169.254.20.10')), asks(cart.end, WORLD('169.254.20.10'))]))).toEqual([
      'external 169.254.20.10:53',
    ]);
  });

  it('are nobody where nobody is asked, or only over SCTP, or in vain', () => {
    expect(resolvers(learned([{ from: web.end, to: cart.end }]))).toEqual([]);
    expect(resolvers(learned([asks(web.end, resolver, { protocol: 'SCTP' })]))).toEqual([]);
    const denied = hubbleLine(asks(web.end, resolver, { verdict: 'DROPPED', extra: { drop_reason_desc: 'POLICY_DENIED', event_type: { type: 1 } } }));
    expect(resolvers(learned([]).read([denied, denied]))).toEqual([]);
  });
});

describe('what is a question of DNS', () => {
  const learner = (): Learner =>
    learned(
      [
        asks(web.end),
        { from: web.end, to: resolver, port: 5353, protocol: 'UDP' },
        { from: web.end, to: cart.end, port: 5353, protocol: 'UDP' },
        { from: web.end, to: WORLD('8.8.8.8'), port: 53, protocol: 'TCP' },
        asks(web.end, resolver, { protocol: 'SCTP' }),
      ],
      [...web.objects, ...cart.objects, ...coredns.objects, dnsService('kube-system/kube-dns', [{ port: 53, protocol: 'UDP', targetPort: 'dns' }])],
    );

  it('is port 53, and the resolvers’ own port', () => {
    const learnt = learner().graph();
    const all = clusterResolvers(learnt);
    expect(
      learnt.edges.filter((edge) => isDns(edge, all)).map(({ destination, port, protocol }) => `${peerName(destination)} ${port}/${protocol}`),
    ).toEqual(['external 8.8.8.8 53/TCP', 'kube-system/coredns 53/UDP', 'kube-system/coredns 5353/UDP']);
  });

  it('a resolver is told from those that ask it', () => {
    const learnt = learned([asks(web.end)]).graph();
    const workloads = [...learnt.workloads.values()].map(({ workload }) => workload);
    expect(workloads.filter((workload) => isResolver(workload, clusterResolvers(learnt))).map(peerName)).toEqual(['kube-system/coredns']);
  });
});
