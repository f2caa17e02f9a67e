import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { calico } from '../../src/export/calico.ts';
import { cilium } from '../../src/export/cilium.ts';
import type { Exporter, RenderOptions } from '../../src/exporter.ts';
import type { Graph, GraphEdge } from '../../src/learn/graph.ts';
import { parseAddress } from '../../src/model/address.ts';
import type { Proposal } from '../../src/model/proposal.ts';
import { selectorMatches } from '../../src/model/selector.ts';
import { clusterResolvers } from '../../src/policy/propose/dns.ts';
import { PolicySet, type End, type PodEnd, type PolicyProtocol } from '../../src/policy/evaluate/evaluate.ts';
import { propose } from '../../src/policy/propose/propose.ts';
import { APISERVER, cluster, DNS, learnedCluster, NODES, OUTSIDE_ENDS, podsOf, PORTS, PROTOCOLS, recordsOf, type Cluster } from '../support/arbitrary-cluster.ts';
import { CalicoPolicies, type CalicoPolicy } from '../support/calico-evaluator.ts';
import { calicoProblems } from '../support/calico-schema.ts';
import { CiliumPolicies, type CiliumPolicy } from '../support/cilium-evaluator.ts';
import { ciliumProblems } from '../support/cilium-schema.ts';
import { addressEnd, endName, namespaces } from '../support/policy.ts';
import { workloadName } from '../support/proposals.ts';
import { policySet } from '../support/rendering.ts';

/** The forms of network plugins, read back and asked by their own rules: they let through what the proposals do. */

interface Asked {
  allows(source: End, destination: End, port: number, protocol: PolicyProtocol): boolean;
}

interface Form {
  readonly exporter: Exporter;
  readonly options: RenderOptions;
  readonly problems: (object: unknown) => readonly string[];
  readonly read: (objects: readonly unknown[], ends: readonly End[]) => Asked;
}

const world = { nodes: new Set(NODES), apiservers: new Set([APISERVER]), dns: DNS };
const FORMS: readonly (readonly [string, Form])[] = [
  ['cilium', { exporter: cilium, options: {}, problems: ciliumProblems, read: (objects, ends) => new CiliumPolicies(objects as CiliumPolicy[], { ...world, ends }) }],
  ['calico, staged', { exporter: calico, options: {}, problems: calicoProblems, read: (objects) => new CalicoPolicies(objects as CalicoPolicy[]) }],
  ['calico, enforced', { exporter: calico, options: { enforced: true }, problems: calicoProblems, read: (objects) => new CalicoPolicies(objects as CalicoPolicy[]) }],
];

const OUTSIDE: readonly End[] = [...OUTSIDE_ENDS, ...[...NODES, APISERVER, '203.0.113.10'].map(addressEnd)];

interface Rendered {
  readonly graph: Graph;
  readonly proposals: readonly Proposal[];
  readonly contents: ReadonlyMap<string, string>;
  /** As the Kubernetes API has them, and as the form has them. */
  readonly plain: PolicySet;
  readonly asked: Asked;
  readonly pods: ReadonlyMap<string, readonly PodEnd[]>;
}

function rendered(all: Cluster, { exporter, options, read }: Form, lines?: readonly string[]): Rendered {
  const graph = learnedCluster(all, lines).graph();
  const { proposals } = propose(graph);
  const set = policySet(proposals, [], { edges: new Map(graph.edges.map((edge) => [edge.id, edge])), resolvers: clusterResolvers(graph) });
  const contents = new Map(exporter.render(set, options).map(({ name, content }) => [name, content]));
  const pods = new Map(all.workloads.map((own, i) => [`${own.namespace}/${own.name}`, podsOf(own, i)]));
  const plain = new PolicySet(proposals.map(({ policy }) => policy), namespaces({ shop: {}, bank: {} }));
  // A resolver on the host's network that no inventory tells of is asked in vain, in every form: that is not judged here.
  const ends = [...[...pods.values()].flat(), ...OUTSIDE];
  return { graph, proposals, contents, plain, asked: read([...contents.values()].map((content) => parse(content) as unknown), ends), pods };
}

function counterexample(form: Form, check: (all: Rendered) => readonly string[]): string | undefined {
  const holds = fc.property(cluster, (all) => {
    expect(check(rendered(all, form))).toEqual([]);
  });
  return fc.defaultReportMessage(fc.check(holds, { numRuns: 60 }));
}

