import { describe, expect, it } from 'vitest';
import { gapHours, learnable, measure, missingOfAll, readinessOf, windowOf, type Window, type WorkloadReadiness } from '../../src/learn/readiness.ts';
import { Learner } from '../support/graph.ts';
import { connection, hubbleLine, pod, T0, type HubbleEnd } from '../support/hubble.ts';
import { ownerObject } from '../support/inventory.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A Monday, at midnight. */
const MONDAY = T0 - 12 * HOUR;
const web = pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.11');
const cart = pod('shop', 'cart-7d9f8b6c5d-x7x2l', '10.0.0.12');
const other = pod('pay', 'books-0', '10.0.0.13');

/** One answered connection in each of these hours since Monday. */
const during = (hours: Iterable<number>, from: HubbleEnd, to: HubbleEnd, port = 8080): readonly string[] =>
  [...hours].flatMap((hour) => connection({ from, to, port, time: MONDAY + hour * HOUR }));
const range = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, i) => from + i);
const refused = (hour: number, port: number): readonly string[] => [
  hubbleLine({ from: web, to: cart, port, time: MONDAY + hour * HOUR }),
  hubbleLine({ from: web, to: cart, port, time: MONDAY + hour * HOUR, reply: true, flags: ['RST'] }),
];
const lost = (n: number, hour = 0): string =>
  JSON.stringify({
    lost_events: { source: 'HUBBLE_RING_BUFFER', num_events_lost: String(n) },
    node_name: 'node-a',
    time: new Date(MONDAY + hour * HOUR).toISOString(),
  });

function of(learner: Learner, name: string): WorkloadReadiness {
  const found = readinessOf(learner.graph()).find(({ workload }) => workload.name === name);
  if (found === undefined) throw new Error(`no workload ${name}`);
  return found;
}

describe('how far learning has got', () => {
  it('is told by the edges of a workload, by how many hours each was seen in', () => {
    // Q1 = 1, Q2 = 1, U = 24 + 1 + 2, T = 24
    const learner = new Learner().read([...during(range(0, 24), web, cart), ...during([5], web, cart, 1), ...during([7, 9], web, cart, 2)]);
    const { coverage, expectedNewEdges, observedHours, edges } = of(learner, 'web');
    const unseen = (23 / 24) * (1 / 2);
    expect([observedHours, edges]).toEqual([24, 3]);
    expect(coverage).toBeCloseTo(1 - (1 / 27) * (23 / 25), 12);
    expect(expectedNewEdges['24h']).toBeCloseTo(unseen * (1 - (1 - 1 / (24 * unseen + 1)) ** 24), 12);
    expect(expectedNewEdges['7d']).toBeNull();
  });

  it('has no forecast beyond the time that was observed', () => {
    const learner = new Learner().read(during(range(0, 23), web, cart));
    expect(of(learner, 'web').expectedNewEdges).toEqual({ '24h': null, '7d': null });
    expect(of(learner.read(during([23], web, cart)), 'web').expectedNewEdges).toEqual({ '24h': 0, '7d': null });
  });

  it('forecasts seven days by days, once seven are observed', () => {
    // By days Q1 = 1, Q2 = 0, T = 7: Q0 = 0, so 7 * 1/7
    const learner = new Learner().read([
      ...during(
        range(0, 7).map((day) => 24 * day),
        web,
        cart,
      ),
      ...during([30], web, cart, 1),
    ]);
    expect(of(learner, 'web').expectedNewEdges['7d']).toBeCloseTo(1, 12);
    const six = new Learner().read([
      ...during(
        range(0, 6).map((day) => 24 * day),
        web,
        cart,
      ),
      ...during([30], web, cart, 1),
    ]);
    expect(of(six, 'web').expectedNewEdges['7d']).toBeNull();
  });

  it('counts the hours in which a workload was idle, and none before its first record', () => {
    const learner = new Learner().read([
      ...during(range(0, 48), other, other),
      ...during(range(0, 48), other, pod('pay', 'ledger-0', '10.0.0.14')),
      ...during([10, 20], web, cart),
    ]);
    expect(of(learner, 'books').observedHours).toBe(48);
    expect(of(learner, 'web').observedHours).toBe(38);
    // One edge in exactly two of 38 hours: Q1 = 0
    expect(of(learner, 'web').coverage).toBe(1);
  });

  it('counts hours with records alone: a gap is no idleness', () => {
    const learner = new Learner().read(during([0, 1, 2, 10, 11], web, cart));
    expect(of(learner, 'web').observedHours).toBe(5);
  });

  it('is not told by what did not succeed', () => {
    const learner = new Learner().read([...during(range(0, 24), web, cart), ...range(0, 9).flatMap((n) => refused(3, 1_000 + n))]);
    expect(of(learner, 'web')).toMatchObject({ coverage: 1, edges: 10 });
    expect(learner.graph().edges.filter(learnable)).toHaveLength(1);
  });

  it('is not known after a single hour', () => {
    expect(of(new Learner().read(during([0], web, cart)), 'web').coverage).toBeNull();
  });

  it('tells when the last new edge came', () => {
    const learner = new Learner().read([...during(range(0, 5), web, cart), ...during([3, 4], web, cart, 1)]);
    expect(of(learner, 'web').lastNewEdge).toBe(MONDAY + 3 * HOUR);
    expect(of(learner, 'cart').lastNewEdge).toBe(MONDAY + 3 * HOUR);
  });

  it('is told of every workload that a flow showed, by name, beside the mode that a person chose', () => {
    const learner = new Learner()
      .read([...during([0], web, cart), ...during([0], web, other)])
      .switchTo('watching', { namespace: 'pay', workload: null });
    expect(readinessOf(learner.graph()).map(({ workload, mode }) => `${workload.namespace}/${workload.name} ${mode}`)).toEqual([
      'pay/books watching',
      'shop/cart learning',
      'shop/web learning',
    ]);
  });

  it('of all together is that of the union of edges: one between two workloads counts once', () => {
    const learner = new Learner().read([...during(range(0, 4), web, cart), ...during([1], cart, other), ...during([2], web, other)]);
    const graph = learner.graph();
    // Q1 = 2, Q2 = 0, U = 6, T = 4
    expect(measure(graph.edges, windowOf(graph), MONDAY).coverage).toBeCloseTo(1 - (2 / 6) * (3 / 5), 12);
  });
});

