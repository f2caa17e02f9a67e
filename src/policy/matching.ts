import { cidrContains, parseCidr, type Cidr } from '../model/address.ts';
import type { PolicyPeer } from '../model/policy.ts';
import { selectorMatches, type LabelSelector } from '../model/selector.ts';
import { labelsOfNamespace, type Namespaces, type PodEnd } from './evaluate/end.ts';

/** Somebody with pods that stand for all of its pods. */
export interface Standing {
  readonly peer: { readonly namespace: string };
  readonly hostNetwork: boolean;
  readonly standIns: readonly PodEnd[];
}

/** Whom a policy's peer matches among everybody, found by label and by address instead of by asking each. */
export class Matching<T extends Standing> {
  readonly #namespaces: Namespaces;
  readonly #byNamespace = new Map<string, T[]>();
  /** `namespace key=value` to those with such a pod. */
  readonly #byLabel = new Map<string, Set<T>>();
  readonly #byAddress = new Map<string, Set<T>>();
  readonly #everybody: readonly T[];

  constructor(everybody: Iterable<T>, namespaces: Namespaces) {
    this.#namespaces = namespaces;
    // What is on the host's network no selector matches, and no range as a pod.
    this.#everybody = [...everybody].filter(({ hostNetwork }) => !hostNetwork);
    for (const one of this.#everybody) {
      const { namespace } = one.peer;
      const own = this.#byNamespace.get(namespace);
      if (own === undefined) this.#byNamespace.set(namespace, [one]);
      else own.push(one);
      for (const { labels, addresses } of one.standIns) {
        for (const [key, value] of labels) put(this.#byLabel, `${namespace} ${key}=${value}`, one);
        for (const { text } of addresses) put(this.#byAddress, text, one);
      }
    }
  }

  /** Those of whom some pod is matched by a peer of a policy in this namespace. */
  matched(peer: PolicyPeer, namespace: string): ReadonlySet<T> {
    if (peer.ipBlock !== undefined) return this.#inBlock(peer.ipBlock.cidr, peer.ipBlock.except ?? []);
    const namespaces = peer.namespaceSelector === undefined ? [namespace] : this.#selected(peer.namespaceSelector);
    return new Set(namespaces.flatMap((name) => this.selected(peer.podSelector ?? {}, name)));
  }

  /** Those of a namespace of whom some pod is matched. */
  selected(selector: LabelSelector, namespace: string): readonly T[] {
    let candidates: Iterable<T> = this.#byNamespace.get(namespace) ?? [];
    let fewest = Number.POSITIVE_INFINITY;
    for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
      const own = this.#byLabel.get(`${namespace} ${key}=${value}`);
      if (own === undefined) return [];
      if (own.size < fewest) [candidates, fewest] = [own, own.size];
    }
    return [...candidates].filter(({ standIns }) => standIns.some(({ labels }) => selectorMatches(selector, labels)));
  }

  #selected(selector: LabelSelector): readonly string[] {
    return [...this.#byNamespace.keys()].filter((name) => selectorMatches(selector, labelsOfNamespace(name, this.#namespaces)));
  }

  #inBlock(cidr: string, except: readonly string[]): ReadonlySet<T> {
    const range = parseCidr(cidr);
    if (range === null) return new Set();
    const [text = '', bits] = range.text.split('/');
    if (except.length === 0 && bits === (range.family === 4 ? '32' : '128')) return this.#byAddress.get(text) ?? new Set();
    const holes = except.map(parseCidr).filter((hole): hole is Cidr => hole !== null);
    return new Set(
      this.#everybody.filter(({ standIns }) =>
        standIns.some(({ addresses }) => addresses.some((address) => cidrContains(range, address) && !holes.some((hole) => cidrContains(hole, address)))),
      ),
    );
  }
}

function put<T>(index: Map<string, Set<T>>, key: string, one: T): void {
  const own = index.get(key);
  if (own === undefined) index.set(key, new Set([one]));
  else own.add(one);
}
