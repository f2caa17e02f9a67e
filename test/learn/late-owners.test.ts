import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { envoyAccessLog } from '../../collectors/envoy-access-log/index.ts';
import { readinessOf } from '../../src/learn/readiness.ts';
import { Session } from '../support/cli.ts';
import { outbound } from '../support/envoy.ts';
import { Learner, type Log } from '../support/graph.ts';
import { connection, hubbleLine, pod, settledTraffic, T0, WORLD, type HubbleEnd } from '../support/hubble.ts';
import { nodeObject, ownerObject, podObject } from '../support/inventory.ts';
import { record } from '../support/traffic.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const web = pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.11', { app: 'web' });
const cart = pod('shop', 'cart-7d9f8b6c5d-x7x2l', '10.0.0.12', { app: 'cart' });
const books = pod('pay', 'books-0', '10.0.0.13', { app: 'books' });
const apiPod = (name: string, ip: string): object => podObject({ namespace: 'shop', name, ip, start: '2026-03-01T00:00:00Z', owner: ['ReplicaSet', name.replace(/-[^-]*$/, '')] });
const inventory = [nodeObject('node-a', '192.168.0.1', '10.0.0.0/24', '2026-03-05T00:00:00Z'), apiPod('web-6b746f74dc-9rcxx', '10.0.0.11'), apiPod('web-6b746f74dc-x7x2l', '10.0.0.15'), apiPod('cart-7d9f8b6c5d-x7x2l', '10.0.0.12')];
const lostAnswer = (time: number): string =>
  hubbleLine({ from: { ip: '10.0.0.12' }, to: { ip: '10.0.0.11' }, port: 54_000, clientPort: 8080, flags: ['ACK'], verdict: 'DROPPED', time, extra: { is_reply: undefined, drop_reason_desc: 'POLICY_DENIED', event_type: { type: 1 } } });

