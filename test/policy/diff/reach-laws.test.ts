import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AdminPolicy } from '../../../src/model/admin-policy.ts';
import type { NetworkPolicy } from '../../../src/model/policy.ts';
import { addressPlace } from '../../../src/policy/diff/address-set.ts';
import { changesOutside, openAt, portChanges } from '../../../src/policy/diff/outside.ts';
import { portPlace } from '../../../src/policy/diff/port-set.ts';
import { isIn } from '../../../src/policy/diff/ranges.ts';
import { openable, Reach } from '../../../src/policy/diff/reach.ts';
import { RuleBook } from '../../../src/policy/diff/rule-book.ts';
import { adminPolicies } from '../../support/arbitrary-admin.ts';
import { connections, policy, world, type World } from '../../support/arbitrary-policy.ts';
import { naivelyAllowedByAll } from '../../support/naive-admin.ts';
import type { Connection } from '../../support/naive-policy.ts';

const RUNS = { numRuns: 120 };
const policies = fc.record({ network: fc.array(policy, { maxLength: 4 }), admin: fc.oneof({ weight: 1, arbitrary: fc.constant([]) }, { weight: 2, arbitrary: adminPolicies }) });

interface Policies {
  readonly network: readonly NetworkPolicy[];
  readonly admin: readonly AdminPolicy[];
}

const naively = ({ network, admin }: Policies, around: World, connection: Connection): boolean => naivelyAllowedByAll(admin, network, around.around, connection);

/** Whether the sets hold a connection. */
function holds({ network, admin }: Policies, { around, pods }: World, { from, to, port, protocol }: Connection): boolean {
  const reach = new Reach(network, admin, new RuleBook(pods, around));
  const place = portPlace(port, protocol);
  if (from.kind === 'pod' && to.kind === 'pod') return isIn(place, reach.between(from, to));
  const [pod, other, direction] = from.kind === 'pod' ? ([from, to, 'egress'] as const) : ([to, from, 'ingress'] as const);
  if (pod.kind !== 'pod' || other.kind !== 'address') return true;
  return isIn(place, openAt(openable(reach.gate(direction, pod), direction, pod), addressPlace(other.address)));
}

const text = ({ from, to, port, protocol }: Connection): string => {
  const end = (one: Connection['from']): string => (one.kind === 'pod' ? `${one.namespace}/${JSON.stringify([...one.labels])}` : one.address.text);
  return `${end(from)} -> ${end(to)} ${port}/${protocol}`;
};

describe('what a set of policies leaves open', () => {
  it('is what the documentation says, at every port and for every address', () => {
    fc.assert(
      fc.property(world, policies, (around, all) => {
        for (const connection of connections(around)) {
          // A pod and itself are two pods here.
          if (connection.from === connection.to) continue;
          expect(holds(all, around, connection), text(connection)).toBe(naively(all, around, connection));
        }
      }),
      RUNS,
    );
  });

  it('changes for the outside exactly where one set differs from the other', () => {
    fc.assert(
      fc.property(world, policies, policies, (around, before, after) => {
        const book = new RuleBook(around.pods, around.around);
        const [old, now] = [new Reach(before.network, before.admin, book), new Reach(after.network, after.admin, book)];
        for (const pod of around.pods) {
          for (const direction of ['ingress', 'egress'] as const) {
            const changes = changesOutside(openable(old.gate(direction, pod), direction, pod), openable(now.gate(direction, pod), direction, pod));
            for (const end of around.ends) {
              if (end.kind !== 'address') continue;
              for (const port of [79, 80, 8080, 9001]) {
                const connection = { from: direction === 'ingress' ? end : pod, to: direction === 'ingress' ? pod : end, port, protocol: 'TCP' as const };
                const was = naively(before, around, connection);
                const is = naively(after, around, connection);
                const told = changes.filter(({ addresses, ports }) => isIn(addressPlace(end.address), addresses) && isIn(portPlace(port, 'TCP'), ports));
                expect(told.map(({ change }) => change), text(connection)).toEqual(was === is ? [] : [is ? 'appears' : 'vanishes']);
              }
            }
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is compared by the keys of gates: equal keys, equal gates', () => {
    fc.assert(
      fc.property(world, policies, policies, (around, one, other) => {
        const book = new RuleBook(around.pods, around.around);
        const [a, b] = [new Reach(one.network, one.admin, book), new Reach(other.network, other.admin, book)];
        for (const pod of around.pods) {
          for (const peer of around.pods) {
            if (a.gate('egress', pod).key !== b.gate('egress', pod).key || a.gate('ingress', peer).key !== b.gate('ingress', peer).key) continue;
            expect(portChanges(a.between(pod, peer), b.between(pod, peer))).toEqual([]);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
