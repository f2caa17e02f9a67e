import { existsSync } from 'node:fs';
import { OperationError } from '../errors.ts';
import type { TypedObject } from '../kubernetes/inventory.ts';
import type { ReadManifests } from '../kubernetes/manifests.ts';
import type { NetworkPolicy } from '../model/policy.ts';
import type { Context } from './context.ts';
import { plain } from './text.ts';

/** Where a command takes its policies from: the word `cluster`, or files and folders. A file of that name is meant by `./cluster`, and where it exists. */
export async function readPolicyObjects(context: Context, paths: readonly string[]): Promise<ReadManifests> {
  if (isWord(paths, 'cluster')) return { objects: await objectsOfCluster(context), problems: [] };
  return (await import('../kubernetes/manifests.ts')).readManifests(paths);
}

/** Whether a word stands where paths could. */
export function isWord(paths: readonly string[], word: string): boolean {
  return paths.length === 1 && paths[0] === word && !existsSync(word);
}

/** As the cluster's API, or `kubectl get networkpolicies`, told of them last. */
async function objectsOfCluster(context: Context): Promise<readonly TypedObject[]> {
  const { withStore } = await import('./session.ts');
  const group = 'networking.k8s.io';
  const objects = await withStore(context, (store) =>
    store.inventory.read().policies.map(({ namespace, name, spec }) => ({ kind: 'NetworkPolicy', group, object: { apiVersion: `${group}/v1`, kind: 'NetworkPolicy', metadata: { namespace, name }, spec } })),
  );
  if (objects.length === 0) throw new OperationError('cluster: the database knows no NetworkPolicies of it; give them with --inventory (kubectl get networkpolicies -A -o json), or let observe or serve ask with --kubernetes');
  return objects;
}

export interface ValidPolicies {
  readonly policies: readonly NetworkPolicy[];
  /** How many an API server would refuse: no cluster could run them. */
  readonly invalid: number;
  readonly warnings: readonly string[];
}

/** NetworkPolicies among objects; whatever is wrong with them is said on stderr. */
export async function validPolicies(context: Context, { objects, problems }: ReadManifests): Promise<ValidPolicies> {
  const { validatePolicy } = await import('../policy/validate.ts');
  const policies: NetworkPolicy[] = [];
  const wrong = [...problems];
  const warnings: string[] = [];
  let invalid = 0;
  const notRead = new Map<string, number>();
  for (const { kind, object } of objects) {
    if (kind.endsWith('NetworkPolicy') && kind !== 'NetworkPolicy') notRead.set(kind, (notRead.get(kind) ?? 0) + 1);
    if (kind !== 'NetworkPolicy') continue;
    const { policy, problems: own, warnings: doubts } = validatePolicy(object);
    const [first] = own;
    const name = nameOf(object);
    if (policy !== null) policies.push(policy);
    else {
      invalid++;
      wrong.push(`policy ${name}: ${first?.field}: ${first?.message}`);
    }
    warnings.push(...doubts.map(({ field, message }) => `policy ${name}: ${field} ${message}`));
  }
  for (const problem of [...wrong, ...warnings]) context.say(`footpath: ${plain(problem)}`);
  for (const [kind, n] of notRead) context.say(`footpath: ${n} of kind ${plain(kind)} not evaluated`);
  return { policies, invalid, warnings: [...warnings, ...[...notRead].map(([kind, n]) => `${n} of kind ${kind} not evaluated`)] };
}

/** `namespace/name` of any object, for messages. */
export function nameOf(object: unknown): string {
  const { metadata } = object as { readonly metadata?: { readonly namespace?: unknown; readonly name?: unknown } | null };
  const text = (value: unknown, other: string): string => (typeof value === 'string' ? value : other);
  return `${text(metadata?.namespace, 'default')}/${text(metadata?.name, '?')}`;
}
