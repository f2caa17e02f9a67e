import type { Exporter, RenderedFile } from '../exporter.ts';
import type { AuthorizationPolicy } from '../model/authorization.ts';
import { peerName } from '../model/peer.ts';
import type { Authorizations, ProposedAuthorization } from '../model/proposal.ts';
import { validateAuthorization } from '../policy/istio/validate.ts';
import { kubernetes } from './kubernetes.ts';
import { MANAGED, policyFile, provedLine, sortedFiles } from './policy-file.ts';

/**
 * security.istio.io/v1 AuthorizationPolicies beside the NetworkPolicies, from the same edges: a connection needs the word of both. One says
 * who may come to which port of the pod, by certificate; the other who may reach it on the wire.
 */
export const istio: Exporter = {
  name: 'istio',
  description: 'AuthorizationPolicy (security.istio.io/v1) and the NetworkPolicy beside it',
  takes: ['l7', 'byPort', 'trustDomain'],
  render(set) {
    const { authorizations, defaultDeny } = set;
    const closed = defaultDeny.filter((namespace) => !authorizations.keptOpen.has(namespace)).flatMap((namespace) => denyAll(namespace, authorizations));
    return sortedFiles([...kubernetes.render(set), ...authorizations.proposals.map(renderAuthorization), ...closed.map((policy) => written(policy, []))]);
  },
  leftOut({ authorizations, defaultDeny }) {
    const none = authorizations.none.map(({ workload, reason }) => `${peerName(workload)}: no AuthorizationPolicy: ${reason}`);
    const open = [...authorizations.keptOpen].filter(([namespace]) => defaultDeny.includes(namespace) && authorizations.denyAll.has(namespace));
    return [...none, ...open.map(([namespace, reason]) => `${namespace}: the mesh is not told to deny all else: ${reason}`)];
  },
};

/** Denies what no other policy of the namespace admits. */
function denyAll(namespace: string, { denyAll: names }: Authorizations): readonly AuthorizationPolicy[] {
  const name = names.get(namespace);
  return name === undefined ? [] : [{ apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata: { name, namespace, labels: MANAGED }, spec: {} }];
}

function renderAuthorization({ policy, rules, notes, proof }: ProposedAuthorization): RenderedFile {
  return written(policy, [provedLine(proof), ...notes.map((note) => `note: ${note}`)], rules.map(({ comment }) => comment));
}

function written(policy: AuthorizationPolicy, head: readonly string[], comments: readonly string[] = []): RenderedFile {
  const { namespace, name } = policy.metadata;
  const [problem] = validateAuthorization(policy).problems;
  if (problem !== undefined) throw new Error(`policy ${namespace}/${name} is invalid: ${problem.field} ${problem.message}`);
  return policyFile(policy, head, new Map([['rules', comments]]));
}
