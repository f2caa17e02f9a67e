import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findStorms } from '../../src/detect/storm.ts';
import { findingKey, type Finding } from '../../src/model/alert.ts';
import { type Session } from '../support/cli.ts';
import { WORLD } from '../support/hubble.ts';
import { alertTexts, cart, database, few, HOUR, LATER, MINUTE, must, refused, watchedShop } from '../support/shop.ts';

/** So many edges to as many outside addresses, all within a minute. */
const strangers = (n: number, time = LATER, from = 1): readonly string[] =>
  Array.from({ length: n }, (_, i) => few(1, { from: cart, to: WORLD(`203.0.113.${from + i}`), port: 443, time: time + i * 1_000 })).flat();

async function storms(session: Session) {
  return (await session.alerts()).filter(({ kind }) => kind === 'storm');
}

describe('a storm of alerts', () => {
  it.each([
    [20, 0],
    [21, 1],
  ])('with %i new alerts in one hour: %i alerts of a storm', async (n, expected) => {
    const session = await watchedShop();
    await session.observe(strangers(n));
    expect(await storms(session)).toHaveLength(expected);
  });

  it('is one more alert, high, about nobody alone, that hides none of the others', async () => {
    const session = await watchedShop();
    const summary = await session.observe(strangers(21));
    const [storm] = await storms(session);
    expect(storm).toMatchObject({ severity: 'high', state: 'firing', count: 21, firstSeen: '2026-03-12T12:00:00.000Z', lastSeen: '2026-03-12T12:00:20.000Z' });
    expect(storm?.reason).toBe('21 new alerts within one hour: 21 new-edge');
    for (const key of ['source', 'destination', 'port', 'protocol', 'class']) expect(storm).not.toHaveProperty(key);
    expect([(await session.alerts()).length, summary.alerts]).toEqual([22, 22]);
  });

  it('is of one hour of event time: 21 alerts over a full hour are none', async () => {
    const session = await watchedShop();
    await session.observe([...strangers(11, LATER + 59 * MINUTE), ...strangers(10, LATER + HOUR, 50)]);
    expect(await storms(session)).toEqual([]);
  });

  it('is another alert in another hour', async () => {
    const session = await watchedShop();
    await session.observe([...strangers(21), ...strangers(21, LATER + 3 * HOUR, 50)]);
    const found = await storms(session);
    expect(new Set(found.map(({ id }) => id)).size).toBe(2);
  });

  it('is not fed by an alert that comes again', async () => {
    const session = await watchedShop();
    await session.observe([...strangers(15), ...strangers(15, LATER + 10 * MINUTE), ...strangers(15, LATER + 20 * MINUTE)]);
    expect(await storms(session)).toEqual([]);
  });

  it('does not count what a scan folded', async () => {
    const session = await watchedShop();
    await session.observe(Array.from({ length: 40 }, (_, i) => few(1, { from: cart, to: database, port: 1_000 + i }, refused)).flat());
    expect(await alertTexts(session)).toEqual(['medium scan firing']);
  });

  it('does not depend on how the records were split', async () => {
    const [one, other] = [await watchedShop(), await watchedShop()];
    await one.observe(strangers(30));
    for (const lines of [strangers(30).slice(40), strangers(30).slice(0, 40)]) await other.observe(lines);
    expect((await other.run('alerts', '-o', 'json')).out).toBe((await one.run('alerts', '-o', 'json')).out);
  });

  it('is acknowledged like any other alert, and decides nothing about the edges', async () => {
    const session = await watchedShop();
    await session.observe(strangers(21));
    const [storm] = await storms(session);
    await must(session, 'alerts', 'accept', storm!.id);
    expect((await storms(session)).map(({ state }) => state)).toEqual(['accepted']);
    expect(await session.edges('--state', 'accepted')).toHaveLength(4);
  });
});

describe('findStorms', () => {
  const finding = (firstSeen: number, i: number): Finding => ({
    kind: 'new-edge', class: 'new-external', severity: 'low', source: { type: 'external', address: `203.0.113.${i}` }, destination: null, protocol: 'TCP', port: i,
    firstSeen, lastSeen: firstSeen + 5, count: 1, reason: '', evidence: [], decides: [], foldedInto: null, since: i,
  });

  it('finds exactly the hours with more than 20, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4 * HOUR - 1 }), { maxLength: 120 }), fc.integer({ min: 0, max: 119 }), (times, turn) => {
        const findings = times.map(finding);
        const perHour = new Map<number, number>();
        for (const time of times) perHour.set(Math.floor(time / HOUR), (perHour.get(Math.floor(time / HOUR)) ?? 0) + 1);
        const expected = [...perHour].filter(([, n]) => n > 20).map(([hour, n]) => `${hour} ${n}`);
        const keys = (all: readonly Finding[]): readonly string[] => findStorms(all).map(findingKey).toSorted();
        expect(findStorms(findings).map(({ firstSeen, count }) => `${firstSeen / HOUR} ${count}`).toSorted()).toEqual(expected.toSorted());
        expect(keys([...findings.slice(turn), ...findings.slice(0, turn)])).toEqual(keys(findings));
      }),
      { numRuns: 200 },
    );
  });
});
