import { describe, expect, it } from 'vitest';
import { peerText, Session } from '../support/cli.ts';
import { outbound } from '../support/envoy.ts';
import { connection, hubbleLine, pod, WORLD, type HubbleFlow } from '../support/hubble.ts';
import {
  alertText, alertTexts, APISERVER, audited, books, cart, database, DAY, few, HOUR, LATER, learnedShop, ledger, METADATA, must, NODE, onlyAlert, refused, unanswered, usualTraffic, watchedShop, web,
} from '../support/shop.ts';

type Case = readonly [why: string, flow: HubbleFlow, expected: string];

describe('a new edge is judged by what it reaches', () => {
  it.each<Case>([
    ['the metadata service', { from: cart, to: METADATA, port: 80 }, 'critical new-edge metadata firing'],
    ['the metadata service of containers', { from: cart, to: WORLD('169.254.170.2'), port: 80 }, 'critical new-edge metadata firing'],
    ['the metadata service over IPv6', { from: cart, to: WORLD('fd00:ec2::254'), port: 80 }, 'critical new-edge metadata firing'],
    ['the host service of Azure', { from: cart, to: WORLD('168.63.129.16'), port: 80 }, 'critical new-edge metadata firing'],
    ['a kubelet', { from: cart, to: NODE, port: 10_250 }, 'critical new-edge infrastructure firing'],
    ['a kubelet that asks for no name', { from: cart, to: NODE, port: 10_255 }, 'critical new-edge infrastructure firing'],
    ['etcd, wherever it runs', { from: cart, to: books, port: 2379 }, 'critical new-edge infrastructure firing'],
    ['etcd’s talk among its members', { from: cart, to: database, port: 2380 }, 'critical new-edge infrastructure firing'],
    ['another port of a node', { from: cart, to: NODE, port: 9100 }, 'high new-edge infrastructure firing'],
    ['the API server', { from: cart, to: APISERVER, port: 6443 }, 'high new-edge infrastructure firing'],
    ['a pod, from another node', { from: NODE, to: cart, port: 8080 }, 'high new-edge infrastructure firing'],
    ['another namespace', { from: cart, to: books, port: 5432 }, 'high new-edge cross-namespace firing'],
    ['the other way round', { from: cart, to: web, port: 8080 }, 'high new-edge reversed firing'],
    ['somebody outside', { from: cart, to: WORLD('203.0.113.9'), port: 443 }, 'medium new-edge new-external firing'],
    ['a pod, from outside', { from: WORLD('203.0.113.9'), to: cart, port: 8080 }, 'medium new-edge new-external firing'],
    ['another port of a known pair', { from: web, to: cart, port: 9999 }, 'medium new-edge new-port firing'],
    ['the same port by another protocol', { from: web, to: cart, port: 8080, protocol: 'UDP' }, 'medium new-edge new-port firing'],
    ['somebody in the same namespace', { from: web, to: database, port: 5432 }, 'medium new-edge same-namespace firing'],
  ])('%s', async (_, flow, expected) => {
    const session = await watchedShop();
    await session.observe(few(2, flow));
    expect(alertText(await onlyAlert(session))).toBe(expected);
  });

  it('is known by class before it is known by namespace: a new port of a pair that talks across namespaces is a new port', async () => {
    const session = await watchedShop();
    const reviews = { from: cart, to: ledger, port: 9090 };
    await session.observe(few(3, reviews));
    await must(session, 'alerts', 'accept', (await onlyAlert(session)).id);
    await session.observe([...few(2, { ...reviews, port: 9091, time: LATER + HOUR }), ...few(2, { from: ledger, to: cart, port: 8080, time: LATER + HOUR })]);
    expect(await alertTexts(session)).toEqual(['high new-edge cross-namespace accepted', 'high new-edge reversed firing', 'medium new-edge new-port firing']);
  });
});

