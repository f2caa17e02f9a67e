import type { Address } from '../../model/address.ts';
import type { ContainerPort } from '../../model/inventory.ts';
import { NAMESPACE_NAME, sortedLabels, type Labels } from '../../model/labels.ts';

/** The ends of a connection, as policies see them. */

export interface PodEnd {
  readonly kind: 'pod';
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  /** Empty where they are not known. */
  readonly addresses: readonly Address[];
  readonly hostAddresses: readonly string[];
  readonly ports: readonly ContainerPort[];
  readonly hostNetwork: boolean;
  readonly completed: boolean;
}

export interface AddressEnd {
  readonly kind: 'address';
  readonly address: Address;
}

export type End = PodEnd | AddressEnd;

export type PolicyProtocol = 'TCP' | 'UDP' | 'SCTP';

/** A node, as the peer of an administrator's rule. */
export interface NodeEnd {
  readonly labels: Labels;
  readonly addresses: readonly string[];
}

export type Namespaces = ReadonlyMap<string, Labels>;

/** Labels of namespaces, with the one that every namespace has. */
export function namespaceLabels(namespaces: Iterable<{ readonly name: string; readonly labels: Labels }>): Namespaces {
  return new Map([...namespaces].map(({ name, labels }) => [name, sortedLabels([...labels, [NAMESPACE_NAME, name]])]));
}

/** Of a namespace that nobody described, the name is known all the same. */
export function labelsOfNamespace(name: string, namespaces: Namespaces): Labels {
  return namespaces.get(name) ?? new Map([[NAMESPACE_NAME, name]]);
}
