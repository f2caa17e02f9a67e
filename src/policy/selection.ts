import { groupBy } from '../model/group.ts';
import type { PolicyPeer } from '../model/policy.ts';
import { selectorMatches, type LabelSelector } from '../model/selector.ts';
import { addressPlace, type AddressSet } from './address-set.ts';
import type { Namespaces, PodEnd } from './evaluate.ts';
import { NAMESPACE_NAME } from './peers.ts';

/** Pods by what policies pick them by: each question looks at those alone that one of its labels leaves. */
export class Selection {
  readonly #namespaces: Namespaces;
  readonly #all: readonly PodEnd[];
  readonly #byLabel: ReadonlyMap<string, readonly PodEnd[]>;
  readonly #byNamespace: ReadonlyMap<string, readonly PodEnd[]>;
  readonly #byAddress: readonly { readonly place: bigint; readonly pod: PodEnd }[];

  constructor(pods: readonly PodEnd[], namespaces: Namespaces) {
    this.#namespaces = namespaces;
    this.#all = pods;
    const labelled = pods.flatMap((pod) => [...pod.labels].map(([key, value]) => ({ label: `${key}=${value}`, pod })));
    this.#byLabel = new Map([...groupBy(labelled, ({ label }) => label)].map(([label, own]) => [label, own.map(({ pod }) => pod)]));
    this.#byNamespace = groupBy(pods, ({ namespace }) => namespace);
    this.#byAddress = pods.flatMap((pod) => pod.addresses.map((address) => ({ place: addressPlace(address), pod }))).toSorted((a, b) => (a.place < b.place ? -1 : a.place > b.place ? 1 : 0));
  }

  /** Pods of a namespace that a policy's own selector picks. */
  inNamespace(namespace: string, podSelector: LabelSelector): readonly PodEnd[] {
    const own = this.#byNamespace.get(namespace) ?? [];
    return this.#fewest(podSelector, own).filter((pod) => pod.namespace === namespace && selectorMatches(podSelector, pod.labels));
  }

  /** Pods that a peer of a policy in namespace `own` selects; none for an ipBlock. */
  selected({ podSelector, namespaceSelector, ipBlock }: PolicyPeer, own: string): readonly PodEnd[] {
    if (ipBlock !== undefined) return [];
    if (namespaceSelector === undefined) return this.inNamespace(own, podSelector ?? {});
    const named = (namespace: string): boolean => selectorMatches(namespaceSelector, this.#namespaces.get(namespace) ?? new Map([[NAMESPACE_NAME, namespace]]));
    const chosen = new Set([...this.#byNamespace.keys()].filter(named));
    return this.#fewest(podSelector ?? {}, this.#all).filter((pod) => chosen.has(pod.namespace) && selectorMatches(podSelector ?? {}, pod.labels));
  }

  #fewest({ matchLabels = {} }: LabelSelector, otherwise: readonly PodEnd[]): readonly PodEnd[] {
    let fewest = otherwise;
    for (const [key, value] of Object.entries(matchLabels)) {
      const own = this.#byLabel.get(`${key}=${value}`) ?? [];
      if (own.length < fewest.length) fewest = own;
    }
    return fewest;
  }

  /** Pods with an address among these. */
  at(addresses: AddressSet): readonly PodEnd[] {
    return addresses.flatMap(([from, to]) => {
      let [low, high] = [0, this.#byAddress.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((this.#byAddress[middle]?.place ?? 0n) < from) low = middle + 1;
        else high = middle;
      }
      const found: PodEnd[] = [];
      for (let i = low; i < this.#byAddress.length; i++) {
        const one = this.#byAddress[i];
        if (one === undefined || one.place >= to) break;
        found.push(one.pod);
      }
      return found;
    });
  }
}
