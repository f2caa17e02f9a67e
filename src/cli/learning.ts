import type { Config } from '../config.ts';
import { Admission } from '../learn/admission.ts';
import { canonOf } from '../learn/graph.ts';
import { Verdicts } from '../learn/judge.ts';
import { DEFAULT_LIMITS } from '../learn/limits.ts';
import { PENDING_FOR, settled } from '../learn/settle.ts';
import type { Learning } from '../portion.ts';
import type { Canon } from '../resolve/canonical.ts';
import type { Directory } from '../resolve/directory.ts';
import { Resolver } from '../resolve/resolver.ts';
import type { Store } from '../store/store.ts';

/** A row of `pending` that was settled for good, and the row of the edge that it became, if it did. */
export type Became = ReturnType<Store['settlePending']>[number];

/** What a process that learns holds beside its database. */
export class Learner {
  readonly #store: Store;
  #directory: Directory;
  #resolver: Resolver;
  #canon: Canon;
  #verdicts: Verdicts;
  readonly learning: Learning;

  constructor(store: Store, directory: Directory, config: Config | null, now: () => number) {
    this.#store = store;
    this.#directory = directory;
    this.#resolver = new Resolver(directory);
    const known = store.readKnown();
    const { canon, verdicts } = this.#read();
    this.#canon = canon;
    this.#verdicts = verdicts;
    this.learning = {
      store,
      resolver: () => this.#resolver,
      admission: new Admission(config?.limits ?? DEFAULT_LIMITS, known.edges, known.operations),
      sources: new Set(known.sources),
      judge: () => this.#judge(),
      now,
    };
  }

  #read(): { readonly canon: Canon; readonly verdicts: Verdicts } {
    return this.#store.read(({ pods, peers, choices, revision }) => {
      const canon = canonOf({ pods, peers }, this.#directory);
      return { canon, verdicts: new Verdicts(choices, revision, (peer) => canon.end(peer).peer) };
    });
  }

  get revision(): number {
    return this.#verdicts.revision;
  }

  /** The cluster is another one by now: what is read from here on is resolved by this. */
  set directory(directory: Directory) {
    this.#directory = directory;
    this.#resolver = new Resolver(directory);
    const { canon, verdicts } = this.#read();
    this.#canon = canon;
    this.#verdicts = verdicts;
  }

  #judge(): Verdicts {
    // Another process may have decided something since the last portion.
    const { revision } = this.#store.choices;
    if (revision !== this.#verdicts.revision) {
      this.#store.forgetRows();
      const canon = this.#canon;
      this.#verdicts = new Verdicts(this.#store.choices.read(this.#store.peers.readPeers().byId), revision, (peer) => canon.end(peer).peer);
    }
    return this.#verdicts;
  }

  /** Flows whose owner was not known for 7 days of event time are settled as they are; with a minute, those from before it. */
  settleOld(beforeMinute: number | null = null): readonly Became[] {
    const store = this.#store;
    return store.transaction(() => {
      const newest = Math.max(0, ...store.coverage.read().map(({ lastRecord }) => lastRecord ?? 0));
      const before = beforeMinute ?? Math.floor((newest - PENDING_FOR) / 60_000);
      const { canon, choices } = store.read(({ pods, peers, choices: all }) => ({ canon: canonOf({ pods, peers }, this.#directory), choices: all }));
      const verdicts = new Map<number, Verdicts>();
      const verdictsAt = (revision: number): Verdicts => {
        let then = verdicts.get(revision);
        if (then === undefined) verdicts.set(revision, (then = new Verdicts(choices, revision, (peer) => canon.end(peer).peer)));
        return then;
      };
      return store.settlePending(before, (row) => settled(row, canon, verdictsAt));
    });
  }

  /** Settles the oldest pending flows if there are nearly as many as there may be. */
  settleCrowded(): readonly Became[] {
    const crowded = this.#store.pending.crowdedBefore();
    return crowded === null ? [] : this.settleOld(crowded);
  }
}
