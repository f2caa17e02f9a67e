import { describe, expect, it } from 'vitest';
import type { Graph } from '../../../src/learn/graph.ts';
import type { Learner } from '../../support/graph.ts';
import { pod, WORLD, type HubbleEnd, type HubbleFlow } from '../../support/hubble.ts';
import { nodeObject, serviceObject } from '../../support/inventory.ts';
import { deployed, learned, proposed, unproposed } from '../../support/proposals.ts';
import { known, rejecting, ruleLines, widen } from '../../support/widening.ts';

const web = deployed('shop/web', '10.0.0.1');
const cart = deployed('shop/cart', '10.0.0.2');
const SHOP = [...web.objects, ...cart.objects];
const to = (ip: string, port = 443, from: HubbleEnd = web.end): HubbleFlow => ({ from, to: WORLD(ip), port });
const toAll = (ips: readonly string[], port = 443): readonly HubbleFlow[] => ips.map((ip) => to(ip, port));
const counted = (prefix: string, n: number): readonly string[] => Array.from({ length: n }, (_, i) => `${prefix}${i}`);

const lines = (learner: Learner, maxRanges: number, ranges = known({})): readonly string[] => ruleLines(learner.graph(), 'shop/web', { maxRanges, ranges });
const reasons = (learner: Learner, maxRanges: number | null, ranges = known({})): readonly string[] => reasonsIn(learner.graph(), maxRanges, ranges);
const reasonsIn = (graph: Graph, maxRanges: number | null, ranges = known({})): readonly string[] => unproposed(graph, widen({ maxRanges, ranges })).filter((line) => line.startsWith('shop/web egress'));

const NONE_FIT = (n: number, ports: string, most: string): string =>
  `${n} outside addresses at ${ports} do not fit into ${most} of at most /16 (IPv6: /48) that hold nothing else that is known: allow more (--max-ranges), or name the ranges that they are in (--ranges)`;

describe('outside addresses as at most so many ranges', () => {
  it('stay as they are where there are no more of them', () => {
    const graph = learned(toAll(['198.51.100.6', '198.51.100.7', '203.0.113.9']), SHOP).graph();
    expect(proposed(graph, widen({ maxRanges: 3 }))).toEqual(proposed(graph));
    expect(ruleLines(graph, 'shop/web', { maxRanges: 3 })).toEqual(['out 198.51.100.6/32 | 198.51.100.7/32 | 203.0.113.9/32 at 443/TCP']);
  });

  it('are merged where there are more, with how many others that opens', () => {
    expect(lines(learned(toAll(['198.51.100.5', '198.51.100.6', '203.0.113.9']), SHOP), 2)).toEqual([
      'out 198.51.100.4/30 | 203.0.113.9/32 at 443/TCP',
      '  compacted: 443/TCP at 3 addresses: 2 ranges hold 2 more',
    ]);
  });

  it('are no widening where they fill their ranges', () => {
    expect(lines(learned(toAll(['198.51.100.6', '198.51.100.7', '203.0.113.9']), SHOP), 2)).toEqual(['out 198.51.100.6/31 | 203.0.113.9/32 at 443/TCP']);
  });

  it('are merged with those of the same ports; one that was seen at more of them is no other', () => {
    const flows = [...toAll(['198.51.100.4', '198.51.100.6', '198.51.100.5', '198.51.100.5']), to('198.51.100.5', 80), to('198.51.100.7', 5432)];
    expect(lines(learned(flows, SHOP), 1)).toEqual([
      'out 198.51.100.4/30 at 443/TCP',
      '  compacted: 443/TCP at 2 addresses: 1 range holds 1 more',
      'out 198.51.100.5/32 at 80/TCP 443/TCP',
      'out 198.51.100.7/32 at 5432/TCP',
    ]);
  });

  it('of several sets of ports may make the same range: it stands in the rules of all of them', () => {
    const flows = [...toAll(['198.51.100.0', '198.51.100.3']), ...toAll(['198.51.100.1', '198.51.100.2']), ...toAll(['198.51.100.1', '198.51.100.2'], 80)];
    expect(lines(learned(flows, SHOP), 1)).toEqual([
      'out 198.51.100.0/30 at 80/TCP 443/TCP',
      '  compacted: 443/TCP, 80/TCP at 2 addresses: 1 range holds 2 more',
    ]);
  });

  it('may come in as well as be reached, where they are no public entry', () => {
    const flows = ['192.0.2.4', '192.0.2.6'].map((ip): HubbleFlow => ({ from: WORLD(ip), to: cart.end, port: 8080 }));
    expect(ruleLines(learned(flows, SHOP).graph(), 'shop/cart', { maxRanges: 1 })).toEqual(['in 192.0.2.4/30 at 8080/TCP', '  compacted: 8080/TCP at 2 addresses: 1 range holds 2 more']);
  });

  it('count by family what they open', () => {
    expect(lines(learned(toAll(['198.51.100.5', '198.51.100.6', '2001:db8::1', '2001:db8::2']), SHOP), 2)).toEqual([
      'out 198.51.100.4/30 | 2001:db8::/126 at 443/TCP',
      '  compacted: 443/TCP at 4 addresses: 2 ranges hold 2 IPv4 and 2 IPv6 more',
    ]);
  });
});

