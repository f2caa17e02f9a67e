import type { AdminPolicy } from '../../model/admin-policy.ts';
import { groupBy } from '../../model/group.ts';
import { formatLabels } from '../../model/labels.ts';
import type { NetworkPolicy } from '../../model/policy.ts';
import type { Direction } from '../../model/proposal.ts';
import { compileAdminPolicy, compileNetworkPolicy, verdict, type CompiledPolicy, type Rule, type Verdict } from './compile.ts';
import { labelsOfNamespace, type End, type Namespaces, type NodeEnd, type PodEnd, type PolicyProtocol } from './end.ts';
import { laneOf, namedPeers, verdictOf, type Lane } from './lane.ts';
import { matchedPeers, PeerIndex, type Matches } from './peer-index.ts';

export { namespaceLabels, type AddressEnd, type End, type Namespaces, type NodeEnd, type PodEnd, type PolicyProtocol } from './end.ts';

/**
 * Answers as Kubernetes does, by the definition of networking.k8s.io/v1: policies add up, a pod is closed in a direction as
 * soon as one policy selects it for that direction, and both ends must allow a connection. Before them come the policies of the
 * Admin tier, and where none of them selects the pod, those of the Baseline tier (policy.networking.k8s.io): by priority, and
 * the first rule that matches decides.
 */

export interface Answer {
  /** Null where Kubernetes leaves it undefined; `because` says why. */
  readonly allowed: boolean | null;
  readonly because: string;
  readonly warnings: readonly string[];
}

/** An answer before it is put into words. */
export interface Judgement {
  readonly allowed: boolean | null;
  /** What the source's policies say, then the destination's; null where they were not asked. */
  readonly out: Verdict | null;
  readonly into: Verdict | null;
  /** Rules of which it cannot be told whether they match. */
  readonly doubts: readonly Rule[];
}

type Lanes = Readonly<Record<Direction, Lane>>;

/** Everything that a question needs of an end, worked out when it is first met. */
interface Known {
  readonly matches: Matches;
  readonly lanes: Lanes | null;
  /** Whatever it is asked about, Kubernetes does not define it. */
  readonly undefined: Judgement | null;
  readonly byItsNode: Judgement | null;
}

const NO_DOUBTS: readonly Rule[] = [];
const OUTSIDE: Verdict = verdict(true, 'policies are for pods', false);
const ITSELF: Judgement = { allowed: true, out: verdict(true, 'a pod always reaches itself', true), into: null, doubts: NO_DOUBTS };

function kept(doubts: readonly Rule[]): readonly Rule[] {
  return doubts.length === 0 ? NO_DOUBTS : [...doubts];
}

export class PolicySet {
  readonly #namespaces: Namespaces;
  readonly #index: PeerIndex;
  readonly #network: ReadonlyMap<string, readonly CompiledPolicy[]>;
  readonly #tiers: Readonly<Record<AdminPolicy['tier'], readonly CompiledPolicy[]>>;
  readonly #lanes = new Map<string, Lanes>();
  readonly #known = new WeakMap<End, Known>();
  /** Filled anew by each question; hardly any leaves something in it. */
  readonly #doubts: Rule[] = [];

