import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress, parseCidr, cidrContains } from '../../src/model/address.ts';
import type { Graph, GraphEdge } from '../../src/learn/graph.ts';
import { isRevisionLabel } from '../../src/model/labels.ts';
import { isEmptySelector } from '../../src/model/selector.ts';
import type { PolicyPeer } from '../../src/model/policy.ts';
import type { Proposal } from '../../src/model/proposal.ts';
import { kubernetes } from '../../src/export/kubernetes.ts';
import { PolicySet, type End, type PodEnd } from '../../src/policy/evaluate.ts';
import { propose } from '../../src/policy/propose.ts';
import { validatePolicy } from '../../src/policy/validate.ts';
import { cluster, learnedCluster, OUTSIDE_ENDS, podsOf, PORTS, PROTOCOLS, recordsOf, type Cluster } from '../support/arbitrary-cluster.ts';
import { namespaces } from '../support/policy.ts';
import { workloadName } from '../support/proposals.ts';
import { policySet } from '../support/rendering.ts';

interface Learnt {
  readonly graph: Graph;
  readonly proposals: readonly Proposal[];
  readonly policies: PolicySet;
  /** Pods by the name of their workload. */
  readonly pods: ReadonlyMap<string, readonly PodEnd[]>;
}

/** The smallest cluster that was found in which something is wrong, as a report; undefined if none was. */
function counterexample(check: (learnt: Learnt, all: Cluster) => readonly string[]): string | undefined {
  const holds = fc.property(cluster, (all) => {
    const graph = learnedCluster(all).graph();
    const { proposals } = propose(graph);
    const pods = new Map(all.workloads.map((own, i) => [`${own.namespace}/${own.name}`, podsOf(own, i)]));
    const policies = new PolicySet(
      proposals.map(({ policy }) => policy),
      namespaces({ shop: {}, bank: {} }),
    );
    expect(check({ graph, proposals, policies, pods }, all)).toEqual([]);
  });
  return fc.defaultReportMessage(fc.check(holds, { numRuns: 50 }));
}

const peersOf = ({ policy: { spec } }: Proposal): readonly PolicyPeer[] => [
  ...(spec.ingress ?? []).flatMap(({ from = [] }) => from),
  ...(spec.egress ?? []).flatMap(({ to = [] }) => to),
];

function inBlock(end: End, { ipBlock }: PolicyPeer): boolean {
  const range = ipBlock === undefined ? null : parseCidr(ipBlock.cidr);
  if (ipBlock === undefined || range === null) return false;
  const addresses = end.kind === 'pod' ? end.addresses : [end.address];
  return addresses.some((address) => cidrContains(range, address) && !(ipBlock.except ?? []).some((hole) => cidrContains(parseCidr(hole)!, address)));
}

/** The same connection over the other protocol that DNS has. */
const otherProtocol = (key: string): string => (key.endsWith('/UDP') ? key.replace('/UDP', '/TCP') : key.replace('/TCP', '/UDP'));

/** Who may ask whom for names, though nobody was seen to: `shop/web -> kube-system/coredns`. */
function statedPairs({ workload, rules }: Proposal): readonly string[] {
  const own = workloadName(workload);
  return rules
    .flatMap(({ widenings }) => widenings)
    .flatMap(({ reason, beyond }) => {
      const [, word = '', others = ''] = (reason === 'dns-unseen' ? /^UDP and TCP 53 (to|from) (.*)$/.exec(beyond) : null) ?? [];
      return others.split(', ').map((other) => (word === 'to' ? `${own} -> ${other}` : `${other} -> ${own}`));
    });
}

/** The ends that an edge is about; none of those that policies do not touch. */
function endsOf(peer: GraphEdge['source'], edge: GraphEdge, pods: Learnt['pods']): readonly End[] {
  if (peer.type === 'workload') return (pods.get(workloadName(peer)) ?? []).filter(({ hostNetwork }) => !hostNetwork);
  const texts = peer.type === 'external' ? [peer.address] : [...edge.evidence.addresses];
  return texts.map(parseAddress).flatMap((address) => (address === null ? [] : [{ kind: 'address' as const, address }]));
}

