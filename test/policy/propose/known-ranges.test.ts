import { describe, expect, it } from 'vitest';
import { insideCluster } from '../../../src/policy/propose/known-ranges.ts';
import { propose } from '../../../src/policy/propose/propose.ts';
import { Roster } from '../../../src/policy/roster.ts';
import { Learner } from '../../support/graph.ts';
import { pod, WORLD, type HubbleFlow } from '../../support/hubble.ts';
import { nodeObject, serviceObject } from '../../support/inventory.ts';
import { deployed, learned } from '../../support/proposals.ts';
import { known, rejecting, ruleLines, widen } from '../../support/widening.ts';

const web = deployed('shop/web', '10.0.0.1');
const cart = deployed('shop/cart', '10.0.0.2');
const SHOP = [...web.objects, ...cart.objects];
const to = (ip: string, more: Partial<HubbleFlow> = {}): HubbleFlow => ({ from: web.end, to: WORLD(ip), port: 443, ...more });

describe('outside addresses within ranges that have a name', () => {
  it('are named as all ranges of the name, with how many addresses they hold and how many were seen', () => {
    const graph = learned([to('198.51.100.7'), to('198.51.100.9'), to('203.0.113.9')], SHOP).graph();
    expect(ruleLines(graph, 'shop/web', { ranges: known({ cdn: ['192.0.2.0/28', '198.51.100.0/24'] }) })).toEqual([
      'out 192.0.2.0/28 198.51.100.0/24 (cdn) | 203.0.113.9/32 at 443/TCP',
      '  known-ranges: 443/TCP at cdn: 2 ranges hold 272 addresses, 2 of them seen',
    ]);
  });

  it('are counted at each port by itself, and by family', () => {
    const graph = learned([to('198.51.100.7'), to('198.51.100.9'), to('198.51.100.9', { port: 80 }), to('2001:db8::7')], SHOP).graph();
    expect(ruleLines(graph, 'shop/web', { ranges: known({ cdn: ['198.51.100.0/24', '2001:db8::/120'] }) })).toEqual([
      'out 198.51.100.0/24 2001:db8::/120 (cdn) at 80/TCP 443/TCP',
      '  known-ranges: 443/TCP at cdn: 2 ranges hold 256 IPv4 and 256 IPv6 addresses, 3 of them seen',
      '  known-ranges: 80/TCP at cdn: 2 ranges hold 256 IPv4 and 256 IPv6 addresses, 1 of them seen',
    ].toSorted((a, b) => Number(b.startsWith('out')) - Number(a.startsWith('out'))));
  });

  it('are no widening where all of them were seen', () => {
    const graph = learned([to('198.51.100.6'), to('198.51.100.7')], SHOP).graph();
    expect(ruleLines(graph, 'shop/web', { ranges: known({ pair: ['198.51.100.6/31'] }) })).toEqual(['out 198.51.100.6/31 (pair) at 443/TCP']);
  });

  it('may come in as well as be reached', () => {
    const graph = learned([{ from: WORLD('192.0.2.20'), to: cart.end, port: 8080 }], SHOP).graph();
    expect(ruleLines(graph, 'shop/cart', { ranges: known({ office: ['192.0.2.16/28'] }) })).toEqual([
      'in 192.0.2.16/28 (office) at 8080/TCP',
      '  known-ranges: 8080/TCP at office: 1 range holds 16 addresses, 1 of them seen',
    ]);
  });

  it('do not count among those that are too many', () => {
    const many = Array.from({ length: 80 }, (_, i) => to(`198.51.100.${i}`));
    const graph = learned([...many, to('203.0.113.9')], SHOP).graph();
    expect(ruleLines(graph, 'shop/web', { ranges: known({ cdn: ['198.51.100.0/24'] }) })[1]).toBe('  known-ranges: 443/TCP at cdn: 1 range holds 256 addresses, 80 of them seen');
  });

  it('go by their DNS names in forms that hold some; the ranges are for those without', () => {
    const named = to('198.51.100.7', { names: ['a.example.org'] });
    const dns = pod('kube-system', 'coredns-0', '10.0.2.53', { 'k8s-app': 'kube-dns' });
    const graph = learned([named, to('198.51.100.9'), { from: web.end, to: dns, port: 53, protocol: 'UDP' }], SHOP).graph();
    const ranges = known({ cdn: ['198.51.100.0/24'] });
    const outsideOf = (byName: boolean): readonly string[] => ruleLines(graph, 'shop/web', { ranges }, byName).filter((line) => line.includes('443'));
    expect(outsideOf(true)).toEqual(['out 198.51.100.0/24 (cdn) | 198.51.100.7/32 = a.example.org at 443/TCP', '  known-ranges: 443/TCP at cdn: 1 range holds 256 addresses, 1 of them seen']);
    expect(outsideOf(false)).toEqual(['out 198.51.100.0/24 (cdn) at 443/TCP', '  known-ranges: 443/TCP at cdn: 1 range holds 256 addresses, 2 of them seen']);
  });

  it('change nothing of the graph: ids and states are those without the file', () => {
    const graph = learned([to('198.51.100.7')], SHOP).graph();
    const before = JSON.stringify(graph.edges.map(({ id, state, key }) => [id, state, key]));
    propose(graph, widen({ ranges: known({ cdn: ['198.51.100.0/24'] }) }));
    expect(JSON.stringify(graph.edges.map(({ id, state, key }) => [id, state, key]))).toBe(before);
  });

  it('say which of them nobody accepted, and that they get through', () => {
    const flows = [to('198.51.100.7'), to('198.51.100.8'), to('198.51.100.9'), { from: cart.end, to: WORLD('198.51.100.10'), port: 443 }];
    const graph = rejecting(learned(flows, SHOP).graph(), 'external|198.51.100.8', 'external|198.51.100.10');
    const notes = (options = widen({ ranges: known({ cdn: ['198.51.100.0/24'] }) })): readonly string[] => propose(graph, options).proposals.flatMap(({ notes: own }) => own).filter((note) => note.includes('cdn'));
    expect(notes()).toEqual(['cdn holds 198.51.100.8, seen and not accepted: naming all of cdn lets it through']);
    expect(notes(widen({}))).toEqual([]);
  });
});

