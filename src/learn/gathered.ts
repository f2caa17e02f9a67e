import type { CountedOperation, Evidence } from '../model/edge.ts';
import { witnessKey, type Witness } from '../model/flow.ts';
import type { StoredEdge } from './stored.ts';

const NONE = new Map<never, never>();

/** Evidence of an edge. Pods and operations are added up whenever they are asked for: most edges are only counted. */
export class GatheredEvidence implements Evidence {
  readonly witnesses: Evidence['witnesses'];
  readonly days: Evidence['days'];
  readonly addresses: Evidence['addresses'];
  readonly principals: Evidence['principals'];
  readonly failedSlots: Evidence['failedSlots'];
  readonly byLabelsOnly: Evidence['byLabelsOnly'];
  readonly #podRows: StoredEdge['pods'];
  readonly #operationRows: StoredEdge['operations'];

  constructor(
    witnesses: Evidence['witnesses'],
    days: Evidence['days'],
    pods: StoredEdge['pods'],
    addresses: Evidence['addresses'],
    principals: Evidence['principals'],
    operations: StoredEdge['operations'],
    failedSlots: Evidence['failedSlots'],
    byLabelsOnly: Evidence['byLabelsOnly'],
  ) {
    this.witnesses = witnesses;
    this.days = days;
    this.#podRows = pods;
    this.addresses = addresses;
    this.principals = principals;
    this.#operationRows = operations;
    this.failedSlots = failedSlots;
    this.byLabelsOnly = byLabelsOnly;
  }

  get pods(): Evidence['pods'] {
    return most(this.#podRows, ({ pod }) => pod, ({ opened }) => opened);
  }

  get operations(): Evidence['operations'] {
    return [...most(this.#operationRows, ({ method, path }) => `${method} ${path}`, ({ count }) => count)].map(([key, count]) => operation(key, count)).toSorted(byPath);
  }
}

/** By key, what the witness counted that counted most. */
function most<T extends { readonly witness: Witness }>(rows: readonly T[], keyOf: (row: T) => string, of: (row: T) => number): ReadonlyMap<string, number> {
  if (rows.length === 0) return NONE;
  const counted = new Map<string, number>();
  const sums = new Map<string, number>();
  for (const row of rows) {
    const key = keyOf(row);
    const own = `${witnessKey(row.witness)} ${key}`;
    const sum = (sums.get(own) ?? 0) + of(row);
    sums.set(own, sum);
    counted.set(key, Math.max(sum, counted.get(key) ?? 0));
  }
  return counted;
}

function operation(key: string, count: number): CountedOperation {
  const space = key.indexOf(' ');
  return { method: key.slice(0, space), path: key.slice(space + 1), count };
}

function byPath(a: CountedOperation, b: CountedOperation): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : a.method < b.method ? -1 : a.method > b.method ? 1 : 0;
}