  /** `nodes` are only needed where `admin` policies name them. */
  constructor(policies: readonly NetworkPolicy[], namespaces: Namespaces, admin: readonly AdminPolicy[] = [], nodes: readonly NodeEnd[] = []) {
    this.#namespaces = new Map(namespaces);
    this.#index = new PeerIndex(this.#namespaces, nodes);
    this.#network = new Map([...groupBy(policies, ({ metadata }) => metadata.namespace)].map(([namespace, own]) => [namespace, own.map((policy) => compileNetworkPolicy(policy, this.#index))]));
    const compiled = (tier: AdminPolicy['tier']): readonly CompiledPolicy[] =>
      admin
        .filter((policy) => policy.tier === tier)
        .toSorted((a, b) => a.priority - b.priority || (a.name < b.name ? -1 : 1))
        .map((policy) => compileAdminPolicy(policy, this.#index));
    this.#tiers = { Admin: compiled('Admin'), Baseline: compiled('Baseline') };
  }

  /** Whether a connection from `source` to `destination` is allowed, and what says so. */
  evaluate(source: End, destination: End, port: number, protocol: PolicyProtocol): Answer {
    return explain(this.judge(source, destination, port, protocol));
  }

  /** The same of ends that stand for several pods each: where both are one, two of its pods are meant. */
  evaluateBetween(source: End, destination: End, port: number, protocol: PolicyProtocol): Answer {
    return explain(this.judgeBetween(source, destination, port, protocol));
  }

  /** As `evaluate`, without the words. Ends that are asked about again should be the same objects. */
  judge(source: End, destination: End, port: number, protocol: PolicyProtocol): Judgement {
    if (source !== destination) return this.judgeBetween(source, destination, port, protocol);
    return this.#know(source).undefined ?? ITSELF;
  }

  judgeBetween(source: End, destination: End, port: number, protocol: PolicyProtocol): Judgement {
    const from = this.#know(source);
    const to = this.#know(destination);
    const left = from.undefined ?? to.undefined;
    if (left !== null) return left;
    if (to.byItsNode !== null && destination.kind === 'pod' && source.kind === 'address' && destination.hostAddresses.includes(source.address.text)) return to.byItsNode;
    const found = this.#doubts;
    found.length = 0;
    const out = from.lanes === null ? OUTSIDE : verdictOf(from.lanes.egress, to.matches, destination, port, protocol, found);
    if (out.allowed === false) return { allowed: false, out, into: null, doubts: kept(found) };
    const into = to.lanes === null ? OUTSIDE : verdictOf(to.lanes.ingress, from.matches, destination, port, protocol, found);
    return { allowed: into.allowed === false ? false : out.allowed === null ? null : into.allowed, out, into, doubts: kept(found) };
  }

  /** Those of a destination's ports that are open to the source, two pods of their kinds: as `judgeBetween` of each. */
  openPorts<T extends { readonly port: number; readonly protocol: PolicyProtocol }>(source: PodEnd, destination: PodEnd, ports: readonly T[]): readonly T[] {
    const from = this.#know(source);
    const to = this.#know(destination);
    const [out, into] = [from.lanes?.egress, to.lanes?.ingress];
    if (out === undefined || into === undefined || from.undefined !== null || to.undefined !== null) return [];
    const passes = (lane: Lane, other: Matches, { port, protocol }: T): boolean => verdictOf(lane, other, destination, port, protocol, this.#doubts).allowed === true;
    const open = ports.filter((one) => passes(out, to.matches, one) && passes(into, from.matches, one));
    this.#doubts.length = 0;
    return open;
  }

  /** Whether some NetworkPolicy selects the pod in a direction. */
  isolates(direction: Direction, pod: PodEnd): boolean {
    return this.#lanesOf(pod)[direction].network !== null;
  }

  /** Whether other pods have connections with the pod in a direction only where a rule lets them through. */
  closes(direction: Direction, pod: PodEnd): boolean {
    const { admin, network, baseline } = this.#lanesOf(pod)[direction];
    return network !== null || [...admin, ...baseline].flat(2).some(({ action, isTotal }) => isTotal && action === 'Deny');
  }

  /** Of all of these, those whom the rules of each name in a direction; null where they could be all. No port is open to others. */
  reach<T extends { readonly pod: PodEnd }>(direction: Direction, all: readonly T[]): ReadonlyMap<T, ReadonlySet<T> | null> {
    const matching = new Map<number, T[]>();
    for (const one of all) {
      for (const peer of matchedPeers(this.#know(one.pod).matches)) {
        const own = matching.get(peer);
        if (own === undefined) matching.set(peer, [one]);
        else own.push(one);
      }
    }
    const byLane = new Map<Lane, ReadonlySet<T> | null>();
    return new Map(
      all.map((one) => {
        const own = this.#lanesOf(one.pod)[direction];
        let reached = byLane.get(own);
        if (reached === undefined) {
          const peers = namedPeers(own);
          byLane.set(own, (reached = peers === null ? null : new Set([...peers].flatMap((peer) => matching.get(peer) ?? []))));
        }
        return [one, reached];
      }),
    );
  }

  /** The rule of the Admin tier that ends every connection with pods in a direction before NetworkPolicies are asked; null if there is none. */
  moot(direction: Direction, pod: PodEnd): string | null {
    // What is passed on before, they are asked about.
    const deciding = this.#lanesOf(pod)[direction].admin.flat(2).find(({ action, isTotal }) => isTotal || action === 'Pass');
    return deciding === undefined || deciding.action === 'Pass' ? null : deciding.title;
  }

  #know(end: End): Known {
    let known = this.#known.get(end);
    if (known === undefined) {
      const name = end.kind === 'pod' ? `${end.namespace}/${end.name}` : '';
      known = {
        matches: this.#index.matches(end),
        lanes: end.kind === 'pod' ? this.#lanesOf(end) : null,
        undefined: end.kind === 'pod' ? undefinedFor(end, name) : null,
        byItsNode: end.kind === 'pod' && end.hostAddresses.length > 0 ? { ...ITSELF, out: verdict(true, `the node of ${name} always reaches it`, true) } : null,
      };
      this.#known.set(end, known);
    }
    return known;
  }

  #lanesOf({ namespace, labels }: PodEnd): Lanes {
    const key = `${namespace} ${formatLabels(labels)}`;
    let lanes = this.#lanes.get(key);
    if (lanes === undefined) {
      const ofNamespace = labelsOfNamespace(namespace, this.#namespaces);
      const selecting = (all: readonly CompiledPolicy[]): readonly CompiledPolicy[] => all.filter(({ selects }) => selects(labels, ofNamespace));
      const [network, admin, baseline] = [selecting(this.#network.get(namespace) ?? []), selecting(this.#tiers.Admin), selecting(this.#tiers.Baseline)];
      lanes = { ingress: laneOf('ingress', network, admin, baseline), egress: laneOf('egress', network, admin, baseline) };
      this.#lanes.set(key, lanes);
    }
    return lanes;
  }
}

/** Whether an answer would come with warnings; few do. */
export function hasWarnings({ out, into, doubts }: Judgement): boolean {
  return doubts.length > 0 || (out !== null && out.warning !== null) || (into !== null && into.warning !== null);
}

/** Puts a judgement into words. */
export function explain({ allowed, out, into, doubts }: Judgement): Answer {
  const asked = [out, into].filter((one) => one !== null);
  const deciding = asked.filter((one) => (allowed === true ? one.decided : one.allowed === allowed));
  return {
    allowed,
    because: deciding.map(({ because }) => because).join('; ') || 'no policy selects either end',
    warnings: [...asked.map(({ warning }) => warning).filter((warning) => warning !== null), ...doubts.map(({ doubt }) => doubt)],
  };
}

function undefinedFor({ hostNetwork, completed }: PodEnd, name: string): Judgement | null {
  if (!hostNetwork && !completed) return null;
  const why = hostNetwork ? "is on the host's network: policies do not apply to it, and selectors do not match its traffic" : 'has completed: its address is free for another pod';
  return { allowed: null, out: verdict(null, `${name} ${why}`, true), into: null, doubts: NO_DOUBTS };
}
