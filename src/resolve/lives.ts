import { workloadPeer, type WorkloadPeer } from '../model/peer.ts';
import type { Directory } from './directory.ts';
import type { Sightings } from './sightings.ts';

/** Known lives reach this much further at both ends, where nobody else claims the time. */
const GRACE = 60_000;

export interface Occupant {
  readonly peer: WorkloadPeer;
  /** `namespace/name`, or '' where two pods of one workload share the time. */
  readonly pod: string;
  readonly hostAddresses: readonly string[];
  /** The time in which this answer is certain. */
  readonly from: number;
  readonly until: number;
}

/** Nobody is known to have been there, or more than one. */
export type NoOccupant = 'nobody' | 'several';

/**
 * Whose life at `address` covers the time from `first` to `last`. The API's word counts before what records showed, and both
 * before a guess at the edges of a life. `sightings` is null while reading: then only what no later record can change counts.
 */
export function occupantAt(address: string, first: number, last: number, directory: Directory, sightings: Sightings | null): Occupant | NoOccupant {
  const stated = directory.lives(address).map(
    ({ pod, workload, from, known, open }): Occupant & { readonly open: boolean } => ({
      peer: workloadPeer(workload),
      pod: `${pod.namespace}/${pod.name}`,
      hostAddresses: directory.hostAddressesOf(pod),
      from,
      until: known,
      open,
    }),
  );
  const covering = (claims: readonly Occupant[]): readonly Occupant[] => claims.filter(({ from, until }) => from <= first && last <= until);
  const certain = covering(stated);
  if (certain.length > 0 || sightings === null) return only(certain);
  const sighted = (sightings.get(address) ?? []).map(
    ({ namespace, pod, workload, firstSeen, lastSeen }): Occupant => {
      const fact = directory.pod(namespace, pod);
      const hostAddresses = fact === null ? [] : directory.hostAddressesOf(fact);
      return { peer: workload, pod: `${namespace}/${pod}`, hostAddresses, from: firstSeen, until: lastSeen };
    },
  );
  const seen = covering(sighted);
  if (seen.length > 0) return only(seen);
  const all: readonly Occupant[] = [...stated, ...sighted];
  const extended = all.map((claim) => ({ ...claim, from: claim.from - GRACE, until: claim.until + GRACE }));
  // A pod that was alive when the list was made lives on until somebody else is seen at its address.
  const onward = stated
    .filter(({ open }) => open)
    .map((claim) => {
      const successors = all.filter(({ pod, from }) => pod !== claim.pod && from > claim.until).map(({ from }) => from);
      return { ...claim, until: Math.min(Number.MAX_SAFE_INTEGER, ...successors.map((from) => from - 1)) };
    });
  return only(covering([...extended, ...onward]));
}

/** The one occupant of these claims. Two pods of one workload are one occupant, but no known pod. */
function only(claims: readonly Occupant[]): Occupant | NoOccupant {
  const [claim, ...others] = claims;
  if (claim === undefined) return 'nobody';
  if (others.every(({ pod }) => pod === claim.pod)) return claim;
  const key = ({ peer }: Occupant): string => `${peer.namespace}/${peer.kind}/${peer.name}`;
  return others.every((other) => key(other) === key(claim)) ? { ...claim, pod: '' } : 'several';
}
