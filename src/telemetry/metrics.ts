import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { SKIP_REASONS } from '../model/flow.ts';

/** What the gauges are read from when somebody scrapes. All label values come from the configuration or from closed lists. */
export interface Readings {
  /** Sources by their configured name: whether they can be read, when they last gave something, and when they had last been read to their end. Times in milliseconds since 1970. */
  readonly sources: () => Iterable<{ readonly name: string; readonly up: boolean; readonly lastBatch: number | null; readonly caughtUp: number }>;
  /** Event time of the newest record. */
  readonly newestRecord: () => number | null;
  readonly edges: () => Iterable<{ readonly state: string; readonly count: number }>;
  readonly alerts: () => Iterable<{ readonly severity: string; readonly count: number }>;
  /** Share of flows, 0 to 1, with an end that nobody is known to own. */
  readonly unresolved: () => number;
  readonly outbox: () => Iterable<{ readonly target: string; readonly waiting: number }>;
  readonly isReady: () => boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30];

/** Gauges of the process that are called as counters are, which Prometheus's linter minds; each is the sum of another. */
const SUMS = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

const OUTCOMES = ['delivered', 'retried', 'dead'] as const;

/** The process's metrics, in Prometheus's text format. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #records;
  readonly #flows;
  readonly #skipped;
  readonly #lost;
  readonly #overflow;
  readonly #unsure;
  readonly #bytes;
  readonly #commits;
  readonly #deliveries;

  constructor(readings: Readings, version: string) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    for (const name of SUMS) this.#registry.removeSingleMetric(name);
    this.#records = new Counter({ name: 'footpath_records_total', help: 'Records that were read, whatever became of them.', registers });
    this.#flows = new Counter({ name: 'footpath_flows_total', help: 'Records that count as flows.', registers });
    this.#skipped = new Counter({ name: 'footpath_skipped_total', help: 'Records that are no flows, by reason.', labelNames: ['reason'], registers });
    for (const reason of SKIP_REASONS) this.#skipped.inc({ reason }, 0);
    this.#lost = new Counter({ name: 'footpath_lost_events_total', help: 'Events that a source says it lost.', registers });
    this.#overflow = new Counter({ name: 'footpath_overflow_total', help: 'Flows that found no room within a limit.', registers });
    this.#unsure = new Counter({ name: 'footpath_unsure_records_total', help: 'Records that were not recognised with certainty, and decoded one by one.', registers });
    this.#bytes = new Counter({ name: 'footpath_input_bytes_total', help: 'Bytes of input that were read, as they came, by source.', labelNames: ['source'], registers });
    this.#commits = new Histogram({ name: 'footpath_commit_seconds', help: 'Time of a transaction with the counts of a portion.', buckets: SECONDS, registers });
    this.#deliveries = new Counter({ name: 'footpath_deliveries_total', help: 'Deliveries of alerts, by target and outcome.', labelNames: ['target', 'outcome'], registers });
    const gauge = (name: string, help: string, labelNames: readonly string[], collect: (gauge: Gauge) => void): void => {
      const own: Gauge = new Gauge({
        name,
        help,
        labelNames,
        collect: () => {
          own.reset();
          collect(own);
        },
        registers: [],
      });
      this.#registry.registerMetric(own);
    };
    gauge('footpath_source_up', '1 while a source gives records or waits for some, 0 while it is lost.', ['source'], (own) => {
      for (const { name, up } of readings.sources()) own.set({ source: name }, up ? 1 : 0);
    });
    const since = (time: number): number => Math.max(0, (readings.now() - time) / 1000);
    gauge('footpath_source_idle_seconds', 'Time since a source last gave something.', ['source'], (own) => {
      for (const { name, lastBatch } of readings.sources()) if (lastBatch !== null) own.set({ source: name }, since(lastBatch));
    });
    gauge('footpath_source_lag_seconds', 'Time since everything that a source had was read; near 0 while reading keeps pace.', ['source'], (own) => {
      for (const { name, caughtUp } of readings.sources()) own.set({ source: name }, since(caughtUp));
    });
    gauge('footpath_newest_record_age_seconds', 'Time between now and the event time of the newest record.', [], (own) => {
      const newest = readings.newestRecord();
      if (newest !== null) own.set(since(newest));
    });
    gauge('footpath_edges', 'Edges of the learned graph, by state.', ['state'], (own) => {
      for (const { state, count } of readings.edges()) own.set({ state }, count);
    });
    gauge('footpath_alerts_firing', 'Alerts that wait for a person, by severity.', ['severity'], (own) => {
      for (const { severity, count } of readings.alerts()) own.set({ severity }, count);
    });
    gauge('footpath_unresolved_ratio', 'Share of flows with an end that nobody is known to own.', [], (own) => own.set(readings.unresolved()));
    gauge('footpath_outbox_waiting', 'Deliveries that wait, by target.', ['target'], (own) => {
      for (const { target, waiting } of readings.outbox()) own.set({ target }, waiting);
    });
    gauge('footpath_ready', '1 while the process is ready, 0 while something keeps it from learning.', [], (own) => own.set(readings.isReady() ? 1 : 0));
    gauge('footpath_build_info', 'Always 1; the version is its label.', ['version'], (own) => own.set({ version }, 1));
  }

  /** A source is read: its counter begins at 0, so that its first batch is seen to be more. */
  opened(source: string): void {
    this.read(source, 0);
  }

  /** A batch of a source, in bytes. */
  read(source: string, bytes: number): void {
    this.#bytes.inc({ source }, bytes);
  }

  /** A portion that was committed: what it counted by kind, and how many seconds that took. */
  committed(totals: ReadonlyMap<string, number>, seconds: number): void {
    const of = (kind: string): number => totals.get(kind) ?? 0;
    this.#records.inc(of('records'));
    this.#flows.inc(of('flows'));
    this.#lost.inc(of('lost'));
    this.#overflow.inc(of('overflow'));
    this.#unsure.inc(of('unsure'));
    for (const reason of SKIP_REASONS) if (of(reason) > 0) this.#skipped.inc({ reason }, of(reason));
    this.#commits.observe(seconds);
  }

  /** Alerts go to this target: its counters begin at 0, so that its first failure is seen to be one more. */
  addressed(target: string): void {
    for (const outcome of OUTCOMES) this.delivered(target, outcome, 0);
  }

  delivered(target: string, outcome: (typeof OUTCOMES)[number], count = 1): void {
    this.#deliveries.inc({ target, outcome }, count);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    return this.#registry.metrics();
  }
}
