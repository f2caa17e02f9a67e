import { describe, expect, it } from 'vitest';
import { edgeText, type AlertJson, type Session } from '../support/cli.ts';
import { pod, WORLD } from '../support/hubble.ts';
import { listObject, ownerObject, podObject } from '../support/inventory.ts';
import { alertText, alertTexts, books, cart, database, denied, few, HOUR, LATER, learnedShop, METADATA, must, onlyAlert, refused, watchedShop, web } from '../support/shop.ts';

const miner = pod('shop', 'miner-58d9c6b7f4-hhh2k', '10.0.0.66', { app: 'miner' });
const twoEdges = [...few(2, { from: miner, to: cart, port: 8080 }), ...few(3, { from: miner, to: METADATA, port: 80, time: LATER + HOUR })];

async function statesOf(session: Session): Promise<readonly string[]> {
  return (await session.edges('--workload', 'shop/miner')).map(edgeText);
}

describe('a workload that is first seen while its namespace is watched', () => {
  it('is one alert that lists its edges, as bad as the worst of them, with no alerts of edges beside it', async () => {
    const session = await watchedShop();
    const summary = await session.observe(twoEdges);
    const alert = await onlyAlert(session);
    expect(summary.alerts).toBe(1);
    expect(alertText(alert)).toBe('critical new-workload firing');
    expect((alert as AlertJson & { readonly evidence: unknown }).evidence).toEqual(['shop/miner -> external 169.254.169.254 80/TCP', 'shop/miner -> shop/cart 8080/TCP']);
    expect(alert).toMatchObject({ count: 5, firstSeen: '2026-03-12T12:00:00.000Z', lastSeen: '2026-03-12T13:00:02.000Z' });
    expect(alert.reason).toContain('shop/miner (Deployment)');
  });

  it('is as bad as the worst of its edges, wherever that stands among them', async () => {
    const session = await watchedShop();
    await session.observe([WORLD('203.0.113.9'), books, cart].flatMap((to, i) => few(2, { from: miner, to, port: 9000 + i })));
    const { severity, evidence } = (await onlyAlert(session)) as AlertJson & { readonly evidence: readonly string[] };
    expect([severity, evidence]).toEqual(['high', ['shop/miner -> external 203.0.113.9 9000/TCP', 'shop/miner -> pay/books 9001/TCP', 'shop/miner -> shop/cart 9002/TCP']]);
  });

  it('has itself as source, and neither destination nor port', async () => {
    const session = await watchedShop();
    await session.observe(twoEdges);
    const alert = await onlyAlert(session);
    expect(alert.source).toEqual({ kind: 'workload', cluster: 'default', namespace: 'shop', workload: 'miner', workloadKind: 'Deployment' });
    for (const key of ['destination', 'port', 'protocol', 'class']) expect(alert).not.toHaveProperty(key);
  });

  it('is told of when others connect to it, too', async () => {
    const session = await watchedShop();
    await session.observe(few(2, { from: web, to: miner, port: 8080 }));
    const alert = await onlyAlert(session);
    expect(alertText(alert)).toBe('medium new-workload firing');
    expect(alert.source).toMatchObject({ workload: 'miner' });
  });

  it('keeps its one alert however many edges come later', async () => {
    const session = await watchedShop();
    await session.observe(few(2, { from: miner, to: cart, port: 8080 }));
    const first = await onlyAlert(session);
    const summary = await session.observe(few(2, { from: miner, to: books, port: 5432, time: LATER + HOUR }));
    const second = await onlyAlert(session);
    expect([first.id, first.severity]).toEqual([second.id, 'medium']);
    expect(second.severity).toBe('high');
    expect(summary.alerts).toBe(0);
  });

  it('does not make those new whom it meets: their other edges are alerts of their own', async () => {
    const session = await watchedShop();
    await session.observe([...few(2, { from: miner, to: cart, port: 8080 }), ...few(2, { from: web, to: database, port: 5432 })]);
    expect(await alertTexts(session)).toEqual(['medium new-edge same-namespace firing', 'medium new-workload firing']);
  });

  it.each([
    ['that a policy denied', denied, 'low new-workload firing'],
    ['that were refused', refused, 'medium new-workload firing'],
  ])('is one alert with flows %s alone', async (_, lines, expected) => {
    const session = await watchedShop();
    await session.observe(few(2, { from: miner, to: cart, port: 8080 }, lines));
    expect(alertText(await onlyAlert(session))).toBe(expected);
  });

  it('is told of with what a policy denied beside what got through', async () => {
    const session = await watchedShop();
    await session.observe([...few(2, { from: miner, to: cart, port: 8080 }), ...few(3, { from: miner, to: books, port: 5432 }, denied)]);
    const alert = await onlyAlert(session);
    expect(alert).toMatchObject({ kind: 'new-workload', severity: 'medium', count: 5 });
    expect((alert as AlertJson & { readonly evidence: unknown }).evidence).toEqual(['shop/miner -> shop/cart 8080/TCP', 'shop/miner -> pay/books 5432/TCP']);
  });

  it('is new though the inventory knew of it: what counts is the first flow', async () => {
    const session = await learnedShop();
    const inventory = session.write('cluster.json', listObject([
      ownerObject('Deployment', 'shop', 'miner', { app: 'miner' }),
      ownerObject('ReplicaSet', 'shop', 'miner-58d9c6b7f4', { app: 'miner' }, { owner: ['Deployment', 'miner'] }),
      podObject({ namespace: 'shop', name: 'miner-58d9c6b7f4-hhh2k', ip: '10.0.0.66', labels: { app: 'miner' }, owner: ['ReplicaSet', 'miner-58d9c6b7f4'] }),
    ]));
    await session.observe([], '--inventory', inventory);
    await must(session, 'watch', '-A');
    await session.observe(twoEdges);
    expect(alertText(await onlyAlert(session))).toBe('critical new-workload firing');
  });

  it('is not new when it was seen before the switch, whatever became of it', async () => {
    const session = await learnedShop();
    await session.observe(few(1, { from: miner, to: cart, port: 8080 }, denied));
    await must(session, 'watch', '-A');
    await session.observe(few(2, { from: miner, to: cart, port: 8080, time: LATER + HOUR }));
    expect(alertText(await onlyAlert(session))).toBe('medium new-edge same-namespace firing');
  });

  it('is not new where its own namespace is learning: only its edges into the watched one are alerts', async () => {
    const session = await learnedShop();
    await must(session, 'watch', '-n', 'pay');
    await session.observe([...few(2, { from: miner, to: cart, port: 8080 }), ...few(2, { from: miner, to: books, port: 5432 })]);
    expect(alertText(await onlyAlert(session))).toBe('high new-edge cross-namespace firing');
    expect(await statesOf(session)).toEqual([
      'shop/miner -> pay/books 5432/TCP observed [foreign-data-store]',
      'shop/miner -> shop/cart 8080/TCP accepted',
    ]);
  });
});

