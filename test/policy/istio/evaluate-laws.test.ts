import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuthorizationPolicy } from '../../../src/model/authorization.ts';
import { validateAuthorization } from '../../../src/policy/istio/validate.ts';
import { allowed, anyRequest, authorization, authorizationPolicy, plane, proxyOf, reviews, rule } from '../../support/authorization.ts';
import { naivelyAdmitted } from '../../support/naive-authorization.ts';

const RUNS = { numRuns: 600 };
const policies = fc.array(authorizationPolicy, { maxLength: 4 });
const proxy = plane.map((own) => proxyOf(reviews, own));

const withSpec = (policy: AuthorizationPolicy, spec: Partial<AuthorizationPolicy['spec']>): AuthorizationPolicy => ({ ...policy, spec: { ...policy.spec, ...spec } });
const shuffled = <T>(items: readonly T[]): fc.Arbitrary<T[]> => fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });

/** An action for everybody in the pod's namespace. */
const everybody = (action: 'ALLOW' | 'DENY' | 'AUDIT'): fc.Arbitrary<AuthorizationPolicy> => fc.array(rule, { minLength: 1, maxLength: 2 }).map((rules) => authorization({ action, rules }));

describe('for all policies and requests', () => {
  it('the evaluator agrees with what the proxies are configured with, taken at its word', () => {
    fc.assert(
      fc.property(policies, plane, fc.array(anyRequest, { minLength: 1, maxLength: 8 }), (all, own, requests) => {
        const at = proxyOf(reviews, own);
        expect(requests.map((request) => allowed(all, at, request))).toEqual(requests.map((request) => naivelyAdmitted(all, reviews, own, request)));
      }),
      { numRuns: 3_000 },
    );
  });

  it('both answers come about, at both data planes and for both protocols', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(policies, plane, anyRequest, (all, own, request) => {
        seen.add(`${own} ${request.protocol} ${allowed(all, proxyOf(reviews, own), request)}`);
      }),
      { numRuns: 2_000, seed: 7 },
    );
    expect(seen.size).toBe(8);
  });

  it('the order of policies, rules, sources, operations and values changes nothing', () => {
    const rearranged = policies.chain((all) => fc.tuple(fc.constant(all), shuffled(all.map(backwards))));
    fc.assert(
      fc.property(rearranged, proxy, anyRequest, ([one, other], at, request) => {
        expect(allowed(one, at, request)).toBe(allowed(other, at, request));
      }),
      RUNS,
    );
  });

  it('one more ALLOW policy never denies what an ALLOW policy admits', () => {
    fc.assert(
      fc.property(policies, everybody('ALLOW'), everybody('ALLOW'), proxy, anyRequest, (all, first, more, at, request) => {
        expect([allowed([...all, first], at, request), allowed([...all, first, more], at, request)]).not.toEqual([true, false]);
      }),
      RUNS,
    );
  });

  it('one more rule of an ALLOW policy denies nothing, and one more of a DENY policy admits nothing', () => {
    fc.assert(
      fc.property(policies, authorizationPolicy, rule, proxy, anyRequest, (all, one, more, at, request) => {
        const wider = withSpec(one, { rules: [...(one.spec.rules ?? []), more] });
        const [before, after] = [allowed([...all, one], at, request), allowed([...all, wider], at, request)];
        if (one.spec.action === 'ALLOW') expect([before, after]).not.toEqual([true, false]);
        else if (one.spec.action === 'DENY') expect([before, after]).not.toEqual([false, true]);
        else expect(after).toBe(before);
      }),
      RUNS,
    );
  });

  it('DENY wins: what matches it is denied, whatever else there is', () => {
    fc.assert(
      fc.property(policies, everybody('DENY'), proxy, anyRequest, (all, deny, at, request) => {
        if (allowed([deny], at, request) === false) expect(allowed([...all, deny], at, request)).toBe(false);
        else expect(allowed([...all, deny], at, request)).toBe(allowed(all, at, request));
      }),
      RUNS,
    );
  });

  it('AUDIT changes nothing', () => {
    fc.assert(
      fc.property(policies, everybody('AUDIT'), proxy, anyRequest, (all, audit, at, request) => {
        expect(allowed([...all, audit], at, request)).toBe(allowed(all, at, request));
      }),
      RUNS,
    );
  });

  it('CUSTOM never turns a denied request into another answer, and admits none of its own', () => {
    const custom = authorization({ action: 'CUSTOM', provider: { name: 'opa' }, rules: [{}] });
    fc.assert(
      fc.property(policies, anyRequest, (all, request) => {
        const at = proxyOf(reviews);
        expect(allowed([...all, custom], at, request)).toBe(allowed(all, at, request) === true ? null : false);
      }),
      RUNS,
    );
  });

  it('what ALLOW policies admit at ztunnel, a sidecar admits too', () => {
    const allows = fc.array(authorizationPolicy.map((one) => withSpec(one, { action: 'ALLOW' })), { maxLength: 4 });
    fc.assert(
      fc.property(allows, anyRequest, (all, request) => {
        expect([allowed(all, proxyOf(reviews, 'ztunnel'), request), allowed(all, proxyOf(reviews), request)]).not.toEqual([true, false]);
      }),
      RUNS,
    );
  });

  it('a policy of another namespace, or that selects nobody, changes nothing', () => {
    const others = authorizationPolicy.map((one) => ({ ...one, metadata: { ...one.metadata, namespace: 'elsewhere' } }));
    const nobodys = authorizationPolicy.map((one) => withSpec(one, { selector: { matchLabels: { app: 'nobody' } } }));
    fc.assert(
      fc.property(policies, fc.oneof(others, nobodys), proxy, anyRequest, (all, more, at, request) => {
        expect(allowed([...all, more], at, request)).toBe(allowed(all, at, request));
      }),
      RUNS,
    );
  });

  it('a dry run changes nothing', () => {
    const dry = authorizationPolicy.map((one) => ({ ...one, metadata: { ...one.metadata, annotations: { 'istio.io/dry-run': 'true' } } }));
    fc.assert(
      fc.property(policies, dry, proxy, anyRequest, (all, more, at, request) => {
        expect(allowed([...all, more], at, request)).toBe(allowed(all, at, request));
      }),
      RUNS,
    );
  });

  it('what is read and checked means what was written', () => {
    const takeable = policies.map((all) => all.map((one) => (one.spec.action === 'DENY' && one.spec.rules?.length === 0 ? withSpec(one, { rules: [{}] }) : one)));
    fc.assert(
      fc.property(takeable, proxy, anyRequest, (all, at, request) => {
        const read = all.map((one) => validateAuthorization(JSON.parse(JSON.stringify(one))));
        expect(read.flatMap(({ problems }) => problems)).toEqual([]);
        expect(allowed(read.flatMap(({ policy }) => policy ?? []), at, request)).toBe(allowed(all, at, request));
      }),
      RUNS,
    );
  });
});

/** The same policy, with every list the other way round. */
function backwards(policy: AuthorizationPolicy): AuthorizationPolicy {
  const turned = <T>(value: T): T => (Array.isArray(value) ? (value.map(turned).toReversed() as T) : typeof value === 'object' && value !== null ? (Object.fromEntries(Object.entries(value).map(([key, own]) => [key, turned(own as unknown)])) as T) : value);
  return { ...policy, spec: turned(policy.spec) };
}