describe('ranges of outside addresses hold nothing that is known to be another', () => {
  const two = toAll(['198.51.100.4', '198.51.100.7']);
  const refused = [`shop/web egress: ${NONE_FIT(2, '443/TCP', '1 range')}`];
  const ingress = { from: cart.end, to: web.end, port: 8080 };

  it.each<[string, readonly object[]]>([
    ['a pod', deployed('shop/stray', '198.51.100.5').objects],
    ['a node', [nodeObject('node-a', '198.51.100.5')]],
    ['a range of pods', [nodeObject('node-a', '192.168.0.1', '198.51.100.5/32')]],
    ['a Service', [serviceObject('shop', 'web', '198.51.100.5', { app: 'web' }, [{ port: 80 }])]],
  ])('%s', (_, objects) => {
    expect(reasons(learned([...two, ingress], [...SHOP, ...objects]), 1)).toEqual(refused);
    expect(reasons(learned([...two, ingress], SHOP), 1)).toEqual([]);
  });

  it('a range that a person has a name for', () => {
    expect(reasons(learned([...two, ingress], SHOP), 1, known({ partner: ['198.51.100.5/32'] }))).toEqual(refused);
    expect(reasons(learned([...two, ingress], SHOP), 1, known({ partner: ['198.51.100.8/29'] }))).toEqual([]);
  });

  it('an address that was rejected for this workload; what another must not reach is no matter', () => {
    const flows = [...two, ingress, to('198.51.100.6'), to('198.51.100.5', 443, cart.end)];
    const graph = learned(flows, SHOP).graph();
    expect(reasonsIn(rejecting(graph, 'cart>external|198.51.100.5'), 1)).toEqual([]);
    expect(reasonsIn(rejecting(graph, 'external|198.51.100.6'), 1)).toEqual(refused);
  });

  it.each([
    ['private addresses', ['172.16.0.4', '172.16.0.7']],
    ['carriers’ addresses', ['100.64.0.4', '100.64.0.7']],
    ['unique local addresses', ['fd12::4', 'fd12::7']],
    ['addresses that translate all of IPv4', ['64:ff9b::c633:6404', '64:ff9b::c633:6407']],
  ])('%s that were not seen', (_, ips) => {
    const options = { ranges: ['10.0.0.0/16', 'fd00::/64'] };
    expect(reasons(learned([...toAll(ips), ingress], SHOP, options), 1)).toEqual(refused);
  });

  it('the metadata service of a cloud, though it has a public address', () => {
    expect(reasons(learned([...toAll(['168.63.129.17', '168.63.129.18']), ingress], SHOP), 1)).toEqual(refused);
    expect(reasons(learned([...toAll(['168.63.129.20', '168.63.129.22']), ingress], SHOP), 1)).toEqual([]);
  });

  it('but private ones that were all seen', () => {
    const learner = learned(toAll(['172.16.0.4', '172.16.0.5']), SHOP, { ranges: ['10.0.0.0/16'] });
    expect(lines(learner, 1)).toEqual(['out 172.16.0.4/31 at 443/TCP']);
  });

  it('nor are they wider than a bound', () => {
    expect(reasons(learned([...toAll(['198.51.100.4', '203.0.113.4']), ingress], SHOP), 1)).toEqual(refused);
  });
});

