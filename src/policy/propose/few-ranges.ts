import { cidrContains, type Address, type Cidr } from '../../model/address.ts';
import { groupBy } from '../../model/group.ts';
import { peerKey, type WorkloadPeer } from '../../model/peer.ts';
import type { RulePeer, Widening } from '../../model/proposal.ts';
import { compact, WIDEST } from './compact.ts';
import { counted, figure, heldBeside } from './figures.ts';
import { mergedByPort, portText, type Need } from './need.ts';
import { outsideAddress, type Outside } from './outside-peers.ts';
import { rulePeerKey } from './peers.ts';

/** More outside addresses or ranges than this for one workload are more than a person reads. */
const MOST = 64;

/** An outside address with all that it is needed for. */
interface Used {
  readonly address: Address;
  readonly needs: readonly Need[];
  readonly ports: ReadonlySet<string>;
}

/** Outside addresses as no more ranges than are allowed, or why they cannot be named. Addresses are merged with those of the same ports. */
export function fewRanges(needs: readonly Need[], workload: WorkloadPeer, outside: Outside): readonly Need[] | string {
  const found = needs.map((need) => ({ need, address: outsideAddress(need.whom) }));
  const others = found.filter(({ address }) => address === null).map(({ need }) => need);
  const used = [...groupBy(found.flatMap(({ need, address }) => (address === null ? [] : [{ need, address }])), ({ address }) => address.text).values()].flatMap((own): Used[] => {
    const [first] = own;
    return first === undefined ? [] : [{ address: first.address, needs: own.map(({ need }) => need), ports: new Set(own.map(({ need }) => portText(need))) }];
  });
  const { maxRanges } = outside;
  const made = maxRanges === null ? used.flatMap((one) => one.needs) : merged(used, maxRanges, mayHold(workload, outside));
  if (typeof made === 'string') return made;
  const peers = new Set(made.map(({ whom }) => rulePeerKey(whom))).size;
  if (peers <= MOST) return [...others, ...made];
  return `${figure(used.length)} outside addresses were used${maxRanges === null ? '' : `, which make ${peers} ranges for their ports`}: ${maxRanges === null ? 'merge them into a few ranges (--max-ranges), or name' : 'name'} those that they are in (--ranges)`;
}

function mayHold(workload: WorkloadPeer, { closed, unaccepted }: Outside): (range: Cidr) => boolean {
  const own = unaccepted.get(peerKey(workload)) ?? [];
  return (range) => closed.overlapping(range) === null && !own.some((address) => cidrContains(range, address));
}

function merged(used: readonly Used[], maxRanges: number, allowed: (range: Cidr) => boolean): readonly Need[] | string {
  const made: Need[] = [];
  for (const own of groupBy(used, ({ ports }) => [...ports].toSorted().join(', ')).values()) {
    const [first] = own;
    if (first === undefined) continue;
    if (own.length <= maxRanges) {
      made.push(...own.flatMap((one) => one.needs));
      continue;
    }
    const text = [...first.ports].toSorted().join(', ');
    // Whoever was seen at more ports was seen at these.
    const seen = used.filter(({ ports }) => [...first.ports].every((port) => ports.has(port))).map(({ address }) => address);
    const result = compact(own.map(({ address }) => address), seen, maxRanges, allowed);
    if (result === null) {
      return `${figure(own.length)} outside addresses at ${text} do not fit into ${counted(maxRanges, 'range', 'ranges')} of at most /${WIDEST[4]} (IPv6: /${WIDEST[6]}) that hold nothing else that is known: allow more (--max-ranges), or name the ranges that they are in (--ranges)`;
    }
    const beyond = `${text} at ${figure(own.length)} addresses: ${counted(result.ranges.length, 'range holds', 'ranges hold')} ${heldBeside(result.ranges, seen.filter((address) => result.ranges.some((range) => cidrContains(range, address))))} more`;
    const widenings: readonly Widening[] = result.added === 0n ? [] : [{ reason: 'compacted', beyond }];
    made.push(...result.ranges.flatMap((range) => ofRange(range, own, widenings)));
  }
  return made;
}

function ofRange(range: Cidr, members: readonly Used[], widenings: readonly Widening[]): readonly Need[] {
  const whom: RulePeer = { type: 'addresses', of: 'external', blocks: [{ cidr: range.text }], names: [] };
  return mergedByPort(whom, members.filter(({ address }) => cidrContains(range, address)).flatMap(({ needs }) => needs), () => widenings);
}
