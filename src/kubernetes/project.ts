import { addressText, canonicalAddress, parseCidr } from '../model/address.ts';
import { ADMIN_GROUP } from '../model/admin-policy.ts';
import type { Protocol, WorkloadRef } from '../model/flow.ts';
import type { ContainerPort, EndpointSliceFact, NamespaceFact, NodeFact, PodFact, PolicyFact, ServiceFact, ServicePort, WorkloadFact } from '../model/inventory.ts';
import { sortedLabels, type Labels } from '../model/labels.ts';
import { isKind, isLabelName, isSubdomain } from '../model/names.ts';
import type { LabelSelector, SelectorExpression } from '../model/selector.ts';
import { projectMeshMode, projectWantedMeshMode } from './mesh.ts';
import { get, integer, list, maxTime, stringMap, text, texts, time, type Json } from './object.ts';

/** Objects of the Kubernetes API, projected to the facts that are needed. Each returns null for what is no such object. */

interface Identity {
  readonly namespace: string;
  readonly name: string;
}

export function identity(object: Json, namespaced: boolean): Identity | null {
  const name = text(get(object, 'metadata', 'name'));
  const namespace = text(get(object, 'metadata', 'namespace')) ?? (namespaced ? 'default' : '');
  if (name === null || !isSubdomain(name) || (namespaced && !isLabelName(namespace))) return null;
  return { namespace, name };
}

export function projectPolicy(kind: PolicyFact['kind'], object: Json): PolicyFact | null {
  const own = identity(object, kind === 'NetworkPolicy');
  if (own === null) return null;
  // An item of a list may leave its version to the list.
  const apiVersion = text(get(object, 'apiVersion')) ?? POLICY_VERSIONS[kind];
  return { kind, apiVersion, ...own, namespace: kind === 'NetworkPolicy' ? own.namespace : '', spec: get(object, 'spec') ?? null };
}

const POLICY_VERSIONS: Readonly<Record<PolicyFact['kind'], string>> = {
  NetworkPolicy: 'networking.k8s.io/v1',
  AdminNetworkPolicy: `${ADMIN_GROUP}/v1alpha1`,
  BaselineAdminNetworkPolicy: `${ADMIN_GROUP}/v1alpha1`,
  ClusterNetworkPolicy: `${ADMIN_GROUP}/v1alpha2`,
};

export function labelsOf(value: Json): Labels {
  return sortedLabels(stringMap(value));
}

function controller(object: Json): WorkloadRef | null {
  const owners = list(get(object, 'metadata', 'ownerReferences'));
  const owner = owners.find((candidate) => get(candidate, 'controller') === true) ?? owners[0];
  const kind = text(get(owner, 'kind'));
  const name = text(get(owner, 'name'));
  return kind === null || name === null || !isKind(kind) || !isSubdomain(name) ? null : { kind, name };
}

function protocolOf(value: Json): Protocol {
  const named = text(value) ?? 'TCP';
  return named === 'UDP' || named === 'SCTP' ? named : 'TCP';
}

function containerPorts(podSpec: Json): readonly ContainerPort[] {
  const containers = [...list(get(podSpec, 'containers')), ...list(get(podSpec, 'initContainers'))];
  return containers.flatMap((container) =>
    list(get(container, 'ports')).flatMap((port): ContainerPort[] => {
      const number = integer(get(port, 'containerPort'));
      return number === null ? [] : [{ name: text(get(port, 'name')), port: number, protocol: protocolOf(get(port, 'protocol')) }];
    }),
  );
}

function addresses(values: readonly Json[]): readonly string[] {
  const found = values.flatMap((value) => (typeof value === 'string' ? [canonicalAddress(value)] : []));
  return [...new Set(found.filter((address) => address !== null))];
}

