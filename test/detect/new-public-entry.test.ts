import { describe, expect, it } from 'vitest';
import { edgeText, peerText, type Session } from '../support/cli.ts';
import { WORLD } from '../support/hubble.ts';
import { listObject, ownerObject, podObject, serviceObject } from '../support/inventory.ts';
import { alertText, alertTexts, cart, denied, few, HOUR, LATER, learnedShop, must, refused, watchedShop } from '../support/shop.ts';

const clients = (n: number, port = 8080): readonly string[] => Array.from({ length: n }, (_, i) => few(2, { from: WORLD(`203.0.113.${i + 1}`), to: cart, port })).flat();

function balanced(session: Session): string {
  return session.write('cluster.json', listObject([
    ownerObject('Deployment', 'shop', 'cart', { app: 'cart' }),
    ownerObject('ReplicaSet', 'shop', 'cart-7d9f8b6c5d', { app: 'cart' }, { owner: ['Deployment', 'cart'] }),
    podObject({ namespace: 'shop', name: cart.pod ?? '', ip: '10.0.0.2', labels: { app: 'cart' }, owner: ['ReplicaSet', 'cart-7d9f8b6c5d'] }),
    serviceObject('shop', 'cart', '10.96.0.2', { app: 'cart' }, [{ port: 80, targetPort: 8080 }], 'LoadBalancer'),
  ]));
}

async function entries(session: Session) {
  return (await session.alerts()).filter(({ kind }) => kind === 'new-public-entry');
}

async function ofClients(session: Session): Promise<readonly string[]> {
  return (await session.edges('--workload', 'shop/cart')).filter(({ source }) => source.kind === 'external' || source.kind === 'public').map(edgeText);
}

