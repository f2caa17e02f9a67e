import type { Protocol } from '../model/flow.ts';
import type { Labels } from '../model/labels.ts';
import { selectorMatches } from '../model/selector.ts';
import type { ContainerPort, ServiceFact, ServicePort } from '../model/inventory.ts';
import { workloadPeer, type Peer } from '../model/peer.ts';
import type { Directory } from './directory.ts';

export interface Backend {
  readonly peer: Peer;
  /** Port of the pod, after translation. */
  readonly port: number;
}

/** What stands behind a Service's address and port: one workload's pod port, else null. It is never guessed among several. */
export function backendOf(service: ServiceFact, port: number, protocol: Protocol, directory: Directory): Backend | null {
  const match = service.ports.find((candidate) => candidate.port === port && candidate.protocol === protocol);
  if (match === undefined) return null;
  if (service.namespace === 'default' && service.name === 'kubernetes') {
    return { peer: { type: 'apiserver', cluster: '' }, port: typeof match.targetPort === 'number' ? match.targetPort : 6443 };
  }
  const backends = backendsOf(service, match, directory);
  const [first, ...others] = [...new Map(backends.map((backend) => [JSON.stringify(backend), backend])).values()];
  return first !== undefined && others.length === 0 ? first : null;
}

/** All that stand behind a port of a Service. Without a selector, slices say it. */
export function backendsOf(service: ServiceFact, port: ServicePort, directory: Directory): Backend[] {
  return service.selector === null ? fromSlices(service, port, directory) : fromSelector(service, service.selector, port, directory);
}

function fromSelector(service: ServiceFact, labels: Labels, { targetPort, protocol }: ServicePort, directory: Directory): Backend[] {
  const selector = { matchLabels: Object.fromEntries(labels) };
  const { pods, workloads } = directory.inventory;
  const backends: Backend[] = [];
  const add = (peer: Peer, ports: readonly ContainerPort[]): void => {
    const number = typeof targetPort === 'number' ? targetPort : ports.find(({ name, protocol: p }) => name === targetPort && p === protocol)?.port;
    if (number !== undefined) backends.push({ peer, port: number });
  };
  const node: Peer = { type: 'node', cluster: '' };
  const doneJobs = new Set<string>();
  for (const pod of pods) {
    if (pod.namespace !== service.namespace || !selectorMatches(selector, pod.labels)) continue;
    if (pod.completed) {
      if (pod.owner?.kind === 'Job') doneJobs.add(pod.owner.name);
      continue;
    }
    add(pod.hostNetwork ? node : workloadPeer(directory.workloadOfPod(pod)), pod.ports);
  }
  for (const workload of workloads) {
    if (workload.namespace !== service.namespace || workload.templateLabels === null) continue;
    if (!selectorMatches(selector, workload.templateLabels)) continue;
    // Its template is still there. If another pod of it is at work, that was added above.
    if (workload.kind === 'Job' && doneJobs.has(workload.name)) continue;
    const top = directory.topOwner(workload.namespace, workload);
    add(workload.hostNetwork ? node : workloadPeer({ cluster: '', namespace: workload.namespace, ...top }), workload.ports);
  }
  return backends;
}

function fromSlices(service: ServiceFact, { name, protocol }: ServicePort, directory: Directory): Backend[] {
  return directory.inventory.slices
    .filter((slice) => slice.namespace === service.namespace && slice.service === service.name)
    .flatMap(({ addresses, ports }) => {
      const port = ports.find((candidate) => (candidate.name ?? '') === (name ?? '') && candidate.protocol === protocol)?.port;
      if (port === null || port === undefined) return [];
      return addresses.map((address): Backend => {
        const [life] = directory.lives(address);
        if (life !== undefined) return { peer: workloadPeer(life.workload), port };
        if (directory.isNode(address)) return { peer: { type: 'node', cluster: '' }, port };
        return { peer: { type: 'external', address }, port };
      });
    });
}

/** Services of type LoadBalancer or NodePort whose pods are this workload's, with the pod port that is behind them. */
export function exposedPorts(directory: Directory): ReadonlySet<string> {
  const exposed = new Set<string>();
  for (const service of directory.inventory.services) {
    if (service.type !== 'LoadBalancer' && service.type !== 'NodePort') continue;
    for (const port of service.ports) {
      for (const { peer, port: number } of backendsOf(service, port, directory)) {
        if (peer.type === 'workload') exposed.add(`${peer.namespace}/${peer.kind}/${peer.name}:${number}/${port.protocol}`);
      }
    }
  }
  return exposed;
}
