import type { NetworkPolicy, PolicyPeer, PolicyPort, PolicyType } from './policy.ts';
import type { WorkloadPeer } from './peer.ts';
import type { AuthorizationPolicy } from './authorization.ts';
import type { LabelSelector } from './selector.ts';

/** Why a rule is wider than the edges that made it. Closed list; each is shown wherever the rule is. */
export const WIDENINGS = {
  'public-entry': 'admits any address outside the cluster, not only those that were seen',
  'dns-protocol': 'opens DNS over UDP and TCP, though only one of them was seen: answers that do not fit fall back to TCP',
  'dns-node-local': 'opens DNS to the cache on the pod’s own node, which answers at its own address and at that of the Service',
  'named-port': 'names the port, whose number differs between the pods, though not all of its numbers were seen',
  'dns-unseen': 'opens DNS to the cluster’s resolver, though no query was seen: resolvers cache, and without DNS egress is dead',
  'all-nodes': 'names every known node, though not all of them were seen: pods and nodes move',
  hbone: 'opens the port of the mesh’s tunnel, which leads to every port of the pod: an AuthorizationPolicy says to which',
  waypoint: 'the connection goes through the waypoint: who may use it, its own policies say',
  'ambient-probes': 'admits kubelet’s probes, which come from this address where the mesh is ambient',
  'istiod-unseen': 'opens the mesh’s control plane, though no connection to it was seen: they last, and without them a proxy loses its configuration and its certificate',
  'shared-account': 'admits every workload that runs under the account: a certificate does not tell them apart',
  'no-certificate': 'admits anybody at the port, since a client shows no certificate: the NetworkPolicy alone says who it is',
  'any-request': 'admits every request, since those that were seen cannot all be written',
  'paths-below': 'admits every path below, since long ones are not kept to their end',
  'all-apiservers': 'names every address of the API server, though not all of them were seen',
  'known-ranges': 'names all ranges that the user’s file has under this name, though not all of their addresses were seen',
  compacted: 'merges outside addresses into ranges, which hold others that were not seen',
  'whole-namespace': 'names the namespace and not its workloads, so all of its pods, also those that are yet to come',
  'dns-name': 'follows the name, to whatever addresses the cluster’s DNS gives for it',
  'node-entity': 'names every node, in joined clusters too, and all that runs on their network: Cilium does not tell nodes by their addresses',
  'apiserver-entity': 'names the API server wherever it is: Cilium does not tell it by its addresses',
  'world-entity': 'admits any address outside the cluster, IPv4 and IPv6, and the nodes and Cilium’s own ingress, through which balancers hand clients over',
  'host-entity': 'names all that the pod’s own node has on its network: that is where Cilium places a node-local address',
} as const;

export type WideningReason = keyof typeof WIDENINGS;

export interface Widening {
  readonly reason: WideningReason;
  /** What exactly is open beyond the edges: `UDP 53`, `10.0.0.3/32`. */
  readonly beyond: string;
}

/** The policy that closes every pod of a namespace is called so, and no other. */
export const DEFAULT_DENY = 'default-deny';

export type Direction = 'ingress' | 'egress';

export const POLICY_TYPE: Readonly<Record<Direction, PolicyType>> = { ingress: 'Ingress', egress: 'Egress' };

export interface IpBlock {
  readonly cidr: string;
  readonly except?: readonly string[];
}

/** Whom a rule names, before any form writes it down. */
export type RulePeer =
  | { readonly type: 'workload'; readonly workload: WorkloadPeer; readonly selector: LabelSelector }
  /** All pods of a namespace, the policy's own or another: always with a widening. */
  | { readonly type: 'namespace'; readonly namespace: string }
  | {
      readonly type: 'addresses';
      readonly of: 'external' | 'node' | 'apiserver' | 'public';
      readonly blocks: readonly IpBlock[];
      /** DNS names that records gave for an outside address; sorted. */
      readonly names: readonly string[];
      /** What the user's file of known ranges calls these blocks. */
      readonly group?: string;
    };

export interface ProposedRule {
  readonly direction: Direction;
  /** Whom it names; `peers` is the same as a NetworkPolicy has it. */
  readonly whom: readonly RulePeer[];
  readonly peers: readonly PolicyPeer[];
  /** None where a widening opens all of them. */
  readonly ports: readonly PolicyPort[];
  /** Ids of the edges that made the rule; none for a widening of its own. */
  readonly edges: readonly string[];
  readonly widenings: readonly Widening[];
  /** What a reader is told above the rule; changes only when the class of the evidence does. */
  readonly comment: string;
}

/** Who pings whom. A NetworkPolicy has no words for it; the forms of network plugins do, and cut it off where it is not said. */
export interface EchoRule {
  readonly direction: Direction;
  readonly whom: RulePeer;
  readonly protocol: 'ICMP' | 'ICMPv6';
  readonly edges: readonly string[];
  readonly comment: string;
  /** Those of the proposal's notes that do not hold where the rule is written down. */
  readonly notes: readonly string[];
}

/** A direction that the policy leaves alone, and why. */
export interface LeftAlone {
  readonly direction: Direction;
  readonly reason: string;
  /** Accepted edges that it has all the same: whatever else closes the direction cuts them. */
  readonly edges: number;
}

export interface Proof {
  readonly acceptedEdges: number;
  readonly rules: number;
  /** Directions in which it closes the workload for all that no rule names. */
  readonly isolates: readonly Direction[];
  /** What it allows beyond the accepted edges: stated widenings, and other workloads by pair and port. The first of them. */
  readonly excess: readonly string[];
  /** How many they are. */
  readonly excessCount: number;
}

export interface Proposal {
  readonly workload: WorkloadPeer;
  readonly policy: NetworkPolicy;
  readonly rules: readonly ProposedRule[];
  /** In the directions that the policy closes. */
  readonly echoes: readonly EchoRule[];
  readonly leftAlone: readonly LeftAlone[];
  readonly notes: readonly string[];
  readonly proof: Proof;
}

/** A workload that gets no policy, and why. */
export interface NoProposal {
  readonly workload: WorkloadPeer;
  readonly reason: string;
  /** It is on the host's network, or gone: not even a policy that closes its namespace touches it. */
  readonly untouched: boolean;
}

/** A policy of the mesh beside a workload's NetworkPolicy, from the same edges. */
export interface ProposedAuthorization {
  readonly policy: AuthorizationPolicy;
  /** One for each rule of the policy, in their order. */
  readonly rules: readonly { readonly edges: readonly string[]; readonly widenings: readonly Widening[]; readonly comment: string }[];
  readonly notes: readonly string[];
  readonly proof: Pick<Proof, 'acceptedEdges' | 'excess' | 'excessCount'>;
}

export interface Authorizations {
  /** Sorted by namespace and name. */
  readonly proposals: readonly ProposedAuthorization[];
  /** Workloads with a NetworkPolicy that get none, and why. */
  readonly none: readonly { readonly workload: WorkloadPeer; readonly reason: string }[];
  /** Why the mesh must not be told to deny all else in a namespace; a namespace that is not here may be closed. */
  readonly keptOpen: ReadonlyMap<string, string>;
  /** What policies that close a namespace are called, by namespace. */
  readonly denyAll: ReadonlyMap<string, string>;
}

export const NO_AUTHORIZATIONS: Authorizations = { proposals: [], none: [], keptOpen: new Map(), denyAll: new Map() };
