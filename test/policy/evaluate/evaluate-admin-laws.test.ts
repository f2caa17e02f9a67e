import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AdminPolicy } from '../../../src/model/admin-policy.ts';
import type { NetworkPolicy } from '../../../src/model/policy.ts';
import { PolicySet } from '../../../src/policy/evaluate/evaluate.ts';
import { adminPolicies } from '../../support/arbitrary-admin.ts';
import { connections, policy, world, type World } from '../../support/arbitrary-policy.ts';
import { naivelyAllowedByAll } from '../../support/naive-admin.ts';
import { endName } from '../../support/policy.ts';

const RUNS = { numRuns: 120 };
const policies = fc.array(policy, { maxLength: 3 });

/** All answers, in the order of the questions. */
function answers(admin: readonly AdminPolicy[], all: readonly NetworkPolicy[], around: World): readonly (boolean | null)[] {
  const set = new PolicySet(all, around.around, admin);
  return connections(around).map(({ from, to, port, protocol }) => set.evaluate(from, to, port, protocol).allowed);
}

describe('for every small world, all policies and all administrators', () => {
  it('the evaluator agrees with the documentation, read sentence by sentence', () => {
    fc.assert(
      fc.property(world, adminPolicies, policies, (around, admin, all) => {
        const set = new PolicySet(all, around.around, admin);
        const wrong = connections(around).filter((connection) => {
          const { from, to, port, protocol } = connection;
          return set.evaluate(from, to, port, protocol).allowed !== naivelyAllowedByAll(admin, all, around.around, connection);
        });
        expect(wrong.map(({ from, to, port, protocol }) => `${endName(from)} -> ${endName(to)} ${port}/${protocol}`)).toEqual([]);
      }),
      { numRuns: 250 },
    );
  });

  it('the order of the policies changes nothing', () => {
    fc.assert(
      fc.property(world, adminPolicies, policies, (around, admin, all) => {
        expect(answers(admin.toReversed(), all.toReversed(), around)).toEqual(answers(admin, all, around));
      }),
      RUNS,
    );
  });

  it('a judgement is the answer without its words', () => {
    fc.assert(
      fc.property(world, adminPolicies, policies, (around, admin, all) => {
        const set = new PolicySet(all, around.around, admin);
        expect(connections(around).map(({ from, to, port, protocol }) => set.judge(from, to, port, protocol).allowed)).toEqual(answers(admin, all, around));
        for (const { from, to, port, protocol } of connections(around)) expect(set.evaluate(from, to, port, protocol).because).not.toBe('');
      }),
      { numRuns: 40 },
    );
  });

  it('where a pod is closed, what another has with it was let through by a rule', () => {
    fc.assert(
      fc.property(world, adminPolicies, policies, (around, admin, all) => {
        const set = new PolicySet(all, around.around, admin);
        const between = connections(around).filter(({ from, to }) => from.kind === 'pod' && to.kind === 'pod' && from !== to && set.closes('ingress', to));
        const open = between.map(({ from, to, port, protocol }) => set.judge(from, to, port, protocol)).filter(({ allowed }) => allowed === true);
        expect(open.filter(({ into }) => into?.decided !== true)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('many ports of one pair are open as each of them is', () => {
    fc.assert(
      fc.property(world, adminPolicies, policies, (around, admin, all) => {
        const set = new PolicySet(all, around.around, admin);
        const ports = [79, 80, 81, 8080, 9001].flatMap((port) => (['TCP', 'UDP', 'SCTP'] as const).map((protocol) => ({ port, protocol })));
        for (const from of around.pods) for (const to of around.pods) expect(set.openPorts(from, to, ports)).toEqual(ports.filter(({ port, protocol }) => set.judgeBetween(from, to, port, protocol).allowed === true));
      }),
      RUNS,
    );
  });

  it('no port is open between pods of which one does not reach the other by name', () => {
    fc.assert(
      fc.property(world, adminPolicies, policies, (around, admin, all) => {
        const set = new PolicySet(all, around.around, admin);
        const stands = around.pods.map((pod) => ({ pod }));
        const reached = { egress: set.reach('egress', stands), ingress: set.reach('ingress', stands) };
        const reaches = (direction: 'egress' | 'ingress', self: (typeof stands)[number], other: (typeof stands)[number]): boolean => reached[direction].get(self)?.has(other) ?? true;
        const pairs = stands.flatMap((from) => stands.map((to) => ({ from, to })));
        const unreached = pairs.filter(({ from, to }) => !reaches('egress', from, to) || !reaches('ingress', to, from)).map(({ from, to }) => [from.pod, to.pod] as const);
        const open = unreached.filter(([from, to]) => [79, 80, 81, 8080].some((port) => (['TCP', 'UDP', 'SCTP'] as const).some((protocol) => set.judgeBetween(from, to, port, protocol).allowed === true)));
        expect(open).toEqual([]);
      }),
      RUNS,
    );
  });

  it('a rule that makes NetworkPolicies moot is asked whatever they say', () => {
    fc.assert(
      fc.property(world, adminPolicies, policies, (around, admin, all) => {
        const [set, without] = [new PolicySet(all, around.around, admin), new PolicySet([], around.around, admin)];
        const moot = connections(around).filter(({ from, to }) => from.kind === 'pod' && to.kind === 'pod' && set.moot('ingress', to) !== null && set.moot('egress', from) !== null);
        expect(moot.filter(({ from, to, port, protocol }) => set.judge(from, to, port, protocol).allowed !== without.judge(from, to, port, protocol).allowed)).toEqual([]);
      }),
      RUNS,
    );
  });
});
