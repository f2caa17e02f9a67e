import { canonicalAddress } from '../../src/model/address.ts';
import { isClusterName, isKind, isLabelKey, isLabelName, isLabelValue, isSubdomain } from '../../src/model/names.ts';
import { sortedLabels, type Labels } from '../../src/model/labels.ts';
import type { Endpoint, Reserved, SkipReason, WorkloadRef } from '../../src/model/flow.ts';
import { hashSpan, Interner } from '../../src/scan/intern.ts';
import { ABSENT, ARRAY, ESCAPED, NULL, OBJECT, STRING, type Slots } from '../../src/scan/slots.ts';
import { FIELD } from './fields.ts';

const NAMESPACE_LABEL = 'io.kubernetes.pod.namespace';
const ACCOUNT_LABEL = 'io.cilium.k8s.policy.serviceaccount';

/** Which class an end without a pod is; where several labels stand together (`kube-apiserver` on a node), the first wins. */
const RESERVED: readonly (readonly [string, Reserved])[] = [
  ['reserved:kube-apiserver', 'kube-apiserver'],
  ['reserved:host', 'host'],
  ['reserved:remote-node', 'remote-node'],
  ['reserved:health', 'health'],
  ['reserved:ingress', 'ingress'],
];

/** Cilium's numbers for the reserved identities; a field mask may leave the number and drop the labels. */
const IDENTITIES: ReadonlyMap<number, Reserved> = new Map([
  [1, 'host'],
  [2, 'world'],
  [4, 'health'],
  [6, 'remote-node'],
  [7, 'kube-apiserver'],
  [8, 'ingress'],
  [9, 'world'],
  [10, 'world'],
]);

/** Identities from here on belong to one node and stand for addresses and names outside. */
const FIRST_LOCAL_IDENTITY = 1 << 24;
const FIRST_NODE_IDENTITY = 2 << 24;

/** The slots that make up one end of a flow. */
export const SOURCE = {
  body: FIELD.source,
  namespace: FIELD['source.namespace'],
  pod: FIELD['source.pod_name'],
  address: FIELD['IP.source'],
  names: FIELD.source_names,
};
export const DESTINATION: typeof SOURCE = {
  body: FIELD.destination,
  namespace: FIELD['destination.namespace'],
  pod: FIELD['destination.pod_name'],
  address: FIELD['IP.destination'],
  names: FIELD.destination_names,
};

/** Recognises an end by the bytes of its address, its body and its names; builds it only the first time. */
export class EndpointReader {
  readonly #seen = new Interner<Endpoint | SkipReason>(3, { entries: 1 << 17, bytes: 64 << 20 });
  readonly #spans = new Int32Array(6);

  read(b: Buffer, fields: Slots, base: number, end: typeof SOURCE): Endpoint | SkipReason {
    const spans = this.#spans;
    span(fields, base + end.address, spans, 0);
    span(fields, base + end.body, spans, 2);
    span(fields, base + end.names, spans, 4);
    const { kinds, starts, ends } = fields;
    let hash = hashSpan(hashSpan(0, b, spans[0]!, spans[1]!), b, spans[4]!, spans[5]!);
    if (kinds[base + end.pod] === ABSENT) hash = hashSpan(hash, b, spans[2]!, spans[3]!);
    else hash = hashSpan(hash, b, starts[base + end.pod]!, ends[base + end.pod]!);
    if (kinds[base + end.namespace] !== ABSENT) hash = hashSpan(hash, b, starts[base + end.namespace]!, ends[base + end.namespace]!);
    const known = this.#seen.find(hash, b, spans);
    if (known !== undefined) return known;
    const endpoint = buildEndpoint(b, fields, base, end);
    this.#seen.add(hash, b, spans, endpoint);
    return endpoint;
  }
}

/** Texts with their quotes: `"null"` is another value than `null`. */
function span(fields: Slots, slot: number, spans: Int32Array, at: number): void {
  const kind = fields.kinds[slot];
  const quote = kind === STRING || kind === ESCAPED ? 1 : 0;
  spans[at] = kind === ABSENT ? 0 : fields.starts[slot]! - quote;
  spans[at + 1] = kind === ABSENT ? 0 : fields.ends[slot]! + quote;
}

