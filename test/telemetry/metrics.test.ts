import { describe, expect, it } from 'vitest';
import { SKIP_REASONS } from '../../src/model/flow.ts';
import { Metrics, type Readings } from '../../src/telemetry/metrics.ts';

const NOW = Date.UTC(2026, 2, 2, 12);

const READINGS: Readings = {
  sources: () => [
    { name: 'hubble', up: true, lastBatch: NOW - 1_500, caughtUp: NOW - 250 },
    { name: 'kafka', up: false, lastBatch: null, caughtUp: NOW - 90_000 },
  ],
  newestRecord: () => NOW - 60_000,
  edges: () => [{ state: 'accepted', count: 7 }],
  alerts: () => [{ severity: 'high', count: 2 }],
  unresolved: () => 0.25,
  outbox: () => [{ target: 'slack', waiting: 3 }],
  isReady: () => false,
  now: () => NOW,
};

/** Samples, without those of the process itself. */
async function samples(metrics: Metrics): Promise<ReadonlyMap<string, number>> {
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('footpath_'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

describe('metrics', () => {
  it('add up what was read and committed', async () => {
    const metrics = new Metrics(READINGS, '1.0.0');
    metrics.opened('hubble');
    expect((await samples(metrics)).get('footpath_input_bytes_total{source="hubble"}')).toBe(0);
    metrics.read('hubble', 100);
    metrics.read('hubble', 50);
    metrics.committed(new Map([['records', 10], ['flows', 6], ['reply', 3], ['malformed', 1], ['lost', 5], ['overflow', 2], ['unsure', 4]]), 0.02);
    metrics.committed(new Map([['records', 1], ['flows', 1]]), 2);
    const of = await samples(metrics);
    expect([of.get('footpath_records_total'), of.get('footpath_flows_total'), of.get('footpath_lost_events_total'), of.get('footpath_overflow_total'), of.get('footpath_unsure_records_total'), of.get('footpath_input_bytes_total{source="hubble"}')]).toEqual([11, 7, 5, 2, 4, 150]);
    expect([of.get('footpath_skipped_total{reason="reply"}'), of.get('footpath_skipped_total{reason="malformed"}')]).toEqual([3, 1]);
    expect([of.get('footpath_commit_seconds_count'), of.get('footpath_commit_seconds_bucket{le="0.05"}')]).toEqual([2, 1]);
  });

  it('name every reason from the start, and no other', async () => {
    const metrics = new Metrics(READINGS, '1.0.0');
    metrics.committed(new Map([['records', 1], ['invented', 1]]), 0);
    const reasons = [...(await samples(metrics)).keys()].flatMap((name) => /^footpath_skipped_total\{reason="(.*)"\}$/.exec(name)?.[1] ?? []);
    expect(reasons.toSorted()).toEqual(SKIP_REASONS.toSorted());
  });

  it('tell how things are when somebody asks', async () => {
    const of = await samples(new Metrics(READINGS, '1.2.3'));
    expect(Object.fromEntries([...of].filter(([name]) => !/_total|_seconds_(bucket|sum|count)/.test(name)))).toEqual({
      'footpath_source_up{source="hubble"}': 1,
      'footpath_source_up{source="kafka"}': 0,
      'footpath_source_idle_seconds{source="hubble"}': 1.5,
      'footpath_source_lag_seconds{source="hubble"}': 0.25,
      'footpath_source_lag_seconds{source="kafka"}': 90,
      footpath_newest_record_age_seconds: 60,
      'footpath_edges{state="accepted"}': 7,
      'footpath_alerts_firing{severity="high"}': 2,
      footpath_unresolved_ratio: 0.25,
      'footpath_outbox_waiting{target="slack"}': 3,
      footpath_ready: 0,
      'footpath_build_info{version="1.2.3"}': 1,
    });
  });

  it('forget what is no more', async () => {
    let names = ['a', 'b'];
    const metrics = new Metrics({ ...READINGS, sources: () => names.map((name) => ({ name, up: true, lastBatch: null, caughtUp: NOW })) }, '1.0.0');
    await metrics.text();
    names = ['b'];
    const of = await samples(metrics);
    expect([...of.keys()].filter((name) => name.startsWith('footpath_source_up'))).toEqual(['footpath_source_up{source="b"}']);
  });

  it('count deliveries by target and outcome', async () => {
    const metrics = new Metrics(READINGS, '1.0.0');
    metrics.addressed('slack');
    metrics.delivered('slack', 'delivered');
    metrics.delivered('slack', 'retried');
    metrics.delivered('slack', 'delivered');
    const of = await samples(metrics);
    expect([of.get('footpath_deliveries_total{target="slack",outcome="delivered"}'), of.get('footpath_deliveries_total{target="slack",outcome="retried"}')]).toEqual([2, 1]);
    // There before the first failure, or that would be no increase.
    expect(of.get('footpath_deliveries_total{target="slack",outcome="dead"}')).toBe(0);
  });

  it('of two processes do not mix, and are of the process too', async () => {
    const [one, other] = [new Metrics(READINGS, '1'), new Metrics(READINGS, '1')];
    one.read('hubble', 5);
    expect((await samples(other)).get('footpath_input_bytes_total{source="hubble"}')).toBeUndefined();
    expect(await one.text()).toContain('nodejs_eventloop_lag_seconds');
  });

  it('are called after what they are: only counters end in _total', async () => {
    const types = [...(await new Metrics(READINGS, '1').text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)];
    expect(types.length).toBeGreaterThan(30);
    expect(types.filter(([, name = '', type]) => name.endsWith('_total') !== (type === 'counter'))).toEqual([]);
  });
});
