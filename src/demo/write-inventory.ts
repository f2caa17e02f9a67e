import { APISERVER, BEGIN, HOUR, NODES, revisionHash, WORKLOADS, type DemoPod, type DemoWorkload } from './cluster.ts';

interface PodSpec {
  readonly serviceAccountName: string;
  readonly containers: readonly object[];
}

/** What `kubectl get … -A -o json` would print at a time. */
export function inventoryAt(pods: readonly DemoPod[], time: number): object {
  const stamp = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');
  const created = stamp(BEGIN - 30 * 24 * HOUR);
  const live = pods.filter((pod) => pod.from <= time && time < pod.until);
  const workloads = Object.values<DemoWorkload>(WORKLOADS);
  const namespaces = [...new Set(workloads.map(({ namespace }) => namespace)), 'default'].toSorted();
  const replicaSets = new Map<string, { readonly workload: DemoWorkload; readonly name: string; readonly hash: string }>();
  for (const { workload, from } of live) {
    if (workload.kind !== 'Deployment') continue;
    const hash = revisionHash(workload.name, from);
    replicaSets.set(`${workload.name}-${hash}`, { workload, name: `${workload.name}-${hash}`, hash });
  }
  const podSpec = ({ name, account, port }: DemoWorkload): PodSpec => ({
    serviceAccountName: account,
    containers: [{ name, image: `example.com/${name}:1`, ports: port === 0 ? [] : [{ containerPort: port, protocol: 'TCP' }] }],
  });
  const items: object[] = [
    ...namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { 'kubernetes.io/metadata.name': name } } })),
    ...NODES.map(({ name, address, podCidr }) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, creationTimestamp: created },
      spec: { podCIDR: podCidr, podCIDRs: [podCidr] },
      status: { addresses: [{ type: 'InternalIP', address }, { type: 'Hostname', address: name }], conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: stamp(time) }] },
    })),
    ...workloads.map((workload) => ownerObject(workload, podSpec(workload), created, stamp(time))),
    ...[...replicaSets.values()].map(({ workload, name, hash }) => ({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name, namespace: workload.namespace, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: workload.name, controller: true }] },
      spec: {
        selector: { matchLabels: { ...workload.labels, 'pod-template-hash': hash } },
        template: { metadata: { labels: { ...workload.labels, 'pod-template-hash': hash } }, spec: podSpec(workload) },
      },
    })),
    ...live.map((pod) => podObject(pod, withProxy(pod.workload, podSpec(pod.workload)), stamp)),
    ...services(),
  ];
  return { apiVersion: 'v1', kind: 'List', items };
}

/** What the mesh adds to a pod when it is made: its template does not show it. */
function withProxy(workload: DemoWorkload, spec: PodSpec): PodSpec {
  if (!workload.inMesh) return spec;
  const role = workload === WORKLOADS.gateway ? 'router' : 'sidecar';
  return { ...spec, containers: [...spec.containers, { name: 'istio-proxy', image: 'example.com/proxyv2:1', args: ['proxy', role], ports: [] }] };
}

function ownerObject(workload: DemoWorkload, spec: object, created: string, now: string): object {
  const { kind, name, namespace, labels } = workload;
  const template = { metadata: { labels }, spec };
  const metadata = { name, namespace, uid: `${namespace}-${name}`, creationTimestamp: created };
  if (kind === 'CronJob') return { apiVersion: 'batch/v1', kind, metadata, spec: { schedule: '0 2 * * *', jobTemplate: { spec: { template } } }, status: { lastScheduleTime: now } };
  return { apiVersion: 'apps/v1', kind, metadata, spec: { replicas: workload.replicas, selector: { matchLabels: labels }, template } };
}

function podObject({ workload, name, address, node, uid, from }: DemoPod, spec: object, stamp: (ms: number) => string): object {
  const hash = revisionHash(workload.name, from);
  const isDeployment = workload.kind === 'Deployment';
  const owner = isDeployment ? { kind: 'ReplicaSet', name: `${workload.name}-${hash}` } : { kind: workload.kind, name: workload.name };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: workload.namespace,
      uid,
      creationTimestamp: stamp(from),
      labels: { ...workload.labels, ...(isDeployment ? { 'pod-template-hash': hash } : {}) },
      ownerReferences: [{ apiVersion: 'apps/v1', ...owner, controller: true }],
    },
    spec: { nodeName: node.name, ...spec },
    status: { phase: 'Running', podIP: address, podIPs: [{ ip: address }], hostIP: node.address, startTime: stamp(from) },
  };
}

function services(): readonly object[] {
  const service = (workload: DemoWorkload, name: string, clusterIP: string, ports: readonly object[], extra: object = {}): object => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: workload.namespace },
    spec: { clusterIP, selector: workload.labels, ports, ...extra },
  });
  const { gateway, productpage, details, ratings, database, dns } = WORKLOADS;
  return [
    service(gateway, 'istio-ingress', '10.96.1.1', [{ name: 'http2', port: 80, targetPort: 80 }, { name: 'https', port: 443, targetPort: 443 }], { type: 'LoadBalancer' }),
    service(productpage, 'productpage', '10.96.7.7', [{ name: 'http', port: 9080 }]),
    service(details, 'details', '10.96.7.8', [{ name: 'http', port: 9080 }]),
    service(ratings, 'ratings', '10.96.7.9', [{ name: 'http', port: 9080 }]),
    service(database, 'mysqldb', '10.96.7.10', [{ name: 'mysql', port: 3306 }]),
    service(dns, 'kube-dns', '10.96.0.10', [{ name: 'dns', port: 53, protocol: 'UDP' }, { name: 'dns-tcp', port: 53, protocol: 'TCP' }]),
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'kubernetes', namespace: 'default' }, spec: { clusterIP: APISERVER.service, ports: [{ name: 'https', port: 443, targetPort: APISERVER.port }] } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [APISERVER.address] }],
      ports: [{ name: 'https', port: APISERVER.port, protocol: 'TCP' }],
    },
  ];
}
