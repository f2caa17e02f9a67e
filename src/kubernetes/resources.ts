import { ADMIN_GROUP, type AdminKind } from '../model/admin-policy.ts';
import type { EndpointSliceFact, Inventory, NamespaceFact, NodeFact, PodFact, PolicyFact, ServiceFact, WorkloadFact } from '../model/inventory.ts';
import type { Json } from './object.ts';
import { projectEndpointSlice, projectNamespace, projectNode, projectPod, projectPolicy, projectService, projectWorkload } from './project.ts';

export type Fact = PodFact | WorkloadFact | ServiceFact | EndpointSliceFact | NodeFact | NamespaceFact | PolicyFact;

/** One resource of the cluster's API, and which facts it gives. */
export interface Resource {
  /** Plural, as in rights. */
  readonly name: string;
  /** Group of its API, '' for the core's. */
  readonly group: string;
  readonly path: string;
  /** Where in an inventory its facts belong. */
  readonly part: Exclude<keyof Inventory, 'asOf'>;
  /** Few clusters have it. */
  readonly optional: boolean;
  readonly project: (object: Json) => Fact | null;
}

const core = (name: string, part: Resource['part'], project: Resource['project']): Resource => ({ name, group: '', path: `/api/v1/${name}`, part, optional: false, project });

const owner = (group: string, version: string, kind: string, optional = false): Resource => {
  const name = `${kind.toLowerCase()}s`;
  return { name, group, path: `/apis/${group}/${version}/${name}`, part: 'workloads', optional, project: (object) => projectWorkload(kind, object) };
};

export const PODS = core('pods', 'pods', projectPod);

const admin = (name: string, version: string, kind: AdminKind): Resource => ({
  name,
  group: ADMIN_GROUP,
  path: `/apis/${ADMIN_GROUP}/${version}/${name}`,
  part: 'policies',
  optional: true,
  project: (object) => projectPolicy(kind, object),
});

/** Everything that says who an address is, who made whom, and what is enforced. */
export const RESOURCES: readonly Resource[] = [
  PODS,
  core('namespaces', 'namespaces', projectNamespace),
  core('services', 'services', projectService),
  core('nodes', 'nodes', projectNode),
  { name: 'endpointslices', group: 'discovery.k8s.io', path: '/apis/discovery.k8s.io/v1/endpointslices', part: 'slices', optional: false, project: projectEndpointSlice },
  { name: 'networkpolicies', group: 'networking.k8s.io', path: '/apis/networking.k8s.io/v1/networkpolicies', part: 'policies', optional: false, project: (object) => projectPolicy('NetworkPolicy', object) },
  owner('apps', 'v1', 'ReplicaSet'),
  owner('apps', 'v1', 'Deployment'),
  owner('apps', 'v1', 'StatefulSet'),
  owner('apps', 'v1', 'DaemonSet'),
  owner('batch', 'v1', 'Job'),
  owner('batch', 'v1', 'CronJob'),
  owner('argoproj.io', 'v1alpha1', 'Rollout', true),
  admin('adminnetworkpolicies', 'v1alpha1', 'AdminNetworkPolicy'),
  admin('baselineadminnetworkpolicies', 'v1alpha1', 'BaselineAdminNetworkPolicy'),
  admin('clusternetworkpolicies', 'v1alpha2', 'ClusterNetworkPolicy'),
];
