import { describe, expect, it } from 'vitest';
import { peerText, type AlertJson, type Session } from '../support/cli.ts';
import { WORLD } from '../support/hubble.ts';
import { alertTexts, books, cart, database, denied, few, HOUR, LATER, learnedShop, ledger, MINUTE, must, onlyAlert, probes, refused, unanswered, watchedShop, web } from '../support/shop.ts';

async function scans(session: Session): Promise<readonly AlertJson[]> {
  return (await session.alerts()).filter(({ kind }) => kind === 'scan');
}

describe('a scan while somebody watches', () => {
  it.each([
    ['ten refused ports of one destination', probes(10)],
    ['ten ports that nobody answers', probes(10, unanswered)],
    ['ten that a policy stops', probes(10, denied)],
    ['some of each', [...probes(4), ...probes(8, unanswered).slice(4), ...probes(12, denied).slice(8)]],
    ['one port of ten destinations', Array.from({ length: 10 }, (_, i) => few(1, { from: web, to: WORLD(`203.0.113.${i + 1}`), port: 22 }, refused)).flat()],
    ['from outside', probes(10, refused, { from: WORLD('203.0.113.9') })],
  ])('is one alert, and hides the edges that came to nothing: %s', async (_, lines) => {
    const session = await watchedShop();
    const summary = await session.observe(lines);
    expect(await alertTexts(session)).toEqual(['medium scan firing']);
    expect(summary.alerts).toBe(1);
  });

  it('has its source, no destination, and tells how many were tried', async () => {
    const session = await watchedShop();
    await session.observe([...probes(9), ...few(2, { from: web, to: cart, port: 22 }, denied)]);
    const alert = await onlyAlert(session);
    expect(peerText(alert.source)).toBe('shop/web');
    for (const key of ['destination', 'port', 'protocol', 'class']) expect(alert).not.toHaveProperty(key);
    expect(alert.reason).toBe('shop/web: 11 attempts without success on 2 destinations, 10 ports');
    expect((alert as AlertJson & { readonly evidence: readonly string[] }).evidence[0]).toBe('9 refused, 2 denied by policy');
  });

  it('is not one of nine', async () => {
    const session = await watchedShop();
    await session.observe(probes(9));
    expect(await alertTexts(session)).toEqual(Array(9).fill('low new-edge same-namespace firing'));
  });

  it('is not one of ten that fell into two slots of 600 seconds', async () => {
    const session = await watchedShop();
    await session.observe([...probes(9), ...few(1, { from: web, to: database, port: 30_000, time: LATER + 10 * MINUTE }, refused)]);
    expect(await scans(session)).toEqual([]);
  });

  it('does not count the same target twice', async () => {
    const session = await watchedShop();
    await session.observe([...probes(9), ...probes(9, refused, { time: LATER + MINUTE })]);
    expect(await scans(session)).toEqual([]);
  });

  it('does not add up what two sources did', async () => {
    const session = await watchedShop();
    await session.observe([...probes(9), ...probes(9, refused, { from: cart, to: books })]);
    expect(await scans(session)).toEqual([]);
  });

  it('leaves an alert of its own to a probe that succeeded', async () => {
    const session = await watchedShop();
    await session.observe([...probes(10), ...few(1, { from: web, to: books, port: 9000 })]);
    expect(await alertTexts(session)).toEqual(['high new-edge cross-namespace firing', 'medium scan firing']);
  });

  it('brings a folded alert back on its own when a later probe succeeds', async () => {
    const session = await watchedShop();
    await session.observe(probes(11));
    await session.observe(few(1, { from: web, to: database, port: 20_003, time: LATER + HOUR }));
    expect(await alertTexts(session)).toEqual(['medium new-edge same-namespace firing', 'medium scan firing']);
  });

  it('folds what the source failed on before, and resolves an alert that was there first, naming the scan', async () => {
    const session = await watchedShop();
    await session.observe(probes(3));
    const [first] = await session.alerts();
    const summary = await session.observe(probes(12, refused, { time: LATER + MINUTE }).slice(6));
    const scan = await onlyAlert(session);
    expect([scan.kind, summary.alerts]).toEqual(['scan', 1]);
    const shown = await session.run('alerts', 'show', first!.id);
    expect(shown.out).toContain(`resolved, told of by the scan ${scan.id}`);
  });

  it('is not hidden by the traffic that is usual for its source', async () => {
    const session = await watchedShop();
    await session.observe([...few(50, { from: web, to: cart, port: 8080 }), ...probes(10)]);
    expect(await alertTexts(session)).toEqual(['medium scan firing']);
  });

  it.each([
    ['within an hour', 30 * MINUTE],
    ['further apart', 3 * HOUR],
  ])('is one alert for all of a source’s scans, and counts their attempts: %s', async (_, later) => {
    const session = await watchedShop();
    await session.observe(probes(10));
    const first = await onlyAlert(session);
    await session.observe(probes(10, refused, { time: LATER + later }));
    expect(await onlyAlert(session)).toMatchObject({ id: first.id, count: 20 });
  });

  it('is one alert a source', async () => {
    const session = await watchedShop();
    await session.observe([...probes(10), ...probes(10, refused, { from: cart, to: books })]);
    expect((await scans(session)).map(({ source }) => peerText(source)).toSorted()).toEqual(['shop/cart', 'shop/web']);
  });

  it('is the same alert in every database and order', async () => {
    const [one, other] = [await watchedShop(), await watchedShop()];
    await one.observe(probes(12));
    await other.observe(probes(12).slice(10).toReversed());
    await other.observe(probes(12).slice(0, 10));
    expect((await other.run('alerts', '-o', 'json')).out).toBe((await one.run('alerts', '-o', 'json')).out);
  });
});

