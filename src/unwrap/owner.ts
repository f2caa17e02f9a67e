import type { OriginPod } from '../model/origin.ts';

/**
 * The pod whose log lies at this path, by kubelet's layout: `/var/log/pods/NAMESPACE_POD_UID/CONTAINER/0.log` and
 * `/var/log/containers/POD_NAMESPACE_CONTAINER-ID.log`. Copies keep the last parts, so only these are looked at.
 */
export function ownerFromPath(path: string): OriginPod | null {
  const parts = path.split('/');
  const file = parts[parts.length - 1] ?? '';
  const container = parts[parts.length - 2];
  const folder = /^([a-z0-9-]+)_([a-z0-9.-]+)_[0-9a-f-]{8,}$/.exec(parts[parts.length - 3] ?? '');
  if (folder !== null && container !== undefined && /^[0-9]+\.log/.test(file)) {
    return { namespace: folder[1] ?? '', pod: folder[2] ?? '', container };
  }
  const link = /^([a-z0-9.-]+)_([a-z0-9-]+)_([a-z0-9-]+)-[0-9a-f]{64}\.log$/.exec(file);
  return link === null ? null : { namespace: link[2] ?? '', pod: link[1] ?? '', container: link[3] ?? null };
}
