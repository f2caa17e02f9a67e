import type { LabelSelector } from '../model/selector.ts';

/** A selector in Calico's language of expressions. It matches the pods that the selector of the API matches, and no others. */
export function selectorExpression({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.entries(matchLabels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${labelKey(key)} == ${quoted(value)}`);
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => {
    const set = `{ ${values.map(quoted).join(', ')} }`;
    switch (operator) {
      case 'In':
        return `${labelKey(key)} in ${set}`;
      case 'NotIn':
        return `${labelKey(key)} not in ${set}`;
      case 'Exists':
        return `has(${labelKey(key)})`;
      case 'DoesNotExist':
        return `!has(${labelKey(key)})`;
    }
  });
  return [...labels, ...expressions].join(' && ') || 'all()';
}

export function namespaceExpression(namespace: string): string {
  return `kubernetes.io/metadata.name == ${quoted(namespace)}`;
}

/** The language has no way to escape a quote within quotes: what holds one is no label's value, and must not get here. */
function quoted(text: string): string {
  if (!/^[A-Za-z0-9._-]*$/.test(text)) throw new Error(`${JSON.stringify(text)} is no value of a label: a selector cannot hold it`);
  return `'${text}'`;
}

function labelKey(text: string): string {
  if (!/^[A-Za-z0-9._/-]+$/.test(text)) throw new Error(`${JSON.stringify(text)} is no key of a label: a selector cannot hold it`);
  return text;
}