export function projectPod(object: Json): PodFact | null {
  const named = identity(object, true);
  if (named === null) return null;
  const status = get(object, 'status');
  const conditions = list(get(status, 'conditions'));
  // A sandbox that was made anew (a node that restarted) has new addresses, though the pod is the old one.
  const networkReady = conditions.find((condition) => get(condition, 'type') === 'PodReadyToStartContainers' && get(condition, 'status') === 'True');
  const started = time(get(status, 'startTime')) ?? time(get(object, 'metadata', 'creationTimestamp'));
  const phase = text(get(status, 'phase'));
  const ended = phase === 'Succeeded' || phase === 'Failed';
  return {
    // Not by spreading: that leaves V8 with garbage it collects late, and pods come by the ten thousand.
    namespace: named.namespace,
    name: named.name,
    uid: text(get(object, 'metadata', 'uid')) ?? '',
    labels: labelsOf(get(object, 'metadata', 'labels')),
    owner: controller(object),
    addresses: addresses([get(status, 'podIP'), ...list(get(status, 'podIPs')).map((item) => get(item, 'ip'))]),
    hostAddresses: addresses([get(status, 'hostIP'), ...list(get(status, 'hostIPs')).map((item) => get(item, 'ip'))]),
    node: text(get(object, 'spec', 'nodeName')),
    hostNetwork: get(object, 'spec', 'hostNetwork') === true,
    serviceAccount: text(get(object, 'spec', 'serviceAccountName')) ?? 'default',
    ports: containerPorts(get(object, 'spec')),
    mesh: status === undefined ? projectWantedMeshMode(object) : projectMeshMode(object),
    from: maxTime([started, time(get(networkReady, 'lastTransitionTime'))]),
    until: ended ? (endOf(status) ?? started ?? 0) : time(get(object, 'metadata', 'deletionTimestamp')),
    completed: ended,
    gone: false,
  };
}

/** When the last container of a completed pod ended. */
function endOf(status: Json): number | null {
  const containers = list(get(status, 'containerStatuses')).map((container) => time(get(container, 'state', 'terminated', 'finishedAt')));
  return maxTime(containers) ?? maxTime(list(get(status, 'conditions')).map((condition) => time(get(condition, 'lastTransitionTime'))));
}

/** Any object that makes pods from a template; a CronJob's template is its Job's. */
export function projectWorkload(kind: string, object: Json): WorkloadFact | null {
  const named = identity(object, true);
  if (named === null || !isKind(kind)) return null;
  const isCronJob = kind === 'CronJob';
  const template = isCronJob ? get(object, 'spec', 'jobTemplate', 'spec', 'template') : get(object, 'spec', 'template');
  if (list(get(template, 'spec', 'containers')).length === 0) return null;
  const isLive = text(get(object, 'metadata', 'uid')) !== null;
  return {
    ...named,
    kind,
    owner: controller(object),
    selector: selectorOf(get(object, 'spec', 'selector')),
    templateLabels: labelsOf(get(template, 'metadata', 'labels')),
    hostNetwork: get(template, 'spec', 'hostNetwork') === true,
    serviceAccount: text(get(template, 'spec', 'serviceAccountName')) ?? 'default',
    ports: containerPorts(get(template, 'spec')),
    mesh: projectWantedMeshMode(template),
    ...(isCronJob && isLive ? { lastRun: time(get(object, 'status', 'lastScheduleTime')) } : {}),
  };
}

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;

/** A LabelSelector, or the plain map of a ReplicationController. */
export function selectorOf(value: Json): LabelSelector | null {
  if (typeof value !== 'object' || value === null) return null;
  const isSelector = Object.hasOwn(value, 'matchLabels') || Object.hasOwn(value, 'matchExpressions');
  const expressions = list(get(value, 'matchExpressions')).flatMap((item): SelectorExpression[] => {
    const key = text(get(item, 'key'));
    const operator = OPERATORS.find((known) => known === get(item, 'operator'));
    return key === null || operator === undefined ? [] : [{ key, operator, values: texts(get(item, 'values')) }];
  });
  const labels = stringMap(isSelector ? get(value, 'matchLabels') : value);
  return {
    ...(labels.length > 0 ? { matchLabels: Object.fromEntries(labels) } : {}),
    ...(expressions.length > 0 ? { matchExpressions: expressions } : {}),
  };
}

export function projectService(object: Json): ServiceFact | null {
  const named = identity(object, true);
  if (named === null) return null;
  const spec = get(object, 'spec');
  const ingress = list(get(object, 'status', 'loadBalancer', 'ingress')).map((item) => get(item, 'ip'));
  const selector = labelsOf(get(spec, 'selector'));
  return {
    ...named,
    type: text(get(spec, 'type')) ?? 'ClusterIP',
    addresses: addresses([get(spec, 'clusterIP'), ...list(get(spec, 'clusterIPs')), ...list(get(spec, 'externalIPs')), get(spec, 'loadBalancerIP'), ...ingress]),
    selector: selector.size > 0 ? selector : null,
    ports: list(get(spec, 'ports')).flatMap((port): ServicePort[] => {
      const number = integer(get(port, 'port'));
      if (number === null) return [];
      const target = get(port, 'targetPort');
      return [
        {
          name: text(get(port, 'name')),
          port: number,
          targetPort: integer(target) ?? text(target) ?? number,
          nodePort: integer(get(port, 'nodePort')),
          protocol: protocolOf(get(port, 'protocol')),
        },
      ];
    }),
    labels: labelsOf(get(object, 'metadata', 'labels')),
  };
}