describe('a decision on a new workload', () => {
  it('accepts its edges when it is accepted', async () => {
    const session = await watchedShop();
    await session.observe(twoEdges);
    await must(session, 'alerts', 'accept', (await onlyAlert(session)).id);
    expect((await onlyAlert(session)).state).toBe('accepted');
    expect(await statesOf(session)).toEqual([
      'shop/miner -> external 169.254.169.254 80/TCP accepted [metadata]',
      'shop/miner -> shop/cart 8080/TCP accepted',
    ]);
  });

  it('rejects its edges when it is rejected', async () => {
    const session = await watchedShop();
    await session.observe(twoEdges);
    await must(session, 'alerts', 'reject', (await onlyAlert(session)).id);
    expect((await onlyAlert(session)).state).toBe('rejected');
    expect((await session.edges('--workload', 'shop/miner')).map(({ state }) => state)).toEqual(['rejected', 'rejected']);
  });

  it.each(['accept', 'reject'])('leaves later edges to alerts of their own, once it is decided (%s)', async (word) => {
    const session = await watchedShop();
    await session.observe(few(2, { from: miner, to: cart, port: 8080 }));
    await must(session, 'alerts', word, (await onlyAlert(session)).id);
    await session.observe(few(2, { from: miner, to: books, port: 9000, time: LATER + 2 * HOUR }));
    expect((await session.alerts()).map(({ kind, state }) => `${kind} ${state}`).toSorted()).toEqual(['new-edge firing', `new-workload ${word}ed`]);
  });

  it.each(['accept', 'reject'])('is made by deciding all of its edges by their ids, too: later edges speak for themselves (%s)', async (word) => {
    const session = await watchedShop();
    await session.observe([...few(2, { from: miner, to: cart, port: 8080 }), ...few(2, { from: miner, to: database, port: 5432 })]);
    const states = async () => (await session.alerts()).map(({ kind, state }) => `${kind} ${state}`).toSorted();
    const [one, other] = await session.edges('--workload', 'shop/miner');
    await must(session, word, one!.id);
    expect(await states()).toEqual(['new-workload firing']);
    await must(session, word, other!.id);
    expect(await states()).toEqual([`new-workload ${word}ed`]);
    await session.observe(few(2, { from: miner, to: books, port: 9000, time: LATER + HOUR }));
    expect(await states()).toEqual(['new-edge firing', `new-workload ${word}ed`]);
  });

  it('does not hide that a policy denies what was accepted', async () => {
    const session = await watchedShop();
    await session.observe(few(2, { from: miner, to: cart, port: 8080 }));
    await must(session, 'alerts', 'accept', (await onlyAlert(session)).id);
    await session.observe(few(2, { from: miner, to: cart, port: 8080, time: LATER + HOUR }, denied));
    expect(await alertTexts(session)).toEqual(['high denied same-namespace firing', 'medium new-workload accepted']);
  });

  it('fires anew when a rejected edge is used again', async () => {
    const session = await watchedShop();
    await session.observe(few(2, { from: miner, to: cart, port: 8080 }));
    await must(session, 'alerts', 'reject', (await onlyAlert(session)).id);
    await session.observe(few(2, { from: miner, to: cart, port: 8080, time: LATER + HOUR }));
    expect((await onlyAlert(session)).state).toBe('firing');
  });
});
