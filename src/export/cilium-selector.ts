import type { LabelSelector } from '../model/selector.ts';

/** Labels as Cilium has them: each with its source, `k8s` for those of the API, and the namespace as one more. */

const NAMESPACE = 'k8s:io.kubernetes.pod.namespace';

/** A selector of pods. One without a namespace (null) is looked for in the policy's own. */
export function endpointSelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector, namespace: string | null): LabelSelector {
  const labels = Object.entries(matchLabels).map(([key, value]): [string, string] => [`k8s:${key}`, value]);
  if (namespace !== null) labels.push([NAMESPACE, namespace]);
  return {
    ...(labels.length > 0 ? { matchLabels: Object.fromEntries(labels) } : {}),
    ...(matchExpressions.length > 0 ? { matchExpressions: matchExpressions.map((expression) => ({ ...expression, key: `k8s:${expression.key}` })) } : {}),
  };
}

/** Keys that Cilium leaves out of an identity unless it is told otherwise (its `labels` option): what selects by one selects nobody. */
const LEFT_OUT = [
  /^(?:io\.kubernetes|kubernetes\.io|k8s\.io|annotation|etcd_node|pod-template-|controller-revision-hash)/,
  /beta\.kubernetes\.io/,
  /^(?:statefulset\.kubernetes\.io\/pod-name|apps\.kubernetes\.io\/pod-index|batch\.kubernetes\.io\/job-completion-index)/,
];

export function leftOutLabels({ matchLabels = {}, matchExpressions = [] }: LabelSelector): readonly string[] {
  const keys = [...Object.keys(matchLabels), ...matchExpressions.map(({ key }) => key)];
  return keys.filter((key) => LEFT_OUT.some((pattern) => pattern.test(key)));
}
