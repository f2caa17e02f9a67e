import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PolicySet, type PodEnd } from '../../src/policy/evaluate/evaluate.ts';
import { Matching, type Standing } from '../../src/policy/matching.ts';
import { policyPeer, world } from '../support/arbitrary-policy.ts';
import { from, namespaces, podEnd } from '../support/policy.ts';

const standing = (...standIns: readonly PodEnd[]): Standing => ({ peer: { namespace: standIns[0]?.namespace ?? '' }, hostNetwork: standIns.some(({ hostNetwork }) => hostNetwork), standIns });
const NAMESPACES = namespaces({ shop: {}, bank: {} });
const SERVER = podEnd('shop/server', { app: 'server' });

describe('whom a peer of a policy matches', () => {
  it('is whom the evaluator admits by it', () => {
    fc.assert(
      fc.property(world, policyPeer, ({ around, pods }, peer) => {
        const all = pods.map((pod) => standing(pod));
        const set = new PolicySet([from(peer)], around);
        const admitted = all.filter(({ standIns }) => standIns.some((client) => set.evaluate(client, SERVER, 80, 'TCP').allowed === true));
        const matched = new Matching(all, around).matched(peer, 'shop');
        expect(all.filter((one) => matched.has(one))).toEqual(admitted);
      }),
      { numRuns: 500 },
    );
  });

  it('is a workload of which some pod matches', () => {
    const both = standing(podEnd('shop/a', { app: 'a' }, { ips: ['10.0.0.1'] }), podEnd('shop/b', { app: 'a', track: 'canary' }, { ips: ['10.0.0.2'] }));
    const matching = new Matching([both], NAMESPACES);
    expect([...matching.matched({ podSelector: { matchLabels: { track: 'canary' } } }, 'shop')]).toEqual([both]);
    expect([...matching.matched({ podSelector: { matchLabels: { track: 'canary' } } }, 'bank')]).toEqual([]);
    expect([...matching.matched({ ipBlock: { cidr: '10.0.0.2/32' } }, 'bank')]).toEqual([both]);
    expect([...matching.matched({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/24'] } }, 'bank')]).toEqual([]);
  });

  it('is nobody on the host’s network', () => {
    const host = standing(podEnd('shop/agent', { app: 'agent' }, { hostNetwork: true, ips: ['192.168.0.1'] }));
    const matching = new Matching([host], NAMESPACES);
    expect(matching.matched({ podSelector: {} }, 'shop').size + matching.matched({ ipBlock: { cidr: '192.168.0.1/32' } }, 'shop').size).toBe(0);
  });
});
