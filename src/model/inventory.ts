import type { AdminKind } from './admin-policy.ts';
import type { Protocol, WorkloadRef } from './flow.ts';
import type { Labels } from './labels.ts';
import type { LabelSelector } from './selector.ts';

/** What the cluster's API says, projected to what is needed here. Times in milliseconds since 1970, null where unknown. */

/**
 * How a pod takes part in an Istio mesh: by a proxy beside it, by its node's ztunnel, or as a proxy for others. Of a running pod `none` is
 * certain; of a template it says that no sidecar is wanted, and its namespace may still be ambient.
 */
export type MeshMode = 'none' | 'sidecar' | 'ambient' | 'waypoint' | 'gateway';

export interface PodFact {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: Labels;
  /** Its controller as the object names it, not yet the top owner. */
  readonly owner: WorkloadRef | null;
  readonly addresses: readonly string[];
  readonly hostAddresses: readonly string[];
  readonly node: string | null;
  readonly hostNetwork: boolean;
  readonly serviceAccount: string;
  readonly ports: readonly ContainerPort[];
  /** Null or missing where nothing tells. */
  readonly mesh?: MeshMode | null;
  /** Since when the pod has had its addresses. */
  readonly from: number | null;
  /** When it gave them up: deletion, or the end of its containers. */
  readonly until: number | null;
  /** All its containers have ended, for good. */
  readonly completed: boolean;
  /** A newer list of its namespace no longer holds it. */
  readonly gone: boolean;
}

export interface ContainerPort {
  readonly name: string | null;
  readonly port: number;
  readonly protocol: Protocol;
}

/** Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob, Rollout, and whatever else owns pods. */
export interface WorkloadFact {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly owner: WorkloadRef | null;
  readonly selector: LabelSelector | null;
  readonly templateLabels: Labels | null;
  readonly hostNetwork: boolean;
  readonly serviceAccount: string;
  readonly ports: readonly ContainerPort[];
  /** Of its template, as of a pod. */
  readonly mesh?: MeshMode | null;
  /** A CronJob's last run, null if it never ran; undefined for other kinds. */
  readonly lastRun?: number | null;
}

export interface ServiceFact {
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  /** Cluster addresses, external addresses and the load balancer's. */
  readonly addresses: readonly string[];
  readonly selector: Labels | null;
  readonly ports: readonly ServicePort[];
  /** Missing in facts of before they were read. */
  readonly labels?: Labels;
}

export interface ServicePort {
  readonly name: string | null;
  readonly port: number;
  readonly targetPort: number | string;
  readonly nodePort: number | null;
  readonly protocol: Protocol;
}

export interface EndpointSliceFact {
  readonly namespace: string;
  readonly name: string;
  readonly service: string;
  readonly addresses: readonly string[];
  readonly ports: readonly { readonly name: string | null; readonly port: number | null; readonly protocol: Protocol }[];
}

export interface NodeFact {
  readonly name: string;
  readonly labels: Labels;
  readonly addresses: readonly string[];
  readonly podCidrs: readonly string[];
  /** The node's own addresses within the pods' ranges: the bridge's, the tunnel's. */
  readonly inPodRange: readonly string[];
}

export interface NamespaceFact {
  readonly name: string;
  readonly labels: Labels;
}

/** A policy as the cluster has it; whoever evaluates it validates it first. */
export interface PolicyFact {
  readonly kind: 'NetworkPolicy' | AdminKind;
  readonly apiVersion: string;
  /** '' of an administrator's, which is for the whole cluster. */
  readonly namespace: string;
  readonly name: string;
  readonly spec: unknown;
}

export interface Inventory {
  readonly pods: readonly PodFact[];
  readonly workloads: readonly WorkloadFact[];
  readonly services: readonly ServiceFact[];
  readonly slices: readonly EndpointSliceFact[];
  readonly nodes: readonly NodeFact[];
  readonly namespaces: readonly NamespaceFact[];
  readonly policies: readonly PolicyFact[];
  /** The latest moment that the objects speak of: what is later, they cannot know. */
  readonly asOf: number;
}

export const EMPTY_INVENTORY: Inventory = {
  pods: [],
  workloads: [],
  services: [],
  slices: [],
  nodes: [],
  namespaces: [],
  policies: [],
  asOf: 0,
};