describe('readiness', () => {
  const steady = (days: number): readonly string[] => during(range(0, 24 * days), web, cart);
  it.each<[string, readonly string[], string]>([
    ['learning in the first day', during(range(0, 23), web, cart), 'learning'],
    ['stable once nothing new is to be expected', steady(2), 'stable'],
    ['learning while many edges were seen once', [...steady(2), ...range(0, 40).flatMap((n) => during([n], web, cart, 1_000 + n))], 'learning'],
    [
      'settling while some edges are new',
      [
        ...steady(4),
        ...range(0, 6).flatMap((n) => during([90 + n], web, cart, 1_000 + n)),
        ...range(0, 3).flatMap((n) => during([60 + n, 70 + n], web, cart, 2_000 + n)),
      ],
      'settling',
    ],
    ['incomplete where more than one event in a hundred was lost', [...steady(2), lost(3)], 'incomplete'],
    ['stable where fewer were lost', [...steady(10), lost(3)], 'stable'],
    ['incomplete where hours are missing', during([...range(0, 30), ...range(40, 60)], web, cart), 'incomplete'],
  ])('is %s', (_, lines, expected) => {
    expect(of(new Learner().read(lines), 'web').readiness).toBe(expected);
  });

  it('is kept apart from the mode', () => {
    const learner = new Learner().read(during([0], web, cart)).switchTo('watching');
    expect(of(learner, 'web')).toMatchObject({ mode: 'watching', readiness: 'learning' });
  });
});

