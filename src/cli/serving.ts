import { readFileSync } from 'node:fs';
import { createApp } from '../api/app.ts';
import { isLoopback, listen, parseListen } from '../api/listen.ts';
import { deliver } from '../alert/deliver.ts';
import { tell } from '../alert/outbox.ts';
import type { Clock } from '../clock.ts';
import { DEFAULT_CONFIG, readConfig, sourceName, type Config, type SourceConfig } from '../config.ts';
import { OperationError, UsageError } from '../errors.ts';
import { isOpen, type Alert } from '../model/alert.ts';
import type { Source } from '../source.ts';
import { notifiersOf, type Target } from '../notify/index.ts';
import { followSource } from '../sources/follow.ts';
import { kafkaSource } from '../sources/kafka/source.ts';
import { KnownPositions } from '../sources/position.ts';
import { asOperationError } from '../store/database.ts';
import { lockForIngest } from '../store/lock.ts';
import { Store } from '../store/store.ts';
import { Health } from '../telemetry/health.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { observeLive } from '../observe-live.ts';
import { describeCluster } from './cluster.ts';
import { followCluster } from './cluster-feed.ts';
import type { Context } from './context.ts';
import { Evaluation } from './evaluation.ts';
import { chooseCollector, forcedCollector, settingsOf } from './inputs.ts';
import { Learner } from './learning.ts';
import { namesOf } from './names.ts';
import { databasePath, directoryOf, limitsOf } from './session.ts';
import { sleep } from './sleep.ts';
import { isoTime, plain } from './text.ts';

/** How long the end may take, in milliseconds: what is read is committed, what cannot be is read again next time. */
const END_WITHIN = 9_000;
const TICK = 500;

interface SourceState {
  up: boolean;
  lastBatch: number | null;
}

/** What lives as long as the process, whatever the configuration becomes. */
interface Serving {
  readonly context: Context;
  readonly store: Store;
  readonly log: Log;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly evaluation: Evaluation;
  readonly sources: Map<string, SourceState>;
  /** Who is told of alerts, by the configuration of the round. */
  readonly targets: Target[];
}

/** `footpath serve`: reads for good, until it is told to end. Returns the exit status. */
export async function serve(context: Context, options: { readonly listen?: string }, version: string): Promise<number> {
  const configPath = context.options.config ?? context.env['FOOTPATH_CONFIG'];
  const load = (): Config => (configPath === undefined ? DEFAULT_CONFIG : readConfig(configPath));
  const config = load();
  const { where, token } = reachable(options.listen ?? config.listen, config);
  checkSources(config);
  const log = createLog(context.options.verbose === true ? 'debug' : config.logLevel, context.stderr);
  const path = databasePath(context, config);
  const store = new Store(path, { create: true, ...limitsOf(config) });
  try {
    const lock = lockForIngest(path, { pid: context.pid, since: isoTime(context.now()) });
    try {
      const health = new Health();
      const sources = new Map<string, SourceState>();
      const targets: Target[] = [];
      const sayAlerts = alertLog(log);
      const evaluation = new Evaluation(store, context.now, (alerts, graph) => {
        sayAlerts(alerts);
        const names = namesOf(graph);
        const terms = targets.map(({ notifier, minSeverity }) => ({ name: notifier.name, minSeverity }));
        store.transaction(() => tell(store.outbox, terms, { alerts, now: context.now(), nameOf: (address) => names.get(address) ?? null }));
      });
      const metrics = new Metrics(
        {
          sources: () => [...sources].map(([name, state]) => ({ name, ...state })),
          newestRecord: () => evaluation.overview.newestRecord,
          edges: () => [...evaluation.overview.edges].map(([state, count]) => ({ state, count })),
          alerts: () => [...evaluation.overview.firing].map(([severity, count]) => ({ severity, count })),
          unresolved: () => evaluation.overview.unresolved,
          outbox: () => targets.map(({ notifier: { name } }) => ({ target: name, waiting: store.outbox.state(name).waiting })),
          isReady: () => health.isReady,
          now: context.now,
        },
        version,
      );
      const server = await listen(createApp({ metrics, health, token }), where);
      log.info({ database: path, listen: `${server.address}:${server.port}`, version, pid: context.pid }, 'serving');
      try {
        return await rounds({ context, store, log, health, metrics, evaluation, sources, targets }, config, load);
      } finally {
        await server.close();
        log.info('ended');
      }
    } finally {
      lock.release();
    }
  } catch (error) {
    throw asOperationError(error, path);
  } finally {
    store.close();
  }
}

