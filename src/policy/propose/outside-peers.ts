import { compactCidrs, METADATA_ADDRESSES, parseAddress, parseCidr, SPECIAL_RANGES, type Address, type Cidr } from '../../model/address.ts';
import { groupBy } from '../../model/group.ts';
import { peerKey, type WorkloadPeer } from '../../model/peer.ts';
import type { RulePeer } from '../../model/proposal.ts';
import type { Graph, GraphEdge } from '../../learn/graph.ts';
import { RangeIndex } from './range-index.ts';
import type { Roster } from '../roster.ts';

/** What is known of the addresses outside the cluster, and how they may be named. */

/** Ranges that a person has a name for. None of them covers another, and no two names share an address. */
export interface KnownRanges {
  readonly name: string;
  readonly ranges: readonly Cidr[];
}

export interface Outside {
  readonly known: RangeIndex<KnownRanges>;
  /** A workload's outside addresses of one set of ports become at most so many ranges; null: each stays by itself. */
  readonly maxRanges: number | null;
  /** What no range may hold beside the addresses that were seen: the cluster, what is private, what has a name of its own. */
  readonly closed: RangeIndex<Cidr>;
  /** Outside addresses of which nobody accepted that a workload talks to them, by the key of the workload; sorted. */
  readonly unaccepted: ReadonlyMap<string, readonly Address[]>;
}

/** Space of IPv6 that is no part of the Internet; translators map all of IPv4 into it. */
const NOT_GLOBAL = ['::/3', '4000::/2', '8000::/1'];

/** `others` are the edges that make no rule. */
export function outsideOf(graph: Graph, roster: Roster, known: readonly KnownRanges[], maxRanges: number | null, others: readonly GraphEdge[]): Outside {
  const named = known.flatMap((group) => group.ranges.map((range) => [range, group] as const));
  const closed = maxRanges === null ? [] : compactCidrs([...SPECIAL_RANGES, ...cidrs([...NOT_GLOBAL, ...METADATA_ADDRESSES]), ...rangesInside(graph, roster), ...named.map(([range]) => range)]);
  return { known: new RangeIndex(named), maxRanges, closed: new RangeIndex(closed.map((range) => [range, range])), unaccepted: unaccepted(others) };
}

/** Ranges and addresses of the cluster: pods, nodes, the API server, Services. */
function rangesInside({ directory }: Graph, { podAddresses }: Roster): readonly Cidr[] {
  const services = directory.inventory.services.flatMap(({ addresses }) => addresses);
  return [...directory.podRanges, ...cidrs([...podAddresses, ...directory.nodeAddresses, ...directory.apiserverAddresses, ...services])];
}

function cidrs(texts: readonly string[]): readonly Cidr[] {
  return texts.map(parseCidr).filter((cidr) => cidr !== null);
}

function unaccepted(edges: readonly GraphEdge[]): ReadonlyMap<string, readonly Address[]> {
  const pairs = edges.flatMap(({ source, destination }): readonly { readonly workload: WorkloadPeer; readonly address: string }[] => {
    if (source.type === 'workload' && destination.type === 'external') return [{ workload: source, address: destination.address }];
    return source.type === 'external' && destination.type === 'workload' ? [{ workload: destination, address: source.address }] : [];
  });
  const byWorkload = groupBy(pairs, ({ workload }) => peerKey(workload));
  return new Map([...byWorkload].map(([key, own]) => [key, [...new Set(own.map(({ address }) => address))].toSorted().map(parseAddress).filter((address) => address !== null)]));
}

/** The one address that a rule's peer is, if it is one outside. */
export function outsideAddress(whom: RulePeer): Address | null {
  if (whom.type !== 'addresses' || whom.of !== 'external' || whom.blocks.length !== 1) return null;
  const [text = '', bits] = (whom.blocks[0]?.cidr ?? '').split('/');
  const address = parseAddress(text);
  return address !== null && bits === (address.family === 4 ? '32' : '128') ? address : null;
}
