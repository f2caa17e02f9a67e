import { METADATA_ADDRESSES } from './address.ts';
import type { Alert } from './alert.ts';
import { MANY_PORTS } from './edge.ts';
import type { Peer } from './peer.ts';

/** The JSON of peers and alerts that others rely on. Additions are welcome; changes are breaking. */

export interface PeerJson {
  readonly kind: string;
  readonly [key: string]: string | null;
}

/** DNS names of outside addresses. */
type Names = Pick<ReadonlyMap<string, string>, 'get'>;

export function peerJson(peer: Peer, names: Names): PeerJson {
  switch (peer.type) {
    case 'workload':
      return { kind: 'workload', cluster: peer.cluster, namespace: peer.namespace, workload: peer.name, workloadKind: peer.kind };
    case 'external':
      return { kind: 'external', ip: peer.address, cidr: null, name: names.get(peer.address) ?? (METADATA_ADDRESSES.has(peer.address) ? 'metadata service' : null) };
    case 'node':
    case 'apiserver':
    case 'public':
      return { kind: peer.type };
    case 'unresolved':
    case 'address':
      return { kind: 'unresolved', ip: peer.address === '' ? null : peer.address };
    case 'labels':
      return { kind: 'unresolved', ip: null };
  }
}

/** `port` is null where the protocol has none, and for the ports over the cap of one pair. */
export function portJson(port: number): number | null {
  return port === 0 || port === MANY_PORTS ? null : port;
}

type Shown = Pick<Alert, 'id' | 'class' | 'severity' | 'state' | 'source' | 'destination' | 'protocol' | 'port' | 'firstSeen' | 'lastSeen' | 'count' | 'reason' | 'evidence'> & { readonly kind: string };

/** One about a single workload has it as `source` and no `destination`. */
export function alertJson(alert: Shown, names: Names): object {
  return {
    id: alert.id,
    kind: alert.kind,
    ...(alert.class === null ? {} : { class: alert.class }),
    severity: alert.severity,
    state: alert.state,
    ...(alert.source === null ? {} : { source: peerJson(alert.source, names) }),
    ...(alert.destination === null ? {} : { destination: peerJson(alert.destination, names) }),
    ...(alert.protocol === null ? {} : { port: portJson(alert.port), protocol: alert.protocol }),
    firstSeen: new Date(alert.firstSeen).toISOString(),
    lastSeen: new Date(alert.lastSeen).toISOString(),
    count: alert.count,
    reason: alert.reason,
    evidence: alert.evidence,
  };
}
