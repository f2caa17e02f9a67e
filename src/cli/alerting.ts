import type { Alert } from '../model/alert.ts';
import { alertsOf } from '../alert/lifecycle.ts';
import { fingerprint } from '../fingerprint.ts';
import type { Graph } from '../learn/graph.ts';
import type { Store } from '../store/store.ts';

/** Every alert of a database, with its state at this moment. */
export function alertsIn(store: Store, graph: Graph, now: number): readonly Alert[] {
  return alertsOf({ graph, words: store.alerts.read(), fingerprint, now });
}