describe('how bad a new edge is depends on what came of it', () => {
  const flow = { from: cart, to: books, port: 9000 };
  it.each([
    ['a lone refused attempt is low', few(1, flow, refused), 'low new-edge cross-namespace firing'],
    ['an attempt that nobody answered is low', few(1, flow, unanswered), 'low new-edge cross-namespace firing'],
    ['so is one at the metadata service', few(1, { from: cart, to: METADATA, port: 80 }, refused), 'low new-edge metadata firing'],
    ['and one at a kubelet', few(1, { from: cart, to: NODE, port: 10_250 }, refused), 'low new-edge infrastructure firing'],
    ['one that both ends told of is still a lone one', few(1, flow, (of) => [...refused(of), ...refused({ ...of, direction: 'EGRESS', point: 'TO_OVERLAY' })]), 'low new-edge cross-namespace firing'],
    ['two refused attempts are no lone one', few(2, flow, refused), 'high new-edge cross-namespace firing'],
    ['nor are fifty at the metadata service', few(50, { from: cart, to: METADATA, port: 80 }, refused), 'critical new-edge metadata firing'],
    ['one that is refused first and answered then has the severity of its class', [...few(1, flow, refused), ...few(1, flow)], 'high new-edge cross-namespace firing'],
    ['one that went through because a policy only audits has the severity of its class', few(1, flow, audited), 'high new-edge cross-namespace firing'],
  ])('%s', async (_, lines, expected) => {
    const session = await watchedShop();
    await session.observe(lines);
    expect(alertText(await onlyAlert(session))).toBe(expected);
  });
});

describe('a new edge to the outside over which much goes out', () => {
  const carried = (received: number, sent: number): string =>
    outbound({ time: LATER, cluster: 'outbound|443||files.example.com', host: '203.0.113.9:443', upstreamLocal: '10.0.0.2:41000', downstreamLocal: '203.0.113.9:443', downstreamRemote: '10.0.0.2:40000', received, sent });

  it.each([
    ['200 MB out and next to nothing in: high', carried(200_000_000, 1_000), 'high new-edge new-external firing'],
    ['as much in as out: medium', carried(200_000_000, 100_000_000), 'medium new-edge new-external firing'],
    ['little: medium', carried(2_000_000, 0), 'medium new-edge new-external firing'],
  ])('%s', async (_, line, expected) => {
    const session = await watchedShop();
    await session.observe(usualTraffic(1, LATER - HOUR));
    await session.observe([line]);
    expect(alertText(await onlyAlert(session))).toBe(expected);
  });
});

