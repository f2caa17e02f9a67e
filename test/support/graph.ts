import { afterEach } from 'vitest';
import { hubble } from '../../collectors/hubble/index.ts';
import { alertJson } from '../../src/model/json.ts';
import { alertsIn } from '../../src/cli/alerting.ts';
import { edgeJson } from '../../src/cli/json.ts';
import { namesOf } from '../../src/cli/names.ts';
import type { Collector, Decoder, Records } from '../../src/collector.ts';
import { fingerprint } from '../../src/fingerprint.ts';
import { Intake } from '../../src/intake.ts';
import { eachObject, toInventory } from '../../src/kubernetes/inventory.ts';
import { Admission } from '../../src/learn/admission.ts';
import { Fold } from '../../src/learn/fold.ts';
import { buildGraph, canonOf, type Graph, type GraphEdge } from '../../src/learn/graph.ts';
import { Verdicts } from '../../src/learn/judge.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/learn/limits.ts';
import { readinessOf } from '../../src/learn/readiness.ts';
import { settled } from '../../src/learn/settle.ts';
import { parseCidr } from '../../src/model/address.ts';
import { EVERYTHING, type Mode, type Scope } from '../../src/model/decision.ts';
import type { Origin } from '../../src/model/origin.ts';
import { Directory } from '../../src/resolve/directory.ts';
import { Resolver, type Resolved } from '../../src/resolve/resolver.ts';
import { Store } from '../../src/store/store.ts';
import { SIGNED } from './choices.ts';
import { edgeText, type EdgeJson } from './cli.ts';

const open: Store[] = [];

afterEach(() => {
  for (const store of open.splice(0)) store.close();
});

const FROM_TEST: Origin = { source: 'test', owner: null };

export interface LearnerOptions {
  readonly limits?: Partial<Limits>;
  readonly cluster?: string;
  /** Ranges of the cluster that no inventory tells. */
  readonly ranges?: readonly string[];
}

/** Lines with what understands them, and whose log they are. */
export interface Log {
  readonly lines: readonly string[];
  readonly collector: Collector;
  readonly origin: Origin;
}

/** What a reading process remembers. */
interface Process {
  readonly directory: Directory;
  readonly resolver: Resolver;
  readonly admission: Admission;
  readonly described: WeakSet<Resolved>;
  readonly sources: Set<string>;
}

/** A database in memory that learns from lines, a batch at a time, as `footpath observe` does. */
export class Learner {
  readonly store: Store;
  readonly #limits: Limits;
  readonly #decoders = new Map<Collector, Decoder>();
  #process: Process | null = null;

  constructor({ limits, cluster, ranges = [] }: LearnerOptions = {}) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    this.store = new Store(':memory:', { create: true, limits: this.#limits });
    open.push(this.store);
    if (cluster !== undefined) this.store.setSetting('cluster', cluster);
    this.store.inventory.addRanges(ranges.map(parseCidr).filter((cidr) => cidr !== null));
  }

  get directory(): Directory {
    return new Directory(this.store.inventory.read(), this.store.inventory.readRanges(), this.store.setting('cluster'));
  }

  /** What the cluster's API says from now on. */
  know(...objects: readonly object[]): this {
    this.store.inventory.write(toInventory(eachObject(objects)).inventory);
    return this.restart();
  }

  /** Goes on as a new process would: with nothing but what is stored. */
  restart(): this {
    this.#process = null;
    this.#decoders.clear();
    this.store.forgetRows();
    return this;
  }

  #running(): Process {
    if (this.#process !== null) return this.#process;
    const { directory } = this;
    const { edges, operations, sources } = this.store.readKnown();
    const admission = new Admission(this.#limits, edges, operations);
    this.#process = { directory, resolver: new Resolver(directory), admission, described: new WeakSet(), sources: new Set(sources) };
    return this.#process;
  }

  #verdicts(directory: Directory): Verdicts {
    return this.store.read(({ pods, peers, choices, revision }) => {
      const canon = canonOf({ pods, peers }, directory);
      return new Verdicts(choices, revision, (peer) => canon.end(peer).peer);
    });
  }

  /** Reads lines as one batch. */
  read(lines: readonly string[], collector: Collector = hubble, origin: Origin = FROM_TEST): this {
    return this.batch([{ lines, collector, origin }]);
  }

  /** Reads lines of several logs as one batch. */
  batch(logs: readonly Log[]): this {
    const { directory, resolver, admission, described, sources } = this.#running();
    const intake = new Intake({ resolver, fold: new Fold(admission, this.#verdicts(directory)), described, sources });
    for (const { lines, collector, origin } of logs) {
      intake.collector = collector.name;
      const decoder = this.#decoders.get(collector) ?? collector.decoder({ accessLogFormat: null });
      this.#decoders.set(collector, decoder);
      decoder.decode(recordsOf(lines), origin, intake);
    }
    this.store.transaction(() => this.store.add(intake.delta(), []));
    return this;
  }

  switchTo(mode: Mode, scope: Scope = EVERYTHING): this {
    this.store.choices.setMode(scope, mode, SIGNED);
    return this;
  }

  /** Settles for good what is pending from before a minute since 1970. */
  settle(beforeMinute: number): this {
    const { directory } = this;
    const canon = this.store.read(({ pods, peers }) => canonOf({ pods, peers }, directory));
    const verdicts = this.#verdicts(directory);
    this.store.transaction(() => this.store.settlePending(beforeMinute, (row) => settled(row, canon, () => verdicts)));
    return this.restart();
  }

  graph(options: { readonly withUnresolved?: boolean } = {}): Graph {
    const { directory } = this;
    const connectionsOf = (pod: string, hours: ReadonlySet<number>): ReadonlyMap<string, number> => this.store.edges.connectionsOf(pod, hours);
    return this.store.read((stored) => buildGraph({ ...options, stored, directory, fingerprint, connectionsOf }));
  }

  /** `shop/web -> shop/cart 8080/TCP accepted`, one an edge, by name. */
  edges(options: { readonly withUnresolved?: boolean } = {}): readonly string[] {
    const graph = this.graph(options);
    return graph.edges.map((edge) => edgeText(jsonOf(edge, graph)));
  }

  /** Whatever people are told: edges with their evidence, readiness and alerts, as text. */
  answer(): string {
    const graph = this.graph({ withUnresolved: true });
    const alerts = alertsIn(this.store, graph, 0).map((alert) => alertJson(alert, namesOf(graph)));
    return JSON.stringify(
      { edges: graph.edges.map((edge) => jsonOf(edge, graph)), readiness: readinessOf(graph), alerts, scans: graph.scans.length },
      null,
      1,
    );
  }
}

/** Lines as records, one after the other in memory. */
export function recordsOf(lines: readonly string[]): Records {
  const records = lines.map((line) => Buffer.from(line));
  const ends = new Int32Array(records.length);
  for (const [i, { length }] of records.entries()) ends[i] = (ends[i - 1] ?? 0) + length;
  return { bytes: Buffer.concat(records), starts: Int32Array.from(ends, (_, i) => ends[i - 1] ?? 0), ends, count: records.length };
}

function jsonOf(edge: GraphEdge, graph: Graph): EdgeJson {
  return edgeJson(edge, namesOf(graph)) as EdgeJson;
}
