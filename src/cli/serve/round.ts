import { deliver, type Delivery } from '../../alert/deliver.ts';
import type { Clock } from '../../clock.ts';
import type { CollectorSettings } from '../../collector.ts';
import type { Config } from '../../config.ts';
import { OperationError } from '../../errors.ts';
import { connect, type ApiConnection } from '../../kubernetes/connection.ts';
import { notifiersOf, type Target } from '../../notify/index.ts';
import { observeLive } from '../../observe-live.ts';
import { patiently } from '../../patiently.ts';
import type { Timing } from '../../portion.ts';
import type { Directory } from '../../resolve/directory.ts';
import { KnownPositions } from '../../sources/position.ts';
import type { Batch } from '../../source.ts';
import type { Store, Written } from '../../store/store.ts';
import type { Health } from '../../telemetry/health.ts';
import type { Log } from '../../telemetry/log.ts';
import { describeCluster } from '../cluster.ts';
import type { Context } from '../context.ts';
import { chooseCollector, settingsOf } from '../inputs.ts';
import { Learner, type Became } from '../learning.ts';
import { directoryOf } from '../session.ts';
import { sleep } from '../sleep.ts';
import { followCluster } from './cluster-feed.ts';
import type { Evaluation } from './evaluation.ts';
import { configuredSources, openSources, type Configured } from './sources.ts';

/** How often is looked for alerts and for what has become old, in milliseconds. */
const LOOK_EVERY = 500;
const SETTLE_EVERY = 600_000;

export interface SourceState {
  up: boolean;
  /** Wall-clock time in milliseconds; null if it gave nothing yet. */
  lastBatch: number | null;
  /** Wall-clock time at which it had last been read to its end; at first, when it was opened. */
  caughtUp: number;
}

/** What happens in a round, for whoever counts or shows it. */
export interface RoundEvents {
  /** A source is read from now on. */
  readonly opened: (source: string) => void;
  readonly read: (source: string, batch: Batch) => void;
  /** A portion was committed: what it counted by kind, and when. */
  readonly committed: (written: Written, totals: ReadonlyMap<string, number>, timing: Timing) => void;
  readonly settled: (became: readonly Became[]) => void;
  /** Alerts go to this target from now on. */
  readonly addressed: (target: string) => void;
  readonly delivered: (delivery: Delivery) => void;
}

/** What lives as long as the process, whatever the configuration becomes. */
export interface Serving {
  readonly context: Context;
  readonly store: Store;
  readonly log: Log;
  readonly health: Health;
  readonly on: RoundEvents;
  readonly evaluation: Evaluation;
  /** As the round reads them. */
  readonly sources: Map<string, SourceState>;
  /** Who is told of alerts, by the configuration of the round. */
  readonly targets: Target[];
}

/** Reading by one configuration. */
export interface Round {
  readonly config: Config;
  /** Reads until the signal aborts; may be begun again after that. */
  run(signal: AbortSignal): Promise<void>;
}

interface Prepared {
  readonly config: Config;
  readonly clock: Clock;
  readonly settings: CollectorSettings;
  readonly configured: readonly Configured[];
  readonly targets: readonly Target[];
  /** Null where the cluster's API is not asked. */
  readonly connection: ApiConnection | null;
  /** Of the reader of partitions; null where no source has any. */
  readonly epoch: number | null;
}

/** Whatever can be wrong with a configuration, and with the files that it names, is found out here, before anything has changed. */
export async function roundOf(serving: Serving, config: Config): Promise<Round> {
  const prepared = await prepare(serving, config);
  return { config, run: (signal) => run(serving, prepared, signal) };
}

async function prepare({ context, store }: Serving, config: Config): Promise<Prepared> {
  const { now } = context;
  const clock: Clock = { now, sleep, random: Math.random };
  const settings = settingsOf({}, config);
  const configured = configuredSources(config);
  const targets = notifiersOf(config.alerts.targets, { now, write: writer(context), cluster: config.cluster ?? '' });
  const { kubernetes, kubeconfig, context: name } = config.inventory;
  const connection = kubernetes ? await connect({ kubeconfig, context: name }, clock) : null;
  const begin = (): number | null => {
    describeCluster(context, store, config);
    // One claim for all topics: a second one would shut the first out.
    return configured.some(({ given: { kafka } }) => kafka !== undefined) ? store.positions.claimPartitions().epoch : null;
  };
  const epoch = await patiently(() => store.transaction(begin), sleep);
  return { config, clock, settings, configured, targets, connection, epoch };
}

async function run(serving: Serving, prepared: Prepared, until: AbortSignal): Promise<void> {
  const { context, store, log, health, evaluation } = serving;
  const failed = new AbortController();
  const signal = AbortSignal.any([until, failed.signal]);
  health.forget();
  const directory = await directoryOf(store);
  const learner = new Learner(store, directory, prepared.config, context.now);
  await evaluation.know(directory);
  const know = async (now: Directory): Promise<void> => {
    learner.directory = now;
    await evaluation.know(now);
  };
  const cluster = prepared.connection === null ? null : followCluster(prepared.connection, { store, log, health, clock: prepared.clock, signal, onDirectory: know });
  const all = [
    read(serving, prepared, { learner, caughtUp: cluster?.caughtUp, signal }),
    deliverAlerts(serving, prepared, signal),
    repeat(LOOK_EVERY, signal, () => look(serving, false)),
    repeat(LOOK_EVERY, signal, () => sayLag(serving, prepared.config)),
    repeat(SETTLE_EVERY, signal, () => tryNow(serving, 'old flows could not be settled', () => serving.on.settled(learner.settleOld()))),
    ...(cluster === null ? [] : [cluster.ended]),
  ];
  try {
    await Promise.all(all);
  } catch (error) {
    // Whoever fails for good ends all: the process is to be started again.
    failed.abort();
    await Promise.allSettled(all);
    throw error;
  }
  await look(serving, true);
}

