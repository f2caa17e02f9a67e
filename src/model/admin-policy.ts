import type { LabelSelector } from './selector.ts';

/**
 * What a cluster's administrator decides before and after NetworkPolicies: AdminNetworkPolicy and BaselineAdminNetworkPolicy
 * (policy.networking.k8s.io/v1alpha1) and what became of both, ClusterNetworkPolicy (v1alpha2 and later). They say the same in
 * different fields; this is what they say.
 */
export interface AdminPolicy {
  readonly kind: AdminKind;
  readonly name: string;
  /** `Admin` is asked before NetworkPolicies; `Baseline` after, where none of them selects the pod. */
  readonly tier: 'Admin' | 'Baseline';
  /** 0 to 1000; the lower is asked first, equal ones in an order that the API leaves open. */
  readonly priority: number;
  readonly subject: SelectedPods;
  /** The first rule that matches decides. */
  readonly ingress: readonly AdminRule[];
  readonly egress: readonly AdminRule[];
}

export const ADMIN_KINDS = ['AdminNetworkPolicy', 'BaselineAdminNetworkPolicy', 'ClusterNetworkPolicy'] as const;

export type AdminKind = (typeof ADMIN_KINDS)[number];

export const ADMIN_GROUP = 'policy.networking.k8s.io';

/** Pods with these labels in namespaces with those; none that is on the host's network. */
export interface SelectedPods {
  readonly namespaceSelector: LabelSelector;
  readonly podSelector: LabelSelector;
}

export interface AdminRule {
  /** '' if it has none. */
  readonly name: string;
  /** `Pass` hands on to the next tier. ClusterNetworkPolicy writes `Accept` for `Allow`. */
  readonly action: 'Allow' | 'Deny' | 'Pass';
  readonly peers: readonly AdminPeer[];
  /** Empty: every port of every protocol. */
  readonly ports: readonly AdminPort[];
}

export type AdminPeer =
  | ({ readonly type: 'pods' } & SelectedPods)
  /** Nodes with these labels, by their addresses. */
  | { readonly type: 'nodes'; readonly selector: LabelSelector }
  /** Ranges; they hold pods too. */
  | { readonly type: 'networks'; readonly cidrs: readonly string[] }
  | { readonly type: 'domain-names'; readonly names: readonly string[] };

export type AdminPort =
  /** Both ends are in. 1 to 65535 are all ports of the protocol. */
  | { readonly type: 'range'; readonly protocol: 'TCP' | 'UDP' | 'SCTP'; readonly first: number; readonly last: number }
  /** What the destination calls so, whatever its protocol. */
  | { readonly type: 'name'; readonly name: string };
