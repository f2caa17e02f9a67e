import { cidrContains, parseCidr, type Address, type Cidr } from '../../model/address.ts';
import { NAMESPACE_NAME } from '../../model/labels.ts';
import { selectorMatches, type LabelSelector } from '../../model/selector.ts';
import { labelsOfNamespace, type End, type Namespaces, type NodeEnd, type PodEnd } from './end.ts';

/** A peer of a rule, whichever kind of policy has it. */
export type IndexedPeer =
  /** Pods with these labels: of one namespace, or of those with some labels. */
  | { readonly type: 'pods'; readonly namespace: string | LabelSelector; readonly pods: LabelSelector }
  /** `network` as an administrator's rule has it, which holds pods beyond doubt. */
  | { readonly type: 'block' | 'network'; readonly cidr: string; readonly except: readonly string[] }
  | { readonly type: 'nodes'; readonly selector: LabelSelector }
  | { readonly type: 'domain-names' };

/** How a peer takes an end: `BY_ADDRESS` is a pod by an ipBlock alone, `UNKNOWN` what cannot be told from what is known of the end. */
export const NO = 0;
export const YES = 1;
export const BY_ADDRESS = 2;
export const UNKNOWN = 3;
export type Match = typeof NO | typeof YES | typeof BY_ADDRESS | typeof UNKNOWN;

/** How all peers of an index take one end: two bits each. */
export type Matches = Uint32Array;

export function matchOf(matches: Matches, peer: number): Match {
  return (((matches[peer >> 4] ?? 0) >>> ((peer & 15) << 1)) & 3) as Match;
}

/** The peers that take the end in some way. */
export function matchedPeers(matches: Matches): readonly number[] {
  const peers: number[] = [];
  for (const [i, word] of matches.entries()) if (word !== 0) for (let peer = i << 4; peer < (i + 1) << 4; peer++) if (matchOf(matches, peer) !== NO) peers.push(peer);
  return peers;
}

interface Block {
  readonly peer: number;
  readonly ofPod: typeof YES | typeof BY_ADDRESS;
  readonly holes: readonly Cidr[];
}

/** The peers of all rules of a set, each once: an end is held against them when it is first met, and never again. */
export class PeerIndex {
  readonly #namespaces: Namespaces;
  readonly #nodes: readonly NodeEnd[];
  readonly #ids = new Map<string, number>();
  /** Peers that are pods of a namespace, by its name; under null those that any namespace may have. */
  readonly #pods = new Map<string | null, { readonly peer: number; readonly namespaces: LabelSelector | null; readonly pods: LabelSelector }[]>();
  /** By family and length of the prefix, then by first address: as many look-ups as there are lengths. */
  readonly #blocks: Readonly<Record<4 | 6, Map<number, Map<bigint, Block[]>>>> = { 4: new Map(), 6: new Map() };
  readonly #allBlocks: number[] = [];
  readonly #nodePeers: { readonly peer: number; readonly addresses: ReadonlySet<string> }[] = [];
  readonly #domainNames: number[] = [];

  constructor(namespaces: Namespaces, nodes: readonly NodeEnd[]) {
    this.#namespaces = namespaces;
    this.#nodes = nodes;
  }

  /** The number of a peer; equal ones have the same. Peers come before ends. */
  add(peer: IndexedPeer): number {
    const key = JSON.stringify(peer);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#ids.size;
    this.#ids.set(key, id);
    switch (peer.type) {
      case 'pods':
        this.#addPods(id, peer.namespace, peer.pods);
        break;
      case 'block':
      case 'network':
        this.#addBlock(id, peer.cidr, peer.except, peer.type === 'network' ? YES : BY_ADDRESS);
        break;
      case 'nodes':
        this.#nodePeers.push({ peer: id, addresses: new Set(this.#nodes.filter(({ labels }) => selectorMatches(peer.selector, labels)).flatMap(({ addresses }) => addresses)) });
        break;
      case 'domain-names':
        this.#domainNames.push(id);
        break;
    }
    return id;
  }

  #addPods(peer: number, namespace: string | LabelSelector, pods: LabelSelector): void {
    const isName = typeof namespace === 'string';
    const key = isName ? namespace : (namespace.matchLabels?.[NAMESPACE_NAME] ?? null);
    const known = this.#pods.get(key) ?? [];
    this.#pods.set(key, known);
    known.push({ peer, namespaces: isName ? null : namespace, pods });
  }

  #addBlock(peer: number, cidr: string, except: readonly string[], ofPod: Block['ofPod']): void {
    const range = parseCidr(cidr);
    this.#allBlocks.push(peer);
    if (range === null) return;
    const byLength = this.#blocks[range.family];
    const byBase = byLength.get(range.bits) ?? new Map<bigint, Block[]>();
    byLength.set(range.bits, byBase);
    const blocks = byBase.get(range.base) ?? [];
    byBase.set(range.base, blocks);
    blocks.push({ peer, ofPod, holes: except.map(parseCidr).filter((hole): hole is Cidr => hole !== null) });
  }

  matches(end: End): Matches {
    const matches = new Uint32Array((this.#ids.size + 15) >> 4);
    const set = (peer: number, match: Match): void => {
      const at = peer >> 4;
      matches[at] = (matches[at] ?? 0) | (match << ((peer & 15) << 1));
    };
    if (end.kind === 'pod') this.#matchPod(end, set);
    else {
      this.#matchAddress(end.address, (block) => set(block.peer, YES));
      for (const { peer, addresses } of this.#nodePeers) if (addresses.has(end.address.text)) set(peer, YES);
      for (const peer of this.#domainNames) set(peer, UNKNOWN);
    }
    return matches;
  }

  #matchPod(pod: PodEnd, set: (peer: number, match: Match) => void): void {
    const labels = labelsOfNamespace(pod.namespace, this.#namespaces);
    for (const key of [pod.namespace, null]) {
      for (const { peer, namespaces, pods } of this.#pods.get(key) ?? []) {
        if ((namespaces === null || selectorMatches(namespaces, labels)) && selectorMatches(pods, pod.labels)) set(peer, YES);
      }
    }
    if (pod.addresses.length === 0) for (const peer of this.#allBlocks) set(peer, UNKNOWN);
    // Of two addresses, both may be in one range.
    const held = new Map<number, Match>();
    for (const address of pod.addresses) this.#matchAddress(address, ({ peer, ofPod }) => held.set(peer, ofPod));
    for (const [peer, match] of held) set(peer, match);
  }

  #matchAddress({ family, value, text }: Address, found: (block: Block) => void): void {
    for (const [bits, byBase] of this.#blocks[family]) {
      const host = BigInt((family === 4 ? 32 : 128) - bits);
      for (const block of byBase.get((value >> host) << host) ?? []) if (!block.holes.some((hole) => cidrContains(hole, { family, value, text }))) found(block);
    }
  }
}
