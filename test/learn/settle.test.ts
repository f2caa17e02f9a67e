import { describe, expect, it } from 'vitest';
import type { EdgeDelta } from '../../src/learn/delta.ts';
import { settled } from '../../src/learn/settle.ts';
import type { StoredPending } from '../../src/learn/stored.ts';
import { DAY, SLOT, type EdgeKey } from '../../src/model/edge.ts';
import { Canon } from '../../src/resolve/canonical.ts';
import { edgeText, Session } from '../support/cli.ts';
import { mode, verdicts } from '../support/choices.ts';
import { directoryOf, life, told } from '../support/directory.ts';
import { at, edge, tally, workload } from '../support/evidence.ts';
import { AT_SERVER } from '../support/flow.ts';
import { connection, pod, settledTraffic, T0, type HubbleFlow } from '../support/hubble.ts';

const MINUTE = 60_000;
const WEEK = 7 * DAY;
const web = pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.11');
const api = pod('shop', 'api-0', '10.0.0.11');
const cart = pod('shop', 'cart-0', '10.0.0.12');
const books = pod('pay', 'books-0', '10.0.0.13');

const stranger: HubbleFlow = { from: { ip: '10.0.0.11' }, to: cart, port: 9090 };
const several = (flow: HubbleFlow): readonly string[] => [0, 1, 2].flatMap((n) => connection({ ...flow, clientPort: 40_000 + n }));
/** Any record at a time: event time goes on by it. */
const later = (time: number): readonly string[] => connection({ from: books, to: cart, port: 1, time });

describe('a flow whose owner is not known', () => {
  const at9090 = async (session: Session): Promise<readonly string[]> => (await session.edges()).filter(({ port }) => port === 9090).map(edgeText);
  const naming = (who = web, time = T0): readonly string[] => connection({ from: who, to: cart, port: 8080, time });

  it('waits seven event days for a life that covers it', async () => {
    const session = new Session();
    expect((await session.observe(several(stranger))).unresolved).toBe(3);
    await session.observe(later(T0 + WEEK));
    expect(await at9090(session)).toEqual(['unresolved 10.0.0.11 -> shop/cart 9090/TCP observed']);
    await session.observe(naming());
    expect(await at9090(session)).toEqual(['shop/web -> shop/cart 9090/TCP accepted']);
  });

  it('is unresolved for good after seven event days', async () => {
    const session = new Session();
    await session.observe(several(stranger));
    await session.observe(later(T0 + WEEK + MINUTE));
    await session.observe(naming());
    expect(await at9090(session)).toEqual(['unresolved 10.0.0.11 -> shop/cart 9090/TCP observed']);
    expect(await session.policies('-n', 'shop')).toEqual([]);
    expect(await session.alerts()).toEqual([]);
  });

  it('is its owner’s for good after seven event days, though another claims the time later', async () => {
    const session = new Session();
    await session.observe([...several(stranger), ...naming()]);
    await session.observe(later(T0 + WEEK + MINUTE));
    await session.observe(naming(api));
    expect(await at9090(session)).toEqual(['shop/web -> shop/cart 9090/TCP accepted']);
  });

  it('is nobody’s if two were there', async () => {
    const session = new Session();
    await session.observe([...several(stranger), ...naming(), ...naming(api)]);
    expect(await at9090(session)).toEqual(['unresolved 10.0.0.11 -> shop/cart 9090/TCP observed']);
    await session.observe(later(T0 + WEEK + MINUTE));
    expect(await at9090(session)).toEqual(['unresolved 10.0.0.11 -> shop/cart 9090/TCP observed']);
  });

  it('counts the same before and after it is settled for good', async () => {
    const session = new Session();
    await session.observe([...several(stranger), ...settledTraffic({ from: web, to: cart }), ...naming()]);
    const find = async (): Promise<object | undefined> => (await session.edges()).find(({ port }) => port === 9090);
    const before = await find();
    await session.observe(later(T0 + 30 * DAY));
    expect(await find()).toEqual(before);
    expect(before).toMatchObject({ connections: 3, hours: 1, days: 1, firstSeen: '2026-03-02T12:00:00.000Z' });
  });

  it('is settled by the mode it was read in, not by the mode of the day it is settled', async () => {
    const session = new Session();
    await session.observe(several(stranger));
    await session.run('watch', '-A');
    const alerts = async (): Promise<number> => (await session.alerts()).filter(({ port }) => port === 9090).length;
    await session.observe(naming());
    expect(await alerts()).toBe(0);
    await session.observe(later(T0 + WEEK + MINUTE));
    expect(await alerts()).toBe(0);
    await session.observe(several({ ...stranger, time: T0 + WEEK }));
    await session.observe([...connection({ from: web, to: cart, port: 8080, time: T0 + WEEK }), ...later(T0 + 3 * WEEK)]);
    expect(await alerts()).toBe(1);
  });
});

