import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IngressRule, NetworkPolicy, PolicyType } from '../../../src/model/policy.ts';
import { selectorMatches } from '../../../src/model/selector.ts';
import { PolicySet } from '../../../src/policy/evaluate/evaluate.ts';
import { connections, policy, policyPeer, policyPort, podSelector, world, type World } from '../../support/arbitrary-policy.ts';
import { holds, naivelyAllowed, selects, typesOf, type Connection } from '../../support/naive-policy.ts';

const RUNS = { numRuns: 120 };
const policies = fc.array(policy, { maxLength: 4 });

const text = ({ from, to, port, protocol }: Connection): string => {
  const end = (one: Connection['from']): string => (one.kind === 'pod' ? `${one.namespace}/${JSON.stringify([...one.labels])}` : one.address.text);
  return `${end(from)} -> ${end(to)} ${port}/${protocol}`;
};

/** Every connection that is allowed, by its place in the list of all. */
function allowed(all: readonly NetworkPolicy[], around: World): readonly boolean[] {
  const set = new PolicySet(all, around.around);
  return connections(around).map(({ from, to, port, protocol }) => set.evaluate(from, to, port, protocol).allowed === true);
}

/** Connections that these policies allow and those do not. */
function lost(before: readonly NetworkPolicy[], after: readonly NetworkPolicy[], around: World): readonly string[] {
  const [old, now] = [allowed(before, around), allowed(after, around)];
  return connections(around)
    .filter((_, i) => old[i] === true && now[i] === false)
    .map(text);
}

const shuffled = <T>(items: readonly T[]): fc.Arbitrary<T[]> => fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });

describe('for every small world and all policies', () => {
  it('the evaluator agrees with the documentation, read sentence by sentence', () => {
    fc.assert(
      fc.property(world, policies, (around, all) => {
        const set = new PolicySet(all, around.around);
        const wrong = connections(around).filter((connection) => {
          const { from, to, port, protocol } = connection;
          return set.evaluate(from, to, port, protocol).allowed !== naivelyAllowed(all, around.around, connection);
        });
        expect(wrong.map(text)).toEqual([]);
      }),
      { numRuns: 250 },
    );
  });

  it('a policy isolates the pods that it selects, in the directions of its types', () => {
    fc.assert(
      fc.property(world, policies, (around, all) => {
        const set = new PolicySet(all, around.around);
        for (const pod of around.pods) {
          const types = new Set(all.filter((one) => selects(one, pod)).flatMap(typesOf));
          expect({ ingress: set.isolates('ingress', pod), egress: set.isolates('egress', pod) }).toEqual({
            ingress: types.has('Ingress'),
            egress: types.has('Egress'),
          });
        }
      }),
      RUNS,
    );
  });

  it('the order of policies, rules, peers and ports changes nothing', () => {
    const rearranged = policies.chain((all) => fc.tuple(fc.constant(all), shuffled(all.map(backwards))));
    fc.assert(
      fc.property(world, rearranged, (around, [one, other]) => {
        expect(allowed(one, around)).toEqual(allowed(other, around));
      }),
      RUNS,
    );
  });

  it('a policy that selects nobody changes nothing', () => {
    const nobodys = policy.map((one) => ({
      ...one,
      spec: { ...one.spec, podSelector: { matchExpressions: [{ key: 'nobody-has-this', operator: 'Exists' as const }] } },
    }));
    fc.assert(
      fc.property(world, policies, nobodys, (around, all, more) => {
        expect(allowed([...all, more], around)).toEqual(allowed(all, around));
      }),
      RUNS,
    );
  });

  it('a policy of a namespace without pods changes nothing', () => {
    const elsewhere = policy.map((one) => ({ ...one, metadata: { ...one.metadata, namespace: 'empty' } }));
    fc.assert(
      fc.property(world, policies, elsewhere, (around, all, more) => {
        expect(allowed([...all, more], around)).toEqual(allowed(all, around));
      }),
      RUNS,
    );
  });

  it('one more rule in a direction that is closed already denies nothing that was allowed', () => {
    const rule = fc.record({ from: fc.array(policyPeer, { maxLength: 2 }), ports: fc.array(policyPort, { maxLength: 2 }) });
    const explicit = policy.map((one) => withTypes(one, ['Ingress', 'Egress']));
    fc.assert(
      fc.property(world, policies, explicit, rule, (around, all, one, more) => {
        const ingress = { ...one, spec: { ...one.spec, ingress: [...(one.spec.ingress ?? []), more] } };
        const egress = { ...one, spec: { ...one.spec, egress: [...(one.spec.egress ?? []), { to: more.from, ports: more.ports }] } };
        for (const wider of [ingress, egress]) expect(lost([...all, one], [...all, wider], around)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('one more policy denies nothing between pods that were closed both ways before', () => {
    const closed = (namespace: string): NetworkPolicy => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'deny', namespace },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    });
    const base = policies.map((all) => [...all, closed('shop'), closed('bank')]);
    fc.assert(
      fc.property(world, base, policy, (around, all, more) => {
        expect(lost(all, [...all, more], around)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('policies that all select alike are one policy with all their rules', () => {
    fc.assert(
      fc.property(world, fc.array(policy, { minLength: 1, maxLength: 3 }), (around, all) => {
        const alike = all
          .map((one) => ({ ...withTypes(one, ['Ingress', 'Egress']), metadata: { name: 'some', namespace: 'shop' } }))
          .map((one) => ({ ...one, spec: { ...one.spec, podSelector: {} } }));
        const [first] = alike;
        const together = {
          ...first!,
          spec: { ...first!.spec, ingress: alike.flatMap(({ spec }) => spec.ingress ?? []), egress: alike.flatMap(({ spec }) => spec.egress ?? []) },
        };
        expect(allowed([together], around)).toEqual(allowed(alike, around));
      }),
      RUNS,
    );
  });

  it('a rule is the union of the rules with one peer and one port each', () => {
    const split = ({ from = [], ports = [] }: IngressRule): readonly IngressRule[] =>
      (from.length === 0 ? [[]] : from.map((peer) => [peer])).flatMap((peers) =>
        (ports.length === 0 ? [[]] : ports.map((port) => [port])).map((one) => ({ from: peers, ports: one })),
      );
    fc.assert(
      fc.property(world, policies, (around, all) => {
        const apart = all.map((one) => ({
          ...one,
          spec: { ...one.spec, ...(one.spec.ingress === undefined ? {} : { ingress: one.spec.ingress.flatMap(split) }) },
        }));
        expect(allowed(apart, around)).toEqual(allowed(all, around));
      }),
      RUNS,
    );
  });

  it('what the API fills in may as well be written out', () => {
    fc.assert(
      fc.property(world, policies, (around, all) => {
        expect(allowed(all.map(writtenOut), around)).toEqual(allowed(all, around));
      }),
      RUNS,
    );
  });

  it('an answer always has its reason', () => {
    fc.assert(
      fc.property(world, policies, (around, all) => {
        const set = new PolicySet(all, around.around);
        for (const { from, to, port, protocol } of connections(around)) expect(set.evaluate(from, to, port, protocol).because).not.toBe('');
      }),
      { numRuns: 30 },
    );
  });
});

describe('for every selector', () => {
  const labels = fc
    .dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('a', 'b', ''), { noNullPrototype: true })
    .map((own) => new Map(Object.entries(own)));

  it('matches what the documentation says', () => {
    fc.assert(
      fc.property(podSelector, labels, (selector, own) => {
        expect(selectorMatches(selector, own)).toBe(holds(selector, own));
      }),
    );
  });

  it('NotIn is the contrary of In, and DoesNotExist of Exists', () => {
    fc.assert(
      fc.property(labels, fc.subarray(['a', 'b', ''], { minLength: 1 }), (own, values) => {
        const matches = (operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'): boolean =>
          selectorMatches({ matchExpressions: [{ key: 'app', operator, values: operator.endsWith('In') ? values : [] }] }, own);
        expect(matches('NotIn')).toBe(!matches('In'));
        expect(matches('DoesNotExist')).toBe(!matches('Exists'));
        if (matches('In')) expect(matches('Exists')).toBe(true);
      }),
    );
  });

  it('one more condition never makes it match more', () => {
    fc.assert(
      fc.property(podSelector, podSelector, labels, (one, other, own) => {
        const both = {
          matchExpressions: [...(one.matchExpressions ?? []), ...(other.matchExpressions ?? [])],
          ...(one.matchLabels === undefined ? {} : { matchLabels: one.matchLabels }),
        };
        expect(selectorMatches(both, own) && !selectorMatches(one, own)).toBe(false);
      }),
    );
  });
});

function withTypes(one: NetworkPolicy, policyTypes: readonly PolicyType[]): NetworkPolicy {
  return { ...one, spec: { ...one.spec, policyTypes } };
}

function backwards(one: NetworkPolicy): NetworkPolicy {
  const { ingress, egress, policyTypes } = one.spec;
  return {
    ...one,
    spec: {
      podSelector: one.spec.podSelector,
      ...(policyTypes === undefined ? {} : { policyTypes: policyTypes.toReversed() }),
      ...(ingress === undefined
        ? {}
        : { ingress: ingress.toReversed().map(({ from, ports }) => ({ from: from?.toReversed() ?? [], ports: ports?.toReversed() ?? [] })) }),
      ...(egress === undefined
        ? {}
        : { egress: egress.toReversed().map(({ to, ports }) => ({ to: to?.toReversed() ?? [], ports: ports?.toReversed() ?? [] })) }),
    },
  };
}

/** With types, protocols and empty lists as the API server would store them. */
function writtenOut(one: NetworkPolicy): NetworkPolicy {
  const { podSelector: own, ingress = [], egress = [] } = one.spec;
  const ports = (all: IngressRule['ports']): IngressRule['ports'] => (all ?? []).map((port) => ({ ...port, protocol: port.protocol ?? 'TCP' }));
  return {
    ...one,
    spec: {
      podSelector: own,
      policyTypes: typesOf(one) as readonly PolicyType[],
      ingress: ingress.map((rule) => ({ from: rule.from ?? [], ports: ports(rule.ports) ?? [] })),
      egress: egress.map((rule) => ({ to: rule.to ?? [], ports: ports(rule.ports) ?? [] })),
    },
  };
}
