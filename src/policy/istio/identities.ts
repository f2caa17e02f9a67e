import { groupBy } from '../../model/group.ts';
import { peerKey, type Peer, type WorkloadPeer } from '../../model/peer.ts';
import { PLAINTEXT, principalText } from '../../model/principal.ts';
import type { GraphEdge } from '../../learn/graph.ts';
import type { Roster } from '../roster.ts';

/** Istio's default. Envoy takes it for the mesh's own domain whatever that is called, ztunnel by the letter. */
const LOCAL_DOMAIN = 'cluster.local';

/** Whose certificates say what: as clients showed them, and as service accounts of the inventory would have them. */
export class Identities {
  /** The mesh's own: as it was said, else of the certificates if they tell of one alone, else the default. */
  readonly trustDomain: string;
  /** Nobody told it. */
  readonly isDomainAssumed: boolean;
  readonly #seen: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #roster: Roster;
  readonly #holders = new Map<string, WorkloadPeer[]>();

  /** `edges` are those that policies are made of: what was shown on others may be stolen. */
  constructor(edges: readonly GraphEdge[], roster: Roster, said: string | null) {
    this.#roster = roster;
    const certified = edges.filter(({ evidence, source }) => evidence.principals.size > 0 && source.type === 'workload');
    this.#seen = new Map(
      [...groupBy(certified, ({ source }) => peerKey(source))].map(([key, own]) => [key, new Set(own.flatMap(({ evidence }) => [...evidence.principals]).filter((principal) => principal !== PLAINTEXT).toSorted())]),
    );
    const domains = new Set([...this.#seen.values()].flatMap((own) => [...own]).map((principal) => principal.slice(0, principal.indexOf('/'))));
    const [only] = domains;
    const told = said ?? (domains.size === 1 ? only : undefined);
    this.trustDomain = told ?? LOCAL_DOMAIN;
    this.isDomainAssumed = told === undefined;
    for (const { peer, mesh } of roster.local()) {
      // Who is known to be outside the mesh has no certificate.
      if (mesh.size === 1 && mesh.has('none') && this.shown(peer).length === 0) continue;
      for (const account of new Set([...this.shown(peer), ...this.expected(peer)].map(accountOf))) {
        const holders = this.#holders.get(account);
        if (holders === undefined) this.#holders.set(account, [peer]);
        else holders.push(peer);
      }
    }
  }

  /** What a workload's clients showed anywhere, sorted. */
  shown(peer: Peer): readonly string[] {
    return [...(this.#seen.get(peerKey(peer)) ?? [])];
  }

  /** What certificates of its pods would say, by their service accounts; sorted. */
  expected(peer: WorkloadPeer): readonly string[] {
    const { namespace } = peer;
    return (this.#roster.member(peer)?.accounts ?? []).map((serviceAccount) => principalText({ trustDomain: this.trustDomain, namespace, serviceAccount }));
  }

  /** Of these, the ones that are of no account that the workload's pods run under; none where nobody knows their accounts. */
  foreign(peer: Peer, principals: readonly string[]): readonly string[] {
    const accounts = peer.type === 'workload' ? this.expected(peer).map(accountOf) : [];
    return accounts.length === 0 ? [] : principals.filter((principal) => !accounts.includes(accountOf(principal)));
  }

  /** Everybody who is known to run under the account of a principal. */
  holders(principal: string): readonly WorkloadPeer[] {
    return this.#holders.get(accountOf(principal)) ?? [];
  }
}

/** `ns/shop/sa/web`: an account is the same in each of a mesh's trust domains. */
function accountOf(principal: string): string {
  return principal.slice(principal.indexOf('/') + 1);
}
