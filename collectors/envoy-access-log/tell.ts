import type { Sink } from '../../src/collector.ts';
import { blankFlow, type Endpoint, type Side, type SkipReason, type Witness } from '../../src/model/flow.ts';
import type { Origin } from '../../src/model/origin.ts';
import { SocketAddress, type EndpointReader, type OwnName } from './address.ts';
import type { Result } from './outcome.ts';
import type { ClientSaid, OutcomeSaid, RequestSaid, ServerSaid } from './said.ts';

/** Where iptables sends a pod's traffic: who asks for these ports themselves talks to the proxy. */
const CAPTURE_PORTS: ReadonlySet<number> = new Set([15_001, 15_006]);
const WITNESS = {
  inbound: witness('destination', 'inbound'),
  outbound: witness('source', 'outbound'),
  gateway: witness('destination', 'gateway'),
  waypoint: witness('unknown', 'waypoint'),
} as const;

function witness(side: Side, point: string): Witness {
  return { collector: 'envoy-access-log', side, point };
}

const STOPPED: Result = { outcome: 'rejected', denied: true };

/** All that a line says but its time. */
export interface Said {
  readonly client: ClientSaid;
  readonly server: ServerSaid;
  readonly request: RequestSaid;
  readonly outcome: OutcomeSaid;
  readonly own: OwnName;
}

/** Tells a sink what a line means: which proxy wrote it says who is client and who is server. */
export class Teller {
  readonly flow = blankFlow('envoy-access-log');
  readonly #endpoints: EndpointReader;
  readonly #nowhere = new SocketAddress();

  constructor(endpoints: EndpointReader) {
    this.#endpoints = endpoints;
  }

  /** Hands the line's flows to the sink, or says why there are none. */
  tell(said: Said, origin: Origin, sink: Sink): SkipReason | null {
    const { client, server } = said;
    const isMalformed = client.address.kind === 'malformed' || server.local.kind === 'malformed' || server.host.kind === 'malformed' || client.own.kind === 'malformed';
    if (isMalformed) return 'malformed';
    if (server.cluster === 'internal' || CAPTURE_PORTS.has(server.local.port)) return 'proxy-internal';
    if (server.cluster === 'inbound' || client.arrives) return this.#inbound(said, origin, sink);
    if (server.cluster === 'waypoint') return this.#waypoint(said, sink);
    if (server.cluster === 'black-hole') return this.#blackHole(said, origin, sink);
    return this.#outbound(said, origin, sink);
  }

  /** The server's own proxy: whoever connected, to the log's owner, at the port that the proxy listens for. */
  #inbound(said: Said, origin: Origin, sink: Sink): SkipReason | null {
    const { client, server } = said;
    const owner = this.#endpoints.owner(origin.owner, said.own, server.local);
    if (owner === null) return server.local.kind === 'ip' ? 'self' : 'no-server';
    const source = client.showsNone ? client.endpointOfPlaintext : client.endpoint;
    if (source === null) return 'no-client';
    const port = server.local.port > 0 ? server.local.port : server.host.port;
    if (!this.#fill(said, source, owner, port, said.outcome.result, WITNESS.inbound, true)) return 'no-port';
    sink.flow(this.flow);
    return null;
  }

  /** A proxy on the way: the client's pod is told, and the pod behind it. */
  #waypoint(said: Said, sink: Sink): SkipReason | null {
    const { client, server } = said;
    const source = client.endpoint;
    if (source === null) return 'no-client';
    // Denied before a pod was chosen: then only the Service's address is known.
    const isChosen = server.host.kind === 'ip';
    const destination = isChosen ? server.pod : server.wanted;
    if (destination === null) return 'no-server';
    if (!this.#fill(said, source, destination, isChosen ? server.host.port : server.local.port, said.outcome.result, WITNESS.waypoint, true)) return 'no-port';
    sink.flow(this.flow);
    return null;
  }

