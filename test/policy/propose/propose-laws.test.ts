import { describe, expect, it } from 'vitest';
import { parseCidr, cidrContains } from '../../../src/model/address.ts';
import type { GraphEdge } from '../../../src/learn/graph.ts';
import { isRevisionLabel } from '../../../src/model/labels.ts';
import { isEmptySelector } from '../../../src/model/selector.ts';
import type { PolicyPeer } from '../../../src/model/policy.ts';
import type { Proposal } from '../../../src/model/proposal.ts';
import { kubernetes } from '../../../src/export/kubernetes.ts';
import type { End } from '../../../src/policy/evaluate/evaluate.ts';
import { propose } from '../../../src/policy/propose/propose.ts';
import { validatePolicy } from '../../../src/policy/validate/validate.ts';
import { MORE_PORTS, MORE_PROTOCOLS, OUTSIDE_ENDS, PROTOCOLS } from '../../support/arbitrary-cluster.ts';
import { counterexample, endsOf, reasonsOf, sameName, statedPairs } from '../../support/learnt.ts';
import { workloadName } from '../../support/proposals.ts';
import { policySet } from '../../support/rendering.ts';

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

/** Whether a connection to this port can have been to this pod, and not to one that has its name at another number. */
const serves = (end: End, all: readonly End[], { port, protocol }: Pick<GraphEdge, 'port' | 'protocol'>): boolean =>
  end.kind === 'address' || sameName(all.filter((one) => one.kind === 'pod'), port, protocol).length === 1 || end.ports.some((own) => own.port === port);

/** The same connection over the other protocol that DNS has. */
const otherProtocol = (key: string): string => (key.endsWith('/UDP') ? key.replace('/UDP', '/TCP') : key.replace('/TCP', '/UDP'));

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

  it('none fails its proof: what is refused is refused before, with a reason that a person can do something about', () => {
    const found = counterexample(({ graph }) => propose(graph).none.flatMap(({ reason }) => (reason.includes('failed its proof') ? [reason] : [])));
    expect(found).toBeUndefined();
  });

  it('all policies together allow every accepted edge, between all pods of its ends', () => {
    const found = counterexample(({ graph, policies, pods }) =>
      graph.edges
        .filter(({ state }) => state === 'accepted')
        .flatMap((edge) =>
          endsOf(edge.source, edge, pods).flatMap((source) =>
            endsOf(edge.destination, edge, pods)
              .filter((destination, _, others) => destination !== source && serves(destination, others, edge))
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
      const unseenDns = new Set(proposals.flatMap(statedPairs));
      const reasons = reasonsOf(proposals);
      const wrong: string[] = [];
      for (const from of all.workloads) {
        for (const to of all.workloads) {
          const [sources, destinations] = [from, to].map((own) =>
            (pods.get(`${own.namespace}/${own.name}`) ?? []).filter(({ hostNetwork }) => !hostNetwork),
          );
          for (const source of sources ?? []) {
            for (const destination of destinations ?? []) {
              const closed = { in: policies.isolates('ingress', destination), out: policies.isolates('egress', source) };
              if (source === destination || !(closed.in || closed.out)) continue;
              for (const port of MORE_PORTS) {
                for (const protocol of MORE_PROTOCOLS) {
                  const keyAt = (number: number): string => `workload|default|${from.namespace}|${from.kind}|${from.name}>workload|default|${to.namespace}|${to.kind}|${to.name}:${number}/${protocol}`;
                  const key = keyAt(port);
                  const isStated = unseenDns.has(`${from.namespace}/${from.name} -> ${to.namespace}/${to.name}`) || accepted.has(otherProtocol(key));
                  const isNamed = reasons.has('named-port') && sameName(destinations ?? [], port, protocol).some((number) => accepted.has(keyAt(number)));
                  // Where the API tells what pods call their ports, a number is that of the pods that have it.
                  const isMeant = all.inventory !== 'pods' || serves(destination, destinations ?? [], { port, protocol });
                  if (((accepted.has(key) || isNamed) && isMeant) || (port === 53 && isStated)) continue;
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
              for (const port of MORE_PORTS) {
                for (const protocol of MORE_PROTOCOLS) {
                  const { allowed } =
                    direction === 'ingress' ? policies.evaluate(end, pod, port, protocol) : policies.evaluate(pod, end, port, protocol);
                  const address = end.kind === 'address' ? end.address.text : '';
                  const told = key(address, port, protocol);
                  const isOpen = (one: string): boolean =>
                    accepted.has(one) ||
                    (direction === 'ingress' && reasons.has('public-entry') && accepted.has(one.replace(/^external\|[^>]*/, 'public')));
                  const isNamed = direction === 'ingress' && reasons.has('named-port') && sameName(own, port, protocol).some((number) => isOpen(key(address, number, protocol)));
                  const isUnseenDns = direction === 'egress' && port === 53 && reasons.has('dns-unseen');
                  const isDns = port === 53 && reasons.has('dns-protocol') && isOpen(otherProtocol(told));
                  if (allowed === true && !isOpen(told) && !isNamed && !isDns && !isUnseenDns) wrong.push(told);
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
});