function endsOf(peer: GraphEdge['source'], edge: GraphEdge, pods: Rendered['pods']): readonly End[] {
  if (peer.type === 'workload') return (pods.get(workloadName(peer)) ?? []).filter(({ hostNetwork }) => !hostNetwork);
  const texts = peer.type === 'external' ? [peer.address] : [...edge.evidence.addresses];
  return texts.map(parseAddress).flatMap((address) => (address === null ? [] : [{ kind: 'address' as const, address }]));
}

/** Without an inventory a policy may select pods of a workload that nobody saw. */
function isSelected({ namespace, labels }: PodEnd, { metadata, spec }: Proposal['policy']): boolean {
  return metadata.namespace === namespace && selectorMatches(spec.podSelector, labels);
}

/** What the file of a workload states that it is wider in, for this end. */
function isStated(content: string, other: End, port: number): boolean {
  const text = other.kind === 'address' ? other.address.text : '';
  const says = (reason: string): boolean => content.includes(`widening ${reason} (`);
  if (says('node-entity') && NODES.includes(text)) return true;
  if (says('apiserver-entity') && text === APISERVER) return true;
  if (says('world-entity') && text !== '') return true;
  if (says('host-entity') && port === 53 && NODES.includes(text)) return true;
  return [...DNS].some(([name, addresses]) => content.includes(`widening dns-name (${name})`) && addresses.includes(text));
}

describe.each(FORMS)('for every small cluster, as %s', (_, form) => {
  it('each file is what the form may hold', () => {
    const found = counterexample(form, ({ contents }) => [...contents].flatMap(([name, content]) => form.problems(parse(content)).map((problem) => `${name}: ${problem}`)));
    expect(found).toBeUndefined();
  });

  it('the same records in another order give the same files', () => {
    const shuffled = cluster.chain((all) => {
      const records = recordsOf(all);
      return fc.tuple(fc.constant(all), fc.shuffledSubarray([...records], { minLength: records.length, maxLength: records.length }));
    });
    fc.assert(
      fc.property(shuffled, ([all, records]) => {
        expect([...rendered(all, form, records.flat()).contents]).toEqual([...rendered(all, form).contents]);
      }),
      { numRuns: 20 },
    );
  });

  it('every accepted edge is allowed, between all pods of its ends', () => {
    const found = counterexample(form, ({ graph, asked, pods }) =>
      graph.edges
        .filter(({ state }) => state === 'accepted')
        .flatMap((edge) =>
          endsOf(edge.source, edge, pods).flatMap((source) =>
            endsOf(edge.destination, edge, pods)
              .filter((destination) => destination !== source && !asked.allows(source, destination, edge.port, edge.protocol as 'TCP'))
              .map((destination) => `${endName(source)} -> ${endName(destination)}: ${edge.key}`),
          ),
        ),
    );
    expect(found).toBeUndefined();
  });

  it('nothing else is allowed than as NetworkPolicies, but what the file states; and between pods nothing less', () => {
    const found = counterexample(form, ({ proposals, contents, plain, asked, pods }) => {
      const local = [...pods.values()].flat().filter(({ hostNetwork }) => !hostNetwork);
      const pairs = [...local.flatMap((a) => local.filter((b) => b !== a).map((b) => [a, b] as const)), ...local.flatMap((pod) => OUTSIDE.flatMap((end) => [[pod, end] as const, [end, pod] as const]))];
      const stated = (self: End, other: End, port: number): boolean =>
        self.kind === 'pod' && proposals.some(({ policy }) => isSelected(self, policy) && isStated(contents.get(`${policy.metadata.namespace}__${policy.metadata.name}.yaml`) ?? '', other, port));
      return pairs.flatMap(([source, destination]) =>
        PORTS.flatMap((port) =>
          PROTOCOLS.flatMap((protocol) => {
            const answer = plain.evaluate(source, destination, port, protocol);
            // Plugins differ in whether a range holds a pod.
            if (answer.warnings.length > 0) return [];
            const allowed = asked.allows(source, destination, port, protocol);
            const isSame = allowed === answer.allowed || (!allowed && (source.kind === 'address' || destination.kind === 'address'));
            return isSame || (allowed && (stated(source, destination, port) || stated(destination, source, port))) ? [] : [`${endName(source)} -> ${endName(destination)} ${port}/${protocol}: ${allowed}, ${answer.because}`];
          }),
        ),
      );
    });
    expect(found).toBeUndefined();
  });
});
