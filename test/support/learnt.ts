import fc from 'fast-check';
import { expect } from 'vitest';
import { kubernetes } from '../../src/export/kubernetes.ts';
import type { Graph, GraphEdge } from '../../src/learn/graph.ts';
import { parseAddress } from '../../src/model/address.ts';
import type { NetworkPolicy } from '../../src/model/policy.ts';
import type { Proposal } from '../../src/model/proposal.ts';
import { PolicySet, type End, type PodEnd } from '../../src/policy/evaluate/evaluate.ts';
import { propose } from '../../src/policy/propose/propose.ts';
import { learnedCluster, podsOf, richCluster, type Cluster } from './arbitrary-cluster.ts';
import { namespaces } from './policy.ts';
import { workloadName } from './proposals.ts';
import { policySet } from './rendering.ts';

/** What is proposed for a cluster of any kind, and how it is asked. */

export interface Learnt {
  readonly graph: Graph;
  readonly proposals: readonly Proposal[];
  readonly policies: PolicySet;
  /** Pods by the name of their workload. */
  readonly pods: ReadonlyMap<string, readonly PodEnd[]>;
}

export function policiesOf(policies: readonly NetworkPolicy[]): PolicySet {
  return new PolicySet(policies, namespaces({ shop: {}, bank: {}, 'kube-system': {} }));
}

export function learnt(all: Cluster, graph: Graph = learnedCluster(all).graph()): Learnt {
  const { proposals } = propose(graph);
  // Where the API told nothing, there are those that were seen: what others look like nobody can know.
  const seen = new Set([...graph.pods.values()].flatMap((own) => own.map(({ namespace, name }) => `${namespace}/${name}`)));
  const pods = new Map(
    all.workloads.map((own, i) => [`${own.namespace}/${own.name}`, podsOf(own, i).filter(({ namespace, name }) => all.inventory !== 'none' || seen.has(`${namespace}/${name}`))]),
  );
  return { graph, proposals, policies: policiesOf(proposals.map(({ policy }) => policy)), pods };
}

/** The policies' files, as text. */
export function filesOf(graph: Graph): readonly string[] {
  return kubernetes.render(policySet(propose(graph).proposals)).map(({ name, content }) => `${name}\n${content}`);
}

/** The smallest cluster that was found in which something is wrong, as a report; undefined if none was. */
export function counterexample(check: (learnt: Learnt, all: Cluster) => readonly string[], numRuns = 50): string | undefined {
  const holds = fc.property(richCluster, (all) => {
    expect(check(learnt(all), all)).toEqual([]);
  });
  return fc.defaultReportMessage(fc.check(holds, { numRuns }));
}

/** The ends that an edge is about; none of those that policies do not touch. */
export function endsOf(peer: GraphEdge['source'], edge: GraphEdge, pods: Learnt['pods']): readonly End[] {
  if (peer.type === 'workload') return (pods.get(workloadName(peer)) ?? []).filter(({ hostNetwork }) => !hostNetwork);
  const texts = peer.type === 'external' ? [peer.address] : [...edge.evidence.addresses];
  return texts.map(parseAddress).flatMap((address) => (address === null ? [] : [{ kind: 'address' as const, address }]));
}

/** All numbers that stand for a port at these pods: those that they call alike, where they differ about it. */
export function sameName(pods: readonly PodEnd[], port: number, protocol: string): readonly number[] {
  const numbers = [...new Set(pods.flatMap(({ ports }) => ports.map((own) => own.port)))];
  return protocol === 'TCP' && numbers.length > 1 && numbers.includes(port) ? numbers : [port];
}

/** Who may ask whom for names, though nobody was seen to: `shop/web -> kube-system/coredns`. */
export function statedPairs({ workload, rules }: Proposal): readonly string[] {
  const own = workloadName(workload);
  return rules
    .flatMap(({ widenings }) => widenings)
    .flatMap(({ reason, beyond }) => {
      const [, word = '', others = ''] = (reason === 'dns-unseen' ? /^UDP and TCP 53 (to|from) (.*)$/.exec(beyond) : null) ?? [];
      return others.split(', ').map((other) => (word === 'to' ? `${own} -> ${other}` : `${other} -> ${own}`));
    });
}

/** The widenings of any of their rules. */
export function reasonsOf(proposals: readonly Proposal[]): ReadonlySet<string> {
  return new Set(proposals.flatMap(({ rules }) => rules.flatMap(({ widenings }) => widenings.map(({ reason }) => reason))));
}