describe('for every small cluster and whatever was seen in it', () => {
  it('every rule has a peer and a port, and names the edges or the widening that made it', () => {
    const found = counterexample(({ proposals }) =>
      proposals.flatMap(({ policy, rules }) => {
        const { ingress = [], egress = [] } = policy.spec;
        const bare = [...ingress.map(({ from, ports }) => [from, ports]), ...egress.map(({ to, ports }) => [to, ports])].filter(
          ([peers, ports]) => !peers?.length || !ports?.length,
        );
        const unfounded = rules.filter(({ edges, widenings }) => edges.length === 0 && widenings.length === 0);
        return [...bare, ...unfounded].map((rule) => `${policy.metadata.name}: ${JSON.stringify(rule)}`);
      }),
    );
    expect(found).toBeUndefined();
  });

  it('no policy of a workload has an empty selector, and no selector names a revision', () => {
    const found = counterexample(({ proposals }) =>
      proposals.flatMap((proposal) => {
        const selectors = [
          proposal.policy.spec.podSelector,
          ...peersOf(proposal).flatMap(({ podSelector }) => (podSelector === undefined ? [] : [podSelector])),
        ];
        return selectors
          .filter((own) => isEmptySelector(own) || Object.keys(own.matchLabels ?? {}).some(isRevisionLabel))
          .map((own) => JSON.stringify(own));
      }),
    );
    expect(found).toBeUndefined();
  });

  it('no address of a pod is in any range', () => {
    const found = counterexample(({ proposals, pods }) => {
      const all = [...pods.values()].flat().filter(({ hostNetwork }) => !hostNetwork);
      return proposals.flatMap((proposal) =>
        peersOf(proposal).flatMap((peer) => all.filter((pod) => inBlock(pod, peer)).map((pod) => `${pod.name} in ${JSON.stringify(peer)}`)),
      );
    });
    expect(found).toBeUndefined();
  });

  it('an API server takes every policy, and the files say the same', () => {
    const found = counterexample(({ proposals }) => {
      const problems = proposals.flatMap(({ policy }) =>
        validatePolicy(JSON.parse(JSON.stringify(policy))).problems.map(({ field, message }) => `${field} ${message}`),
      );
      const names = kubernetes.render(policySet(proposals)).map(({ name }) => name);
      return [...problems, ...names.filter((name, i) => names.indexOf(name) !== i)];
    });
    expect(found).toBeUndefined();
  });

  it('types are those of the directions that are not left alone', () => {
    const found = counterexample(({ proposals }) =>
      proposals.flatMap(({ policy: { metadata, spec }, leftAlone }) => {
        const open = leftAlone.map(({ direction }) => (direction === 'ingress' ? 'Ingress' : 'Egress'));
        const both = [...(spec.policyTypes ?? []), ...open].toSorted().join(' ');
        const rules = [spec.ingress === undefined ? 'Ingress' : '', spec.egress === undefined ? 'Egress' : ''].filter((type) => type !== '');
        return both === 'Egress Ingress' && rules.join() === open.toSorted().toReversed().join()
          ? []
          : [`${metadata.name}: ${both}; ${rules.join()}`];
      }),
    );
    expect(found).toBeUndefined();
  });

  it('all policies together allow every accepted edge, between all pods of its ends', () => {
    const found = counterexample(({ graph, policies, pods }) =>
      graph.edges
        .filter(({ state }) => state === 'accepted')
        .flatMap((edge) =>
          endsOf(edge.source, edge, pods).flatMap((source) =>
            endsOf(edge.destination, edge, pods)
              .filter((destination) => destination !== source)
              .map((destination) => policies.evaluate(source, destination, edge.port, edge.protocol as 'TCP'))
              .filter(({ allowed }) => allowed !== true)
              .map(({ because }) => `${edge.key}: ${because}`),
          ),
        ),
    );
    expect(found).toBeUndefined();
  });

  it('DNS that one end opens without having seen it is open at the other', () => {
    const found = counterexample(({ proposals, policies, pods }) =>
      proposals.flatMap(statedPairs).flatMap((pair) => {
        const [sources = [], destinations = []] = pair.split(' -> ').map((name) => pods.get(name));
        const all = sources.flatMap((source) => destinations.map((destination) => [source, destination] as const));
        const closed = all.filter(([source, destination]) => PROTOCOLS.some((protocol) => policies.evaluate(source, destination, 53, protocol).allowed === false));
        return closed.map(([source, destination]) => `${source.name} -> ${destination.name}`);
      }),
    );
    expect(found).toBeUndefined();
  });

  it('they let no workload reach a closed one by a connection that nobody accepted', () => {
    const found = counterexample(({ graph, proposals, policies, pods }, all) => {
      const accepted = new Set(graph.edges.filter(({ state }) => state === 'accepted').map(({ key }) => key));
      const known = all.workloads.filter(
        (own) =>
          all.inventory !== 'none' || [...graph.workloads.values()].some(({ workload }) => workloadName(workload) === `${own.namespace}/${own.name}`),
      );
      const unseenDns = new Set(proposals.flatMap(statedPairs));
      const wrong: string[] = [];
      for (const from of known) {
        for (const to of known) {
          const [sources, destinations] = [from, to].map((own) =>
            (pods.get(`${own.namespace}/${own.name}`) ?? []).filter(({ hostNetwork }) => !hostNetwork),
          );
          for (const source of sources ?? []) {
            for (const destination of destinations ?? []) {
              const closed = { in: policies.isolates('ingress', destination), out: policies.isolates('egress', source) };
              if (source === destination || !(closed.in || closed.out)) continue;
              for (const port of PORTS) {
                for (const protocol of PROTOCOLS) {
                  const key = `workload|default|${from.namespace}|${from.kind}|${from.name}>workload|default|${to.namespace}|${to.kind}|${to.name}:${port}/${protocol}`;
                  const isStated = unseenDns.has(`${from.namespace}/${from.name} -> ${to.namespace}/${to.name}`) || accepted.has(otherProtocol(key));
                  if (accepted.has(key) || (port === 53 && isStated)) continue;
                  if (policies.evaluate(source, destination, port, protocol).allowed === true) wrong.push(key);
                }
              }
            }
          }
        }
      }
      return wrong;
    });
    expect(found).toBeUndefined();
  });

  it('they let nobody outside in, and nobody out, by a connection that nobody accepted, unless a widening says so', () => {
    const found = counterexample(({ graph, proposals, policies, pods }) => {
      const accepted = new Set(graph.edges.filter(({ state }) => state === 'accepted').map(({ key }) => key));
      return proposals.flatMap(({ workload, rules }) =>
        (['ingress', 'egress'] as const).flatMap((direction) => {
          const own = pods.get(workloadName(workload)) ?? [];
          const stated = rules.filter((rule) => rule.direction === direction).flatMap(({ widenings }) => widenings.map(({ reason }) => reason));
          const reasons = new Set(stated);
          const key = (address: string, port: number, protocol: string): string => {
            const [outside, inside] = [`external|${address}`, `workload|default|${workload.namespace}|${workload.kind}|${workload.name}`];
            return direction === 'ingress' ? `${outside}>${inside}:${port}/${protocol}` : `${inside}>${outside}:${port}/${protocol}`;
          };
          const wrong: string[] = [];
          for (const pod of own) {
            if (!policies.isolates(direction, pod)) continue;
            for (const end of OUTSIDE_ENDS) {
              for (const port of PORTS) {
                for (const protocol of PROTOCOLS) {
                  const { allowed } =
                    direction === 'ingress' ? policies.evaluate(end, pod, port, protocol) : policies.evaluate(pod, end, port, protocol);
                  const told = key(end.kind === 'address' ? end.address.text : '', port, protocol);
                  const isOpen = (one: string): boolean =>
                    accepted.has(one) ||
                    (direction === 'ingress' && reasons.has('public-entry') && accepted.has(one.replace(/^external\|[^>]*/, 'public')));
                  const isUnseenDns = direction === 'egress' && port === 53 && reasons.has('dns-unseen');
                  const isDns = port === 53 && reasons.has('dns-protocol') && isOpen(otherProtocol(told));
                  if (allowed === true && !isOpen(told) && !isDns && !isUnseenDns) wrong.push(told);
                }
              }
            }
          }
          return wrong;
        }),
      );
    });
    expect(found).toBeUndefined();
  });

  it('a proof lists every widening of its rules', () => {
    const found = counterexample(({ proposals }) =>
      proposals.flatMap(({ rules, proof }) =>
        rules
          .flatMap(({ widenings }) => widenings.map(({ reason, beyond }) => `${reason}: ${beyond}`))
          .filter((text) => !proof.excess.includes(text)),
      ),
    );
    expect(found).toBeUndefined();
  });

  it('the same records in another order give the same proposals', () => {
    const shuffled = cluster.chain((all) => {
      const records = recordsOf(all);
      return fc.tuple(fc.constant(all), fc.shuffledSubarray([...records], { minLength: records.length, maxLength: records.length }));
    });
    fc.assert(
      fc.property(shuffled, ([all, records]) => {
        const rendered = (lines?: readonly string[]): unknown =>
          kubernetes.render(policySet(propose(learnedCluster(all, lines).graph()).proposals));
        expect(rendered(records.flat())).toEqual(rendered());
      }),
      { numRuns: 30 },
    );
  });
});
