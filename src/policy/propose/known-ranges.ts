import { cidrContains, cidrCovers, cidrSize, parseAddress, scopeOf, singleAddressCidr, type Address, type Cidr } from '../../model/address.ts';
import { groupBy } from '../../model/group.ts';
import { peerKey, type WorkloadPeer } from '../../model/peer.ts';
import type { RulePeer } from '../../model/proposal.ts';
import type { Graph } from '../../learn/graph.ts';
import { counted, figure, heldBeside } from './figures.ts';
import { mergedByPort, type Need, type Needs } from './need.ts';
import { outsideAddress, type KnownRanges, type Outside } from './outside-peers.ts';
import type { Roster } from '../roster.ts';

/** Outside addresses in ranges that a person has a name for become all ranges of that name. */
export function withinKnown(needs: readonly Need[], workload: WorkloadPeer, { known, unaccepted }: Outside): Needs {
  const placed = needs.map((need) => {
    const address = outsideAddress(need.whom);
    return { need, group: address === null ? null : known.overlapping(singleAddressCidr(address)) };
  });
  const groups = groupBy(placed.flatMap(({ need, group }) => (group === null ? [] : [{ need, group }])), ({ group }) => group);
  const alone = placed.filter(({ group }) => group === null).map(({ need }) => need);
  const together = [...groups].flatMap(([group, own]) => ofGroup(group, own.map(({ need }) => need)));
  return { needs: [...alone, ...together], notes: [...groups.keys()].flatMap((group) => heldBesides(group, unaccepted.get(peerKey(workload)) ?? [])) };
}

function ofGroup({ name, ranges }: KnownRanges, needs: readonly Need[]): readonly Need[] {
  const whom: RulePeer = { type: 'addresses', of: 'external', blocks: ranges.map(({ text }) => ({ cidr: text })), names: [], group: name };
  const size = ranges.reduce((sum, range) => sum + cidrSize(range), 0n);
  return mergedByPort(whom, needs, (port, own) => {
    const seen = own.filter(({ edges }) => edges.length > 0).length;
    const beyond = `${port} at ${name}: ${counted(ranges.length, 'range holds', 'ranges hold')} ${heldBeside(ranges)} addresses, ${figure(seen)} of them seen`;
    return BigInt(seen) === size ? [] : [{ reason: 'known-ranges', beyond }];
  });
}

/** What a person let in by the name, and nobody by its address. */
function heldBesides({ name, ranges }: KnownRanges, unaccepted: readonly Address[]): readonly string[] {
  const held = unaccepted.filter((address) => ranges.some((range) => cidrContains(range, address)));
  if (held.length === 0) return [];
  const shown = held.slice(0, 3).map(({ text }) => text);
  return [`${name} holds ${shown.join(', ')}${held.length > shown.length ? ` and ${held.length - shown.length} more` : ''}, seen and not accepted: naming all of ${name} lets ${held.length === 1 ? 'it' : 'them'} through`];
}

/**
 * What is wrong with ranges for this cluster, or null: they are for what is outside. Public addresses of nodes and Services may be in a
 * provider's.
 */
export function insideCluster(known: readonly KnownRanges[], { directory }: Graph, { podAddresses }: Roster): string | null {
  const services = directory.inventory.services.flatMap(({ addresses }) => addresses);
  const own = [...directory.nodeAddresses, ...directory.apiserverAddresses, ...services].map(parseAddress).filter((address) => address !== null && scopeOf(address) !== 'global');
  const pods = [...podAddresses].map(parseAddress);
  for (const { name, ranges } of known) {
    for (const range of ranges) {
      const shares = (other: Cidr): boolean => cidrCovers(range, other) || cidrCovers(other, range);
      const inside = directory.podRanges.find(shares);
      const one = [...pods, ...own].find((address) => address !== null && cidrContains(range, address));
      const what = inside === undefined ? one?.text : inside.text;
      if (what !== undefined) return `${name}: ${range.text} shares addresses with ${what}, which the cluster has: known ranges are of what is outside`;
    }
  }
  return null;
}