describe('an alert of a new edge', () => {
  it('has the fields of the contract, and no others', async () => {
    const session = await watchedShop();
    await session.observe(few(5, { from: cart, to: books, port: 5432 }));
    const alert = await onlyAlert(session);
    expect(alert).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      kind: 'new-edge',
      class: 'cross-namespace',
      severity: 'high',
      state: 'firing',
      source: { kind: 'workload', cluster: 'default', namespace: 'shop', workload: 'cart', workloadKind: 'Deployment' },
      destination: { kind: 'workload', cluster: 'default', namespace: 'pay', workload: 'books', workloadKind: 'StatefulSet' },
      port: 5432,
      protocol: 'TCP',
      firstSeen: '2026-03-12T12:00:00.000Z',
      lastSeen: '2026-03-12T12:00:04.000Z',
      count: 5,
      reason: expect.stringContaining('shop/cart -> pay/books 5432/TCP: never seen') as string,
      evidence: expect.any(Array) as unknown[],
    });
  });

  it('tells how often, by which pods, who saw it, and what the source usually does', async () => {
    const session = await watchedShop();
    await session.observe([...few(2, { from: cart, to: books, port: 5432 }), ...few(1, { from: cart, to: books, port: 5432, time: LATER + HOUR })]);
    const { evidence } = (await session.json<{ readonly evidence: readonly string[] }[]>('alerts'))[0]!;
    expect(evidence).toEqual([
      '3 connections in 2 hours: answered',
      'from shop/cart-7d9f8b6c5d-x7x2l',
      'told by hubble at the destination, hubble at the source',
      'shop/cart talks to shop/db',
    ]);
  });

  it('is one for all connections and pods of the edge, whenever they come', async () => {
    const session = await watchedShop();
    const second = pod('shop', 'cart-7d9f8b6c5d-bbbbb', '10.0.0.22', { app: 'cart' });
    await session.observe(few(2, { from: cart, to: books, port: 5432 }));
    const [first] = await session.alerts();
    const summary = await session.observe(few(3, { from: second, to: books, port: 5432, time: LATER + 5 * HOUR }));
    expect(await session.alerts()).toEqual([expect.objectContaining({ id: first?.id, count: 5, firstSeen: '2026-03-12T12:00:00.000Z', lastSeen: '2026-03-12T17:00:02.000Z' })]);
    expect(summary.alerts).toBe(0);
  });

  it('counts what happened while somebody watched, not what was seen before', async () => {
    const session = await learnedShop();
    await session.observe(few(1, { from: cart, to: books, port: 22 }));
    await must(session, 'watch', '-A');
    await session.observe(few(2, { from: cart, to: books, port: 22, time: LATER + HOUR }));
    const alert = await onlyAlert(session);
    expect(alert).toMatchObject({ count: 2, firstSeen: '2026-03-12T13:00:00.000Z' });
    expect(alert.reason).toContain('held back while learning');
  });

  it('tells how long was learned, not how long was watched', async () => {
    const session = await watchedShop();
    const reasonOf = async (port: number): Promise<string | undefined> => (await session.alerts()).find((alert) => alert.port === port)?.reason;
    await session.observe(usualTraffic(4, LATER));
    await session.observe(few(2, { from: cart, to: books, port: 9000, time: LATER + 5 * DAY }));
    expect(await reasonOf(9000)).toContain('never seen in 2 days of learning');
    // Switched to watching once more, without learning in between: that is no more learning.
    await must(session, 'watch', '-n', 'shop');
    expect(await reasonOf(9000)).toContain('never seen in 2 days of learning');
    // Learning anew, on top of it: the days of both times.
    await must(session, 'learn', '-A');
    await must(session, 'learn', '-n', 'shop');
    await session.observe(usualTraffic(4, LATER + 10 * DAY));
    await must(session, 'watch', '-A');
    await must(session, 'watch', '-n', 'shop');
    await session.observe(few(2, { from: cart, to: books, port: 9001, time: LATER + 20 * DAY }));
    expect(await reasonOf(9001)).toContain('never seen in 5 days of learning');
  });

  it('says that nothing was learned, where watching came first', async () => {
    const session = new Session();
    await session.observe([]);
    await must(session, 'watch', '-A');
    await session.observe(few(2, { from: cart, to: books, port: 9000 }));
    await must(session, 'alerts', 'accept', ...(await session.alerts()).map(({ id }) => id));
    await session.observe(few(2, { from: cart, to: books, port: 9001 }));
    expect((await session.alerts()).find(({ kind }) => kind === 'new-edge')?.reason).toContain('never seen in 0 hours of learning');
  });

  it('does not count both ends of a connection', async () => {
    const session = await watchedShop();
    const flow = { from: cart, to: books, port: 5432, time: LATER };
    await session.observe([hubbleLine({ ...flow, point: 'TO_STACK', node: 'node-b' }), ...connection(flow)]);
    expect((await onlyAlert(session)).count).toBe(1);
  });
});

