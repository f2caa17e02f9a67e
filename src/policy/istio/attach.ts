import type { AuthorizationPolicy, TargetRef } from '../../model/authorization.ts';
import type { DataPlane, MeshService } from '../../model/mesh.ts';
import { selectorMatches } from '../../model/selector.ts';
import type { PodEnd } from '../evaluate/evaluate.ts';

/** The proxy that a request comes to, and what it comes for. */
export interface Proxy {
  readonly plane: DataPlane;
  readonly workload: PodEnd;
  /** At a waypoint the Service that is asked for, if it is one's address; elsewhere null. */
  readonly service: MeshService | null;
  /** The Gateway whose proxy a gateway or a waypoint is; without a name any of its namespace, where nothing says which. */
  readonly gateway: { readonly namespace: string; readonly name: string | null } | null;
}

/** What a pod is called that is the proxy of a Gateway. */
export const GATEWAY_NAME = 'gateway.networking.k8s.io/gateway-name';

const WAYPOINT_CLASS = 'istio-waypoint';

/** The older `targetRef` counts where there are no `targetRefs`. */
export function targetsOf({ spec: { targetRefs = [], targetRef } }: AuthorizationPolicy): readonly TargetRef[] {
  return targetRefs.length > 0 || targetRef === undefined ? targetRefs : [targetRef];
}

/**
 * Whether a policy is enforced at a proxy: at sidecars and ztunnel the ones without targets, by namespace and selector; at gateways those and the ones
 * for their Gateway; at waypoints nothing but targets counts, not even a policy for the whole namespace or mesh.
 */
export function attaches(policy: AuthorizationPolicy, { plane, workload, service, gateway }: Proxy, rootNamespace: string): boolean {
  const { namespace } = policy.metadata;
  const targets = targetsOf(policy);
  if (targets.length === 0) return plane !== 'waypoint' && [rootNamespace, workload.namespace].includes(namespace) && selects(policy, workload, plane);
  return targets.some((target) => {
    const { kind, name } = target;
    switch (`${groupOf(target)}/${kind}`) {
      case 'gateway.networking.k8s.io/Gateway':
        return plane !== 'ztunnel' && gateway !== null && gateway.namespace === namespace && (gateway.name === null || gateway.name === name);
      case 'gateway.networking.k8s.io/GatewayClass':
        return plane === 'waypoint' && namespace === rootNamespace && name === WAYPOINT_CLASS;
      case 'core/Service':
      case 'networking.istio.io/ServiceEntry':
        return service !== null && service.kind === kind && service.namespace === namespace && service.name === name;
      default:
        return false;
    }
  });
}

export function groupOf({ group }: TargetRef): string {
  return group === undefined || group === '' ? 'core' : group;
}

/** ztunnel is told of no workload for a selector that has no labels at all. */
function selects({ spec: { selector } }: AuthorizationPolicy, { labels }: PodEnd, plane: DataPlane): boolean {
  if (selector === undefined) return true;
  return selector.matchLabels === undefined ? plane !== 'ztunnel' : selectorMatches({ matchLabels: selector.matchLabels }, labels);
}
