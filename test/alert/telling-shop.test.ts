import { describe, expect, it } from 'vitest';
import { tell } from '../../src/alert/outbox.ts';
import { alertsIn } from '../../src/cli/alerting.ts';
import { graphOf } from '../../src/cli/session.ts';
import { Store } from '../../src/store/store.ts';
import { NOW, type Session } from '../support/cli.ts';
import { WORLD } from '../support/hubble.ts';
import { books, cart, few, LATER, must, probes, watchedShop, web } from '../support/shop.ts';

/** From records to what a target is told. */

const foreign = { from: cart, to: books, port: 9000 };

/** What waits after a look at the alerts as they are now; it is taken. */
async function told(session: Session): Promise<readonly string[]> {
  const store = new Store(session.db, { create: false });
  try {
    const graph = await graphOf(store);
    store.transaction(() => tell(store.outbox, [{ name: 'hook', minSeverity: 'low' }], { alerts: alertsIn(store, graph, NOW), now: NOW, nameOf: () => null }));
    const waiting = store.outbox.due('hook', NOW, 1_000);
    store.outbox.delivered(waiting.map(({ row }) => row));
    return waiting.map(({ notification: { event, alert } }) => [event, alert.kind, ...(alert.over === null ? [] : [alert.over.replace(/[0-9a-f]{16}/, 'ID')])].join(' '));
  } finally {
    store.close();
  }
}

describe('a target of a watched shop', () => {
  it('is told of an attack, nothing while it goes on, and of its end once the edge is accepted', async () => {
    const session = await watchedShop();
    expect(await told(session)).toEqual([]);
    await session.observe(few(2, foreign));
    expect(await told(session)).toEqual(['firing new-edge']);
    await session.observe(few(5, { ...foreign, time: LATER + 600_000 }));
    expect(await told(session)).toEqual([]);
    const [alert] = await session.alerts();
    await must(session, 'alerts', 'accept', alert!.id);
    expect(await told(session)).toEqual(['resolved new-edge accepted']);
    expect(await told(session)).toEqual([]);
  });

  it('is told no more of what was forgotten', async () => {
    const session = await watchedShop();
    await session.observe(few(2, foreign));
    await told(session);
    const edge = (await session.edges()).find(({ port }) => port === 9000);
    await must(session, 'forget', edge!.id);
    expect(await told(session)).toEqual(['resolved new-edge it is an alert no more: forgotten, or told of by another one']);
  });

  it('is told of a rejected edge when it is used again', async () => {
    const session = await watchedShop();
    await session.observe(few(2, foreign));
    await told(session);
    const [alert] = await session.alerts();
    await must(session, 'alerts', 'reject', alert!.id);
    expect(await told(session)).toEqual(['resolved new-edge rejected']);
    await session.observe(few(1, { ...foreign, time: LATER + 3_600_000 }));
    expect(await told(session)).toEqual(['firing new-edge']);
  });

  it.each(['ack', 'mute'])('is told nothing of what was silenced with %s before', async (word) => {
    const session = await watchedShop();
    await session.observe(few(2, foreign));
    const [alert] = await session.alerts();
    await must(session, 'alerts', word, alert!.id);
    expect(await told(session)).toEqual([]);
  });

  it('is told of a scan instead of its attempts, also of those that it was told of', async () => {
    const session = await watchedShop();
    await session.observe(probes(3));
    expect(await told(session)).toEqual(['firing new-edge', 'firing new-edge', 'firing new-edge']);
    await session.observe(probes(14));
    const [first, ...rest] = (await told(session)).toSorted();
    expect([first, rest.length]).toEqual(['firing scan', 3]);
    for (const end of rest) expect(end).toMatch(/^resolved new-edge told of by the scan ID: shop\/web: 14 attempts without success/);
  });

  it('is told of a storm alone', async () => {
    const session = await watchedShop();
    await session.observe(Array.from({ length: 25 }, (_, i) => few(1, { from: web, to: WORLD(`203.0.113.${i + 1}`), port: 443, time: LATER + i * 1_000 })).flat());
    expect(await session.alerts()).toHaveLength(26);
    expect(await told(session)).toEqual(['firing storm']);
  });
});