describe('ranges that are not outside', () => {
  const service = serviceObject('shop', 'cart', '10.96.0.2', { app: 'cart' }, [{ port: 80, targetPort: 8080 }]);
  const objects = [...SHOP, nodeObject('node-a', '192.168.0.1', '10.0.0.0/24'), service];
  const wrong = (range: string, ...more: readonly object[]): string | null => {
    const graph = new Learner({ ranges: ['10.244.0.0/16'] }).know(...objects, ...more).graph();
    return insideCluster(known({ ours: ['198.51.100.0/24', range] }), graph, new Roster(graph));
  };

  it.each([
    ['a node’s range of pods', '10.0.0.0/24', '10.0.0.0/24'],
    ['a part of it', '10.0.0.128/25', '10.0.0.0/24'],
    ['what holds it', '10.0.0.0/8', '10.0.0.0/24'],
    ['a range that a person said is the cluster’s', '10.244.7.0/24', '10.244.0.0/16'],
    ['a node', '192.168.0.0/24', '192.168.0.1'],
    ['a Service', '10.96.0.0/12', '10.96.0.2'],
  ])('share addresses with %s', (_, range, what) => {
    expect(wrong(range)).toBe(`ours: ${range} shares addresses with ${what}, which the cluster has: known ranges are of what is outside`);
  });

  it('are also those of a pod that is in no range, wherever it is', () => {
    expect(wrong('203.0.113.0/24', ...deployed('shop/stray', '203.0.113.7').objects)).toMatch(/203\.0\.113\.0\/24 shares addresses with 203\.0\.113\.7, which the cluster has/);
  });

  it('are not those of a provider in which nodes and Services have public addresses', () => {
    const node = nodeObject('node-b', '198.51.100.9');
    const balanced = { ...serviceObject('shop', 'edge', '10.96.0.3', { app: 'web' }, [{ port: 443 }], 'LoadBalancer'), status: { loadBalancer: { ingress: [{ ip: '198.51.100.10' }] } } };
    expect(wrong('192.0.2.0/24', node, balanced)).toBeNull();
    expect(wrong('172.16.0.0/12')).toBeNull();
  });
});
