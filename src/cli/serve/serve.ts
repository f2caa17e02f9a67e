import { createApp } from '../../api/app.ts';
import { listen } from '../../api/listen.ts';
import { tell } from '../../alert/outbox.ts';
import type { Config } from '../../config.ts';
import { OperationError } from '../../errors.ts';
import { isOpen, type Alert } from '../../model/alert.ts';
import type { Target } from '../../notify/index.ts';
import { patiently } from '../../patiently.ts';
import { Health } from '../../telemetry/health.ts';
import { createLog, type Log } from '../../telemetry/log.ts';
import { Metrics } from '../../telemetry/metrics.ts';
import { Traces } from '../../telemetry/tracing.ts';
import { configured } from '../configured.ts';
import type { Context } from '../context.ts';
import { namesOf } from '../names.ts';
import type { LiveOptions } from '../reading-options.ts';
import { withIngestStore } from '../session.ts';
import { sleep } from '../sleep.ts';
import { Evaluation } from './evaluation.ts';
import { inTime } from './in-time.ts';
import { listeningOf } from './listening.ts';
import { roundOf, type RoundEvents, type Serving, type SourceState } from './round.ts';
import { configuredSources } from './sources.ts';

/** How long all may stand still because another process writes to the database, in milliseconds; whatever needs longer asks again. */
const STAND_STILL = 50;

export interface ServeOptions extends Partial<LiveOptions> {
  readonly listen?: string;
}

/** `footpath serve`: reads for good, until it is told to end. Returns the exit status. */
export async function serve(context: Context, options: ServeOptions, version: string): Promise<number> {
  const load = (): Promise<Config> => configured(context, options);
  const config = await load();
  const { where, token } = listeningOf(options.listen ?? config.listen, config);
  // Before a database is made.
  configuredSources(config);
  const log = createLog(context.options.verbose === true ? 'debug' : config.logLevel, context.stderr);
  return withIngestStore(context, config, async (store) => {
    store.waitAtMost(STAND_STILL);
    const health = new Health();
    const sources = new Map<string, SourceState>();
    const targets: Target[] = [];
    const sayAlerts = alertLog(log);
    const traces = new Traces();
    const evaluation = new Evaluation(store, context.now, async (alerts, graph) => {
      sayAlerts(alerts);
      traces.firing(alerts.filter(({ state }) => isOpen(state)).map(({ id }) => id));
      const names = namesOf(graph);
      const terms = targets.map(({ notifier, minSeverity }) => ({ name: notifier.name, minSeverity }));
      await patiently(() => store.transaction(() => tell(store.outbox, terms, { alerts, now: context.now(), nameOf: (address) => names.get(address) ?? null })), sleep);
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
    try {
      await rounds({ context, store, log, health, on: telemetryOf(metrics, traces, context.now), evaluation, sources, targets }, config, load, () =>
        log.info({ database: store.path, listen: `${server.address}:${server.port}`, version, pid: context.pid }, 'serving'),
      );
      return 0;
    } finally {
      await server.close();
      log.info('ended');
    }
  });
}

/** Reads by one configuration after the other: SIGHUP begins the next round, SIGTERM and SIGINT end the last. */
async function rounds(serving: Serving, first: Config, load: () => Promise<Config>, onListening: () => void): Promise<void> {
  const { context, log } = serving;
  const end = new AbortController();
  let next = new AbortController();
  const stop = (): void => {
    end.abort();
    next.abort();
  };
  const takenBack = [context.onSignal('SIGTERM', stop), context.onSignal('SIGINT', stop), context.onSignal('SIGHUP', () => next.abort())];
  // Whoever reads this may send signals.
  onListening();
  try {
    let round = await roundOf(serving, first);
    while (!end.signal.aborted) {
      try {
        await inTime(round.run(next.signal), end.signal);
      } catch (error) {
        if (!(error instanceof OperationError) || end.signal.aborted || !next.signal.aborted) throw error;
        // The database takes nothing: the next round reads again what this one could not commit.
        log.error({ error: error.message }, 'what was read last is not committed; it is read again');
      }
      if (end.signal.aborted) break;
      // A SIGHUP from here on may be about a later configuration than the one that is read now.
      next = new AbortController();
      try {
        const { config: before } = round;
        round = await roundOf(serving, await load());
        if (round.config.database !== before.database || round.config.listen !== before.listen) log.warn('database and listen are taken over at the next start');
        log.info('configuration read again');
      } catch (error) {
        log.error({ error: (error as Error).message }, 'the new configuration is wrong; the old one stays');
      }
    }
  } finally {
    for (const takeBack of takenBack) takeBack();
  }
}

/** What is counted and traced of a round. */
function telemetryOf(metrics: Metrics, traces: Traces, now: () => number): RoundEvents {
  return {
    opened: (source) => metrics.opened(source),
    read: (source, { bytes }) => metrics.read(source, bytes),
    committed: (_, totals, { began, seconds }) => {
      metrics.committed(totals, seconds);
      traces.batch({ began, end: now(), seconds, records: totals.get('records') ?? 0, flows: totals.get('flows') ?? 0 });
    },
    settled: () => undefined,
    addressed: (target) => metrics.addressed(target),
    delivered: (delivery) => {
      metrics.delivered(delivery.target, delivery.outcome, delivery.alerts.length);
      traces.delivery(delivery, now());
    },
  };
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
