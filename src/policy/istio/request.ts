import type { Address } from '../../model/address.ts';

/** A request, or a connection, as the proxy in front of its destination sees it. Null is what is not known, or not there. */
export interface MeshRequest {
  readonly port: number;
  readonly protocol: 'HTTP' | 'TCP';
  /** Who calls by its certificate, without `spiffe://`: `cluster.local/ns/shop/sa/web`. */
  readonly principal: string | null;
  readonly ip: Address | null;
  readonly host: string | null;
  readonly method: string | null;
  readonly path: string | null;
  /** By their names in small letters. */
  readonly headers: ReadonlyMap<string, string>;
  readonly sni: string | null;
  /** The destination's own: the pod's, or at a waypoint the Service's. */
  readonly destination: Address | null;
}
