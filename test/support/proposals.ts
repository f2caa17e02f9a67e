import type { Graph } from '../../src/learn/graph.ts';
import type { Workload } from '../../src/model/peer.ts';
import type { NetworkPolicy, PolicyPeer, PolicyPort } from '../../src/model/policy.ts';
import type { LabelSelector } from '../../src/model/selector.ts';
import { propose, type ProposeOptions } from '../../src/policy/propose/propose.ts';
import { Learner, type LearnerOptions } from './graph.ts';
import { connection, pod, T0, type HubbleEnd, type HubbleFlow } from './hubble.ts';
import { ownerObject, podObject, type PodSpec } from './inventory.ts';

/** A workload as the API knows it, and one of its pods as records show it. */
export interface Deployed {
  readonly end: HubbleEnd;
  readonly objects: readonly object[];
}

export interface DeployOptions {
  readonly labels?: Record<string, string>;
  /** Of the owner; null leaves it out. */
  readonly selector?: object | null;
  readonly kind?: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  readonly pod?: Partial<PodSpec>;
  readonly ports?: readonly object[];
}

/** `shop/web` with one pod; its labels are `app=web` unless others are given. */
export function deployed(
  path: string,
  ip: string,
  { labels, selector, kind = 'StatefulSet', pod: more = {}, ports = [] }: DeployOptions = {},
): Deployed {
  const [namespace = '', name = ''] = path.split('/');
  const own = labels ?? { app: name };
  const podName = kind === 'StatefulSet' ? `${name}-0` : kind === 'DaemonSet' ? `${name}-x7k2p` : `${name}-5d9c7b9f6d-x7k2p`;
  const hash = kind === 'Deployment' ? { 'pod-template-hash': '5d9c7b9f6d' } : {};
  const owner: readonly [string, string] = kind === 'Deployment' ? ['ReplicaSet', `${name}-5d9c7b9f6d`] : [kind, name];
  const ownerOf = { ...(selector === undefined ? {} : { selector }), ...(more.hostNetwork === true ? { hostNetwork: true } : {}), ports };
  const replicaSet = ownerObject('ReplicaSet', namespace, `${name}-5d9c7b9f6d`, { ...own, ...hash }, { owner: ['Deployment', name], ports });
  return {
    end: pod(namespace, podName, ip, { ...own, ...hash }),
    objects: [
      ownerObject(kind, namespace, name, own, ownerOf),
      ...(kind === 'Deployment' ? [replicaSet] : []),
      podObject({ namespace, name: podName, ip, labels: { ...own, ...hash }, owner, ports, ...more }),
    ],
  };
}

/** Two connections within an hour: enough for an edge to be above suspicion. */
export function used(flow: HubbleFlow): readonly string[] {
  const time = typeof flow.time === 'number' ? flow.time : T0;
  return [0, 1].flatMap((i) => connection({ ...flow, time: time + i * 60_000, clientPort: 40_000 + i }));
}

/** What was learned from these flows, each of which was seen twice and answered. */
export function learned(flows: readonly HubbleFlow[], objects: readonly object[] = [], options: LearnerOptions = {}): Learner {
  const learner = new Learner(options);
  if (objects.length > 0) learner.know(...objects);
  return learner.read(flows.flatMap(used));
}

export function edgeOf(graph: Graph, text: string): Graph['edges'][number] {
  const found = graph.edges.find(({ key }) => key.includes(text));
  if (found === undefined) throw new Error(`no edge ${text} among ${graph.edges.map(({ key }) => key).join(', ')}`);
  return found;
}

export const workloadName = ({ namespace, name }: Workload): string => `${namespace}/${name}`;

/** The policies as text, each with its rules: `shop/web {app=web} Ingress`, `  in {app=cart} 8080/TCP`. */
export function proposed(graph: Graph, options: ProposeOptions = {}): readonly string[] {
  return propose(graph, options).proposals.flatMap(({ policy }) => policyLines(policy));
}

export function policyLines({ metadata, spec }: NetworkPolicy): readonly string[] {
  const rule = (word: string, peers: readonly PolicyPeer[] = [], ports: readonly PolicyPort[] = []): string =>
    `  ${word} ${peers.map(peerLine).join(' | ') || 'ANYBODY'} ${ports.map(({ port, protocol, endPort }) => `${port ?? '*'}${endPort === undefined ? '' : `-${endPort}`}/${protocol}`).join(' ') || 'ANY PORT'}`;
  return [
    `${metadata.namespace}/${metadata.name} ${selectorLine(spec.podSelector)} ${(spec.policyTypes ?? []).join(' ')}`,
    ...(spec.ingress ?? []).map(({ from, ports }) => rule('in', from, ports)),
    ...(spec.egress ?? []).map(({ to, ports }) => rule('out', to, ports)),
  ];
}

export function selectorLine({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => `${key} ${operator} (${values.join(',')})`);
  return `{${[...labels, ...expressions].join(',')}}`;
}

function peerLine({ podSelector, namespaceSelector, ipBlock }: PolicyPeer): string {
  if (ipBlock !== undefined) return `${ipBlock.cidr}${ipBlock.except === undefined ? '' : ` but ${ipBlock.except.join(' ')}`}`;
  const namespace = namespaceSelector === undefined ? '' : `${namespaceSelector.matchLabels?.['kubernetes.io/metadata.name'] ?? '?'}/`;
  return `${namespace}${podSelector === undefined ? '' : selectorLine(podSelector)}`;
}

/** Why workloads got no policy, and why directions were left alone. */
export function unproposed(graph: Graph, options: ProposeOptions = {}): readonly string[] {
  const { proposals, none } = propose(graph, options);
  return [
    ...none.map(({ workload, reason }) => `${workloadName(workload)}: ${reason}`),
    ...proposals.flatMap(({ workload, leftAlone }) => leftAlone.map(({ direction, reason }) => `${workloadName(workload)} ${direction}: ${reason}`)),
  ];
}