describe('a port that the public reaches for the first time while it is watched', () => {
  it('is one alert of its own once more than 16 clients were served', async () => {
    const session = await watchedShop();
    await session.observe(clients(17));
    const [alert, ...more] = await entries(session);
    expect(more).toEqual([]);
    expect(alertText(alert!)).toBe('high new-public-entry firing');
    expect(alert).toMatchObject({ port: 8080, protocol: 'TCP', count: 34, firstSeen: '2026-03-12T12:00:00.000Z', lastSeen: '2026-03-12T12:00:01.000Z' });
    expect([peerText(alert?.source), alert?.destination]).toEqual(['shop/cart', undefined]);
  });

  it.each([
    ['16 clients', clients(16)],
    ['17 clients of two ports', [...clients(16), ...clients(1, 8443)]],
    ['17 clients that were all refused', Array.from({ length: 17 }, (_, i) => few(1, { from: WORLD(`203.0.113.${i + 1}`), to: cart, port: 8080 }, refused)).flat()],
  ])('is none of the public’s with %s', async (_, lines) => {
    const session = await watchedShop();
    await session.observe(lines);
    expect(await entries(session)).toEqual([]);
  });

  it('counts those that were served, not those that were refused', async () => {
    const session = await watchedShop();
    const turnedAway = [50, 51, 52].flatMap((host) => few(5, { from: WORLD(`203.0.113.${host}`), to: cart, port: 8080, time: LATER + 3_600_000 }, refused));
    await session.observe([...clients(17), ...turnedAway]);
    expect((await entries(session))[0]).toMatchObject({ count: 34, lastSeen: '2026-03-12T12:00:01.000Z' });
  });

  it('needs one client alone behind a Service of type LoadBalancer', async () => {
    const session = await learnedShop();
    await session.observe([], '--inventory', balanced(session));
    await must(session, 'watch', '-A');
    await session.observe(clients(1));
    expect((await entries(session)).map(alertText)).toEqual(['high new-public-entry firing']);
  });

  it('is one alert, whoever its clients are', async () => {
    const session = await watchedShop();
    await session.observe(clients(23));
    expect((await session.alerts()).map(alertText)).toEqual(['high new-public-entry firing']);
  });

  it('leaves the edges of its clients as they are', async () => {
    const session = await watchedShop();
    await session.observe(clients(17));
    const edges = await ofClients(session);
    expect(edges).toHaveLength(17);
    expect(edges).toContain('external 203.0.113.1 -> shop/cart 8080/TCP observed');
  });

  it('makes no rule until somebody accepts it, and is the public’s in the policy then', async () => {
    const session = await watchedShop();
    await session.observe(clients(17), '--cluster-cidr', '10.0.0.0/16');
    const peers = async () => (await session.policies('--workload', 'shop/cart'))[0]?.spec.ingress?.flatMap(({ from }) => from);
    const byWeb = { podSelector: { matchLabels: { app: 'web' } } };
    expect(await peers()).toEqual([byWeb]);
    await must(session, 'alerts', 'accept', (await entries(session))[0]!.id);
    expect(await peers()).toEqual([{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/16'] } }, byWeb]);
    expect(await ofClients(session)).toEqual(['public -> shop/cart 8080/TCP accepted']);
  });
});

describe('a decision on a new public entry', () => {
  const decided = async (word: string): Promise<readonly [Session, string]> => {
    const session = await watchedShop();
    await session.observe(clients(17));
    const { id } = (await entries(session))[0]!;
    await must(session, 'alerts', word, id);
    return [session, id];
  };

  it.each([
    ['accept', 'accepted'],
    ['reject', 'rejected'],
    ['ack', 'acknowledged'],
    ['mute', 'muted'],
  ])('leaves it in the list, with what it counted: %s makes it %s', async (word, state) => {
    const [session, id] = await decided(word);
    expect(await entries(session)).toMatchObject([{ id, state, count: 34, firstSeen: '2026-03-12T12:00:00.000Z', lastSeen: '2026-03-12T12:00:01.000Z' }]);
    expect(await session.run('alerts', 'show', id)).toMatchObject({ status: 0, out: expect.stringContaining('203.0.113.1') as string });
  });

  it.each(['accept', 'reject'])('settles the edges of its clients with it: it is the one alert that is left (%s)', async (word) => {
    const [session] = await decided(word);
    expect(await alertTexts(session)).toEqual([`high new-public-entry ${word}ed`]);
  });

  it('lets anybody in without another alert, once it is accepted', async () => {
    const [session] = await decided('accept');
    expect(await session.observe(few(2, { from: WORLD('198.18.0.1'), to: cart, port: 8080, time: LATER + HOUR }))).toMatchObject({ alerts: 0 });
    expect(await alertTexts(session)).toEqual(['high new-public-entry accepted']);
  });

  it('fires again when anybody comes in after it was rejected, with what came since', async () => {
    const [session, id] = await decided('reject');
    expect(await session.observe(few(3, { from: WORLD('198.18.0.1'), to: cart, port: 8080, time: LATER + HOUR }))).toMatchObject({ alerts: 1 });
    expect(await session.alerts()).toMatchObject([{ id, kind: 'new-public-entry', state: 'firing', count: 3, firstSeen: '2026-03-12T13:00:00.000Z' }]);
  });
});

describe('a port that was public when its workload was switched to watching', () => {
  it('may be reached by anybody: no alert, no suspicion, one edge', async () => {
    const session = await learnedShop();
    await session.observe(clients(17));
    await must(session, 'watch', '-A');
    await session.observe(few(1, { from: WORLD('198.18.0.1'), to: cart, port: 8080, time: LATER + 86_400_000 }));
    expect(await session.alerts()).toEqual([]);
    expect(await ofClients(session)).toEqual(['public -> shop/cart 8080/TCP accepted']);
  });

  it('comes from outside, not from another namespace, when a policy denies it', async () => {
    const session = await learnedShop();
    await session.observe(clients(17));
    await must(session, 'watch', '-A');
    await session.observe(few(2, { from: WORLD('203.0.113.1'), to: cart, port: 8080, time: LATER + HOUR }, denied));
    expect(await alertTexts(session)).toEqual(['high denied new-external firing']);
  });

  it('is public on that port alone', async () => {
    const session = await learnedShop();
    await session.observe(clients(17));
    await must(session, 'watch', '-A');
    await session.observe(clients(1, 9090));
    expect((await session.alerts()).map(alertText)).toEqual(['medium new-edge new-external firing']);
  });
});
