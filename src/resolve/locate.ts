import { parseAddress, scopeOf } from '../model/address.ts';
import type { Protocol, SkipReason } from '../model/flow.ts';
import type { Peer } from '../model/peer.ts';
import type { Directory } from './directory.ts';
import { occupantAt } from './lives.ts';
import { backendOf } from './service.ts';
import type { Sightings } from './sightings.ts';

/** Istio's ambient mode sends kubelet's probes from these. */
const AMBIENT_PROBES: ReadonlySet<string> = new Set(['169.254.7.127', 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff']);

export interface Located {
  /** Null while nobody, or more than one, is known to have been there. */
  readonly peer: Peer | null;
  /** Port of the pod after a Service was translated, else null. */
  readonly port: number | null;
  /** `namespace/name`, '' if unknown. */
  readonly pod: string;
  readonly hostAddresses: readonly string[];
  readonly from: number;
  readonly until: number;
  /** Why the address can be no end of an edge. */
  readonly skip: SkipReason | null;
}

const NOBODY: Located = {
  peer: null,
  port: null,
  pod: '',
  hostAddresses: [],
  from: -Infinity,
  until: Infinity,
  skip: null,
};

export interface Question {
  readonly address: string;
  readonly first: number;
  readonly last: number;
  /** The record says that the address is outside. */
  readonly statedOutside: boolean;
  /** What is connected to, null for the connecting end. */
  readonly server: { readonly port: number; readonly protocol: Protocol } | null;
}

/**
 * Who is at an address. Never external inside the cluster's ranges; a private address is outside only if the ranges of the
 * cluster are known and it is in none, or the record says so.
 */
export function locate({ address, first, last, statedOutside, server }: Question, directory: Directory, sightings: Sightings | null): Located {
  const parsed = parseAddress(address);
  if (parsed === null) return NOBODY;
  if (AMBIENT_PROBES.has(address)) return { ...NOBODY, skip: 'local-node' };
  const scope = scopeOf(parsed);
  if (scope === 'loopback') return { ...NOBODY, skip: 'self' };
  if (scope === 'multicast' || scope === 'unspecified') return { ...NOBODY, skip: 'not-a-connection' };
  if (server !== null && directory.isApiserver(address) && directory.isApiserverPort(server.port)) {
    return { ...NOBODY, peer: { type: 'apiserver', cluster: '' } };
  }
  if (directory.isNode(address)) return { ...NOBODY, peer: { type: 'node', cluster: '' } };
  if (directory.isApiserver(address)) return { ...NOBODY, peer: { type: 'apiserver', cluster: '' } };
  const service = server === null ? null : directory.service(address);
  if (service !== null && server !== null) return { ...NOBODY, ...backendOf(service, server.port, server.protocol, directory) };
  const inside = directory.isInside(parsed);
  if (inside === false || (inside === null && statedOutside)) return { ...NOBODY, peer: { type: 'external', address } };
  const occupant = occupantAt(address, first, last, directory, sightings);
  return typeof occupant === 'string' ? NOBODY : { ...NOBODY, ...occupant };
}
