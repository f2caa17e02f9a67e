import { HOUR } from '../model/edge.ts';
import { witnessKey } from '../model/flow.ts';
import { peerKey, type Peer } from '../model/peer.ts';
import type { CanonicalPending } from '../resolve/canonical.ts';
import type { StoredPending, StoredPod } from './stored.ts';

/** What pending rows tell of pods, as the store would tell it had their ends been known at once. */
export class PendingPods {
  readonly #pods = new Map<string, StoredPod>();
  /** Pod, `namespace/name`, to witness to hour to the connections that it opened. */
  readonly #opened = new Map<string, Map<string, Map<number, number>>>();

  add({ minute, witness, tally }: StoredPending, { source, destination, sourcePod, destinationPod }: CanonicalPending, span: { readonly first: number; readonly last: number }): void {
    this.#see(source, sourcePod, span);
    this.#see(destination, destinationPod, span);
    if (sourcePod === '' || tally.opened === 0) return;
    const hour = Math.floor((minute * 60_000) / HOUR);
    const byWitness = this.#opened.get(sourcePod) ?? new Map<string, Map<number, number>>();
    const hours = byWitness.get(witnessKey(witness)) ?? new Map<number, number>();
    this.#opened.set(sourcePod, byWitness.set(witnessKey(witness), hours.set(hour, (hours.get(hour) ?? 0) + tally.opened)));
  }

  #see(peer: Peer, pod: string, { first, last }: { readonly first: number; readonly last: number }): void {
    if (peer.type !== 'workload' || pod === '') return;
    const key = `${peerKey(peer)} ${pod}`;
    const known = this.#pods.get(key);
    const slash = pod.indexOf('/');
    this.#pods.set(key, {
      peer,
      namespace: pod.slice(0, slash),
      name: pod.slice(slash + 1),
      firstSeen: Math.min(first, known?.firstSeen ?? first),
      lastSeen: Math.max(last, known?.lastSeen ?? last),
      addresses: [],
    });
  }

  pods(): Iterable<StoredPod> {
    return this.#pods.values();
  }

  /** Connections that a pod opened within these hours, stored ones included: what the witness saw that saw most. */
  connectionsOf(pod: string, hours: ReadonlySet<number>, stored: ReadonlyMap<string, number>): number {
    const total = new Map(stored);
    for (const [witness, byHour] of this.#opened.get(pod) ?? []) {
      for (const [hour, opened] of byHour) if (hours.has(hour)) total.set(witness, (total.get(witness) ?? 0) + opened);
    }
    return Math.max(0, ...total.values());
  }
}
