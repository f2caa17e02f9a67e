import { describe, expect, it } from 'vitest';
import { footpath, NOW, type Session } from '../support/cli.ts';
import { alertText, alertTexts, books, cart, database, DAY, few, HABITS, HOUR, LATER, learnedShop, METADATA, must, onlyAlert, probes, refused, usualTraffic, watchedShop, web } from '../support/shop.ts';

const foreign = { from: cart, to: books, port: 9000 };

/** A shop with one alert that fires, and its id. */
async function firing(): Promise<readonly [Session, string]> {
  const session = await watchedShop();
  await session.observe(few(2, foreign));
  return [session, (await onlyAlert(session)).id];
}

const stateOf = async (session: Session): Promise<string> => (await onlyAlert(session)).state;
const again = (hours: number): readonly string[] => few(1, { ...foreign, time: LATER + hours * HOUR });

async function stateOfEdge(session: Session): Promise<string | undefined> {
  return (await session.edges()).find(({ port }) => port === 9000)?.state;
}

describe('an alert', () => {
  it('fires until somebody decides: two months of silence resolve nothing', async () => {
    const [session] = await firing();
    for (const day of [10, 30, 60]) await session.observe(usualTraffic(1, LATER + day * DAY));
    expect(await stateOf(session)).toBe('firing');
  });

  it('fires whatever the mode is now', async () => {
    const [session] = await firing();
    await must(session, 'learn', '-A');
    expect([await stateOf(session), await stateOfEdge(session)]).toEqual(['firing', 'observed']);
  });

  it.each([
    ['ack', 'acknowledged', 'observed'],
    ['accept', 'accepted', 'accepted'],
    ['reject', 'rejected', 'rejected'],
    ['mute', 'muted', 'observed'],
  ])('%s makes it %s, and its edge %s', async (word, state, edge) => {
    const [session, id] = await firing();
    await must(session, 'alerts', word, id);
    expect([await stateOf(session), await stateOfEdge(session)]).toEqual([state, edge]);
  });

  it.each([
    ['ack', 'acknowledged'],
    ['accept', 'accepted'],
    ['mute', 'muted'],
  ])('stays as %s left it when its edge is used again', async (word, state) => {
    const [session, id] = await firing();
    await must(session, 'alerts', word, id);
    const summary = await session.observe(again(1));
    expect([await stateOf(session), summary.alerts]).toEqual([state, 0]);
  });

  it('counts only what came after the decision, once a rejected edge is used again', async () => {
    const [session, id] = await firing();
    await must(session, 'alerts', 'reject', id, '--by', 'ada');
    await session.observe(again(1));
    const alert = await onlyAlert(session);
    expect(alert).toMatchObject({ id, state: 'firing', class: 'cross-namespace', severity: 'high', count: 1, firstSeen: '2026-03-12T13:00:00.000Z' });
    expect(alert.reason).toContain('rejected by ada, and used again');
  });

  it('is as bad after it was rejected as it was before', async () => {
    const session = await watchedShop();
    const metadata = { from: cart, to: METADATA, port: 80 };
    await session.observe(few(2, metadata, refused));
    await must(session, 'alerts', 'reject', (await onlyAlert(session)).id);
    await session.observe(few(1, { ...metadata, time: LATER + HOUR }, refused));
    expect(alertText(await onlyAlert(session))).toBe('critical new-edge metadata firing');
  });

  it('may be decided again: the last word holds', async () => {
    const [session, id] = await firing();
    for (const word of ['accept', 'reject', 'accept']) await must(session, 'alerts', word, id);
    expect([await stateOf(session), await stateOfEdge(session)]).toEqual(['accepted', 'accepted']);
  });

  it('is settled by a decision on its edge', async () => {
    const [session] = await firing();
    const edge = (await session.edges()).find(({ port }) => port === 9000)!;
    await must(session, 'accept', edge.id);
    expect(await stateOf(session)).toBe('accepted');
  });

  it('goes with its edge when that is forgotten', async () => {
    const [session] = await firing();
    await must(session, 'forget', (await session.edges()).find(({ port }) => port === 9000)!.id);
    expect(await session.alerts()).toEqual([]);
  });
});

