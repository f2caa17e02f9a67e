import { HOUR, MANY_PORTS } from '../model/edge.ts';
import type { Peer } from '../model/peer.ts';
import type { ToldAlert } from '../notifier.ts';
import type { OWN_LABELS } from './config.ts';

type Label = (typeof OWN_LABELS)[number];

/**
 * Labels are what Alertmanager knows an alert by: one-to-one with its id, so what may change (severity, counts, times, pods) is
 * in none. A label that would be empty is left out: to Alertmanager that is the same.
 */
export function labelsOf(alert: ToldAlert): Readonly<Record<string, string>> {
  const { kind, source, destination, protocol, port, firstSeen } = alert;
  const [sourceCluster, destinationCluster] = [clusterOf(source), clusterOf(destination)];
  // That of the one end that is in a cluster, or of both if they are in the same.
  const cluster = sourceCluster ?? destinationCluster ?? '';
  const labels: readonly (readonly [Label, string])[] = [
    ['alertname', `Footpath${kind.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())}`],
    ['kind', kind],
    ['cluster', cluster],
    ['source', peerLabel(source)],
    ['source_kind', kindLabel(source)],
    ['source_cluster', sourceCluster !== null && sourceCluster !== cluster ? sourceCluster : ''],
    ['destination', peerLabel(destination)],
    ['destination_kind', kindLabel(destination)],
    ['destination_cluster', destinationCluster !== null && destinationCluster !== cluster ? destinationCluster : ''],
    ['port', port === MANY_PORTS ? 'many' : port === 0 ? '' : String(port)],
    ['protocol', protocol ?? ''],
    // A storm is about no peer, but about its hour.
    ['hour', kind === 'storm' ? new Date(Math.floor(firstSeen / HOUR) * HOUR).toISOString() : ''],
  ];
  return Object.fromEntries(labels.filter(([, value]) => value !== ''));
}

function clusterOf(peer: Peer | null): string | null {
  return peer !== null && 'cluster' in peer ? peer.cluster : null;
}

/** A workload's holds a slash, no other's does. */
function peerLabel(peer: Peer | null): string {
  switch (peer?.type) {
    case undefined:
      return '';
    case 'workload':
      return `${peer.namespace}/${peer.name}`;
    case 'external':
    case 'unresolved':
    case 'address':
      return peer.address === '' ? peer.type : peer.address;
    case 'labels':
      return `${peer.namespace}/{${peer.labels}}`;
    case 'node':
    case 'apiserver':
    case 'public':
      return peer.type;
  }
}

function kindLabel(peer: Peer | null): string {
  if (peer === null) return '';
  return peer.type === 'workload' ? peer.kind : peer.type;
}
