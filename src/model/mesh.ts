import type { ServiceFact } from './inventory.ts';

/** What enforces a mesh's policies: a sidecar or a gateway (Envoy), ambient's node proxy, or a waypoint (Envoy). */
export const DATA_PLANES = ['sidecar', 'ztunnel', 'waypoint'] as const;
export type DataPlane = (typeof DATA_PLANES)[number];

/** A Service, or a ServiceEntry with a selector, as waypoints know them. */
export interface MeshService extends Pick<ServiceFact, 'namespace' | 'name' | 'addresses' | 'selector' | 'ports' | 'labels'> {
  readonly kind: 'Service' | 'ServiceEntry';
  /** Names by which it is asked for, in small letters. */
  readonly hosts: readonly string[];
}