export function buildEndpoint(b: Buffer, fields: Slots, base: number, end: typeof SOURCE): Endpoint | SkipReason {
  const kind = fields.kinds[base + end.body];
  if (kind !== OBJECT && kind !== ABSENT && kind !== NULL) return 'malformed';
  const addressKind = fields.kinds[base + end.address];
  const address = fields.text(b, base + end.address);
  if (address === null && addressKind !== ABSENT && addressKind !== NULL) return 'malformed';
  const json = (slot: number, wanted: number): unknown =>
    fields.kinds[slot] === wanted ? JSON.parse(b.toString('utf8', fields.starts[slot], fields.ends[slot])) : null;
  return readEndpoint(json(base + end.body, OBJECT), address, json(base + end.names, ARRAY));
}

/**
 * What `flow.Endpoint`, the address beside it and the DNS names say; `bad-name` if a name breaks the Kubernetes grammar.
 * `body` and `names` are the JSON of the two, whatever they hold.
 */
export function readEndpoint(body: unknown, address: string | null, names: unknown): Endpoint | SkipReason {
  const canonical = address === null || address === '' ? null : canonicalAddress(address);
  if (address !== null && address !== '' && canonical === null) return 'malformed';
  const texts = labelTexts(field(body, 'labels'));
  const pod = text(field(body, 'pod_name'));
  const namespace = text(field(body, 'namespace')) ?? labelValue(texts, NAMESPACE_LABEL);
  const cluster = text(field(body, 'cluster_name')) ?? '';
  const workload = readWorkload(field(body, 'workloads'));
  if ((pod !== null && !isSubdomain(pod)) || (namespace !== null && !isLabelName(namespace))) return 'bad-name';
  if (workload === 'bad' || (cluster !== '' && !isClusterName(cluster))) return 'bad-name';
  const account = labelValue(texts, ACCOUNT_LABEL);
  const labels = podLabels(texts);
  return {
    address: canonical,
    // Cilium calls a cluster nobody named `default`.
    cluster: cluster === 'default' ? '' : cluster,
    namespace,
    pod,
    workload,
    labels: labels.size > 0 ? labels : null,
    serviceAccount: account !== null && isSubdomain(account) ? account : null,
    principal: null,
    // A pod's name is worth more than an identity that has not caught up with it.
    reserved: pod !== null || workload !== null ? null : readReserved(texts, field(body, 'identity')),
    names: dnsNames(names),
  };
}

/** An own property, or undefined. Input is never walked in another way. */
function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function labelTexts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

function labelValue(texts: readonly string[], key: string): string | null {
  const prefix = `k8s:${key}=`;
  return texts.find((item) => item.startsWith(prefix))?.slice(prefix.length) ?? null;
}

/** Labels of the pod itself: not those that Cilium derives from the namespace, the cluster or the account. */
function podLabels(texts: readonly string[]): Labels {
  const entries: [string, string][] = [];
  for (const item of texts) {
    if (!item.startsWith('k8s:')) continue;
    const equals = item.indexOf('=');
    const key = item.slice(4, equals < 0 ? undefined : equals);
    const value = equals < 0 ? '' : item.slice(equals + 1);
    if (key.startsWith('io.cilium.') || key === NAMESPACE_LABEL) continue;
    if (isLabelKey(key) && isLabelValue(value)) entries.push([key, value]);
  }
  return sortedLabels(entries);
}

function readReserved(texts: readonly string[], identity: unknown): Reserved | null {
  for (const [label, reserved] of RESERVED) if (texts.includes(label)) return reserved;
  if (texts.some((item) => item.startsWith('reserved:world') || item.startsWith('cidr:') || item.startsWith('fqdn:'))) return 'world';
  if (texts.length > 0 || typeof identity !== 'number') return null;
  if (identity >= FIRST_LOCAL_IDENTITY && identity < FIRST_NODE_IDENTITY) return 'world';
  return IDENTITIES.get(identity) ?? null;
}

function readWorkload(value: unknown): WorkloadRef | null | 'bad' {
  const first: unknown = Array.isArray(value) ? value[0] : undefined;
  const kind = text(field(first, 'kind'));
  const name = text(field(first, 'name'));
  if (kind === null || name === null) return null;
  return isKind(kind) && isSubdomain(name) ? { kind, name } : 'bad';
}

/** Names of hosts: a name without a dot is a whole domain's, or one of the cluster's own search list. */
function dnsNames(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  const names = value.filter((item): item is string => typeof item === 'string').map((item) => item.toLowerCase().replace(/\.$/, ''));
  return [...new Set(names.filter((item) => item.includes('.') && isSubdomain(item) && canonicalAddress(item) === null))].toSorted().slice(0, 8);
}
