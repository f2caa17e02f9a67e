import type { Collector, CollectorSettings } from '../collector.ts';
import { canonOf, type Graph } from '../learn/graph.ts';
import { Admission } from '../learn/admission.ts';
import { Verdicts } from '../learn/judge.ts';
import { DEFAULT_LIMITS } from '../learn/limits.ts';
import { PENDING_FOR, settled } from '../learn/settle.ts';
import type { Severity } from '../model/alert.ts';
import { observe } from '../observe.ts';
import type { Directory } from '../resolve/directory.ts';
import { Resolver } from '../resolve/resolver.ts';
import type { LogFile } from '../sources/expand.ts';
import { KnownPositions } from '../sources/position.ts';
import { lockForIngest } from '../store/lock.ts';
import { Store } from '../store/store.ts';
import type { Config } from '../config.ts';
import { describeCluster } from './cluster.ts';
import type { Context } from './context.ts';
import { chooseCollector, forcedCollector, inputsOf, isNamed, settingsOf, sourceOf } from './inputs.ts';
import { progressBar } from './progress.ts';
import type { ReadingOptions } from './reading-options.ts';
import { databasePath, directoryOf, graphOf, limitsOf, loadConfig } from './session.ts';
import { summarise, type Tallied } from './summary.ts';
import { isoTime } from './text.ts';

/** `footpath observe`: reads to the end, learns, says what became of it. Returns the exit status. */
export async function readAndLearn(context: Context, paths: readonly string[], options: ReadingOptions, failOn: Severity | null): Promise<number> {
  const config = await loadConfig(context);
  const path = databasePath(context, config);
  const inputs = inputsOf(paths);
  const settings = settingsOf(options, config);
  const forced = forcedCollector(options.format);
  const since = isoTime(context.now());
  const store = new Store(path, { create: true, ...limitsOf(config) });
  try {
    const lock = lockForIngest(path, { pid: context.pid, since });
    try {
      const learnt = await learn(context, store, { inputs, settings, forced, options, config });
      return await summarise(context, store, learnt, failOn);
    } finally {
      lock.release();
    }
  } finally {
    store.close();
  }
}

interface Reading {
  readonly inputs: readonly (LogFile | '-')[];
  readonly settings: CollectorSettings;
  readonly forced: Collector | null;
  readonly options: ReadingOptions;
  readonly config: Config | null;
}

async function learn(context: Context, store: Store, { inputs, settings, forced, options, config }: Reading): Promise<Tallied> {
  const started = context.now();
  store.transaction(() => describeCluster(context, store, options, config));
  const directory = await directoryOf(store);
  const { canon, verdicts: atStart } = store.read(({ pods, peers, choices, revision }) => {
    const known = canonOf({ pods, peers }, directory);
    return { canon: known, verdicts: new Verdicts(choices, revision, (peer) => known.end(peer).peer) };
  });
  let verdicts = atStart;
  const before: Graph | null = verdicts.revision > 0 ? await graphOf(store) : null;
  const tallied: Tallied = {
    totals: new Map(),
    edgeRows: new Set(),
    pending: new Map(),
    newestEdge: store.edges.maxRow(),
    newestPending: store.pending.maxRow(),
    before,
    bytes: 0,
    seconds: 0,
    damaged: [],
    leftOut: [],
  };
  const resolver = new Resolver(directory);
  const here = store.readKnown();
  const known = new KnownPositions(store.positions.read());
  const onDamage = (name: string, damage: 'cut' | 'corrupt'): void => {
    tallied.damaged.push(name);
    context.say(`footpath: ${name}: ${damage === 'cut' ? 'ends before its compressed data does; what is there was read' : 'is damaged; what comes before the damage was read'}`);
  };
  const progress = progressBar(
    context,
    inputs.length,
    inputs.reduce((sum, input) => sum + (input === '-' ? 0 : input.size), 0),
  );
  const sources = inputs.map((input) => sourceOf(context, input, { known, onDamage }));
  const named = new Set(sources.filter((_, i) => isNamed(inputs[i] ?? '-')).map(({ name }) => name));
  await observe(sources, {
    store,
    resolver: () => resolver,
    admission: new Admission(config?.limits ?? DEFAULT_LIMITS, here.edges, here.operations),
    sources: new Set(here.sources),
    settings,
    signal: new AbortController().signal,
    judge: () => {
      // Another process may have decided something since the last portion.
      const { revision } = store.choices;
      if (revision !== verdicts.revision) {
        store.forgetRows();
        verdicts = new Verdicts(store.choices.read(store.peers.readPeers().byId), revision, (peer) => canon.end(peer).peer);
      }
      return verdicts;
    },
    collectorFor: (source, runs) => chooseCollector(context, source, runs, { forced, settings, wasNamed: named.has(source.name), leftOut: tallied.leftOut }),
    onBatch: (batch) => {
      tallied.bytes += batch.bytes;
      progress.advance(batch.bytes, batch.runs.reduce((sum, { records }) => sum + records.count, 0));
    },
    onCommit: (written, totals) => {
      for (const row of written.edges) tallied.edgeRows.add(row);
      for (const [row, records] of written.pending) tallied.pending.set(row, (tallied.pending.get(row) ?? 0) + records);
      for (const [kind, n] of totals) tallied.totals.set(kind, (tallied.totals.get(kind) ?? 0) + n);
      const crowded = written.pending.size > 0 ? store.pending.crowdedBefore() : null;
      if (crowded !== null) settleOld(store, directory, tallied, crowded);
      if (written.overflow > 0) tallied.totals.set('overflow', (tallied.totals.get('overflow') ?? 0) + written.overflow);
    },
  });
  settleOld(store, directory, tallied);
  progress.done();
  tallied.seconds = (context.now() - started) / 1000;
  return tallied;
}

/** Flows whose owner was not known for 7 days of event time are settled as they are; and the oldest, if there are too many. */
function settleOld(store: Store, directory: Directory, tallied: Tallied, beforeMinute: number | null = null): void {
  const became = store.transaction(() => {
    const newest = Math.max(0, ...store.coverage.read().map(({ lastRecord }) => lastRecord ?? 0));
    const before = beforeMinute ?? Math.floor((newest - PENDING_FOR) / 60_000);
    const { canon, choices } = store.read(({ pods, peers, choices: all }) => ({ canon: canonOf({ pods, peers }, directory), choices: all }));
    const verdicts = new Map<number, Verdicts>();
    const verdictsAt = (revision: number): Verdicts => {
      let then = verdicts.get(revision);
      if (then === undefined) verdicts.set(revision, (then = new Verdicts(choices, revision, (peer) => canon.end(peer).peer)));
      return then;
    };
    return store.settlePending(before, (row) => settled(row, canon, verdictsAt));
  });
  for (const { row, edge } of became) {
    if (edge !== null && tallied.pending.delete(row)) tallied.edgeRows.add(edge);
  }
}