/** Reads by one configuration after the other: SIGHUP begins the next round, SIGTERM and SIGINT end the last. */
async function rounds(serving: Serving, first: Config, load: () => Config): Promise<number> {
  const { context, log } = serving;
  const end = new AbortController();
  let round = new AbortController();
  const stop = (): void => {
    end.abort();
    round.abort();
  };
  const reload = (): void => round.abort();
  const takenBack = [context.onSignal('SIGTERM', stop), context.onSignal('SIGINT', stop), context.onSignal('SIGHUP', reload)];
  try {
    prepare(serving, first);
    for (let config = first; !end.signal.aborted; ) {
      round = new AbortController();
      await inTime(readUntil(serving, config, round.signal), end.signal);
      if (end.signal.aborted) break;
      try {
        const next = load();
        checkSources(next);
        prepare(serving, next);
        if (next.database !== config.database || next.listen !== config.listen) log.warn('database and listen are taken over at the next start');
        config = next;
        log.info('configuration read again');
      } catch (error) {
        log.error({ error: (error as Error).message }, 'the new configuration is wrong; the old one stays');
      }
    }
    return 0;
  } finally {
    for (const takeBack of takenBack) takeBack();
  }
}

/** What a configuration names beside itself is read before it is taken over: what is wrong with it changes nothing. */
function prepare({ context, store }: Serving, config: Config): void {
  settingsOf({}, config);
  store.transaction(() => describeCluster(context, store, { inventory: [], clusterCidr: [] }, config));
}

/** Once the end was asked for, the work has so long to come to it. */
async function inTime(work: Promise<void>, end: AbortSignal): Promise<void> {
  const finished = new AbortController();
  const late = async (): Promise<never> => {
    await new Promise<void>((resolve) => {
      if (end.aborted) resolve();
      else end.addEventListener('abort', () => resolve(), { once: true });
    });
    await sleep(END_WITHIN, finished.signal);
    throw new OperationError('the end took too long; what was not committed is read again at the next start');
  };
  try {
    await Promise.race([work, late()]);
  } finally {
    finished.abort();
  }
}

