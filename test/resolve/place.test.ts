import { describe, expect, it } from 'vitest';
import type { Flow } from '../../src/model/flow.ts';
import { placeOf, roleOf } from '../../src/resolve/place.ts';
import { Resolver } from '../../src/resolve/resolver.ts';
import { directoryOf } from '../support/directory.ts';
import { endpoint, flow } from '../support/flow.ts';
import { T0 } from '../support/hubble.ts';
import { nodeObject, podObject } from '../support/inventory.ts';

const MINUTE = 60_000;
const iso = (time: number): string => new Date(time).toISOString();
const directory = directoryOf([
  nodeObject('node-a', '192.168.0.1', '10.0.0.0/24', iso(T0 + 60 * MINUTE)),
  podObject({ namespace: 'shop', name: 'cart-0', ip: '10.0.0.2', owner: ['StatefulSet', 'cart'], start: iso(T0 + 90_000) }),
  podObject({ namespace: 'kube-system', name: 'agent-x7k2p', ip: '192.168.0.1', hostNetwork: true, owner: ['DaemonSet', 'agent'] }),
]);
const resolver = new Resolver(directory);
const place = (parts: Partial<Flow>): readonly unknown[] => {
  const { as, from, until } = placeOf(flow(parts), resolver);
  return [as, from - T0, until - T0];
};

describe('a flow', () => {
  it.each<[string, Partial<Flow>, readonly unknown[]]>([
    ['between pods by their names: for an hour', {}, ['flows', 0, 60 * MINUTE - 1]],
    ['in the midst of it', { time: T0 + 5 * MINUTE }, ['flows', 0, 60 * MINUTE - 1]],
    ['that answers', { phase: 'answer' }, ['reply', 0, 60 * MINUTE - 1]],
    ['that answers, and was dropped', { phase: 'lost-answer' }, ['lost-reply', 0, 60 * MINUTE - 1]],
    ['with an address that nobody owns: for a minute', { destination: endpoint({ address: '10.0.0.9' }) }, ['flows', 0, MINUTE - 1]],
    ['with one that a pod has from then on', { destination: endpoint({ address: '10.0.0.2' }), time: T0 + 95_000 }, ['flows', 90_000, 60 * MINUTE - 1]],
    ['to itself', { destination: endpoint({ namespace: 'shop', pod: 'web-6b746f74dc-9rcxx', address: '10.0.0.11' }) }, ['self', 0, 60 * MINUTE - 1]],
    ['to itself, as an answer', { destination: endpoint({ address: '10.0.0.11' }), phase: 'answer' }, ['self', 0, MINUTE - 1]],
    ['between nodes', { source: endpoint({ address: '192.168.0.1' }), destination: endpoint({ reserved: 'remote-node' }) }, ['no-workload', 0, 60 * MINUTE - 1]],
  ])('%s', (_, parts, expected) => {
    expect(place(parts)).toEqual(expected);
  });
});

describe('an end', () => {
  const workloadOf = (parts: Parameters<typeof endpoint>[0], time = T0): string | null => roleOf(endpoint(parts), time, resolver).workload;

  it('with the name of a pod is its workload at any time, whichever pod it is', () => {
    const role = roleOf(endpoint({ namespace: 'shop', pod: 'cart-0' }), T0, resolver);
    expect(role).toEqual({ workload: 'workload||shop|StatefulSet|cart', from: -Infinity, until: Infinity });
    expect(workloadOf({ namespace: 'shop', pod: 'cart-1', address: '10.0.0.9' })).toBe(role.workload);
    expect(workloadOf({ namespace: 'shop', pod: 'web-0' })).not.toBe(role.workload);
  });

  it('with an address alone is whose pod has it, while that has it', () => {
    const role = roleOf(endpoint({ address: '10.0.0.2' }), T0 + 95_000, resolver);
    expect([role.workload, role.from]).toEqual(['workload||shop|StatefulSet|cart', T0 + 90_000]);
    const before = roleOf(endpoint({ address: '10.0.0.2' }), T0 + 5_000, resolver);
    expect([before.workload, before.until]).toEqual([null, T0 + 90_000 - 1]);
  });

  it.each<[string, Parameters<typeof endpoint>[0]]>([
    ['on its node’s network', { namespace: 'kube-system', pod: 'agent-x7k2p' }],
    ['with a node’s address', { address: '192.168.0.1' }],
    ['with an address that nobody is known to have', { address: '10.0.0.9' }],
    ['outside', { address: '198.51.100.7', reserved: 'world' }],
    ['with a Service’s address', { address: '10.96.0.10' }],
  ])('%s is no workload', (_, parts) => {
    expect(workloadOf(parts, T0 + 95_000)).toBeNull();
  });
});
