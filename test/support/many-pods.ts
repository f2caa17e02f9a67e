/** Pods as a cluster has them: thousands, with all that kubelet and admission write into them, some 2.5 KB each. */
export function realisticPod(n: number, resourceVersion: number): object {
  const created = '2026-03-02T12:00:00Z';
  const app = `app-${n % 600}`;
  const namespace = `team-${n % 40}`;
  const hash = `${(n % 600).toString(36).padStart(4, 'b')}7d9f`;
  const name = `${app}-${hash}-${n.toString(36).padStart(5, 'x')}`;
  const labels = { app, 'app.kubernetes.io/name': app, 'app.kubernetes.io/instance': `${app}-production`, 'app.kubernetes.io/managed-by': 'Helm', 'pod-template-hash': hash, version: 'v1' };
  const environment = Array.from({ length: 6 }, (_, i) => ({ name: `SETTING_${i}`, value: `value of setting ${i} of ${app}` }));
  const condition = (type: string): object => ({ type, status: 'True', lastProbeTime: null, lastTransitionTime: created });
  const ip = `10.${128 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;
  return {
    metadata: {
      name,
      generateName: `${app}-${hash}-`,
      namespace,
      uid: `6f1c3a52-7b1e-4c1d-9a55-${n.toString(16).padStart(12, '0')}`,
      resourceVersion: String(resourceVersion),
      creationTimestamp: created,
      labels,
      annotations: { 'prometheus.io/scrape': 'true', 'checksum/config': 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c' },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${app}-${hash}`, uid: `rs-${app}`, controller: true, blockOwnerDeletion: true }],
    },
    spec: {
      nodeName: `node-${n % 300}.example.internal`,
      serviceAccountName: app,
      dnsPolicy: 'ClusterFirst',
      tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }],
      volumes: [{ name: 'kube-api-access', projected: { sources: [{ serviceAccountToken: { expirationSeconds: 3607, path: 'token' } }] } }],
      containers: [
        {
          name: 'main',
          image: `registry.example.com/${app}:1.0.${n % 7}`,
          env: environment,
          ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
          resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
          livenessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 10 },
        },
      ],
    },
    status: {
      phase: 'Running',
      conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(condition),
      hostIP: `192.168.${n % 3}.${(n % 300) % 256}`,
      podIP: ip,
      podIPs: [{ ip }],
      startTime: created,
      containerStatuses: [{ name: 'main', ready: true, restartCount: 0, state: { running: { startedAt: created } }, imageID: `registry.example.com/${app}@sha256:${'a'.repeat(64)}`, containerID: `containerd://${'b'.repeat(64)}` }],
    },
  };
}
