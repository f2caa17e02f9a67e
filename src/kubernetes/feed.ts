import { setMaxListeners } from 'node:events';
import type { Inventory, PodFact } from '../model/inventory.ts';
import type { Clock } from '../clock.ts';
import type { ApiConnection } from './connection.ts';
import { FactTable, type FactChange } from './fact-table.ts';
import { endedByChange, endedByNow, endedSince, PodLives, type PodLivesOptions } from './pod-lives.ts';
import { latestMoment } from './project.ts';
import { Reflector, type Receiver, type ReflectorState } from './reflector.ts';
import { PODS, RESOURCES, type Fact, type Resource } from './resources.ts';
import { SharedValues } from './shared-values.ts';
import { Progress } from './watch-progress.ts';

export interface InventoryChange {
  readonly what: 'added' | 'changed' | 'gone';
  /** Plural: `pods`. */
  readonly resource: string;
  /** As it is now, or as it was last; a pod that is gone has `until`. */
  readonly fact: Fact;
  /** When it happened, as well as it is known: a gone pod's `until`, else the latest moment that the object speaks of. */
  readonly time: number;
}

/** How it stands with one resource. */
export type ResourceState = ReflectorState & {
  /** All of it was listed at least once. */
  readonly complete: boolean;
  /** Objects that were too large to be read. */
  readonly tooLong: number;
};

export interface FeedOptions {
  readonly connection: ApiConnection;
  readonly clock: Clock;
  readonly onChange?: (change: InventoryChange) => void;
  /** Told once as long as it stays so; `why` is a sentence for people. */
  readonly onState?: (resource: string, state: ReflectorState) => void;
  readonly ended?: PodLivesOptions;
  readonly resources?: readonly Resource[];
}

const ENDED: PodLivesOptions = { keepFor: 3_600_000, keepAtMost: 20_000 };

