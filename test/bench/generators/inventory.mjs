/** What kubectl prints of the made-up cluster. */
import { writeFileSync } from 'node:fs';
import { makeCluster } from './cluster.mjs';

const STARTED = '2026-01-01T00:00:00Z';
/** When the list was made, after all that is logged. */
const LISTED = '2027-01-01T00:00:00Z';

function itemsOf({ namespace, name, kind, hash, pods, service, port }) {
  const labels = { 'app.kubernetes.io/name': name };
  const owned = (by, owner) => ({ namespace, ownerReferences: [{ apiVersion: 'apps/v1', kind: by, name: owner, controller: true }] });
  const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'main' }] } } };
  const set = `${name}-${hash}`;
  const isDeployment = kind === 'Deployment';
  return [
    { apiVersion: 'apps/v1', kind, metadata: { name, namespace, labels }, spec },
    ...(isDeployment ? [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: set, labels, ...owned(kind, name) }, spec }] : []),
    { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { type: 'ClusterIP', clusterIP: service, clusterIPs: [service], selector: labels, ports: [{ port, targetPort: port, protocol: 'TCP' }] } },
    ...pods.map((pod) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: pod.name, labels, creationTimestamp: STARTED, ...(isDeployment ? owned('ReplicaSet', set) : owned(kind, name)) },
      spec: { nodeName: pod.node.name, containers: [{ name: 'main' }] },
      status: { phase: 'Running', hostIP: pod.node.address, podIP: pod.address, podIPs: [{ ip: pod.address }], startTime: STARTED },
    })),
  ];
}

export function writeInventory(path, size) {
  const { workloads, nodes } = makeCluster(size);
  const items = [
    ...nodes.map(({ name, labels, address }) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels },
      status: { addresses: [{ type: 'InternalIP', address }], conditions: [{ type: 'Ready', lastHeartbeatTime: LISTED }] },
    })),
    ...workloads.flatMap(itemsOf),
  ];
  writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}

/** The same, as far as programs need it that only look addresses up: `address,namespace/workload`. */
export function writeAddresses(path, size) {
  const lines = makeCluster(size).workloads.flatMap(({ namespace, name, pods }) => pods.map(({ address }) => `${address},${namespace}/${name}\n`));
  writeFileSync(path, lines.join(''));
}
