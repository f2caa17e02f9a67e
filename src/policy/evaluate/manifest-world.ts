import { parseAddress, type Address } from '../../model/address.ts';
import type { AdminPolicy } from '../../model/admin-policy.ts';
import type { Inventory, PodFact, WorkloadFact } from '../../model/inventory.ts';
import { NO_LABELS } from '../../model/labels.ts';
import type { NetworkPolicy } from '../../model/policy.ts';
import { namespaceLabels, PolicySet, type End, type PodEnd, type PolicyProtocol } from './evaluate.ts';

/** Pods and workloads of manifests, by the names by which questions ask for them. */
export class ManifestWorld {
  readonly policies: PolicySet;
  readonly #pods = new Map<string, PodEnd>();
  readonly #workloads = new Map<string, PodEnd>();
  readonly #services: ReadonlySet<string>;
  readonly #nodes: ReadonlySet<string>;
  /** `port/protocol` that every node has for a Service. */
  readonly #nodePorts: ReadonlySet<string>;

  constructor(inventory: Inventory, policies: readonly NetworkPolicy[], admin: readonly AdminPolicy[] = []) {
    for (const pod of inventory.pods) {
      const end = podEnd(pod);
      this.#pods.set(`${pod.namespace}/${pod.name}`, end);
      // An owner that the manifests do not hold is known by its pods.
      if (pod.owner !== null) this.#workloads.set(`${pod.owner.kind} ${pod.namespace}/${pod.owner.name}`, end);
    }
    for (const workload of inventory.workloads) this.#workloads.set(`${workload.kind} ${workload.namespace}/${workload.name}`, templateEnd(workload));
    this.#services = new Set(inventory.services.flatMap(({ addresses }) => addresses));
    this.#nodes = new Set([...inventory.nodes.flatMap(({ addresses }) => addresses), ...inventory.pods.flatMap(({ hostAddresses }) => hostAddresses)]);
    this.#nodePorts = new Set(inventory.services.flatMap(({ ports }) => ports.flatMap(({ nodePort, protocol }) => (nodePort === null ? [] : [`${nodePort}/${protocol}`]))));
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

  /** Why it is not defined what policies see of a connection to this end; null where it is. Behind a Service may also be the pod that asks. */
  translation(end: End, port: number, protocol: PolicyProtocol): string | null {
    if (end.kind === 'pod') return null;
    const { text } = end.address;
    const isNodePort = this.#nodes.has(text) && this.#nodePorts.has(`${port}/${protocol}`);
    if (!isNodePort && !this.#services.has(text)) return null;
    return `${isNodePort ? `port ${port} of ${text} is a Service's on every node` : `${text} is a Service's address`}: whether policies see it before or after translation is not defined; ask about its pods`;
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
