import type { Cidr } from '../../model/address.ts';
import type { ServiceFact } from '../../model/inventory.ts';
import type { Namespaces } from '../evaluate/end.ts';
import type { Graph } from '../../learn/graph.ts';
import { clusterResolvers, NODE_LOCAL, nodeLocalCache, type Resolver } from '../propose/dns.ts';
import { Matching } from '../matching.ts';
import { Roster, type Member } from '../roster.ts';

/** What is known of whom policies are for. Where nothing is, nothing is said of whom selectors match. */
export interface LintWorld {
  /** Workloads that policies bind; null if none is known. */
  readonly matching: Matching<Member> | null;
  /** Workloads on the host's network. */
  readonly onHost: readonly Member[];
  /** Labels of the namespaces that somebody described. */
  readonly namespaces: Namespaces;
  readonly services: readonly ServiceFact[];
  readonly podRanges: readonly Cidr[];
  readonly podAddresses: ReadonlySet<string>;
  readonly resolvers: readonly Resolver[];
  /** Addresses at which a cache on each node answers DNS, or would. */
  readonly dnsCaches: readonly string[];
  member(resolver: Resolver): Member | null;
}

export function lintWorld(graph: Graph): LintWorld {
  const roster = new Roster(graph);
  const members = roster.local().filter(({ standIns }) => standIns.length > 0);
  const { namespaces, services } = graph.directory.inventory;
  return {
    matching: members.length === 0 ? null : new Matching(members, roster.namespaces),
    onHost: members.filter(({ hostNetwork }) => hostNetwork),
    namespaces: new Map(namespaces.map(({ name }) => [name, roster.namespaces.get(name) ?? new Map()])),
    services,
    podRanges: graph.directory.podRanges,
    podAddresses: roster.podAddresses,
    resolvers: clusterResolvers(graph),
    dnsCaches: [NODE_LOCAL, ...nodeLocalCache(graph)],
    member: ({ peer }) => roster.member(peer),
  };
}