describe('a minute', () => {
  const minute = T0 / MINUTE + 61;
  const row = (of: EdgeKey, parts: Partial<StoredPending> = {}): StoredPending => ({
    ...of,
    row: 1,
    sourcePod: '',
    destinationPod: '',
    address: '',
    principal: '',
    witness: AT_SERVER,
    revision: 3,
    minute,
    records: 2,
    tally: tally({ opened: 2, answered: 1, bytesOut: 10, firstSeen: minute * MINUTE, lastSeen: minute * MINUTE + 1 }),
    operations: [],
    ...parts,
  });
  const known = [life('10.0.0.11', 'shop/web-1', T0, T0 + DAY)];
  const canon = new Canon(directoryOf([], { cluster: 'east' }), known, [], new Set());
  const settle = (one: StoredPending, watching = false): EdgeDelta | null =>
    settled(one, canon, (revision) => verdicts(watching ? { modes: [mode(3, 'everything', 'watching')] } : {}, revision))?.edge ?? null;

  it('becomes the edge of whoever was there, as it is stored', () => {
    const became = settle(row(edge(at('10.0.0.11'), 'shop/cart')));
    expect([became?.source, became?.destination]).toEqual([workload('shop/web'), workload('shop/cart')]);
    expect(became).toMatchObject({ protocol: 'TCP', port: 8080, watching: false, violation: null });
    expect(became!.pods.map((of) => of.pod)).toEqual(['shop/web-1']);
    const [own] = [...became!.witnesses.values()];
    expect(own?.tally).toEqual(row(edge('shop/web', 'shop/cart')).tally);
    expect([...own!.days]).toEqual([[T0 / DAY - 0.5, { hours: 1 << 13, opened: 2, bytesOut: 10, bytesIn: 0 }]]);
  });

  it('becomes an edge of nobody', () => {
    expect(told(settle(row(edge(at('10.0.0.99'), 'shop/cart')))!.source)).toBe('unresolved 10.0.0.99');
  });

  it('is settled as a whole: whoever was there for a part of it was not there', () => {
    const of = (first: number, last: number): string =>
      told(settle(row(edge(at('10.0.0.11'), 'shop/cart'), { tally: tally({ opened: 1, firstSeen: first, lastSeen: last }) }))!.source);
    const end = T0 + DAY + MINUTE;
    expect(of(end - 10, end)).toBe('Deployment shop/web');
    expect(of(end - 10, end + 1)).toBe('unresolved 10.0.0.11');
  });

  it('of its own loopback becomes none', () => {
    expect(settle(row(edge('shop/web', at('127.0.0.1'))))).toBeNull();
  });

  it('keeps the pod that its records named', () => {
    expect(settle(row(edge('shop/web', at('10.0.0.99')), { sourcePod: 'shop/web-7' }))!.pods.map((of) => of.pod)).toEqual(['shop/web-7']);
  });

  it('keeps the certificate that its client showed, if it was answered', () => {
    const of = (parts: Partial<StoredPending>): readonly string[] => [...settle(row(edge(at('10.0.0.11'), 'shop/cart'), { principal: 'cluster.local/ns/shop/sa/web', ...parts }))!.principals];
    expect(of({})).toEqual(['cluster.local/ns/shop/sa/web']);
    expect(of({ tally: tally({ denied: 2 }) })).toEqual([]);
    expect(of({ principal: '' })).toEqual([]);
  });

  it('is a slot in which it was tried', () => {
    const [own] = [...settle(row(edge(at('10.0.0.11'), 'shop/cart')))!.witnesses.values()];
    expect(own?.failedSlots).toEqual([Math.floor((minute * MINUTE) / SLOT)]);
  });

  it('violates by the choices of the revision it was read at, and only with both ends known', () => {
    const of = edge(at('10.0.0.11'), 'shop/cart');
    expect(settle(row(of, { revision: 3 }), true)?.violation?.epoch).toBe(0);
    expect(settle(row(of, { revision: 2 }), true)?.violation).toBeNull();
    expect(settle(row(edge(at('10.0.0.99'), 'shop/cart')), true)?.violation).toBeNull();
  });
});
