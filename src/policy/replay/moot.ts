import type { AdminPolicy } from '../../model/admin-policy.ts';
import type { Inventory } from '../../model/inventory.ts';
import { peerName } from '../../model/peer.ts';
import type { NetworkPolicy } from '../../model/policy.ts';
import type { Graph } from '../../learn/graph.ts';
import { PolicySet } from '../evaluate/evaluate.ts';
import { Roster } from '../roster.ts';
import { validateAdminPolicy } from '../validate/validate-admin.ts';

/** Workloads that a warning names; it counts the others. */
const NAMED = 5;

/** Workloads whose NetworkPolicies are asked about no other pod, since an administrator's rule ends every connection before. */
export function mootWarnings(set: PolicySet, roster: Roster): readonly string[] {
  const moot = new Map<string, Set<string>>();
  for (const direction of ['ingress', 'egress'] as const) {
    for (const { peer, standIns } of roster.local()) {
      for (const pod of standIns) {
        const title = set.isolates(direction, pod) ? set.moot(direction, pod) : null;
        if (title === null) continue;
        const workloads = moot.get(title) ?? new Set();
        moot.set(title, workloads.add(peerName(peer)));
      }
    }
  }
  return [...moot].map(([title, workloads]) => {
    const listed = [...workloads].toSorted().slice(0, NAMED).join(', ');
    const more = workloads.size > NAMED ? ` and ${workloads.size - NAMED} more` : '';
    return `${title} decides before NetworkPolicies are asked: for other pods, those of ${listed}${more} are moot`;
  });
}

/** The same of NetworkPolicies that the cluster does not have yet, with the administrator's policies that it has, by the inventory. */
export function mootInCluster(graph: Graph, policies: readonly NetworkPolicy[]): readonly string[] {
  const { inventory } = graph.directory;
  const admin = adminOf(inventory);
  if (admin.length === 0) return [];
  const roster = new Roster(graph);
  return mootWarnings(new PolicySet(policies, roster.namespaces, admin, inventory.nodes), roster).map((warning) => `in the cluster, ${warning}`);
}

function adminOf(inventory: Inventory): readonly AdminPolicy[] {
  return inventory.policies.flatMap(({ kind, apiVersion, name, spec }) => (kind === 'NetworkPolicy' ? [] : (validateAdminPolicy(kind, { apiVersion, kind, metadata: { name }, spec }).policy ?? [])));
}
