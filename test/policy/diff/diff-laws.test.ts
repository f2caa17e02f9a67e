import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Graph } from '../../../src/learn/graph.ts';
import { parseAddress } from '../../../src/model/address.ts';
import { peerKey } from '../../../src/model/peer.ts';
import type { NetworkPolicy, PolicyPeer } from '../../../src/model/policy.ts';
import { addressPlace } from '../../../src/policy/diff/address-set.ts';
import { diffPolicies, type Difference, type Policies, type PolicyDiff } from '../../../src/policy/diff/diff.ts';
import { PolicySet, type End, type PolicyProtocol } from '../../../src/policy/evaluate/evaluate.ts';
import { portPlace } from '../../../src/policy/diff/port-set.ts';
import { isIn } from '../../../src/policy/diff/ranges.ts';
import { Roster, type Member } from '../../../src/policy/roster.ts';
import { adminPolicies } from '../../support/arbitrary-admin.ts';
import { cluster, learnedCluster } from '../../support/arbitrary-cluster.ts';
import { addressEnd, networkPolicy } from '../../support/policy.ts';

const RUNS = { numRuns: 40 };

const selector = fc.oneof(
  fc.constant({}),
  fc.record({ matchLabels: fc.constantFrom<Record<string, string>>({ app: 'x' }, { app: 'w0' }, { app: 'w1' }, { tier: 'y' }) }),
  fc.constantFrom('NotIn' as const, 'In' as const).map((operator) => ({ matchExpressions: [{ key: 'app', operator, values: ['w0', 'x'] }] })),
);
const peer: fc.Arbitrary<PolicyPeer> = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: fc.constantFrom({}, { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } }), podSelector: selector }, { requiredKeys: ['namespaceSelector'] }),
  fc.constantFrom({ ipBlock: { cidr: '0.0.0.0/0', except: ['198.51.100.0/24', '10.0.0.0/8'] } }, { ipBlock: { cidr: '192.168.0.0/24' } }, { ipBlock: { cidr: '2001:db8::/32' } }, { ipBlock: { cidr: '10.0.1.0/24' } }),
);
const port = fc.constantFrom({ port: 80 }, { port: 53, protocol: 'UDP' as const }, { port: 80, endPort: 6000 }, {});
const rule = fc.record({ peers: fc.array(peer, { maxLength: 2 }), ports: fc.array(port, { maxLength: 2 }) });
const policy: fc.Arbitrary<NetworkPolicy> = fc
  .record({ namespace: fc.constantFrom('shop', 'bank'), podSelector: selector, types: fc.subarray(['Ingress', 'Egress'] as const), ingress: fc.array(rule, { maxLength: 2 }), egress: fc.array(rule, { maxLength: 2 }) })
  .map(({ namespace, podSelector, types, ingress, egress }) =>
    networkPolicy({ podSelector, policyTypes: types, ingress: ingress.map(({ peers, ports }) => ({ from: peers, ports })), egress: egress.map(({ peers, ports }) => ({ to: peers, ports })) }, namespace),
  );
const policies: fc.Arbitrary<Policies> = fc.record({ network: fc.array(policy, { maxLength: 3 }), admin: fc.oneof(fc.constant([]), adminPolicies) });