interface Reading {
  readonly learner: Learner;
  readonly caughtUp: (() => Promise<void>) | undefined;
  readonly signal: AbortSignal;
}

async function read(serving: Serving, { configured, settings, epoch }: Prepared, { learner, caughtUp, signal }: Reading): Promise<void> {
  const { context, store, log, health, on, evaluation, sources: states } = serving;
  states.clear();
  for (const { name } of configured) {
    states.set(name, { up: true, lastBatch: null, caughtUp: context.now() });
    on.opened(name);
  }
  const opened = openSources(configured, {
    known: new KnownPositions(store.positions.read()),
    claim: epoch === null ? null : store.positions.readPartitions(epoch),
    log,
    health,
    onCaughtUp: (name) => {
      const state = states.get(name);
      if (state !== undefined) state.caughtUp = context.now();
    },
  });
  const forced = new Map(configured.map(({ name, collector }) => [name, collector]));
  const notUnderstood = new Set<string>();
  await observeLive(opened, {
    ...learner.learning,
    settings,
    signal,
    sleep,
    ...(caughtUp === undefined ? {} : { caughtUp }),
    collectorFor: (source, runs) => {
      const leftOut: string[] = [];
      const found = chooseCollector(context, source, runs, { forced: forced.get(source.name) ?? null, settings, wasNamed: false, leftOut });
      const file = runs[0]?.origin.source ?? source.name;
      if (found === null && !notUnderstood.has(file)) {
        notUnderstood.add(file);
        log.warn({ source: source.name, file }, 'in no known format; left out');
      }
      return found;
    },
    onBatch: (batch, source) => {
      const state = states.get(source.name);
      if (state !== undefined) state.lastBatch = context.now();
      on.read(source.name, batch);
    },
    onCommit: (result, totals, timing) => {
      on.committed(result, totals, timing);
      if (result.pending.size > 0) tryNow(serving, 'pending flows could not be settled', () => on.settled(learner.settleCrowded()));
      evaluation.changed();
    },
    onBlocked: (error) => {
      health.report('database', error?.message ?? null);
      if (error === null) log.info('the database takes what is read again');
      else log.error({ error: error.message }, 'the database takes nothing; reading waits');
    },
    onSourceLost: (source, error) => {
      const state = states.get(source.name);
      if (state !== undefined) state.up = error === null;
      health.report(`source ${source.name}`, error?.message ?? null);
      if (error === null) log.info({ source: source.name }, 'the source is back');
      else log.error({ source: source.name, error: error.message }, 'a source is lost; it is tried again');
    },
  });
}

async function deliverAlerts({ store, log, on, targets: current }: Serving, { targets, clock }: Prepared, signal: AbortSignal): Promise<void> {
  current.splice(0, current.length, ...targets);
  for (const { notifier } of targets) on.addressed(notifier.name);
  await deliver(
    targets.map(({ notifier }) => notifier),
    {
      outbox: store.outbox,
      transaction: (work) => store.transaction(work),
      clock,
      onDelivery: (delivery) => {
        on.delivered(delivery);
        const { target, outcome, alerts, reason } = delivery;
        if (reason !== null) log.warn({ target, outcome, count: alerts.length, reason }, 'alerts were not delivered');
      },
    },
    signal,
  );
}

async function repeat(every: number, signal: AbortSignal, work: () => unknown): Promise<void> {
  while (!signal.aborted) {
    await work();
    await sleep(every, signal);
  }
}

/** A source that is behind for long keeps nobody from learning, but what is learned and alerted is old. */
function sayLag({ context, health, sources }: Serving, { lagLimitSeconds }: Config): void {
  for (const [name, { up, caughtUp }] of sources) {
    const seconds = Math.floor((context.now() - caughtUp) / 1_000);
    // A lost source says so itself.
    health.report(`source ${name} is behind`, up && seconds > lagLimitSeconds ? `not all that it has was read for ${seconds} s (lagLimitSeconds: ${lagLimitSeconds})` : null);
  }
}

/** What the database would not take is worked out again later. */
async function look({ evaluation, health, log }: Serving, now: boolean): Promise<void> {
  try {
    if (await evaluation.look(now)) health.report('alerts', null);
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    health.report('alerts', error.message);
    log.debug({ error: error.message }, 'alerts could not be worked out');
  }
}

/** False if the database would not take it; it comes again. */
function tryNow({ log }: Serving, message: string, work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    log.debug({ error: error.message }, message);
    return false;
  }
}

/** Standard output, at its own pace. */
function writer({ stdout }: Context): (text: string) => Promise<void> {
  return (text) => new Promise((resolve, reject) => void stdout.write(text, (error) => (error === null || error === undefined ? resolve() : reject(error))));
}
