import { describe, expect, it } from 'vitest';
import { type AlertJson } from '../support/cli.ts';
import { inbound } from '../support/envoy.ts';
import { alertText, alertTexts, audited, books, cart, database, denied, few, HOUR, LATER, learnedShop, must, onlyAlert, usualTraffic, watchedShop, web } from '../support/shop.ts';

const usual = { from: web, to: cart, port: 8080 };
const foreign = { from: cart, to: books, port: 9000 };

describe('a policy that denies while somebody watches', () => {
  it('is an alert of its own, high, where the edge was accepted: an outage in the making', async () => {
    const session = await watchedShop();
    await session.observe(few(3, usual, denied));
    const alert = await onlyAlert(session);
    expect(alertText(alert)).toMatch(/^high denied .*firing$/);
    expect(alert).toMatchObject({ count: 3, port: 8080, protocol: 'TCP', firstSeen: '2026-03-12T12:00:00.000Z', lastSeen: '2026-03-12T12:00:02.000Z' });
    expect(alert.reason).toBe('shop/web -> shop/cart 8080/TCP: accepted, but a policy denies it');
    expect((alert as AlertJson & { readonly evidence: readonly string[] }).evidence).toEqual(['3 denied in 1 hour']);
  });

  it('leaves the accepted edge accepted', async () => {
    const session = await watchedShop();
    await session.observe(few(3, usual, denied));
    expect((await session.edges()).map(({ state }) => state)).toEqual(Array(4).fill('accepted'));
  });

  it('is low where nobody accepted the edge: the policy held', async () => {
    const session = await watchedShop();
    await session.observe(few(3, foreign, denied));
    expect(alertText(await onlyAlert(session))).toBe('low denied cross-namespace firing');
  });

  it('says it where a mesh denies, too', async () => {
    const session = await watchedShop();
    const line = inbound({ time: LATER, downstreamLocal: '10.0.0.2:8080', host: '10.0.0.2:8080', code: 403, details: 'rbac_access_denied_matched_policy[none]' });
    await session.observe([...usualTraffic(1, LATER - HOUR)]);
    await session.observe([line]);
    expect((await onlyAlert(session)).kind).toBe('denied');
  });

  it('is a new edge, and no more than that, once the edge gets through', async () => {
    const session = await watchedShop();
    await session.observe(few(3, foreign, denied));
    await session.observe(few(1, { ...foreign, time: LATER + HOUR }));
    expect(await alertTexts(session)).toEqual(['high new-edge cross-namespace firing']);
  });

  it('is no alert where it would deny only', async () => {
    const session = await watchedShop();
    await session.observe(few(3, usual, audited));
    expect(await session.alerts()).toEqual([]);
  });

  it.each([
    ['while everybody learns', learnedShop, usual],
    ['between two that learn', async () => {
      const session = await learnedShop();
      await must(session, 'watch', '-n', 'pay');
      return session;
    }, usual],
  ])('is no alert %s', async (_, prepare, flow) => {
    const session = await prepare();
    await session.observe(few(3, flow, denied));
    expect(await session.alerts()).toEqual([]);
  });

  it('never teaches: an edge that was only ever denied waits, whatever the mode', async () => {
    const session = await learnedShop();
    await session.observe([0, 24, 48].flatMap((hours) => few(5, { ...foreign, time: LATER + hours * HOUR }, denied)));
    expect((await session.edges('--state', 'observed')).map(({ flags, denied: stopped, connections }) => ({ flags, stopped, connections }))).toEqual([
      { flags: ['no-success'], stopped: 15, connections: 0 },
    ]);
  });
});

describe('a decision on a denial', () => {
  it('accepts the edge that nobody had accepted, and settles what was denied before', async () => {
    const session = await watchedShop();
    await session.observe(few(3, foreign, denied));
    await must(session, 'alerts', 'accept', (await onlyAlert(session)).id);
    expect((await onlyAlert(session)).state).toBe('accepted');
    expect((await session.edges('--workload', 'pay/books')).find(({ port }) => port === 9000)?.state).toBe('accepted');
  });

  it('does not settle what is denied after the edge was accepted', async () => {
    const session = await watchedShop();
    await session.observe(few(2, { from: web, to: database, port: 5432 }));
    await must(session, 'alerts', 'accept', (await onlyAlert(session)).id);
    await session.observe(few(2, { from: web, to: database, port: 5432, time: LATER + HOUR }, denied));
    expect(await alertTexts(session)).toEqual(['high denied same-namespace firing', 'medium new-edge same-namespace accepted']);
  });

  it('leaves one alert of the edge when it was rejected and gets through then', async () => {
    const session = await watchedShop();
    await session.observe(few(2, foreign, denied));
    await must(session, 'alerts', 'reject', (await onlyAlert(session)).id);
    await session.observe(few(1, { ...foreign, time: LATER + HOUR }));
    expect((await onlyAlert(session))).toMatchObject({ kind: 'new-edge', state: 'firing', count: 1 });
  });

  it('keeps quiet after a reject until the policy has to deny it again', async () => {
    const session = await watchedShop();
    await session.observe(few(2, foreign, denied));
    await must(session, 'alerts', 'reject', (await onlyAlert(session)).id);
    expect((await onlyAlert(session)).state).toBe('rejected');
    await session.observe(few(1, { ...foreign, time: LATER + HOUR }, denied));
    expect(await onlyAlert(session)).toMatchObject({ kind: 'denied', state: 'firing' });
  });
});
