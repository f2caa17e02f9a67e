import { ADMIN_GROUP, ADMIN_KINDS } from '../model/admin-policy.ts';
import type { Inventory } from '../model/inventory.ts';
import { get, list, text, type Json } from './object.ts';
import {
  latestMoment,
  projectEndpoints,
  projectEndpointSlice,
  projectNamespace,
  projectNode,
  projectPod,
  projectPolicy,
  projectService,
  projectWorkload,
} from './project.ts';

/** An object with its kind and the group of its API, which an item of a list may owe to the list. */
export interface TypedObject {
  readonly kind: string;
  /** '' for the core group, and where nothing is said. */
  readonly group: string;
  readonly object: Json;
}

/** Single objects out of documents and lists: lists are opened, and items without a kind have their list's. */
export function eachObject(documents: readonly Json[]): readonly TypedObject[] {
  const found: TypedObject[] = [];
  const waiting = documents.toReversed();
  while (waiting.length > 0) {
    const document = waiting.pop();
    if (typeof document !== 'object' || document === null) continue;
    if (Array.isArray(document)) {
      for (const item of (document as readonly Json[]).toReversed()) waiting.push(item);
      continue;
    }
    const { kind, group } = typeOf(document);
    if (!kind.endsWith('List') || !Array.isArray(get(document, 'items'))) found.push({ kind, group, object: document });
    else {
      const listed = { kind: kind.slice(0, -'List'.length), group };
      for (const item of list(get(document, 'items'))) found.push({ ...(text(get(item, 'kind')) === null ? listed : typeOf(item)), object: item });
    }
  }
  return found;
}

function typeOf(object: Json): { readonly kind: string; readonly group: string } {
  const version = text(get(object, 'apiVersion')) ?? '';
  return { kind: text(get(object, 'kind')) ?? '', group: version.includes('/') ? version.slice(0, version.indexOf('/')) : '' };
}

/** The facts among some objects; what is of another kind or breaks the grammar is counted and left out. */
export function toInventory(objects: Iterable<TypedObject>): { readonly inventory: Inventory; readonly ignored: ReadonlyMap<string, number> } {
  const inventory = { pods: [], workloads: [], services: [], slices: [], nodes: [], namespaces: [], policies: [], asOf: 0 } as unknown as Mutable<Inventory>;
  const ignored = new Map<string, number>();
  for (const { kind, group, object } of objects) {
    const taken = put(inventory, kind, group, object);
    if (!taken) ignored.set(kind || 'object without a kind', (ignored.get(kind) ?? 0) + 1);
    else inventory.asOf = Math.max(inventory.asOf, latestMoment(object));
  }
  return { inventory, ignored };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer U)[] ? U[] : T[K] };

/** Kinds that are read by their own fields, with the group that they are of: others have Services and Nodes too. */
const GROUPS: ReadonlyMap<string, string> = new Map([
  ['Pod', ''],
  ['Service', ''],
  ['EndpointSlice', 'discovery.k8s.io'],
  ['Endpoints', ''],
  ['Node', ''],
  ['Namespace', ''],
  ['NetworkPolicy', 'networking.k8s.io'],
  ...ADMIN_KINDS.map((kind) => [kind, ADMIN_GROUP] as const),
]);

function put(inventory: Mutable<Inventory>, kind: string, group: string, object: Json): boolean {
  const push = <T>(all: T[], fact: T | null): boolean => fact !== null && all.push(fact) > 0;
  const expected = GROUPS.get(kind);
  if (expected !== undefined && group !== '' && group !== expected) return false;
  switch (kind) {
    case 'Pod':
      return push(inventory.pods, projectPod(object));
    case 'Service':
      return push(inventory.services, projectService(object));
    case 'EndpointSlice':
      return push(inventory.slices, projectEndpointSlice(object));
    case 'Endpoints':
      return push(inventory.slices, projectEndpoints(object));
    case 'Node':
      return push(inventory.nodes, projectNode(object));
    case 'Namespace':
      return push(inventory.namespaces, projectNamespace(object));
    case 'NetworkPolicy':
    case 'AdminNetworkPolicy':
    case 'BaselineAdminNetworkPolicy':
    case 'ClusterNetworkPolicy':
      return push(inventory.policies, projectPolicy(kind, object));
    default:
      return push(inventory.workloads, projectWorkload(kind, object));
  }
}
