import type { Inventory } from '../model/inventory.ts';
import { get, list, text, type Json } from './object.ts';
import {
  latestMoment,
  projectEndpoints,
  projectEndpointSlice,
  projectNamespace,
  projectNode,
  projectPod,
  projectService,
  projectWorkload,
} from './project.ts';

/** An object with its kind, which an item of a list may owe to the list. */
export interface TypedObject {
  readonly kind: string;
  readonly object: Json;
}

/** Single objects out of documents and lists: lists are opened, and items without a kind have their list's. */
export function eachObject(documents: readonly Json[]): readonly TypedObject[] {
  return documents.flatMap((document): readonly TypedObject[] => {
    if (Array.isArray(document)) return eachObject(document as readonly Json[]);
    if (typeof document !== 'object' || document === null) return [];
    const kind = text(get(document, 'kind')) ?? '';
    if (!kind.endsWith('List') || !Array.isArray(get(document, 'items'))) return [{ kind, object: document }];
    const itemKind = kind.slice(0, -'List'.length);
    return list(get(document, 'items')).map((item) => ({ kind: text(get(item, 'kind')) ?? itemKind, object: item }));
  });
}

/** The facts among some objects; what is of another kind or breaks the grammar is counted and left out. */
export function toInventory(objects: Iterable<TypedObject>): { readonly inventory: Inventory; readonly ignored: ReadonlyMap<string, number> } {
  const inventory = { pods: [], workloads: [], services: [], slices: [], nodes: [], namespaces: [], asOf: 0 } as unknown as Mutable<Inventory>;
  const ignored = new Map<string, number>();
  for (const { kind, object } of objects) {
    const taken = put(inventory, kind, object);
    if (!taken) ignored.set(kind || 'object without a kind', (ignored.get(kind) ?? 0) + 1);
    else inventory.asOf = Math.max(inventory.asOf, latestMoment(object));
  }
  return { inventory, ignored };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer U)[] ? U[] : T[K] };

function put(inventory: Mutable<Inventory>, kind: string, object: Json): boolean {
  const push = <T>(all: T[], fact: T | null): boolean => fact !== null && all.push(fact) > 0;
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
    default:
      return push(inventory.workloads, projectWorkload(kind, object));
  }
}
