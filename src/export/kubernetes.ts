import type { Exporter, RenderedFile } from '../exporter.ts';
import type { NetworkPolicy } from '../model/policy.ts';
import { DEFAULT_DENY, type Proposal } from '../model/proposal.ts';
import { headOf, MANAGED, namelessNotes, policyFile, requireValid, sortedFiles } from './policy-file.ts';

/** networking.k8s.io/v1 NetworkPolicies, with the evidence of each rule as a comment above it. */
export const kubernetes: Exporter = {
  name: 'kubernetes',
  description: 'NetworkPolicy (networking.k8s.io/v1)',
  takes: [],
  render({ proposals, defaultDeny }) {
    return sortedFiles([...proposals.map(renderProposal), ...defaultDeny.map(renderDefaultDeny)]);
  },
};

export function defaultDenyPolicy(namespace: string): NetworkPolicy {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: DEFAULT_DENY, namespace, labels: MANAGED },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  };
}

export function renderDefaultDeny(namespace: string): RenderedFile {
  const policy = defaultDenyPolicy(namespace);
  requireValid({ policy });
  return policyFile(policy);
}

function renderProposal(proposal: Proposal): RenderedFile {
  requireValid(proposal);
  const { policy, rules } = proposal;
  const comments = new Map((['ingress', 'egress'] as const).map((direction) => [direction, rules.filter((rule) => rule.direction === direction).map(({ comment }) => comment)]));
  return policyFile(policy, headOf(proposal, { notes: namelessNotes(proposal) }), comments);
}