const turned = ({ differences }: PolicyDiff): readonly Difference[] => differences.map((one) => ({ ...one, change: one.change === 'appears' ? ('vanishes' as const) : ('appears' as const) }));
const told = (all: readonly Difference[]): readonly string[] =>
  all.map(({ source, destination, change, ports, partly, edges }) => JSON.stringify([source, destination, change, ports, partly, edges.map(({ id }) => id)], (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).toSorted();

const ASKED: readonly (readonly [number, PolicyProtocol])[] = [
  [53, 'UDP'],
  [53, 'TCP'],
  [79, 'TCP'],
  [80, 'TCP'],
  [443, 'TCP'],
  [6001, 'TCP'],
];
const OUTSIDE = ['198.51.100.7', '203.0.113.9', '2001:db8:ff::9', '192.168.0.77'] as const;

interface Change {
  readonly appears: boolean;
  readonly vanishes: boolean;
}

/** What changes between all stand-ins of two sides, asked of the evaluator one by one. */
function asked(before: PolicySet, after: PolicySet, sources: readonly End[], destinations: readonly End[], [number, protocol]: readonly [number, PolicyProtocol]): Change {
  const change = { appears: false, vanishes: false };
  for (const from of sources) {
    for (const to of destinations) {
      const [was, is] = [before, after].map((set) => set.evaluateBetween(from, to, number, protocol).allowed === true);
      if (was === false && is === true) change.appears = true;
      if (was === true && is === false) change.vanishes = true;
    }
  }
  return change;
}

function listed(all: readonly Difference[], [number, protocol]: readonly [number, PolicyProtocol]): Change {
  const of = all.filter(({ ports }) => isIn(portPlace(number, protocol), ports));
  return { appears: of.some(({ change }) => change === 'appears'), vanishes: of.some(({ change }) => change === 'vanishes') };
}

function compared(graph: Graph): { readonly roster: Roster; readonly members: readonly Member[] } {
  const roster = new Roster(graph);
  return { roster, members: roster.local().filter(({ hostNetwork, standIns }) => !hostNetwork && standIns.length > 0) };
}

describe('for every cluster and every two sets of policies', () => {
  it('a set does not differ from itself, whatever its order', () => {
    fc.assert(
      fc.property(cluster, policies, (all, set) => {
        const graph = learnedCluster(all).graph();
        expect(diffPolicies(graph, set, set).differences).toEqual([]);
        expect(diffPolicies(graph, set, { network: set.network.toReversed(), admin: set.admin.toReversed() }).differences).toEqual([]);
      }),
      RUNS,
    );
  });

  it('the one way is the reverse of the other', () => {
    fc.assert(
      fc.property(cluster, policies, policies, (all, a, b) => {
        const graph = learnedCluster(all).graph();
        expect(told(turned(diffPolicies(graph, b, a)))).toEqual(told(diffPolicies(graph, a, b).differences));
      }),
      RUNS,
    );
  });

  it('is what the evaluator answers, pair by pair and port by port', () => {
    fc.assert(
      fc.property(cluster, policies, policies, (all, a, b) => {
        const graph = learnedCluster(all).graph();
        const { roster, members } = compared(graph);
        const [before, after] = [a, b].map(({ network, admin }) => new PolicySet(network, roster.namespaces, admin, graph.directory.inventory.nodes)) as [PolicySet, PolicySet];
        const { differences } = diffPolicies(graph, a, b);
        const isOf = (end: Difference['source'], member: Member): boolean => end.type === 'workload' && peerKey(end) === peerKey(member.peer);
        for (const source of members) {
          for (const destination of members) {
            const own = differences.filter((one) => isOf(one.source, source) && isOf(one.destination, destination));
            for (const which of ASKED) expect(listed(own, which), `${source.peer.name} -> ${destination.peer.name} ${which.join('/')}`).toEqual(asked(before, after, source.standIns, destination.standIns, which));
          }
          for (const text of OUTSIDE) {
            const end = [addressEnd(text)];
            const place = addressPlace(parseAddress(text)!);
            const holds = (side: Difference['source']): boolean => side.type === 'outside' && isIn(place, side.addresses);
            const out = differences.filter((one) => isOf(one.source, source) && holds(one.destination));
            const into = differences.filter((one) => isOf(one.destination, source) && holds(one.source));
            for (const which of ASKED) {
              expect(listed(out, which), `${source.peer.name} -> ${text} ${which.join('/')}`).toEqual(asked(before, after, source.standIns, end, which));
              expect(listed(into, which), `${text} -> ${source.peer.name} ${which.join('/')}`).toEqual(asked(before, after, end, source.standIns, which));
            }
          }
        }
      }),
      RUNS,
    );
  });

  it('a policy that is there twice is there once', () => {
    fc.assert(
      fc.property(cluster, policies, policies, (all, a, b) => {
        const graph = learnedCluster(all).graph();
        expect(told(diffPolicies(graph, a, { network: [...b.network, ...b.network], admin: b.admin }).differences)).toEqual(told(diffPolicies(graph, a, b).differences));
      }),
      RUNS,
    );
  });
});