export function projectEndpointSlice(object: Json): EndpointSliceFact | null {
  const named = identity(object, true);
  const service = text(get(object, 'metadata', 'labels', 'kubernetes.io/service-name'));
  if (named === null || service === null) return null;
  return {
    ...named,
    service,
    addresses: addresses(list(get(object, 'endpoints')).flatMap((endpoint) => list(get(endpoint, 'addresses')))),
    ports: list(get(object, 'ports')).map((port) => ({ name: text(get(port, 'name')), port: integer(get(port, 'port')), protocol: protocolOf(get(port, 'protocol')) })),
  };
}

/** The older core/v1 Endpoints, which say the same as slices; named after their Service. */
export function projectEndpoints(object: Json): EndpointSliceFact | null {
  const named = identity(object, true);
  if (named === null) return null;
  const subsets = list(get(object, 'subsets'));
  return {
    ...named,
    service: named.name,
    addresses: addresses(subsets.flatMap((subset) => list(get(subset, 'addresses')).map((item) => get(item, 'ip')))),
    ports: subsets
      .flatMap((subset) => list(get(subset, 'ports')))
      .map((port) => ({ name: text(get(port, 'name')), port: integer(get(port, 'port')), protocol: protocolOf(get(port, 'protocol')) })),
  };
}

/** Where CNIs write the node's own address within the pods' ranges. */
const TUNNEL_ANNOTATIONS = [
  'projectcalico.org/IPv4VXLANTunnelAddr',
  'projectcalico.org/IPv4IPIPTunnelAddr',
  'projectcalico.org/IPv6VXLANTunnelAddr',
  'projectcalico.org/IPv4WireguardInterfaceAddr',
  'network.cilium.io/ipv4-cilium-host',
  'network.cilium.io/ipv6-cilium-host',
  'io.cilium.network.ipv4-cilium-host',
];

export function projectNode(object: Json): NodeFact | null {
  const named = identity(object, false);
  if (named === null) return null;
  const podCidrs = [...new Set([...texts(get(object, 'spec', 'podCIDRs')), ...texts([get(object, 'spec', 'podCIDR')])])].filter((cidr) => parseCidr(cidr) !== null);
  const annotations = get(object, 'metadata', 'annotations');
  return {
    name: named.name,
    labels: labelsOf(get(object, 'metadata', 'labels')),
    addresses: addresses(list(get(object, 'status', 'addresses')).map((item) => get(item, 'address'))),
    podCidrs,
    inPodRange: [...new Set([...addresses(TUNNEL_ANNOTATIONS.map((key) => get(annotations, key))), ...podCidrs.flatMap(bridgeAddresses)])],
  };
}

/** The bridge of a node has the first address of its range, flannel's tunnel the one before it. */
function bridgeAddresses(cidr: string): readonly string[] {
  const range = parseCidr(cidr);
  if (range === null || range.bits > (range.family === 4 ? 30 : 126)) return [];
  return [range.base, range.base + 1n].map((value) => addressText(range.family, value));
}

export function projectNamespace(object: Json): NamespaceFact | null {
  const named = identity(object, false);
  return named === null ? null : { name: named.name, labels: labelsOf(get(object, 'metadata', 'labels')) };
}

/** The latest moment that an object speaks of, or 0: a list that holds it is not older. */
export function latestMoment(object: Json): number {
  const status = get(object, 'status');
  const conditions = list(get(status, 'conditions')).flatMap((condition) => [
    get(condition, 'lastTransitionTime'),
    get(condition, 'lastProbeTime'),
    get(condition, 'lastHeartbeatTime'),
    get(condition, 'lastUpdateTime'),
  ]);
  const containers = list(get(status, 'containerStatuses')).flatMap((container) => [
    get(container, 'state', 'running', 'startedAt'),
    get(container, 'state', 'terminated', 'finishedAt'),
  ]);
  const managed = list(get(object, 'metadata', 'managedFields')).map((entry) => get(entry, 'time'));
  const moments = [get(object, 'metadata', 'creationTimestamp'), get(status, 'startTime'), get(status, 'lastScheduleTime'), ...conditions, ...containers, ...managed];
  return maxTime(moments.map(time)) ?? 0;
}

