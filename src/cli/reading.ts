import { availableParallelism } from 'node:os';
import type { Collector, CollectorSettings } from '../collector.ts';
import type { Graph } from '../learn/graph.ts';
import type { Severity } from '../model/alert.ts';
import { observe } from '../observe.ts';
import type { LogFile } from '../sources/expand.ts';
import { KnownPositions } from '../sources/position.ts';
import type { Store } from '../store/store.ts';
import { Crew } from '../threads/crew.ts';
import type { Config } from '../config.ts';
import { describeCluster } from './cluster.ts';
import { askCluster } from './ask-cluster.ts';
import { configured } from './configured.ts';
import type { Context } from './context.ts';
import { chooseCollector, forcedCollector, inputsOf, isNamed, settingsOf, sourceOf } from './inputs.ts';
import { Learner } from './learning.ts';
import { progressBar } from './progress.ts';
import type { LiveOptions } from './reading-options.ts';
import { directoryOf, graphOf, withIngestStore } from './session.ts';
import { summarise } from './summary.ts';
import { Tally } from './tally.ts';

/** `footpath observe`: reads to the end, learns, says what became of it. Returns the exit status. */
export async function readAndLearn(context: Context, paths: readonly string[], options: LiveOptions & { readonly jobs: number }, failOn: Severity | null): Promise<number> {
  const config = await configured(context, options);
  const inputs = inputsOf(paths);
  const settings = settingsOf(options, config);
  const forced = forcedCollector(options.format);
  return withIngestStore(context, config, async (store) => {
    const learnt = await learn(context, store, { inputs, settings, forced, config, jobs: Math.min(options.jobs, availableParallelism()) });
    return summarise(context, store, learnt, failOn);
  });
}

interface Reading {
  readonly inputs: readonly (LogFile | '-')[];
  readonly settings: CollectorSettings;
  readonly forced: Collector | null;
  readonly config: Config;
  readonly jobs: number;
}

async function learn(context: Context, store: Store, { inputs, settings, forced, config, jobs }: Reading): Promise<Tally> {
  const started = context.now();
  if (config.inventory.kubernetes) await askCluster(context, store, config);
  store.transaction(() => describeCluster(context, store, config));
  const directory = await directoryOf(store);
  const learner = new Learner(store, directory, config, context.now);
  const before: Graph | null = learner.revision > 0 ? await graphOf(store) : null;
  const tallied = new Tally(store, before);
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
  const gave = new Set<string>();
  // This thread is one of them: it adds up.
  const crew = jobs === 1 ? null : new Crew(jobs - 1, () => ({ settings, inventory: directory.inventory, ranges: directory.podRanges, cluster: directory.cluster }));
  try {
    await observe(sources, {
      ...learner.learning,
      settings,
      signal: new AbortController().signal,
      ...(crew === null ? {} : { stripesFor: (collector) => crew.readerFor(collector) }),
      collectorFor: (source, runs) => chooseCollector(context, source, runs, { forced, settings, wasNamed: named.has(source.name), leftOut: tallied.leftOut }),
      onBatch: (batch, source) => {
        if (batch.runs.length > 0) gave.add(source.name);
        tallied.read(batch);
        progress.advance(batch.bytes, batch.runs.reduce((sum, { records }) => sum + records.count, batch.decoded?.records ?? 0));
      },
      onCommit: (written, totals) => {
        tallied.committed(written, totals);
        if (written.pending.size > 0) tallied.settled(learner.settleCrowded());
      },
    });
  } finally {
    await crew?.end();
  }
  tallied.settled(learner.settleOld());
  progress.done();
  tallied.silent = inputs.filter((input) => input !== '-' && input.isRegular && input.size > 0 && !gave.has(input.path) && !tallied.leftOut.includes(input.path)).length;
  tallied.seconds = (context.now() - started) / 1000;
  return tallied;
}
