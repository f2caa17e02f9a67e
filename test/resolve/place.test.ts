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
  it('with the name of a pod is its workload, whichever pod it is', () => {
    const role = roleOf(endpoint({ namespace: 'shop', pod: 'cart-0' }), resolver);
    expect(role).not.toBeNull();
    expect(roleOf(endpoint({ namespace: 'shop', pod: 'cart-1', address: '10.0.0.9' }), resolver)).toBe(role);
    expect(roleOf(endpoint({ namespace: 'shop', pod: 'web-0' }), resolver)).not.toBe(role);
  });

  it.each<[string, Parameters<typeof endpoint>[0]]>([
    ['with an address alone', { address: '10.0.0.2' }],
    ['on its node’s network', { namespace: 'kube-system', pod: 'agent-x7k2p' }],
  ])('%s is no workload at any time', (_, parts) => {
    expect(roleOf(endpoint(parts), resolver)).toBeNull();
  });
});