describe('what makes no alert of a new edge', () => {
  const rolled = pod('shop', 'web-5f7d8c9b6d-zz2kq', '10.0.0.77', { app: 'web' });
  const moved = pod('shop', 'cart-7d9f8b6c5d-qqqqq', '10.0.7.7', { app: 'cart' });
  it.each([
    ['the usual traffic', usualTraffic(1, LATER)],
    ['a new revision of a known workload', few(3, { from: rolled, to: cart, port: 8080 })],
    ['a new pod of a known workload', few(3, { from: web, to: moved, port: 8080 })],
    ['an end that nobody is known to own', few(3, { from: web, to: { ip: '10.0.99.99' }, port: 8080 })],
    ['a refusal of an accepted edge', few(3, { from: web, to: cart, port: 8080 }, refused)],
    ['a probe of the pod’s own node', few(3, { from: { ip: '192.168.0.1', labels: ['reserved:host'], identity: 1 }, to: cart, port: 8080 })],
    ['an answer that came late', [hubbleLine({ from: web, to: cart, port: 8080, reply: true, time: LATER })]],
  ])('%s', async (_, lines) => {
    const session = await watchedShop();
    const summary = await session.observe(lines);
    expect(summary.alerts).toBe(0);
    expect(await session.alerts()).toEqual([]);
  });
});

describe('ids of alerts', () => {
  const attacks = [
    few(2, { from: cart, to: books, port: 5432 }),
    few(2, { from: web, to: database, port: 5432 }),
    few(2, { from: cart, to: METADATA, port: 80 }),
    few(2, { from: WORLD('203.0.113.9'), to: cart, port: 8080 }),
  ];

  it('are equal in every database, whatever came first and however it was split', async () => {
    const [one, other] = [await watchedShop(), await watchedShop()];
    for (const lines of attacks) await one.observe(lines);
    await other.observe(attacks.toReversed().flat().toReversed());
    expect((await other.run('alerts', '-o', 'json')).out).toBe((await one.run('alerts', '-o', 'json')).out);
    expect(await one.alerts()).toHaveLength(4);
  });

  it('do not depend on who decided what before', async () => {
    const [one, other] = [await watchedShop(), await watchedShop()];
    await other.run('learn', '-n', 'pay');
    await other.run('watch', '-n', 'pay');
    for (const session of [one, other]) await session.observe(attacks[0]!);
    expect((await onlyAlert(other)).id).toBe((await onlyAlert(one)).id);
  });

  it('are of their own for every peer, port and protocol', async () => {
    const session = await watchedShop();
    const flow = { from: cart, to: books, port: 5000 };
    await session.observe([flow, { ...flow, port: 5001 }, { ...flow, protocol: 'UDP' as const }, { ...flow, to: ledger }, { ...flow, from: books, to: cart }].flatMap((one) => few(2, one)));
    const alerts = await session.alerts();
    expect(alerts).toHaveLength(5);
    expect(new Set(alerts.map(({ id }) => id)).size).toBe(5);
  });

  it('differ from the id of the edge', async () => {
    const session = await watchedShop();
    await session.observe(attacks[0]!);
    const { id, source } = await onlyAlert(session);
    expect(peerText(source)).toBe('shop/cart');
    expect((await session.edges()).map((edge) => edge.id)).not.toContain(id);
  });
});

describe('the order of the list', () => {
  it('is the worst first, then the latest', async () => {
    const session = await watchedShop();
    await session.observe([
      ...few(1, { from: web, to: database, port: 5432 }),
      ...few(1, { from: cart, to: METADATA, port: 80 }),
      ...few(1, { from: cart, to: ledger, port: 9000, time: LATER + HOUR }),
      ...few(1, { from: cart, to: books, port: 9000 }),
      ...few(1, { from: cart, to: ledger, port: 9001 }, refused),
    ]);
    expect((await session.alerts()).map(({ severity, port }) => `${severity} ${port}`)).toEqual(['critical 80', 'high 9000', 'high 9000', 'medium 5432', 'low 9001']);
    expect((await session.alerts()).map(({ destination }) => peerText(destination))).toEqual(['external 169.254.169.254', 'pay/ledger', 'pay/books', 'shop/db', 'pay/ledger']);
  });
});
