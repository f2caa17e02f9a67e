import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatLabels, isRevisionLabel, NO_LABELS, parseLabels, sameLabels, sortedLabels, stableLabels } from '../../src/model/labels.ts';

const key = fc.stringMatching(/^([a-z]{1,6}\.io\/)?[a-z][a-z0-9-]{0,6}[a-z0-9]$/);
const value = fc.stringMatching(/^([a-z0-9]([a-z0-9._-]{0,6}[a-z0-9])?)?$/);
const entries = fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 6 });

describe('labels', () => {
  it('have one text, whatever the order they came in', () => {
    fc.assert(
      fc.property(entries, (all) => {
        const labels = sortedLabels(all);
        expect(formatLabels(sortedLabels(all.toReversed()))).toBe(formatLabels(labels));
        expect([...parseLabels(formatLabels(labels))]).toEqual([...labels]);
        expect(labels.size).toBe(all.length);
      }),
    );
  });

  it('are sorted by their keys’ characters, not by a language', () => {
    expect(
      formatLabels(
        sortedLabels([
          ['b', '1'],
          ['B', '2'],
          ['a/x', '3'],
          ['a', ''],
        ]),
      ),
    ).toBe('B=2,a=,a/x=3,b=1');
  });

  it('are none in the empty text', () => {
    expect(parseLabels('').size).toBe(0);
    expect(formatLabels(NO_LABELS)).toBe('');
  });

  it('are the same if keys and values are', () => {
    const web = sortedLabels([['app', 'web']]);
    expect(sameLabels(web, sortedLabels([['app', 'web']]))).toBe(true);
    expect(sameLabels(web, sortedLabels([['app', 'api']]))).toBe(false);
    expect(
      sameLabels(
        web,
        sortedLabels([
          ['app', 'web'],
          ['tier', ''],
        ]),
      ),
    ).toBe(false);
    expect(sameLabels(web, NO_LABELS)).toBe(false);
  });
});

describe('labels of a revision', () => {
  it.each([
    'pod-template-hash',
    'controller-revision-hash',
    'pod-template-generation',
    'controller-uid',
    'job-name',
    'batch.kubernetes.io/controller-uid',
    'batch.kubernetes.io/job-name',
    'batch.kubernetes.io/job-completion-index',
    'rollouts-pod-template-hash',
    'statefulset.kubernetes.io/pod-name',
    'apps.kubernetes.io/pod-index',
    'service.istio.io/canonical-revision',
    'istio.io/rev',
    'security.istio.io/tlsMode',
    'topology.istio.io/network',
    'helm.sh/chart',
    'app.kubernetes.io/version',
  ])('%s dies with it', (name) => {
    expect(isRevisionLabel(name)).toBe(true);
  });

  it.each([
    'app',
    'version',
    'app.kubernetes.io/name',
    'app.kubernetes.io/instance',
    'app.kubernetes.io/component',
    'tier',
    'k8s-app',
    'service.istio.io/canonical-name',
    'batch.kubernetes.io',
    'role',
  ])('%s outlives it', (name) => {
    expect(isRevisionLabel(name)).toBe(false);
  });

  it('are what is taken away, and nothing else', () => {
    const labels = sortedLabels([
      ['app', 'web'],
      ['pod-template-hash', '6b746f74dc'],
      ['version', 'v1'],
      ['helm.sh/chart', 'web-1.2.3'],
    ]);
    expect(formatLabels(stableLabels(labels))).toBe('app=web,version=v1');
  });
});