describe('what the window has not held', () => {
  const window = (hours: readonly number[], lostEvents = 0): Window => ({
    hours: new Set(hours),
    gaps: new Map(),
    first: Math.min(...hours),
    last: Math.max(...hours),
    records: 1,
    lost: lostEvents,
  });
  const monday = MONDAY / HOUR;
  it.each<[string, Window, readonly string[]]>([
    ['anything', window([]), ['no records']],
    ['a week', window([monday]), ['no full week']],
    ['the weekend', window(range(monday, monday + 5 * 24)), ['no Sunday, no Saturday']],
    ['Sunday', window(range(monday, monday + 6 * 24)), ['no Sunday']],
    ['the seventh day whole', window(range(monday, monday + 7 * 24 - 1)), ['no full week']],
    ['nothing: it held a week', window(range(monday, monday + 7 * 24)), []],
    ['some hours', window(range(monday, monday + 8 * 24).filter((hour) => hour % 24 !== 3)), ['8 h without records']],
    ['what was lost', window(range(monday, monday + 7 * 24), 118), ['118 events lost']],
  ])('%s', (_, held, expected) => {
    expect(missingOfAll(held)).toEqual(expected);
  });

  it('counts gaps between the first and the last record', () => {
    expect(gapHours(window([10, 11, 15]))).toBe(3);
    expect(gapHours(window([10]))).toBe(0);
    expect(gapHours(window([]))).toBe(0);
  });

  it('a restart of the workload: a pod that was not there in the first hour', () => {
    const restarted = (hour: number): readonly string[] =>
      of(new Learner().read([...during([0, 1, 2], web, cart), ...during([hour], pod('shop', 'web-6b746f74dc-zzzzz', '10.0.0.21'), cart)]), 'web')
        .missing;
    expect(restarted(0)).toContain('no restart seen');
    expect(restarted(2)).not.toContain('no restart seen');
  });

  it('a run of a CronJob, by the cluster’s own word', () => {
    const run = pod('shop', 'backup-28475520-x7k2p', '10.0.0.31');
    const never = ownerObject('CronJob', 'shop', 'backup', {});
    const ran = { ...never, status: { lastScheduleTime: new Date(MONDAY).toISOString() } };
    const missing = (job: object): readonly string[] => of(new Learner().know(job).read(during([0], run, cart)), 'backup').missing;
    expect(missing(never)).toContain('has not run');
    expect(missing(ran)).not.toContain('has not run');
    expect(missing(ran)).not.toContain('no restart seen');
  });
});

describe('the window', () => {
  it('is what all sources together covered, without the records that have no time', () => {
    const learner = new Learner().read([
      ...during([0], web, cart),
      ...during([2], web, cart).map((line) => line.replaceAll('node-a', 'node-b')),
      '{"broken',
      lost(5, 2),
    ]);
    const { hours, first, last, records, lost: events } = windowOf(learner.graph());
    expect(new Set([...hours].map((hour) => hour - MONDAY / HOUR))).toEqual(new Set([0, 2]));
    expect([first, last].map((hour) => hour - MONDAY / HOUR)).toEqual([0, 2]);
    expect([records, events]).toEqual([6, 5]);
  });

  it('of an empty database holds nothing, and nobody', () => {
    const graph = new Learner().graph();
    expect(windowOf(graph).hours.size).toBe(0);
    expect(readinessOf(graph)).toEqual([]);
    expect(missingOfAll(windowOf(graph))).toEqual(['no records']);
  });
});

describe('thirty days with one new edge a day', () => {
  it('never look complete, and show each edge once, observed', () => {
    const drift = range(0, 30).flatMap((day) => during([day * 24 + 7], web, cart, 1_000 + day));
    const learner = new Learner().read([...during(range(0, 30 * 24), web, cart), ...drift]);
    expect(learner.edges().filter((text) => text.includes('observed [single-sighting]'))).toHaveLength(30);
    const { readiness, expectedNewEdges } = of(learner, 'web');
    expect(readiness).not.toBe('stable');
    expect(expectedNewEdges['7d']).toBeGreaterThan(5);
    expect(of(learner, 'web').lastNewEdge).toBe(MONDAY + 29 * DAY + 7 * HOUR);
  });
});

describe('a source', () => {
  it('a gap of one source is told though another went on', () => {
    const lines = [...Array(10).keys()].flatMap((hour) => [
      ...connection({ from: web, to: cart, time: T0 + hour * HOUR }),
      ...(hour > 2 && hour < 7 ? [] : connection({ from: web, to: cart, time: T0 + hour * HOUR, node: 'node-b' })),
    ]);
    const [row] = readinessOf(new Learner().read(lines).graph());
    expect(row?.missing.some((text) => text.includes('without records'))).toBe(true);
  });
});
