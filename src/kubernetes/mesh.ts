import type { MeshMode } from '../model/inventory.ts';
import { get, list, text, texts, type Json } from './object.ts';

/** What Istio's own proxies are started as: `proxy sidecar`, `proxy router`, `proxy waypoint`; ztunnel is no member of what it carries. */
const ROLES: Readonly<Record<string, MeshMode>> = { sidecar: 'sidecar', router: 'gateway', waypoint: 'waypoint', ztunnel: 'none' };

const GATEWAY_CONTROLLERS: Readonly<Record<string, MeshMode>> = { 'istio.io-mesh-controller': 'waypoint', 'istio.io-gateway-controller': 'gateway' };
const GATEWAY_CLASSES: Readonly<Record<string, MeshMode>> = { 'istio-waypoint': 'waypoint', istio: 'gateway' };

/** How a pod that runs takes part in the mesh: what was done to it shows. */
export function projectMeshMode(pod: Json): MeshMode {
  return modeOf(pod) ?? 'none';
}

/** How one that is made of a template will, as far as the template says; null if it says nothing. */
export function projectWantedMeshMode(template: Json): MeshMode | null {
  const inject = text(get(template, 'metadata', 'labels', INJECT)) ?? text(get(template, 'metadata', 'annotations', INJECT));
  return modeOf(template) ?? (inject === 'true' ? 'sidecar' : inject === 'false' ? 'none' : null);
}

const INJECT = 'sidecar.istio.io/inject';

function modeOf(object: Json): MeshMode | null {
  const label = (key: string): string | null => text(get(object, 'metadata', 'labels', key));
  const annotation = (key: string): string | null => text(get(object, 'metadata', 'annotations', key));
  const known = (modes: Readonly<Record<string, MeshMode>>, key: string | null): MeshMode | null => (key !== null && Object.hasOwn(modes, key) ? (modes[key] ?? null) : null);
  const proxy = proxyOf(get(object, 'spec'));
  const role = known(ROLES, texts(get(proxy, 'args'))[1] ?? null);
  if (role !== null && role !== 'sidecar') return role;
  const gateway = known(GATEWAY_CONTROLLERS, label('gateway.istio.io/managed')) ?? known(GATEWAY_CLASSES, label('gateway.networking.k8s.io/gateway-class-name'));
  if (gateway !== null) return gateway;
  if (annotation('inject.istio.io/templates') === 'gateway') return 'gateway';
  if (proxy !== undefined || annotation('sidecar.istio.io/status') !== null) return 'sidecar';
  return annotation('ambient.istio.io/redirection') === 'enabled' ? 'ambient' : null;
}

/** Since it may be an init container that stays, it can be among both. */
function proxyOf(spec: Json): Json {
  return [...list(get(spec, 'containers')), ...list(get(spec, 'initContainers'))].find((container) => get(container, 'name') === 'istio-proxy');
}
