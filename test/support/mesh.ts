import type { MeshMode } from '../../src/model/inventory.ts';
import { deployed, type Deployed, type DeployOptions } from './proposals.ts';

/** What a pod of each mode shows of it. */
const SHOWN: Readonly<Record<MeshMode, { readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> }>> = {
  none: {},
  sidecar: { annotations: { 'sidecar.istio.io/status': '{}' } },
  ambient: { annotations: { 'ambient.istio.io/redirection': 'enabled' } },
  waypoint: { labels: { 'gateway.istio.io/managed': 'istio.io-mesh-controller' } },
  gateway: { labels: { 'gateway.istio.io/managed': 'istio.io-gateway-controller' } },
};

/** A workload with one pod that takes part in the mesh so, under a service account called as it is. */
export function meshed(path: string, ip: string, mode: MeshMode, { labels, pod = {}, ...more }: DeployOptions = {}): Deployed {
  const name = path.slice(path.indexOf('/') + 1);
  const own = { ...(labels ?? { app: name }), ...SHOWN[mode].labels };
  return deployed(path, ip, { ...more, labels: own, pod: { account: name, ...SHOWN[mode], ...pod, labels: own } });
}

/** A waypoint for the Services that use it. */
export const waypoint = (path: string, ip: string): Deployed =>
  meshed(path, ip, 'waypoint', { kind: 'Deployment', labels: { 'gateway.networking.k8s.io/gateway-name': path.slice(path.indexOf('/') + 1) } });
