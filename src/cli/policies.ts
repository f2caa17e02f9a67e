import { existsSync } from 'node:fs';
import { OperationError } from '../errors.ts';
import type { TypedObject } from '../kubernetes/inventory.ts';
import type { ReadManifests } from '../kubernetes/manifests.ts';
import { ADMIN_GROUP, type AdminPolicy } from '../model/admin-policy.ts';
import type { NetworkPolicy } from '../model/policy.ts';
import type { Problem } from '../policy/validate/field-check.ts';
import type { Context } from './context.ts';
import { plain } from './text.ts';

/** Where a command takes its policies from: the word `cluster`, or files and folders. A file of that name is meant by `./cluster`, and where it exists. */
export async function readPolicyObjects(context: Context, paths: readonly string[], { orNone = false } = {}): Promise<ReadManifests> {
  if (isWord(paths, 'cluster')) {
    const objects = await objectsOfCluster(context);
    if (objects.length === 0 && !orNone) throw new OperationError('cluster: the database knows no NetworkPolicies of it; give them with --inventory (kubectl get networkpolicies -A -o json), or let observe or serve ask with --kubernetes');
    return { objects, problems: [] };
  }
  return (await import('../kubernetes/manifests.ts')).readManifests(paths);
}

/** Whether a word stands where paths could. */
export function isWord(paths: readonly string[], word: string): boolean {
  return paths.length === 1 && paths[0] === word && !existsSync(word);
}

/** As the cluster's API, or `kubectl get networkpolicies`, told of them last. */
async function objectsOfCluster(context: Context): Promise<readonly TypedObject[]> {
  const { withStore } = await import('./session.ts');
  return withStore(context, (store) =>
    store.inventory.read().policies.map(({ kind, apiVersion, namespace, name, spec }) => {
      const metadata = namespace === '' ? { name } : { namespace, name };
      return { kind, group: apiVersion.slice(0, apiVersion.indexOf('/')), object: { apiVersion, kind, metadata, spec } };
    }),
  );
}

export interface ValidPolicies {
  readonly policies: readonly NetworkPolicy[];
  /** AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy. */
  readonly admin: readonly AdminPolicy[];
  /** How many an API server would refuse: no cluster could run them. */
  readonly invalid: number;
  /** How many are of kinds that are not evaluated, Cilium's and Calico's own. */
  readonly notRead: number;
  readonly warnings: readonly string[];
}

/** Policies among objects, those of the administrator too; whatever is wrong with them is said on stderr. */
export async function validPolicies(context: Context, { objects, problems }: ReadManifests): Promise<ValidPolicies> {
  const [{ NETWORK_POLICY_GROUPS, validatePolicy }, { isAdminKind, validateAdminPolicy }] = await Promise.all([import('../policy/validate/validate.ts'), import('../policy/validate/validate-admin.ts')]);
  const policies: NetworkPolicy[] = [];
  const admin: AdminPolicy[] = [];
  const wrong = [...problems];
  const warnings: string[] = [];
  let invalid = 0;
  const notRead = new Map<string, number>();
  const take = <P>(name: string, { policy, problems: own, warnings: doubts }: { readonly policy: P | null; readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] }, into: P[]): void => {
    const [first] = own;
    if (policy !== null) into.push(policy);
    else {
      invalid++;
      wrong.push(`${name}: ${first?.field}: ${first?.message}`);
    }
    for (const { field, message } of doubts) warnings.push(`${name}: ${field} ${message}`);
  };
  for (const { kind, group, object } of objects) {
    if (kind === 'NetworkPolicy' && NETWORK_POLICY_GROUPS.has(group)) take(`policy ${nameOf(object)}`, validatePolicy(object), policies);
    // Other projects have kinds of the same name, in groups of their own.
    else if (isAdminKind(kind) && (group === '' || group === ADMIN_GROUP)) take(`${kind} ${nameOf(object).replace(/^.*\//, '')}`, validateAdminPolicy(kind, object), admin);
    else if (kind.endsWith('NetworkPolicy')) {
      const named = kind === 'NetworkPolicy' ? `${kind} (${group})` : kind;
      notRead.set(named, (notRead.get(named) ?? 0) + 1);
    }
  }
  for (const problem of [...wrong, ...warnings]) context.say(`footpath: ${plain(problem)}`);
  for (const [kind, n] of notRead) context.say(`footpath: ${n} of kind ${plain(kind)} not evaluated: the answer is that of the others alone`);
  return { policies, admin, invalid, notRead: [...notRead.values()].reduce((sum, n) => sum + n, 0), warnings: [...warnings, ...[...notRead].map(([kind, n]) => `${n} of kind ${kind} not evaluated`)] };
}

/** `namespace/name` of any object, for messages. */
export function nameOf(object: unknown): string {
  const { metadata } = object as { readonly metadata?: { readonly namespace?: unknown; readonly name?: unknown } | null };
  const text = (value: unknown, other: string): string => (typeof value === 'string' ? value : other);
  return `${text(metadata?.namespace, 'default')}/${text(metadata?.name, '?')}`;
}