/** The cluster's inventory as its API tells it, kept up to date while `run` does. It holds facts, never whole objects. */
export class Feed {
  readonly #options: FeedOptions;
  readonly #resources: readonly Resource[];
  readonly #shared = new SharedValues();
  readonly #tables = new Map<string, FactTable<Fact>>();
  readonly #states = new Map<string, ResourceState>();
  readonly #lives: PodLives;
  readonly #progress: Progress;
  readonly #pods: Reflector;
  readonly #reflectors: readonly Reflector[];
  #revision = 0;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#resources = options.resources ?? RESOURCES;
    this.#lives = new PodLives(options.ended ?? ENDED);
    this.#progress = new Progress(options.clock);
    this.#pods = this.#reflector(PODS);
    this.#reflectors = [this.#pods, ...this.#resources.filter((resource) => resource !== PODS).map((resource) => this.#reflector(resource))];
  }

  /** Lists and watches until the signal aborts. Rejects with what a listener throws. */
  async run(signal: AbortSignal): Promise<void> {
    const ending = new AbortController();
    // Every reflector listens to it.
    setMaxListeners(0, ending.signal);
    const end = (): void => ending.abort();
    if (signal.aborted) return;
    signal.addEventListener('abort', end, { once: true });
    try {
      await Promise.all(this.#reflectors.map((reflector) => reflector.run(ending.signal)));
    } finally {
      // Whoever fails ends all.
      ending.abort();
      signal.removeEventListener('abort', end);
      this.#progress.end();
    }
  }

  /** Up to when everything is known, 0 at first; it moves on while nothing changes. */
  get asOf(): number {
    return this.#progress.reached ?? 0;
  }

  /** Changes with every change of a fact. */
  get revision(): number {
    return this.#revision;
  }

  /** Each resource was listed once, or cannot be: what is not there then is not in the cluster. */
  get isComplete(): boolean {
    return [...this.#states.values()].every(({ complete, phase }) => complete || phase === 'refused');
  }

  get states(): ReadonlyMap<string, ResourceState> {
    return this.#states;
  }

  /** What is known now. Pods that ended come first, with `until`; they are kept for a while. */
  inventory(): Inventory {
    const now = this.#options.clock.now();
    const of = <F>(part: Resource['part'], facts: F[] = []): readonly F[] => {
      for (const resource of this.#resources) {
        if (resource.part === part) for (const fact of this.#tables.get(resource.name)?.facts() ?? []) facts.push(fact as F);
      }
      return facts;
    };
    return {
      pods: of('pods', [...this.#lives.ended(now)]),
      workloads: of('workloads'),
      services: of('services'),
      slices: of('slices'),
      nodes: of('nodes'),
      namespaces: of('namespaces'),
      policies: of('policies'),
      asOf: this.asOf,
    };
  }

  /** Whether the watch of pods has told everything that happened up to a time. */
  passed(time: number): boolean {
    return this.#progress.has(time);
  }

  /** Waits until it has, `ms` at most; false where it has not, at once if waiting is of no use (rights refused, server away). */
  async untilPassed(time: number, ms: number, signal: AbortSignal): Promise<boolean> {
    return this.#progress.until(time, ms, signal, () => this.#pods.hurry());
  }

  #reflector(resource: Resource): Reflector {
    const { connection, clock } = this.#options;
    const { name, path } = resource;
    const isPods = resource === PODS;
    this.#states.set(name, { phase: 'listing', complete: false, tooLong: 0 });
    const project = (object: unknown): Fact | null => {
      const fact = resource.project(object);
      return fact === null ? null : this.#shared.share(fact);
    };
    const table = new FactTable<Fact>(project, isPods ? (change) => this.#podChanged(change as FactChange<PodFact>) : (change) => this.#changed(name, change));
    this.#tables.set(name, table);
    const update = (change: Partial<ResourceState>): void => void this.#states.set(name, { ...this.#stateOf(name), ...change } as ResourceState);
    const receiver: Receiver = {
      put: (object) => table.put(object),
      remove: (object) => table.remove(object),
      listing: () => table.listing(),
      listed: () => {
        table.listed();
        update({ complete: true });
      },
      reached: (time) => isPods && this.#progress.reach(time),
      tooLong: (count) => update({ tooLong: this.#stateOf(name).tooLong + count }),
    };
    const onState = (state: ReflectorState): void => {
      const { complete, tooLong } = this.#stateOf(name);
      this.#states.set(name, { ...state, complete, tooLong });
      if (isPods) this.#progress.isHopeless = state.phase === 'waiting' || state.phase === 'refused';
      if (!(resource.optional && state.phase === 'refused')) this.#options.onState?.(name, state);
    };
    return new Reflector({ name: resource.group === '' ? name : `${name}.${resource.group}`, path, connection, clock, receiver, onState });
  }

  #stateOf(name: string): ResourceState {
    return this.#states.get(name) ?? { phase: 'listing', complete: false, tooLong: 0 };
  }

  #changed(resource: string, change: FactChange<Fact>): void {
    const now = this.#options.clock.now();
    const moment = change.what === 'gone' ? now : Math.min(latestMoment(change.object) || now, now);
    this.#tell({ what: change.what, resource, fact: change.fact, time: moment });
  }

  #podChanged(change: FactChange<PodFact>): void {
    const now = this.#options.clock.now();
    const lastLook = this.asOf;
    if (change.what === 'gone') this.#podEnded(change.seen ? endedByNow(change.fact, now) : endedSince(change.fact, lastLook, now), now);
    else {
      const past = change.what === 'changed' ? endedByChange(change.before, change.fact, lastLook, now) : null;
      if (past !== null) this.#podEnded(past, now);
      const time = Math.min(latestMoment(change.object) || now, now);
      this.#tell({ what: past === null ? change.what : 'added', resource: PODS.name, fact: change.fact, time });
    }
  }

  #podEnded(fact: PodFact, now: number): void {
    this.#lives.keep(fact, now);
    this.#tell({ what: 'gone', resource: PODS.name, fact, time: fact.until ?? now });
  }

  #tell(change: InventoryChange): void {
    this.#revision++;
    this.#options.onChange?.(change);
  }
}