describe('what stays too many', () => {
  const many = toAll([...counted('198.51.100.', 65), ...counted('203.0.113.', 10)]);
  const ingress = { from: cart.end, to: web.end, port: 8080 };

  it('is left alone, and both ways out are told', () => {
    expect(reasons(learned([...many, ingress], SHOP), null)).toEqual(['shop/web egress: 75 outside addresses were used: merge them into a few ranges (--max-ranges), or name those that they are in (--ranges)']);
    expect(reasons(learned([...many, ingress], SHOP), 4)).toEqual([]);
    expect(reasons(learned([...many, ingress], SHOP), null, known({ cdn: ['198.51.100.0/24'] }))).toEqual([]);
  });

  it('is left alone though each set of ports has few, where all of them together are many', () => {
    const each = counted('198.51.100.', 70).map((ip, i) => to(ip, 1000 + i));
    expect(reasons(learned([...each, ingress], SHOP), 4)).toEqual(['shop/web egress: 70 outside addresses were used, which make 70 ranges for their ports: name those that they are in (--ranges)']);
  });
});

describe('for a form that goes by DNS names', () => {
  const ingress = { from: cart.end, to: web.end, port: 8080 };
  const dns = pod('kube-system', 'coredns-0', '10.0.2.53', { 'k8s-app': 'kube-dns' });
  const lookup: HubbleFlow = { from: web.end, to: dns, port: 53, protocol: 'UDP' };
  const named = toAll(counted('198.51.100.', 70)).map((flow): HubbleFlow => ({ ...flow, names: ['api.example.org'] }));
  const reasonsByName = (flows: readonly HubbleFlow[], more: object = {}): readonly string[] =>
    unproposed(learned([...flows, ingress], SHOP).graph(), { byName: true, ...more }).filter((line) => line.startsWith('shop/web'));
  const TOO_MANY = 'merge them into a few ranges (--max-ranges), or name those that they are in (--ranges)';

  it('addresses with a name are neither counted nor merged; those without are', () => {
    expect(reasonsByName([...named, lookup])).toEqual([]);
    expect(reasonsByName([...named, lookup], widen({ maxRanges: 1 }))).toEqual([]);
    expect(reasonsByName([...named, lookup, ...toAll(counted('203.0.113.', 65))])).toEqual([`shop/web egress: 65 outside addresses were used: ${TOO_MANY}`]);
    expect(reasonsByName([...named, lookup], { byName: false })).toEqual([`shop/web egress: 70 outside addresses were used: ${TOO_MANY}`]);
  });

  it('they are where nobody looks names up, for then names open nothing', () => {
    expect(reasonsByName(named)).toEqual([`shop/web egress: 70 outside addresses were used: ${TOO_MANY}`]);
  });

  it('resolvers outside are asked at their addresses, whatever they are called', () => {
    const resolvers = counted('203.0.113.', 65).map((ip): HubbleFlow => ({ from: web.end, to: WORLD(ip), port: 53, protocol: 'UDP', names: ['dns.example.org'] }));
    expect(reasonsByName([...named, lookup, ...resolvers])).toEqual([`shop/web egress: 65 outside addresses were used: ${TOO_MANY}`]);
  });
});
