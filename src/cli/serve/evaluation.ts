import { isOpen, type Alert } from '../../model/alert.ts';
import type { Directory } from '../../resolve/directory.ts';
import type { Graph } from '../../learn/graph.ts';
import { isResolved } from '../../learn/state.ts';
import { unresolvedFlows } from '../../learn/unresolved.ts';
import type { Store } from '../../store/store.ts';
import { alertsIn } from '../alerting.ts';
import { graphBuilder } from '../session.ts';

/** The shortest time between two looks at the whole graph, in milliseconds; a look that takes long is followed by a longer pause. */
const LOOK_EVERY = 2_000;
const PAUSE_FOR_WORK = 10;
const LOOK_AT_LEAST_EVERY = 60_000;

export interface Overview {
  readonly edges: ReadonlyMap<string, number>;
  readonly firing: ReadonlyMap<string, number>;
  /** 0 to 1. */
  readonly unresolved: number;
  readonly newestRecord: number | null;
}

const NOTHING_YET: Overview = { edges: new Map(), firing: new Map(), unresolved: 0, newestRecord: null };

/** Looks at the graph when something has changed, and tells which alerts there are. */
export class Evaluation {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #onAlerts: (alerts: readonly Alert[], graph: Graph) => Promise<void>;
  #build: (() => Graph) | null = null;
  #changed = true;
  #revision = -1;
  #next = 0;
  #last = 0;
  overview: Overview = NOTHING_YET;

  /** `onAlerts` is told all alerts after each look. */
  constructor(store: Store, now: () => number, onAlerts: (alerts: readonly Alert[], graph: Graph) => Promise<void>) {
    this.#store = store;
    this.#now = now;
    this.#onAlerts = onAlerts;
  }

  async know(directory: Directory): Promise<void> {
    this.#build = await graphBuilder(this.#store, directory);
    this.#changed = true;
  }

  /** Something was committed. */
  changed(): void {
    this.#changed = true;
  }

  /** Looks if there is anything new, and the last look is long enough ago. `force` looks now. Says whether it has looked. */
  async look(force = false): Promise<boolean> {
    const { revision } = this.#store.choices;
    const started = this.#now();
    // A mute ends by the clock, whatever else happens.
    const isDue = this.#changed || revision !== this.#revision || started - this.#last >= LOOK_AT_LEAST_EVERY;
    if (this.#build === null || !isDue) return false;
    if (!force && started < this.#next) return false;
    this.#next = started + LOOK_EVERY;
    this.#last = started;
    // More may change while somebody is told.
    this.#changed = false;
    try {
      const graph = this.#build();
      const alerts = alertsIn(this.#store, graph, started);
      this.overview = overviewOf(graph, alerts);
      const took = this.#now() - started;
      this.#next = this.#now() + Math.max(LOOK_EVERY, PAUSE_FOR_WORK * took);
      await this.#onAlerts(alerts, graph);
    } catch (error) {
      this.#changed = true;
      throw error;
    }
    this.#revision = revision;
    return true;
  }
}

function overviewOf(graph: Graph, alerts: readonly Alert[]): Overview {
  const edges = new Map<string, number>();
  for (const edge of graph.edges) if (isResolved(edge)) edges.set(edge.state, (edges.get(edge.state) ?? 0) + 1);
  const firing = new Map<string, number>();
  for (const { severity, state } of alerts) if (isOpen(state)) firing.set(severity, (firing.get(severity) ?? 0) + 1);
  let flows = 0;
  let newest = 0;
  for (const { hours, lastRecord } of graph.stored.coverage) {
    newest = Math.max(newest, lastRecord ?? 0);
    for (const counts of hours.values()) flows += counts.get('flows') ?? 0;
  }
  const unresolved = unresolvedFlows(graph);
  return { edges, firing, unresolved: flows === 0 ? 0 : Math.min(1, unresolved / flows), newestRecord: newest === 0 ? null : newest };
}
