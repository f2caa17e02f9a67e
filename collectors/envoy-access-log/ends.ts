import type { End } from '../../src/collector.ts';
import type { EndpointReader } from './address.ts';
import { UNNAMED, type ClientSaid, type ServerSaid } from './said.ts';

/**
 * The ends of lines for which any pod of their workload may stand: `Teller` tells them by one address alone, and compares that with no other one of another workload's.
 * What else it looks at is their likeness.
 */

/** The client of a line at the server's side. */
export function arrivingClient(client: ClientSaid, identity: string): End | null {
  const endpoint = client.showsNone ? client.endpointOfPlaintext : client.endpoint;
  return client.arrives && client.isSocket && endpoint !== null ? { endpoint, likeness: JSON.stringify([identity, client.showsNone]) } : null;
}

/** The client of a line at its own side. */
export function leavingClient(client: ClientSaid, endpoints: EndpointReader): End | null {
  if (client.arrives || !client.own.sameAddress(client.address)) return null;
  const endpoint = endpoints.owner(null, UNNAMED, client.own);
  return endpoint === null ? null : { endpoint, likeness: 'own' };
}

/** The server of a line at its own side. */
export function arrivingServer({ cluster, local, host, isLacking }: ServerSaid, endpoints: EndpointReader): End | null {
  if (cluster !== 'inbound' || local.kind !== 'ip') return null;
  const endpoint = endpoints.owner(null, UNNAMED, local);
  return endpoint === null ? null : { endpoint, likeness: JSON.stringify([local.port, host.kind, host.port, isLacking]) };
}

/** The server of a line at the client's side. */
export function leavingServer(server: ServerSaid, name: string): End | null {
  const { cluster, local, host, isLacking, chosen } = server;
  if ((cluster !== 'outbound' && cluster !== 'other') || host.kind !== 'ip' || chosen === null) return null;
  return { endpoint: chosen, likeness: JSON.stringify([cluster, name, local.kind, local.port, local.sameAddress(host) ? null : local.text, host.port, isLacking]) };
}
