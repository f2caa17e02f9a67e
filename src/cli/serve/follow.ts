import type { Graph } from '../../learn/graph.ts';
import { isOpen, type Alert, type Severity } from '../../model/alert.ts';
import { UsageError } from '../../errors.ts';
import { expandPaths } from '../../sources/expand.ts';
import { Health } from '../../telemetry/health.ts';
import { alertsIn } from '../alerting.ts';
import { configured, sourcesOf } from '../configured.ts';
import type { Context } from '../context.ts';
import { statusLine } from '../progress.ts';
import type { LiveOptions } from '../reading-options.ts';
import { directoryOf, graphBuilder, withIngestStore } from '../session.ts';
import { sleep } from '../sleep.ts';
import { summarise } from '../summary.ts';
import { Tally } from '../tally.ts';
import { Evaluation } from './evaluation.ts';
import { inTime } from './in-time.ts';
import { plainLog } from './plain-log.ts';
import { roundOf, type Serving, type SourceState } from './round.ts';

/** How often the line on a terminal is drawn, in milliseconds. */
const DRAW_EVERY = 500;

/** `footpath observe -f`: reads until it is interrupted, then says what became of it. Alerts are said as they come. Returns the exit status. */
export async function followAndLearn(context: Context, paths: readonly string[], options: LiveOptions, failOn: Severity | null): Promise<number> {
  if (paths.includes('-')) throw new UsageError('-: standard input is read to its end as it is; leave out --follow and --kafka');
  const before = await configured(context, options);
  // Whoever sits before it is told; targets are for a process that stays.
  const config = { ...before, sources: sourcesOf(before, paths, options), alerts: { ...before.alerts, targets: [] } };
  for (const path of paths.filter(isMissing)) context.say(`footpath: ${path}: nothing is there yet; it is waited for`);
  return withIngestStore(context, config, async (store) => {
    const started = context.now();
    const directory = await directoryOf(store);
    const earlier = store.choices.revision > 0 ? (await graphBuilder(store, directory))() : null;
    const tally = new Tally(store, earlier);
    const line = statusLine(context);
    const sayAlerts = alertLines(context, earlier === null ? [] : alertsIn(store, earlier, started), () => line.clear());
    const sources = new Map<string, SourceState>();
    const serving: Serving = {
      context,
      store,
      log: plainLog(context, () => line.clear()),
      health: new Health(),
      evaluation: new Evaluation(store, context.now, (alerts) => Promise.resolve(sayAlerts(alerts))),
      sources,
      targets: [],
      on: {
        opened: () => undefined,
        read: (_, batch) => tally.read(batch),
        committed: (written, totals) => tally.committed(written, totals),
        settled: (became) => tally.settled(became),
        addressed: () => undefined,
        delivered: () => undefined,
      },
    };
    const stop = new AbortController();
    const takenBack = (['SIGINT', 'SIGTERM'] as const).map((signal) => context.onSignal(signal, () => stop.abort()));
    const drawing = (async () => {
      while (!stop.signal.aborted) {
        line.draw(tally, context.now() - started, [...sources.values()]);
        await sleep(DRAW_EVERY, stop.signal);
      }
    })();
    try {
      const round = await roundOf(serving, config);
      await inTime(round.run(stop.signal), stop.signal);
    } finally {
      stop.abort();
      for (const takeBack of takenBack) takeBack();
      await drawing;
      line.clear();
    }
    tally.seconds = (context.now() - started) / 1000;
    return summarise(context, store, tally, failOn);
  });
}

function isMissing(path: string): boolean {
  try {
    return expandPaths([path]).length === 0;
  } catch {
    return true;
  }
}

/** One line for each alert that was not open before. */
function alertLines(context: Context, before: readonly Alert[], clear: () => void): (alerts: readonly Alert[], graph?: Graph) => void {
  const known = new Set(before.filter(({ state }) => isOpen(state)).map(({ id }) => id));
  return (alerts) => {
    for (const { id, kind, severity, reason, state, foldedInto } of alerts) {
      if (!isOpen(state) || foldedInto !== null || known.has(id)) continue;
      known.add(id);
      clear();
      context.say(`alert ${id.slice(0, 7)} (${severity}, ${kind}): ${reason}`);
    }
  };
}
