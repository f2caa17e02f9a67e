import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { Limits } from '../../src/learn/limits.ts';
import { DEFAULT_LIMITS } from '../../src/learn/limits.ts';
import type { StoredEdge, StoredPending } from '../../src/learn/stored.ts';
import { Store } from '../../src/store/store.ts';
import { scratch } from './cli.ts';

const open: Store[] = [];

afterEach(() => {
  for (const store of open.splice(0)) store.close();
});

/** A store that is closed after the test; in memory unless a path is given. */
export function storeOf(path = ':memory:', limits: Partial<Limits> = {}): Store {
  const store = new Store(path, { create: true, limits: { ...DEFAULT_LIMITS, ...limits } });
  open.push(store);
  return store;
}

/** Where a database of its own may lie. */
export function databasePath(): string {
  return join(scratch(), 'footpath.db');
}

export function edgesOf(store: Store): readonly StoredEdge[] {
  return store.read(({ edges }) => [...edges]);
}

export function pendingOf(store: Store): readonly StoredPending[] {
  return store.read(({ pending }) => [...pending]);
}
