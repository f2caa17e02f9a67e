import { groupBy } from '../../model/group.ts';
import { peerKey, type WorkloadPeer } from '../../model/peer.ts';
import type { Direction, EchoRule } from '../../model/proposal.ts';
import { ruleComment } from './comment.ts';
import { unnameable, type Surroundings } from './needs.ts';
import { namePeer } from './peers.ts';
import type { WireEdge } from './wire.ts';

/** Rules for who pings whom; not where the other end cannot be named. */
export function echoRules(direction: Direction, workload: WorkloadPeer, edges: readonly WireEdge[], { roster, graph }: Surroundings): readonly EchoRule[] {
  const other = ({ source, destination }: WireEdge) => (direction === 'ingress' ? source : destination);
  const groups = groupBy(
    edges.filter(({ protocol }) => protocol === 'ICMP' || protocol === 'ICMPv6'),
    (edge) => `${edge.protocol} ${peerKey(other(edge))}`,
  );
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, own]): readonly EchoRule[] => {
    const [first] = own;
    if (first === undefined) return [];
    const seen = new Set(own.flatMap(({ evidence }) => [...evidence.addresses]));
    const { whom, ...told } = namePeer(other(first), workload, seen, roster, graph.directory);
    if (whom === null || !('widenings' in told)) return [];
    const protocol = first.protocol === 'ICMP' ? 'ICMP' : 'ICMPv6';
    return [{ direction, whom, protocol, edges: own.map(({ id }) => id).toSorted(), comment: ruleComment(direction, own, [], told.widenings), notes: unnameable(direction, own) }];
  });
}
