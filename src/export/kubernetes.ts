import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar, isSeq, parse, visit, type Document } from 'yaml';
import type { Exporter, RenderedFile } from '../exporter.ts';
import type { NetworkPolicy } from '../model/policy.ts';
import { DEFAULT_DENY, type Direction, type Proposal } from '../model/proposal.ts';
import { validatePolicy } from '../policy/validate.ts';
import { printDocument, yamlDocument } from './yaml.ts';

/** networking.k8s.io/v1 NetworkPolicies, with the evidence of each rule as a comment above it. */
export const kubernetes: Exporter = {
  name: 'kubernetes',
  description: 'NetworkPolicy (networking.k8s.io/v1)',
  render({ proposals, defaultDeny }) {
    const files = [...proposals.map(renderProposal), ...defaultDeny.map((namespace) => renderPolicy(defaultDenyPolicy(namespace), [], () => undefined))];
    const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const twice = sorted.find(({ name }, i) => name === sorted[i - 1]?.name);
    if (twice !== undefined) throw new Error(`two policies are written to ${twice.name}: one would replace the other`);
    return sorted;
  },
};

export function defaultDenyPolicy(namespace: string): NetworkPolicy {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: DEFAULT_DENY, namespace, labels: { 'app.kubernetes.io/managed-by': 'footpath' } },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  };
}

function renderProposal(proposal: Proposal): RenderedFile {
  const { policy, rules, leftAlone, notes, proof } = proposal;
  const head = [
    `proved: keeps ${proof.acceptedEdges === 1 ? 'the one accepted edge' : `all ${proof.acceptedEdges} accepted edges`}; allows ${proof.excess.length === 0 ? 'nothing else' : `beyond them: ${proof.excess.join('; ')}`}`,
    ...leftAlone.map(({ direction, reason }) => `${direction} is left alone: ${reason}`),
    ...[...new Set(notes)].map((note) => `note: ${note}`),
  ];
  return renderPolicy(policy, head, (document) => {
    for (const direction of ['ingress', 'egress'] as const) commentRules(document, direction, rules.filter((rule) => rule.direction === direction).map(({ comment }) => comment));
  });
}

function commentRules(document: Document, direction: Direction, comments: readonly string[]): void {
  const list = document.getIn(['spec', direction]);
  if (!isSeq(list)) return;
  for (const [i, comment] of comments.entries()) {
    const item = list.items[i];
    if (isMap(item)) item.commentBefore = asComment(comment);
  }
}

/** Comments come from names that were checked; still, none of them may end its line. */
function asComment(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.split('\n').map((line) => ` ${line.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, ' ')}`).join('\n');
}

/** A selector is the same in whatever order its labels were found. */
function sortLabels(document: Document): void {
  visit(document, {
    Pair: (_, { key, value }) => {
      if (isScalar(key) && key.value === 'matchLabels' && isMap(value)) value.items.sort((a, b) => (String(a.key) < String(b.key) ? -1 : 1));
    },
  });
}

function renderPolicy(policy: NetworkPolicy, head: readonly string[], decorate: (document: Document) => void): RenderedFile {
  const { problems, warnings } = validatePolicy(policy);
  const [problem] = [...problems, ...warnings];
  if (problem !== undefined) throw new Error(`policy ${policy.metadata.namespace}/${policy.metadata.name} is invalid: ${problem.field} ${problem.message}`);
  const document = yamlDocument(policy);
  sortLabels(document);
  if (head.length > 0) document.commentBefore = asComment(head.join('\n'));
  decorate(document);
  const content = printDocument(document);
  const written: unknown = JSON.parse(JSON.stringify(policy));
  if (!(['1.1', '1.2'] as const).every((version) => isDeepStrictEqual(parse(content, { version }), written))) {
    throw new Error(`policy ${policy.metadata.namespace}/${policy.metadata.name} does not read back as it was written`);
  }
  return { name: `${policy.metadata.namespace}__${policy.metadata.name}.yaml`, content, object: policy };
}
