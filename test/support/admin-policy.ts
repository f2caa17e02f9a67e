import { parse } from 'yaml';
import { ADMIN_GROUP, type AdminKind, type AdminPolicy } from '../../src/model/admin-policy.ts';
import { validateAdminPolicy } from '../../src/policy/validate/validate-admin.ts';

/** Policies of administrators, from a spec in YAML. */

const VERSIONS = { AdminNetworkPolicy: 'v1alpha1', BaselineAdminNetworkPolicy: 'v1alpha1', ClusterNetworkPolicy: 'v1alpha2' } as const;

export function adminObject(kind: AdminKind, spec: string, name = kind === 'BaselineAdminNetworkPolicy' ? 'default' : 'some'): object {
  return { apiVersion: `${ADMIN_GROUP}/${VERSIONS[kind]}`, kind, metadata: { name }, spec: parse(spec) as object };
}

function read(kind: AdminKind, spec: string, name?: string): AdminPolicy {
  const { policy, problems } = validateAdminPolicy(kind, adminObject(kind, spec, name));
  if (policy === null) throw new Error(problems.map(({ field, message }) => `${field} ${message}`).join('; '));
  return policy;
}

/** `priority: …, subject: …, ingress: …`, in YAML's flow style without the braces. */
export const anp = (spec: string, name?: string): AdminPolicy => read('AdminNetworkPolicy', `{${spec}}`, name);
export const banp = (spec: string): AdminPolicy => read('BaselineAdminNetworkPolicy', `{${spec}}`);
export const cnp = (spec: string, name?: string): AdminPolicy => read('ClusterNetworkPolicy', `{${spec}}`, name);