describe('the answer is the same whenever the owner of an address became known', () => {
  it('whether the inventory is known before the records or after', () => {
    const iso = (time: number): string => new Date(time).toISOString();
    const listed = (namespace: string, name: string, ip: string, owner: readonly [string, string]): object => podObject({ namespace, name, ip, owner, start: iso(T0 - 3_600_000), hostIP: '192.168.0.7' });
    const objects = [
      nodeObject('node-x', '192.168.0.2', undefined, iso(T0 + 60 * 3_600_000)),
      ownerObject('ReplicaSet', 'shop', 'web-6b746f74dc', {}, { owner: ['Deployment', 'web'] }),
      listed('shop', 'web-6b746f74dc-9rcxx', '10.0.0.11', ['ReplicaSet', 'web-6b746f74dc']),
      listed('shop', 'web-6b746f74dc-x7x2l', '10.0.0.12', ['ReplicaSet', 'web-6b746f74dc']),
      listed('shop', 'cart-0', '10.0.0.13', ['StatefulSet', 'cart']),
      listed('pay', 'books-0', '10.0.0.14', ['StatefulSet', 'books']),
    ];
    fc.assert(
      fc.property(fc.array(record, { minLength: 15, maxLength: 40 }), (all) => {
        const before = new Learner({ ranges: ['10.0.0.0/16'] }).know(...objects).batch(all);
        const after = new Learner({ ranges: ['10.0.0.0/16'] }).batch(all).know(...objects);
        expect(after.answer()).toBe(before.answer());
      }),
      { numRuns: 20 },
    );
  });

  it('no address of a pod stands for the API server', () => {
    const lines = [hubbleLine({ from: { ip: '10.0.0.11' }, to: { ip: '192.168.0.9', labels: ['reserved:kube-apiserver'] }, port: 6443 }), ...connection({ from: web, to: cart })];
    const found = new Learner().read(lines).graph().edges.find(({ destination }) => destination.type === 'apiserver');
    expect([...(found?.evidence.addresses ?? [])]).toEqual(['192.168.0.9']);
  });

  it('no pod address in an ipBlock', async () => {
    const session = new Session();
    const ask = [0, 1, 2].map((n) => ({ from: { ip: '10.0.0.11' }, to: { ip: '192.168.0.9', labels: ['reserved:kube-apiserver'] }, port: 6443, clientPort: 40_000 + n }));
    await session.observe([...ask.flatMap((flow) => connection(flow)), ...connection({ from: web, to: cart })]);
    expect(JSON.stringify(await session.policies())).not.toContain('10.0.0.11');
  });

  it('a lost answer is no sign of life, whenever its ends became known', () => {
    const lines = [...connection({ from: web, to: cart }), lostAnswer(T0 + 2 * HOUR)];
    const text = (learner: Learner): unknown => [learner.edges(), learner.graph().edges.map(({ evidence: of }) => [[...of.days], [...of.failedSlots]])];
    expect(text(new Learner().read(lines).know(...inventory))).toEqual(text(new Learner().know(...inventory).read(lines)));
  });

  it('a lost answer violates nothing, though its ends became known later', () => {
    const learner = new Learner().read(settledTraffic({ from: web, to: books })).switchTo('watching').read([...connection({ from: web, to: cart }), lostAnswer(T0 + 2 * HOUR)]).know(...inventory);
    const found = learner.graph().edges.find(({ destination }) => destination.type === 'workload' && destination.name === 'cart');
    expect(found?.violations.map(({ hours }) => hours)).toEqual([1]);
  });

  it('a pod to itself is no edge, whenever its address became known', () => {
    const lines = [...connection({ from: { ...web, ip: undefined }, to: { ip: '10.0.0.11' } }), ...connection({ from: web, to: cart })];
    expect(new Learner().read(lines).edges()).toEqual(['shop/web -> shop/cart 8080/TCP observed [single-sighting]']);
  });

  it('nodes and the outside are no edge, whenever the node became known', () => {
    const lines = connection({ from: { ip: '192.168.0.1' }, to: WORLD('198.51.100.7') });
    expect(new Learner().read(lines).know(...inventory).edges()).toEqual([]);
  });

  it('labels alone make no edge, though the other end is known only later', () => {
    const proxied = { ip: '10.0.0.200', labels: ['k8s:app=web', 'k8s:io.kubernetes.pod.namespace=shop'] };
    const names = [...connection({ from: cart, to: web, port: 1 }), ...connection({ from: cart, to: web, port: 1, time: T0 + MINUTE })];
    expect(new Learner().read([...names, hubbleLine({ from: proxied, to: { ip: '10.0.0.12' } })]).edges()).toEqual(['shop/cart -> shop/web 1/TCP accepted']);
  });

  it('one pod is one pod, though records name its cluster or not', () => {
    const busy = (from: HubbleEnd, to: HubbleEnd, port: number): readonly string[] => [...Array(20).keys()].flatMap((n) => connection({ from, to, port, clientPort: 40_000 + n, time: T0 + n * 1000 }));
    const first = pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.11', {}, { cluster: 'east' });
    const second = pod('shop', 'web-6b746f74dc-x7x2l', '10.0.0.15');
    const lines = [...busy(first, cart, 9999), ...busy(second, cart, 8080), ...busy({ ...second, cluster: 'east' }, cart, 8080)];
    expect(new Learner().read(lines).edges()).toContain('shop/web -> shop/cart 9999/TCP accepted');
  });

  it('when a pod was first seen does not depend on the order of batches', () => {
    const x = connection({ from: { ip: '10.0.0.11' }, to: cart });
    const early = connection({ from: { ip: '10.0.0.15' }, to: cart, time: T0 + MINUTE });
    const late = connection({ from: { ip: '10.0.0.15' }, to: cart, time: T0 + 5 * HOUR });
    const answer = (...batches: readonly (readonly string[])[]): string => {
      const learner = new Learner().know(...inventory);
      for (const batch of batches) learner.read(batch);
      return JSON.stringify(readinessOf(learner.graph()));
    };
    expect(answer(x, late, early)).toBe(answer(x, early, late));
  });

  it('pod counts are the same whether the address was known at once or later (one-pod)', () => {
    const owner = (name: string): Log['origin'] => ({ source: name, owner: { namespace: 'shop', pod: name, container: 'istio-proxy' } });
    const calls = (name: string, ip: string, port: number): Log => ({ lines: [...Array(20).keys()].map((n) => outbound({ host: `10.0.0.12:${port}`, upstreamLocal: `${ip}:41000`, downstreamRemote: `${ip}:40000`, time: T0 + n * 1000 })), collector: envoyAccessLog, origin: owner(name) });
    const logs = [calls('web-6b746f74dc-9rcxx', '10.0.0.11', 9999), calls('web-6b746f74dc-x7x2l', '10.0.0.15', 8080), calls('web-6b746f74dc-zzzzz', '10.0.0.16', 8080)];
    const all = [...inventory, apiPod('web-6b746f74dc-zzzzz', '10.0.0.16')];
    expect(new Learner().batch(logs).know(...all).edges()).toEqual(new Learner().know(...all).batch(logs).edges());
  });

  it('who a pending pod belongs to does not depend on the order of guess and statement', () => {
    const guessed = hubbleLine({ from: pod('shop', 'backup-x7k2p', '10.0.0.17'), to: cart });
    const stated = hubbleLine({ from: pod('shop', 'backup-x7k2p', '10.0.0.17', {}, { workload: ['Job', 'backup'] }), to: cart, time: T0 + 10_000 });
    const pending = hubbleLine({ from: { ip: '10.0.0.17' }, to: cart, port: 9999, time: T0 + 5_000 });
    const kind = (...lines: readonly string[]): unknown => new Learner().read(lines).graph().edges.filter(({ port }) => port === 9999).map(({ source }) => source);
    expect(kind(stated, guessed, pending)).toEqual(kind(guessed, stated, pending));
  });
});