describe('a muted alert', () => {
  it('fires again when its time is over', async () => {
    const [session, id] = await firing();
    const at = (now: number, ...args: readonly string[]) => footpath([...args, '--db', session.db], { now });
    await at(NOW, 'alerts', 'mute', id, '--until', '2h');
    const states = await Promise.all([0, 2 * HOUR - 1, 2 * HOUR, 3 * HOUR].map(async (later) => ((await at(NOW + later, 'alerts', '-o', 'json')).json() as { readonly state: string }[])[0]?.state));
    expect(states).toEqual(['muted', 'muted', 'firing', 'firing']);
  });

  it('is silent until it is decided if no time is given', async () => {
    const [session, id] = await firing();
    await must(session, 'alerts', 'mute', id);
    const later = await footpath(['alerts', '-o', 'json', '--db', session.db], { now: NOW + 4_000 * DAY });
    expect(later.json()).toMatchObject([{ state: 'muted' }]);
  });

  it('takes a moment as well as a duration', async () => {
    const [session, id] = await firing();
    await must(session, 'alerts', 'mute', id, '--until', new Date(NOW + HOUR).toISOString());
    expect((await footpath(['alerts', '-o', 'json', '--db', session.db], { now: NOW + HOUR - 1 })).json()).toMatchObject([{ state: 'muted' }]);
    expect((await footpath(['alerts', '-o', 'json', '--db', session.db], { now: NOW + HOUR })).json()).toMatchObject([{ state: 'firing' }]);
  });

  it('is listed, and not open', async () => {
    const [session, id] = await firing();
    await must(session, 'alerts', 'mute', id);
    expect((await session.run('alerts', '--fail-on', 'low')).status).toBe(0);
    expect(await session.alerts('--state', 'muted')).toHaveLength(1);
  });
});

describe('an accepted alert', () => {
  it('joins the baseline: its edge alerts no more, and has a rule', async () => {
    const [session, id] = await firing();
    const policies = async (): Promise<string> => (await session.run('propose', '--workload', 'pay/books', '-o', 'json')).out;
    expect(await policies()).not.toContain('9000');
    await must(session, 'alerts', 'accept', id, '--comment', 'the new report');
    await must(session, 'watch', '-A');
    await session.observe(again(5));
    expect(await stateOf(session)).toBe('accepted');
    expect(await policies()).toContain('9000');
  });
});

describe('a rejected edge', () => {
  it.each([['learn'], ['watch']])('is an alert in every mode (%s), and is never learned', async (mode) => {
    const session = await learnedShop();
    const edge = (await session.edges()).find(({ port }) => port === 8080)!;
    await must(session, mode, '-A');
    await must(session, 'reject', edge.id);
    expect(await session.alerts()).toEqual([]);
    await session.observe(few(30, { ...HABITS[0]!, time: LATER }));
    await session.observe(usualTraffic(5, LATER + DAY));
    expect(await alertTexts(session)).toEqual(['medium new-edge same-namespace firing']);
    expect((await session.edges()).find(({ id }) => id === edge.id)?.state).toBe('rejected');
  });

  it('makes no rule, even if observed edges are wanted', async () => {
    const session = await learnedShop();
    const edge = (await session.edges()).find(({ port }) => port === 8080)!;
    await must(session, 'reject', edge.id);
    for (const more of [[], ['--include-observed']]) expect((await session.run('propose', '-o', 'json', ...more)).out).not.toContain('8080');
  });
});

describe('what is said of an alert', () => {
  it('is kept with who, when and why', async () => {
    const [session, id] = await firing();
    await must(session, 'alerts', 'mute', id, '--by', 'ada', '--comment', 'migration of the ledger');
    const { out } = await session.run('alerts', 'show', id);
    expect(out).toContain(`muted by ada at ${new Date(NOW).toISOString()}: migration of the ledger`);
  });

  it('is signed by the user of the environment if nobody is named', async () => {
    const [session, id] = await firing();
    await footpath(['alerts', 'ack', id, '--db', session.db], { env: { FOOTPATH_USER: 'grace' } });
    expect((await session.run('alerts', 'show', id)).out).toContain('acknowledged by grace at');
  });

  it('is kept at a length that fits a list', async () => {
    const [session, id] = await firing();
    await must(session, 'alerts', 'ack', id, '--by', 'b'.repeat(5_000), '--comment', 'c'.repeat(50_000));
    const { out } = await session.run('alerts', 'show', id);
    expect([/b{100,}/.exec(out)?.[0].length, /c{100,}/.exec(out)?.[0].length]).toEqual([200, 2_000]);
  });

  it('is said of several at once', async () => {
    const [session, id] = await firing();
    await session.observe(few(1, { from: web, to: database, port: 5432 }));
    const ids = (await session.alerts()).map((alert) => alert.id);
    await must(session, 'alerts', 'ack', ...ids);
    expect(ids).toContain(id);
    expect((await session.alerts()).map(({ state }) => state)).toEqual(['acknowledged', 'acknowledged']);
  });

  it('is said of none if one of them is unknown', async () => {
    const [session, id] = await firing();
    const { status, err } = await session.run('alerts', 'accept', id, 'ffffffff');
    expect([status, err]).toEqual([2, 'footpath: ffffffff: no alert has this id; footpath alerts -o name lists them\n']);
    expect(await stateOf(session)).toBe('firing');
  });

  it('cannot be said of a folded alert’s scan by accident: the two have ids of their own', async () => {
    const session = await watchedShop();
    await session.observe(probes(9));
    const [edge] = await session.alerts();
    await session.observe(probes(12).slice(-6));
    await must(session, 'alerts', 'ack', edge!.id);
    expect(alertText(await onlyAlert(session))).toBe('medium scan firing');
  });
});