  /** REGISTRY_ONLY stopped it: the owner wanted to reach an address that the mesh does not know. */
  #blackHole(said: Said, origin: Origin, sink: Sink): SkipReason | null {
    const { client, server } = said;
    const owner = this.#endpoints.owner(origin.owner, said.own, client.address);
    if (owner === null) return 'no-client';
    if (server.wanted === null) return 'no-server';
    if (!this.#fill(said, owner, server.wanted, server.local.port, STOPPED, WITNESS.outbound, false)) return 'no-port';
    sink.flow(this.flow);
    return null;
  }

  /** The client's proxy, or a gateway, which is a server for whoever comes from outside and a client of what is behind it. */
  #outbound(said: Said, origin: Origin, sink: Sink): SkipReason | null {
    const { client, server } = said;
    const { local, host } = server;
    const { own } = client;
    const { result } = said.outcome;
    // A policy of the mesh stops what comes in: on its way out only a gateway's.
    const isGateway = (own.kind === 'ip' ? own.sameAddress(local) : result.denied && local.kind === 'ip') && client.address.kind === 'ip' && !client.address.sameAddress(local);
    // Without a connection upstream the line does not name its own address. An application that its sidecar captured wanted to
    // go where the cluster is; whoever came to a gateway wanted to go to the gateway.
    const isCaptured = own.kind === 'ip' || local.sameAddress(host) || (local.kind === 'ip' && local.port === server.clusterPort);
    const ownAddress = isGateway ? local : own.kind === 'ip' ? own : this.#nowhere;
    // Where a name says whose log it is, a guess of its address would be another pod's sooner or later.
    const owner = this.#endpoints.owner(origin.owner, said.own, ownAddress) ?? (isCaptured ? this.#endpoints.owner(null, said.own, client.address) : null);
    let told = false;
    if (isGateway && owner !== null && client.endpoint !== null) {
      // What became of the request behind it is not the client's connection: the gateway took it, unless its own policy refused.
      const taken: Result = result.denied ? result : { outcome: 'established', denied: false };
      told = this.#fill(said, client.endpoint, owner, local.port, taken, WITNESS.gateway, false);
      if (told) sink.flow(this.flow);
    }
    const reason = isGateway && result.denied ? 'no-server' : this.#toServer(said, owner);
    if (reason !== null) return told ? null : reason;
    if (told) sink.also(this.flow);
    else sink.flow(this.flow);
    return null;
  }

  /** Fills in the connection to the server that the proxy chose, or says why there is none. */
  #toServer(said: Said, owner: Endpoint | null): SkipReason | null {
    const { server } = said;
    if (server.host.kind !== 'ip') return 'no-server';
    if (owner === null) return 'no-client';
    const destination = server.chosen;
    if (destination === null) return 'malformed';
    // The server is the proxy's own neighbour: an inbound line of a format that does not say so.
    const isSelf = destination.address !== null && (destination.address === owner.address || destination.address.startsWith('127.') || destination.address === '::1');
    if (isSelf) return server.cluster === 'outbound' ? 'self' : 'no-client';
    return this.#fill(said, owner, destination, server.host.port, said.outcome.result, WITNESS.outbound, true) ? null : 'no-port';
  }

  /** False if there is no port. */
  #fill({ request, outcome }: Said, source: Endpoint, destination: Endpoint, port: number, { outcome: came, denied }: Result, seenBy: Witness, withOperation: boolean): boolean {
    if (port === 0) return false;
    const { flow } = this;
    flow.records = 1;
    flow.count = 1;
    flow.source = source;
    flow.destination = destination;
    flow.port = port;
    flow.verdict = denied ? 'dropped' : 'forwarded';
    flow.outcome = came;
    flow.bytesOut = outcome.received;
    flow.bytesIn = outcome.sent;
    flow.witness = seenBy;
    flow.operation = withOperation && outcome.isPerformed ? request.operation : null;
    return true;
  }
}