async function readUntil(serving: Serving, config: Config, signal: AbortSignal): Promise<void> {
  const { context, store, log, health, metrics, evaluation, sources: states, targets } = serving;
  const directory = await directoryOf(store);
  const learner = new Learner(store, directory, config, context.now);
  await evaluation.know(directory);
  const known = new KnownPositions(store.positions.read());
  const settings = settingsOf({}, config);
  const configured = named(config.sources);
  states.clear();
  for (const [name] of configured) states.set(name, { up: true, lastBatch: null });
  const forced = new Map(configured.map(([name, of]) => [name, forcedCollector(formatOf(of))]));
  const clock: Clock = { now: context.now, sleep, random: Math.random };
  targets.splice(0, targets.length, ...notifiersOf(config.alerts.targets, { now: context.now, write: writer(context), cluster: config.cluster ?? '' }));
  const delivering = deliver(
    targets.map(({ notifier }) => notifier),
    {
      outbox: store.outbox,
      transaction: (work) => store.transaction(work),
      clock,
      onDelivery: ({ target, outcome, count, reason }) => {
        metrics.delivered(target, outcome, count);
        if (reason !== null) log.warn({ target, outcome, count, reason }, 'alerts were not delivered');
      },
    },
    signal,
  );
  const notUnderstood = new Set<string>();
  // One claim for all topics: a second one would shut the first out.
  const claim = configured.some(([, { kafka }]) => kafka !== undefined) ? store.transaction(() => store.positions.claimPartitions()) : null;
  const fileSource = (name: string, paths: readonly string[]): Source =>
    followSource(name, paths, {
      known,
      sleep,
      onDamage: (file_, damage) => log.warn({ source: name, file: file_, damage }, 'a compressed file is damaged; what comes before the damage was read'),
      onUnreadable: (file_, error) => {
        health.report(`source ${name}, ${plain(file_)}`, error === null ? null : error.message);
        if (error !== null) log.warn({ source: name, file: file_, error: error.message }, 'a file cannot be read');
      },
    });
  const all = configured.flatMap(([name, { file, kafka }]): readonly Source[] => [
    ...(file === undefined ? [] : [fileSource(name, file.paths)]),
    ...(kafka === undefined
      ? []
      : [
          kafkaSource(name, kafka, {
            clientId: 'footpath',
            sleep,
            known: claim ?? { epoch: 0, positions: [] },
            onLog: (level, message) => log[level]({ source: name }, message),
            onAnotherLog: (origin) => log.warn({ source: name, partition: origin }, 'the topic was made anew, or is shorter than what was read of it: read from its start'),
          }),
        ]),
  ]);
  const cluster = config.inventory.kubernetes
    ? await followCluster({
        store,
        log,
        health,
        clock,
        config: config.inventory,
        signal,
        onDirectory: async (now) => {
          learner.directory = now;
          await evaluation.know(now);
        },
      })
    : null;
  const ticking = (async () => {
    while (!signal.aborted) {
      look(serving, false);
      await sleep(TICK, signal);
    }
  })();
  let written = 0;
  const watching = observeLive(all, {
    ...learner.learning,
    settings,
    signal,
    sleep,
    ...(cluster === null ? {} : { caughtUp: cluster.caughtUp }),
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
    onBatch: ({ bytes }, source) => {
      const state = states.get(source.name);
      if (state !== undefined) state.lastBatch = context.now();
      metrics.read(bytes);
    },
    onCommit: (result, totals, seconds) => {
      metrics.committed(totals, seconds);
      if (result.pending.size > 0) learner.settleCrowded();
      if (++written % 600 === 0) learner.settleOld();
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
  await Promise.all([watching, ticking, cluster?.ended, delivering]);
  look(serving, true);
}

/** What the database would not take is worked out again later. */
function look({ evaluation, log }: Serving, now: boolean): void {
  try {
    evaluation.look(now);
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    evaluation.changed();
    log.debug({ error: error.message }, 'alerts could not be worked out');
  }
}

/** Sources by name: their own, or kind and number. */
function named(sources: readonly SourceConfig[]): readonly (readonly [string, SourceConfig])[] {
  return sources.map((source, i) => [sourceName(source, i), source] as const);
}

function checkSources({ sources }: Config): void {
  if (sources.length === 0) throw new UsageError('no sources: name some in the configuration (--config footpath.yaml), as sources: [{file: {paths: ["/var/run/cilium/hubble/*.log"]}}]');
  const names = named(sources).map(([name]) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`sources: two are called ${twice}`);
  for (const source of sources) forcedCollector(formatOf(source));
}

function formatOf({ file, kafka }: SourceConfig): string | undefined {
  return file?.format ?? kafka?.format ?? undefined;
}

/** Standard output, at its own pace. */
function writer({ stdout }: Context): (text: string) => Promise<void> {
  return (text) => new Promise((resolve, reject) => void stdout.write(text, (error) => (error === null || error === undefined ? resolve() : reject(error))));
}

/** Where it listens, and what others must show. What other machines can reach needs a token. */
function reachable(text: string, { listenTokenFile }: Config): { readonly where: { readonly host: string; readonly port: number }; readonly token: string | null } {
  const where = parseListen(text);
  if (listenTokenFile === null) {
    if (!isLoopback(where.host)) throw new UsageError(`listen: others can reach ${where.host}; name a file with a token (listenTokenFile), or listen on 127.0.0.1`);
    return { where, token: null };
  }
  let token: string;
  try {
    token = readFileSync(listenTokenFile, 'utf8').trim();
  } catch (error) {
    throw new OperationError(`listenTokenFile: ${listenTokenFile}: cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, { cause: error });
  }
  if (token.length < 16) throw new UsageError(`listenTokenFile: ${listenTokenFile}: holds no token of at least 16 characters`);
  return { where, token };
}

/** One line for each alert that begins to fire. */
function alertLog(log: Log): (alerts: readonly Alert[]) => void {
  let before = new Set<string>();
  return (alerts) => {
    const open = alerts.filter(({ state }) => isOpen(state));
    for (const { id, kind, severity, reason } of open) if (!before.has(id)) log.warn({ alert: id, kind, severity, reason }, 'alert');
    before = new Set(open.map(({ id }) => id));
  };
}
