/** Labels of a pod: sorted by key, so that equal sets have equal text. */
export type Labels = ReadonlyMap<string, string>;

export const NO_LABELS: Labels = new Map();

export function sortedLabels(entries: Iterable<readonly [string, string]>): Labels {
  return new Map([...entries].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** Canonical text: `app=web,tier=front`. Neither keys nor values can hold `=` or `,`. */
export function formatLabels(labels: Labels): string {
  return [...labels].map(([key, value]) => `${key}=${value}`).join(',');
}

/** The inverse of `formatLabels`. */
export function parseLabels(text: string): Labels {
  if (text === '') return NO_LABELS;
  return new Map(
    text.split(',').map((pair): [string, string] => {
      const equals = pair.indexOf('=');
      return [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}

export function sameLabels(a: Labels, b: Labels): boolean {
  return formatLabels(a) === formatLabels(b);
}

/** Keys that a rollout, a restart or an upgrade changes: a selector with one of them dies with the revision. */
const REVISION_KEYS: ReadonlySet<string> = new Set([
  'pod-template-hash',
  'pod-template-generation',
  'controller-revision-hash',
  'controller-uid',
  'job-name',
  'rollouts-pod-template-hash',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'service.istio.io/canonical-revision',
  'istio.io/rev',
  'helm.sh/chart',
  'chart',
  'heritage',
  'app.kubernetes.io/version',
  'app.kubernetes.io/managed-by',
]);
const REVISION_PREFIXES = ['batch.kubernetes.io/', 'security.istio.io/', 'topology.istio.io/', 'topology.kubernetes.io/'];

export function isRevisionLabel(key: string): boolean {
  return REVISION_KEYS.has(key) || REVISION_PREFIXES.some((prefix) => key.startsWith(prefix));
}

/** What is left when the labels of one revision are taken away. */
export function stableLabels(labels: Labels): Labels {
  return new Map([...labels].filter(([key]) => !isRevisionLabel(key)));
}

/** On every namespace, whatever its manifest shows. */
export const NAMESPACE_NAME = 'kubernetes.io/metadata.name';
