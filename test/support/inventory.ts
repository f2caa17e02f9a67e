/** Objects as kubectl prints them, for tests. */

export interface PodSpec {
  readonly namespace: string;
  readonly name: string;
  readonly ip?: string;
  /** Its address of the other family. */
  readonly secondIp?: string;
  readonly labels?: Record<string, string>;
  readonly owner?: readonly [kind: string, name: string];
  readonly node?: string;
  readonly hostIP?: string;
  readonly hostNetwork?: boolean;
  readonly start?: string;
  readonly account?: string;
  readonly phase?: string;
  readonly ports?: readonly object[];
  readonly annotations?: Record<string, string>;
}

export function podObject(spec: PodSpec): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: spec.name,
      namespace: spec.namespace,
      uid: `uid-${spec.namespace}-${spec.name}-${spec.start ?? ''}`,
      labels: spec.labels ?? {},
      ...(spec.annotations === undefined ? {} : { annotations: spec.annotations }),
      ...(spec.owner === undefined ? {} : { ownerReferences: [{ kind: spec.owner[0], name: spec.owner[1], controller: true }] }),
    },
    spec: {
      nodeName: spec.node ?? 'node-a',
      serviceAccountName: spec.account ?? 'default',
      ...(spec.hostNetwork === true ? { hostNetwork: true } : {}),
      containers: [{ name: 'main', ports: spec.ports ?? [] }],
    },
    status: {
      phase: spec.phase ?? 'Running',
      ...(spec.ip === undefined ? {} : { podIP: spec.ip, podIPs: [spec.ip, ...(spec.secondIp === undefined ? [] : [spec.secondIp])].map((ip) => ({ ip })) }),
      ...(spec.hostIP === undefined ? {} : { hostIP: spec.hostIP }),
      ...(spec.start === undefined ? {} : { startTime: spec.start }),
    },
  };
}

export function ownerObject(kind: string, namespace: string, name: string, labels: Record<string, string>, more: { readonly owner?: readonly [string, string]; readonly selector?: object | null; readonly hostNetwork?: boolean; readonly ports?: readonly object[] } = {}): object {
  const template = { metadata: { labels }, spec: { ...(more.hostNetwork === true ? { hostNetwork: true } : {}), containers: [{ name: 'main', ports: more.ports ?? [] }] } };
  return {
    apiVersion: kind === 'Job' || kind === 'CronJob' ? 'batch/v1' : 'apps/v1',
    kind,
    metadata: { name, namespace, uid: `uid-${kind}-${name}`, ...(more.owner === undefined ? {} : { ownerReferences: [{ kind: more.owner[0], name: more.owner[1], controller: true }] }) },
    spec: kind === 'CronJob' ? { jobTemplate: { spec: { template } } } : { ...(more.selector === null ? {} : { selector: more.selector ?? { matchLabels: labels } }), template },
  };
}

export function nodeObject(name: string, ip: string, podCIDR?: string, heartbeat?: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    spec: podCIDR === undefined ? {} : { podCIDR, podCIDRs: [podCIDR] },
    status: { addresses: [{ type: 'InternalIP', address: ip }], ...(heartbeat === undefined ? {} : { conditions: [{ type: 'Ready', lastHeartbeatTime: heartbeat }] }) },
  };
}

export function namespaceObject(name: string, labels: Record<string, string> = {}): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

export function serviceObject(namespace: string, name: string, ip: string, selector: Record<string, string> | null, ports: readonly object[], type = 'ClusterIP', labels: Record<string, string> = {}): object {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace, labels }, spec: { type, clusterIP: ip, ...(selector === null ? {} : { selector }), ports } };
}

export function listObject(items: readonly object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}
