import type { Collector, CollectorSettings } from '../collector.ts';
import { collectors } from '../../collectors/index.ts';
import { OperationError, UsageError } from '../errors.ts';
import { readManifests } from '../kubernetes/manifests.ts';
import { toInventory } from '../kubernetes/inventory.ts';
import { canonOf, type Graph } from '../learn/graph.ts';
import { Admission } from '../learn/admission.ts';
import { Verdicts } from '../learn/judge.ts';
import { DEFAULT_LIMITS } from '../learn/limits.ts';
import { PENDING_FOR, settled } from '../learn/settle.ts';
import { parseCidr, type Cidr } from '../model/address.ts';
import { isClusterName } from '../model/names.ts';
import { observe } from '../observe.ts';
import { firstRecord, recognise } from '../recognise.ts';
import type { Directory } from '../resolve/directory.ts';
import { Resolver } from '../resolve/resolver.ts';
import type { Run, Source } from '../source.ts';
import { expandPaths, type LogFile } from '../sources/expand.ts';
import { fileSource } from '../sources/file.ts';
import { KnownPositions } from '../sources/position.ts';
import { streamSource } from '../sources/stream.ts';
import { lockForIngest } from '../store/lock.ts';
import { Store } from '../store/store.ts';
import { readFileSync } from 'node:fs';
import type { Config } from '../config.ts';
import { suggestion, type Context } from './context.ts';
import type { ReadingOptions } from './observe.ts';
import { progressBar } from './progress.ts';
import { databasePath, directoryOf, graphOf, limitsOf, loadConfig } from './session.ts';
import { summarise, type Tallied } from './summary.ts';
import { isoTime, plain, shorten } from './text.ts';

/** `footpath observe`: reads to the end, learns, says what became of it. Returns the exit status. */
export async function readAndLearn(context: Context, paths: readonly string[], options: ReadingOptions): Promise<number> {
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
      return await summarise(context, store, learnt, options.failOn);
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
  const sources = inputs.map((input) =>
    input === '-' || !input.isRegular ? streamSource(input === '-' ? 'stdin' : input.path, streamOf(context, input), onDamage) : fileSource(input, { known, onDamage }),
  );
  const named = new Set(inputs.filter((input) => input === '-' || input.named).map((input) => (input === '-' ? 'stdin' : input.path)));
  await observe(sources, {
    store,
    resolver: new Resolver(directory),
    admission: new Admission(config?.limits ?? DEFAULT_LIMITS, here.edges, here.operations),
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
    collectorFor: (source, runs) => chooseCollector(context, source, runs, { forced, settings, isNamed: named.has(source.name), leftOut: tallied.leftOut }),
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

/** Stores what the flags and the configuration say of the cluster; later commands know it too. */
export function describeCluster(context: Context, store: Store, options: ReadingOptions, config: Config | null): void {
  const files = [...(config?.inventory.files ?? []), ...options.inventory];
  if (files.length > 0) {
    const { objects, problems } = readManifests(files);
    for (const problem of problems) context.say(`footpath: ${plain(problem)}`);
    const { inventory, ignored } = toInventory(objects);
    if (context.options.verbose === true) for (const [kind, n] of ignored) context.say(`inventory: ${n} of kind ${plain(kind)} not needed`);
    if (objects.length === 0) throw new OperationError(`${files.join(', ')}: holds no Kubernetes objects; give what kubectl get pods,… -A -o json prints, or manifests`);
    store.inventory.write(inventory);
  }
  store.inventory.addRanges([...(config?.clusterCidrs ?? []), ...options.clusterCidr].map(rangeOf));
  const cluster = options.cluster ?? config?.cluster ?? null;
  if (cluster === null) return;
  if (!isClusterName(cluster)) throw new UsageError(`--cluster ${cluster}: is no name of a cluster (letters, digits, -, _ and .)`);
  store.setSetting('cluster', cluster);
}

function rangeOf(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === null) throw new UsageError(`--cluster-cidr ${text}: is no range of addresses; write it as 10.0.0.0/8 or fd00::/48`);
  return cidr;
}

export function inputsOf(paths: readonly string[]): readonly (LogFile | '-')[] {
  if (paths.length === 0) throw new UsageError('name files, folders or patterns to read, or - for standard input');
  const inputs: (LogFile | '-')[] = [];
  let group: string[] = [];
  for (const path of [...paths, '-']) {
    if (path !== '-') {
      group.push(path);
      continue;
    }
    inputs.push(...expandPaths(group));
    group = [];
    inputs.push('-');
  }
  inputs.pop();
  if (inputs.filter((input) => input === '-').length > 1) throw new UsageError('- is given twice: standard input can be read once');
  return inputs;
}

export async function* streamOf({ stdin }: Context, input: LogFile | '-'): AsyncGenerator<Buffer> {
  const { createReadStream } = await import('node:fs');
  for await (const chunk of input === '-' ? stdin : createReadStream(input.path)) yield typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer);
}

export function settingsOf(options: Pick<ReadingOptions, 'accessLogFormat'>, config: Config | null): CollectorSettings {
  const format = options.accessLogFormat ?? config?.accessLogFormat ?? null;
  if (format === null || !format.startsWith('@')) return { accessLogFormat: format };
  try {
    return { accessLogFormat: readFileSync(format.slice(1), 'utf8') };
  } catch (error) {
    throw new OperationError(`--access-log-format ${format}: cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, { cause: error });
  }
}

export function forcedCollector(format: string | undefined): Collector | null {
  if (format === undefined) return null;
  const found = collectors.find(({ name }) => name === format);
  const names = collectors.map(({ name }) => name);
  if (found === undefined) throw new UsageError(`--format ${format}: no such format${suggestion(format, names)}`);
  return found;
}

interface Choosing {
  readonly forced: Collector | null;
  readonly settings: CollectorSettings;
  readonly isNamed: boolean;
  readonly leftOut: string[];
}

/** The collector for a source. One in no known format is an error if it was named, and left out if it was found in a folder. */
export function chooseCollector(context: Context, source: Source, runs: readonly Run[], { forced, settings, isNamed, leftOut }: Choosing): Collector | null {
  const collector = forced ?? recognise(runs, collectors, settings);
  if (collector !== null) return collector;
  const message = `${source.name}: no known format (first line: "${shorten(plain(firstRecord(runs)), 40)}"); name one with --format (footpath collectors lists them), or an Envoy format with --access-log-format`;
  if (isNamed) throw new OperationError(message);
  leftOut.push(source.name);
  context.say(`footpath: ${message}; the file is left out`);
  return null;
}
