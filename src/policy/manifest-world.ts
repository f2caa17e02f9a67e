import { parseAddress, type Address } from '../model/address.ts';
import type { AdminPolicy } from '../model/admin-policy.ts';
import type { Inventory, PodFact, WorkloadFact } from '../model/inventory.ts';
import { NO_LABELS } from '../model/labels.ts';
import type { NetworkPolicy } from '../model/policy.ts';
import { namespaceLabels, PolicySet, type End, type PodEnd } from './evaluate.ts';

/** Pods and workloads of manifests, by the names by which questions ask for them. */
export class ManifestWorld {
  readonly policies: PolicySet;
  readonly #pods = new Map<string, PodEnd>();
  readonly #workloads = new Map<string, PodEnd>();
  readonly #services: ReadonlySet<string>;

  constructor(inventory: Inventory, policies: readonly NetworkPolicy[], admin: readonly AdminPolicy[] = []) {
    for (const pod of inventory.pods) this.#pods.set(`${pod.namespace}/${pod.name}`, podEnd(pod));
    for (const workload of inventory.workloads) this.#workloads.set(`${workload.kind} ${workload.namespace}/${workload.name}`, templateEnd(workload));
    this.#services = new Set(inventory.services.flatMap(({ addresses }) => addresses));
    const named = [...inventory.pods, ...inventory.workloads].map(({ namespace }) => ({ name: namespace, labels: NO_LABELS }));
    this.policies = new PolicySet(policies, namespaceLabels([...named, ...inventory.namespaces]), admin, inventory.nodes);
  }

  /** `namespace/name` of this kind, or an address; a name without a kind is a pod's, else that of the only workload so called. */
  find(name: string, kind: string | null): End | null {
    if (kind === 'IP' || (kind === null && !name.includes('/'))) {
      const address = parseAddress(name.replace(/\/(32|128)$/, ''));
      return address === null ? null : { kind: 'address', address };
    }
    if (kind === 'Pod' || kind === null) {
      const pod = this.#pods.get(name);
      if (pod !== undefined) return pod;
    }
    if (kind !== null) return this.#workloads.get(`${kind} ${name}`) ?? null;
    const matches = [...this.#workloads].filter(([key]) => key.endsWith(` ${name}`)).map(([, end]) => end);
    return matches.length === 1 ? (matches[0] ?? null) : null;
  }

  /** Whether an address is a Service's: whether policies see it before or after translation is not defined. */
  isService(name: string): boolean {
    return this.#services.has(name);
  }
}

function podEnd(pod: PodFact): PodEnd {
  return {
    kind: 'pod',
    namespace: pod.namespace,
    name: pod.name,
    labels: pod.labels,
    addresses: pod.addresses.map(parseAddress).filter((address): address is Address => address !== null),
    hostAddresses: pod.hostAddresses,
    ports: pod.ports,
    hostNetwork: pod.hostNetwork,
    completed: pod.completed,
  };
}

function templateEnd(workload: WorkloadFact): PodEnd {
  return {
    kind: 'pod',
    namespace: workload.namespace,
    name: workload.name,
    labels: workload.templateLabels ?? NO_LABELS,
    addresses: [],
    hostAddresses: [],
    ports: workload.ports,
    hostNetwork: workload.hostNetwork,
    completed: false,
  };
}