describe('a scan while everybody learns', () => {
  it('is no alert: its edges are flagged, and stay without a rule', async () => {
    const session = await learnedShop();
    await session.observe(probes(10));
    expect(await session.alerts()).toEqual([]);
    const flagged = await session.edges('--flagged');
    expect(flagged).toHaveLength(10);
    for (const edge of flagged) expect(edge).toMatchObject({ state: 'observed', flags: expect.arrayContaining(['scan', 'no-success']) as string[] });
  });

  it('is an alert only for what was seen after the switch', async () => {
    const session = await learnedShop();
    await session.observe(probes(10));
    await must(session, 'watch', '-A');
    expect(await session.alerts()).toEqual([]);
    await session.observe(probes(10, refused, { time: LATER + HOUR }));
    expect(await onlyAlert(session)).toMatchObject({ kind: 'scan', count: 10, firstSeen: '2026-03-12T13:00:00.000Z' });
  });

  it('is an alert where the scanned are watched and the scanner is not', async () => {
    const session = await learnedShop();
    await must(session, 'watch', '-n', 'pay');
    await session.observe(probes(10, refused, { to: ledger }));
    expect(await alertTexts(session)).toEqual(['medium scan firing']);
  });
});

describe('a decision on a scan', () => {
  const again = probes(10, refused, { time: LATER + 5 * HOUR });

  it.each([
    ['accept', 'accepted'],
    ['reject', 'rejected'],
    ['ack', 'acknowledged'],
    ['mute', 'muted'],
  ])('%s makes it %s', async (word, state) => {
    const session = await watchedShop();
    await session.observe(probes(10));
    await must(session, 'alerts', word, (await onlyAlert(session)).id);
    expect((await onlyAlert(session)).state).toBe(state);
  });

  it('lets an accepted scanner scan again', async () => {
    const session = await watchedShop();
    await session.observe(probes(10));
    await must(session, 'alerts', 'accept', (await onlyAlert(session)).id);
    await session.observe(again);
    expect((await onlyAlert(session)).state).toBe('accepted');
  });

  it('fires when a rejected one scans again', async () => {
    const session = await watchedShop();
    await session.observe(probes(10));
    await must(session, 'alerts', 'reject', (await onlyAlert(session)).id);
    await session.observe(again);
    expect((await onlyAlert(session)).state).toBe('firing');
  });

  it('fires when one that somebody looks into goes on, or begins anew', async () => {
    for (const more of [probes(10, refused, { time: LATER + MINUTE }), again]) {
      const session = await watchedShop();
      await session.observe(probes(10));
      await must(session, 'alerts', 'ack', (await onlyAlert(session)).id);
      expect(await session.observe(more)).toMatchObject({ alerts: 1 });
      expect(await onlyAlert(session)).toMatchObject({ state: 'firing', count: 20 });
    }
  });

  it('stays as it was acknowledged whatever else is decided', async () => {
    const session = await watchedShop();
    await session.observe([...probes(10), ...few(2, { from: cart, to: books, port: 9000 })]);
    const [edge, scan] = await session.alerts();
    await must(session, 'alerts', 'ack', scan!.id);
    await must(session, 'alerts', 'reject', edge!.id);
    await session.observe(few(2, { from: cart, to: books, port: 9001, time: LATER + HOUR }));
    expect((await session.alerts()).find(({ kind }) => kind === 'scan')?.state).toBe('acknowledged');
  });

  it('makes no rule for what was scanned', async () => {
    const session = await watchedShop();
    await session.observe(probes(10));
    const before = (await session.run('propose', '-o', 'json')).out;
    await must(session, 'alerts', 'accept', (await onlyAlert(session)).id);
    expect((await session.run('propose', '-o', 'json')).out).toBe(before);
    expect((await session.edges('--state', 'accepted')).map(({ port }) => port)).toEqual([5432, 5432, 443, 8080]);
  });
});

describe('a scan of which one target answers later', () => {
  it('stays one, beside the edge that works by then', async () => {
    const session = await watchedShop();
    await session.observe(probes(10));
    await session.observe(few(1, { from: web, to: database, port: 20_003, time: LATER + HOUR }));
    expect(await alertTexts(session)).toEqual(['medium new-edge same-namespace firing', 'medium scan firing']);
  });
  it('stays what somebody said of it', async () => {
    const session = await watchedShop();
    await session.observe(probes(10));
    await must(session, 'alerts', 'reject', (await onlyAlert(session)).id);
    await session.observe(few(1, { from: web, to: database, port: 20_003, time: LATER + HOUR }));
    expect((await session.alerts()).map(({ kind, state }) => `${kind} ${state}`)).toContain('scan rejected');
  });
});
