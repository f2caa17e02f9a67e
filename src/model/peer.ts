/** Who an endpoint is, after resolving. */

export interface Workload {
  /** '' is the cluster that the database is about, until the graph is read: only then is its name known. */
  readonly cluster: string;
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
}

/**
 * The kinds that a graph shows are `workload`, `node`, `apiserver`, `external`, `public` and `unresolved`. The other two are
 * what a record could say at the time; they are settled into one of the former whenever the graph is read: `address`
 * (somebody at this address at that time, with `namespace/account` of a certificate if there was one) and `labels` (a pod
 * with these labels: traffic after a proxy).
 */
export type Peer =
  | ({ readonly type: 'workload' } & Workload)
  | { readonly type: 'node'; readonly cluster: string }
  | { readonly type: 'apiserver'; readonly cluster: string }
  | { readonly type: 'external'; readonly address: string }
  | { readonly type: 'public' }
  | { readonly type: 'unresolved'; readonly address: string }
  | { readonly type: 'address'; readonly cluster: string; readonly address: string; readonly account: string }
  | { readonly type: 'labels'; readonly cluster: string; readonly namespace: string; readonly labels: string };

export type WorkloadPeer = Extract<Peer, { type: 'workload' }>;

export const PUBLIC: Peer = { type: 'public' };

/** Addresses over the cap are one peer; nothing is ever proposed for it. */
export const OTHER_ADDRESSES = 'others';

export function workloadPeer(workload: Workload): WorkloadPeer {
  const { cluster, namespace, kind, name } = workload;
  return { type: 'workload', cluster, namespace, kind, name };
}

/** One text for one peer: the key in every table and map, and what fingerprints are made of. */
export function peerKey(peer: Peer): string {
  switch (peer.type) {
    case 'workload':
      return `workload|${peer.cluster}|${peer.namespace}|${peer.kind}|${peer.name}`;
    case 'node':
    case 'apiserver':
      return `${peer.type}|${peer.cluster}`;
    case 'external':
    case 'unresolved':
      return `${peer.type}|${peer.address}`;
    case 'public':
      return 'public';
    case 'address':
      return `address|${peer.cluster}|${peer.address}|${peer.account}`;
    case 'labels':
      return `labels|${peer.cluster}|${peer.namespace}|${peer.labels}`;
  }
}

/** The inverse of `peerKey`. */
export function parsePeerKey(key: string): Peer {
  const [type = '', a = '', b = '', c = '', d = ''] = key.split('|');
  switch (type) {
    case 'workload':
      return { type, cluster: a, namespace: b, kind: c, name: d };
    case 'node':
    case 'apiserver':
      return { type, cluster: a };
    case 'external':
    case 'unresolved':
      return { type, address: a };
    case 'public':
      return PUBLIC;
    case 'address':
      return { type, cluster: a, address: b, account: c };
    case 'labels':
      return { type, cluster: a, namespace: b, labels: c };
    default:
      throw new Error(`not a peer's key: ${key}`);
  }
}

/** `shop/cart`, `external 198.51.100.10`, `public`: how people read a peer. */
export function peerName(peer: Peer): string {
  switch (peer.type) {
    case 'workload':
      return `${peer.namespace}/${peer.name}`;
    case 'external':
    case 'unresolved':
      return `${peer.type} ${peer.address}`;
    case 'address':
      return `unresolved ${peer.address}`;
    case 'labels':
      return `unresolved ${peer.namespace}/{${peer.labels}}`;
    case 'node':
    case 'apiserver':
    case 'public':
      return peer.type;
  }
}
