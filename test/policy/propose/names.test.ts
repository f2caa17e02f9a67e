import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSubdomain } from '../../../src/model/names.ts';
import { peerKey, workloadPeer, type WorkloadPeer } from '../../../src/model/peer.ts';
import { policyNames } from '../../../src/policy/propose/names.ts';

/** `Deployment shop/web` */
function workload(text: string): WorkloadPeer {
  const [kind = '', path = ''] = text.split(' ');
  const [namespace = '', name = ''] = path.split('/');
  return workloadPeer({ cluster: 'default', namespace, kind, name });
}

const namesOf = (...workloads: readonly string[]): readonly (string | undefined)[] => {
  const names = policyNames(workloads.map(workload));
  return workloads.map((text) => names.get(peerKey(workload(text))));
};

describe('the name of a workload’s policy', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['is the workload’s own', ['Deployment shop/web', 'Deployment shop/cart'], ['web', 'cart']],
    ['has the kind where two workloads share one', ['Deployment shop/web', 'StatefulSet shop/web'], ['web-deployment', 'web-statefulset']],
    ['is free of other namespaces', ['Deployment shop/web', 'StatefulSet bank/web'], ['web', 'web']],
    [
      'is numbered where that is taken by another workload’s own',
      ['Deployment shop/web', 'StatefulSet shop/web', 'Deployment shop/web-statefulset', 'Deployment shop/web-statefulset-2'],
      ['web-deployment', 'web-statefulset-3', 'web-statefulset', 'web-statefulset-2'],
    ],
    ['is not that of the policy that closes a namespace', ['Deployment shop/default-deny'], ['default-deny-deployment']],
    ['nor where two workloads are called so', ['Deployment shop/default-deny', 'Job shop/default-deny'], ['default-deny-deployment', 'default-deny-job']],
    ['tells kinds that differ in case alone', ['Foo shop/web', 'FOO shop/web'], ['web-foo-2', 'web-foo']],
  ])('%s', (_, workloads, expected) => {
    expect(namesOf(...workloads)).toEqual(expected);
  });

  it('is cut to what the API server and a file system take', () => {
    const long = `${'a'.repeat(168)}.${'b'.repeat(80)}`;
    const names = namesOf(`Deployment shop/${long}`, `StatefulSet shop/${long}`);
    expect(names).toEqual([`${'a'.repeat(168)}.b-deployment`, `${'a'.repeat(168)}.-statefulset`.replace('.-', '-')]);
    expect(names.every((name) => isSubdomain(name ?? ''))).toBe(true);
    expect(namesOf(`Deployment shop/${long}`)).toEqual([`${'a'.repeat(168)}.b-deployment`]);
  });

  it('is one for each workload, a name of the grammar, and the same in whatever order they come', () => {
    const part = fc.constantFrom('web', 'web-job', 'web-job-2', 'default-deny', 'a'.repeat(250), `${'a'.repeat(183)}.b`);
    const one = fc.record({ namespace: fc.constantFrom('shop', 'bank'), kind: fc.constantFrom('Job', 'Deployment', 'JOB'), name: part }).map((of) => workloadPeer({ cluster: 'default', ...of }));
    const all = fc.uniqueArray(one, { selector: peerKey, maxLength: 12 }).chain((workloads) => fc.tuple(fc.constant(workloads), fc.shuffledSubarray(workloads, { minLength: workloads.length })));
    fc.assert(
      fc.property(all, ([workloads, shuffled]) => {
        const names = policyNames(workloads);
        const full = workloads.map((own) => `${own.namespace}/${names.get(peerKey(own))}`);
        expect(new Set(full).size).toBe(workloads.length);
        expect(full.every((name) => isSubdomain(name.slice(name.indexOf('/') + 1)) && !name.endsWith('/default-deny'))).toBe(true);
        expect(policyNames(shuffled)).toEqual(names);
      }),
    );
  });
});
