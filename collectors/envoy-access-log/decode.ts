import type { Decoder, Records, Sink } from '../../src/collector.ts';
import { blankFlow, type Endpoint, type Flow, type Outcome, type Side, type SkipReason, type Witness } from '../../src/model/flow.ts';
import type { Origin } from '../../src/model/origin.ts';
import { performed, OperationReader } from '../../src/scan/operation.ts';
import { EndpointReader, SocketAddress } from './address.ts';
import { Line, SLOT } from './line.ts';
import { FIELDS, OUTCOME } from './operators.ts';
import { resultOf, type Result } from './outcome.ts';
import type { Match } from './text.ts';

/** Matches lines of one format. */
export interface Matcher {
  match(b: Buffer, start: number, end: number, line: Line): Match;
}

const INBOUND = [Buffer.from('inbound|'), Buffer.from('InboundPassthroughCluster')];
const WAYPOINT = [Buffer.from('inbound-vip|'), Buffer.from('inbound-pod|')];
const OUTBOUND = Buffer.from('outbound|');
const BLACK_HOLE = Buffer.from('BlackHoleCluster');
/** The proxy's talk with itself and with its control plane. */
const INTERNAL = ['agent', 'prometheus_stats', 'sds-grpc', 'xds-grpc', 'zipkin', 'connect_originate', 'main_internal', 'encap'].map((name) => Buffer.from(name));

/** Where iptables sends a pod's traffic: who asks for these ports themselves talks to the proxy. */
const CAPTURE_PORTS: ReadonlySet<number> = new Set([15_001, 15_006]);
/** Istio's proxy connects to the application beside it from here. */
const INBOUND_SOURCES = [Buffer.from('127.0.0.6'), Buffer.from('::6')];

const WITNESS = {
  inbound: witness('destination', 'inbound'),
  outbound: witness('source', 'outbound'),
  gateway: witness('destination', 'gateway'),
  waypoint: witness('unknown', 'waypoint'),
} as const;

function witness(side: Side, point: string): Witness {
  return { collector: 'envoy-access-log', side, point };
}

const OUTCOME_FIELDS = FIELDS.filter((field) => OUTCOME.has(field));
const CONNECTION_FIELDS = FIELDS.filter((field) => !OUTCOME.has(field));

const NO_ADDRESS = new SocketAddress();

/** Decodes access log lines: which proxy wrote it says who is client and who is server. */
export class AccessLogDecoder implements Decoder {
  readonly #matchers: readonly Matcher[];
  readonly #line = new Line();
  /** The same record, as another format reads it. */
  readonly #other = new Line();
  readonly #endpoints = new EndpointReader();
  readonly #operations = new OperationReader();
  readonly #client = new SocketAddress();
  readonly #local = new SocketAddress();
  readonly #server = new SocketAddress();
  readonly #own = new SocketAddress();
  readonly #flow = blankFlow('envoy-access-log');
  /** Time of a line that begins like a record. */
  #nearTime = Number.NaN;

  constructor(matchers: readonly Matcher[]) {
    this.#matchers = matchers;
  }

  decode({ bytes, starts, ends, count }: Records, origin: Origin, sink: Sink): void {
    for (let i = 0; i < count; i++) this.#record(bytes, starts[i]!, ends[i]!, origin, sink);
  }

  #record(b: Buffer, start: number, end: number, origin: Origin, sink: Sink): void {
    const match = this.#match(b, start, end);
    if (match !== 'yes') {
      sink.skip(match === 'near' ? 'malformed' : 'not-a-flow', match === 'near' && !Number.isNaN(this.#nearTime) ? this.#nearTime : null, '');
      return;
    }
    this.#flow.time = this.#flow.until = this.#line.time;
    const reason = this.#read(origin, sink);
    if (reason !== null) sink.skip(reason, this.#flow.time, '');
  }

  #match(b: Buffer, start: number, end: number): Match {
    let best: Match = 'no';
    // Always in their order: what a line means does not depend on the lines before it.
    for (const matcher of this.#matchers) {
      this.#line.clear();
      const match = matcher.match(b, start, end, this.#line);
      if (match === 'yes') return this.#line.isSure || this.#isAlone(matcher, b, start, end) ? match : 'near';
      if (match === 'near' && best === 'no') {
        best = match;
        this.#nearTime = this.#line.time;
      }
    }
    return best;
  }

  /** Whether no other format reads another connection in the line. What came of it is open where another reads it otherwise. */
  #isAlone(first: Matcher, b: Buffer, start: number, end: number): boolean {
    this.#nearTime = this.#line.time;
    for (const matcher of this.#matchers) {
      this.#other.clear();
      if (matcher === first || matcher.match(b, start, end, this.#other) !== 'yes') continue;
      if (!this.#line.agrees(this.#other, CONNECTION_FIELDS)) return false;
      this.#line.isDoubtful ||= !this.#line.agrees(this.#other, OUTCOME_FIELDS);
    }
    return true;
  }

  /** Hands the line's flows to the sink, or says why there are none. */
  #read(origin: Origin, sink: Sink): SkipReason | null {
    const line = this.#line;
    const client = this.#client.read(line, line.has('downstreamDirect') ? 'downstreamDirect' : 'downstreamRemote');
    const local = this.#local.read(line, 'downstreamLocal');
    const server = this.#server.read(line, 'upstreamHost');
    const own = this.#own.read(line, 'upstreamLocal');
    for (const address of [client, local, server, own]) if (address.kind === 'malformed') return 'malformed';
    const starts = (prefix: Buffer): boolean => line.startsWith('upstreamCluster', prefix);
    const isInbound = INBOUND.some(starts);
    const isInternal = !isInbound && !starts(OUTBOUND) && INTERNAL.some((name) => line.isName('upstreamCluster', name));
    if (isInternal || CAPTURE_PORTS.has(local.port)) return 'proxy-internal';
    const result = resultOf(line);
    if (isInbound || INBOUND_SOURCES.some((source) => own.isAddress(source))) return this.#inbound(origin, client, local, server, result, sink);
    if (WAYPOINT.some(starts)) return this.#waypoint(client, local, server, result, sink);
    if (line.isName('upstreamCluster', BLACK_HOLE)) return this.#blackHole(origin, client, local, sink);
    return this.#outbound(origin, { client, local, server, own }, result, sink);
  }

  /** The server's own proxy: whoever connected, to the log's owner, at the port that the proxy listens for. */
  #inbound(origin: Origin, client: SocketAddress, local: SocketAddress, server: SocketAddress, result: Result, sink: Sink): SkipReason | null {
    const owner = this.#endpoints.owner(origin.owner, local, this.#line);
    if (owner === null) return local.kind === 'ip' ? 'self' : 'no-server';
    const source = this.#clientOf(client, this.#line.lacks('peerSan') && !this.#line.has('peerPrincipal'));
    if (source === null) return 'no-client';
    const port = local.port > 0 ? local.port : server.port;
    return this.#emit(sink.flow.bind(sink), source, owner, port, result, WITNESS.inbound, true);
  }

  /** A proxy on the way: the client's pod is told, and the pod behind it. */
  #waypoint(client: SocketAddress, local: SocketAddress, server: SocketAddress, result: Result, sink: Sink): SkipReason | null {
    const source = this.#clientOf(client);
    if (source === null) return 'no-client';
    // Denied before a pod was chosen: then only the Service's address is known.
    const target = server.kind === 'ip' ? server : local;
    const destination = target.kind === 'ip' ? this.#endpoints.peer(target, null, 'host') : null;
    if (destination === null) return 'no-server';
    return this.#emit(sink.flow.bind(sink), source, destination, target.port, result, WITNESS.waypoint, true);
  }

  /** REGISTRY_ONLY stopped it: the owner wanted to reach an address that the mesh does not know. */
  #blackHole(origin: Origin, client: SocketAddress, local: SocketAddress, sink: Sink): SkipReason | null {
    const owner = this.#endpoints.owner(origin.owner, client, this.#line);
    const destination = local.kind === 'ip' ? this.#endpoints.peer(local, null, 'host') : null;
    if (owner === null) return 'no-client';
    if (destination === null) return 'no-server';
    return this.#emit(sink.flow.bind(sink), owner, destination, local.port, { outcome: 'rejected', denied: true }, WITNESS.outbound, true);
  }

  /** The client's proxy, or a gateway, which is a server for whoever comes from outside and a client of what is behind it. */
  #outbound(
    origin: Origin,
    { client, local, server, own }: { readonly client: SocketAddress; readonly local: SocketAddress; readonly server: SocketAddress; readonly own: SocketAddress },
    result: Result,
    sink: Sink,
  ): SkipReason | null {
    const line = this.#line;
    // A policy of the mesh stops what comes in: on its way out only a gateway's.
    const isGateway = (own.kind === 'ip' ? own.sameAddress(local) : result.denied && local.kind === 'ip') && client.kind === 'ip' && !client.sameAddress(local);
    // Without a connection upstream the line does not name its own address. An application that its sidecar captured wanted to
    // go where the cluster is; whoever came to a gateway wanted to go to the gateway.
    const isCaptured = own.kind === 'ip' || local.sameAddress(server) || (local.kind === 'ip' && local.port === this.#clusterPort());
    const ownAddress = isGateway ? local : own.kind === 'ip' ? own : NO_ADDRESS;
    // Where a name says whose log it is, a guess of its address would be another pod's sooner or later.
    const owner = this.#endpoints.owner(origin.owner, ownAddress, line) ?? (isCaptured ? this.#endpoints.owner(null, client, line) : null);
    let told = false;
    if (isGateway && owner !== null) {
      const outside = this.#clientOf(client);
      // What became of the request behind it is not the client's connection: the gateway took it, unless its own policy refused.
      const taken: Result = result.denied ? result : { outcome: 'established', denied: false };
      if (outside !== null) told = this.#emit(sink.flow.bind(sink), outside, owner, local.port, taken, WITNESS.gateway, false) === null;
    }
    if (server.kind !== 'ip' || (isGateway && result.denied)) return told ? null : 'no-server';
    if (owner === null) return told ? null : 'no-client';
    const slot = SLOT.upstreamCluster;
    const host = line.startsWith('upstreamCluster', OUTBOUND) ? { bytes: line.bytes[slot]!, start: line.starts[slot]!, end: line.ends[slot]! } : null;
    const destination = this.#endpoints.peer(server, host, 'host');
    if (destination === null) return told ? null : 'malformed';
    const emit = told ? sink.also.bind(sink) : sink.flow.bind(sink);
    // The server is the proxy's own neighbour: an inbound line of a format that does not say so.
    const isSelf = destination.address !== null && (destination.address === owner.address || destination.address.startsWith('127.') || destination.address === '::1');
    if (isSelf) return told ? null : host === null ? 'no-client' : 'self';
    const reason = this.#emit(emit, owner, destination, server.port, result, WITNESS.outbound, true);
    return told ? null : reason;
  }

  /** The Service's port in `outbound|PORT|SUBSET|HOST`, -1 in other clusters. */
  #clusterPort(): number {
    const slot = SLOT.upstreamCluster;
    const bytes = this.#line.bytes[slot]!;
    if (!this.#line.startsWith('upstreamCluster', OUTBOUND)) return -1;
    let port = 0;
    for (let p = this.#line.starts[slot]! + OUTBOUND.length; p < this.#line.ends[slot]! && bytes[p] !== 0x7c; p++) port = port * 10 + (bytes[p]! - 0x30);
    return port;
  }

  /**
   * The connecting end: its socket's address, which no header can forge, and its certificate. Port 0 marks an address from a header. That it
   * shows no certificate says something to a server's own proxy alone: whoever comes to a gateway has none, and a waypoint sees the tunnel.
   */
  #clientOf(client: SocketAddress, isPlaintext = false): Endpoint | null {
    const line = this.#line;
    const field = line.has('peerSan') ? 'peerSan' : 'peerPrincipal';
    const known = client.kind === 'ip' && client.port > 0;
    const direct = client.kind === 'ip' && !client.hasPort && line.has('downstreamDirect');
    if (known || direct) {
      const slot = SLOT[field];
      const san = line.has(field) ? { bytes: line.bytes[slot]!, start: line.starts[slot]!, end: line.ends[slot]! } : null;
      return this.#endpoints.peer(client, san, isPlaintext ? 'plaintext' : 'san');
    }
    return line.has(field) ? this.#endpoints.identity(line.text(field)) : null;
  }

  #emit(emit: (flow: Flow) => void, source: Endpoint, destination: Endpoint, port: number, { outcome, denied }: Result, seenBy: Witness, withOperation: boolean): SkipReason | null {
    if (port === 0) return 'no-port';
    const line = this.#line;
    const flow = this.#flow;
    flow.source = source;
    flow.destination = destination;
    flow.port = port;
    flow.verdict = denied ? 'dropped' : 'forwarded';
    flow.outcome = outcome satisfies Outcome;
    flow.bytesOut = line.integer('bytesReceived');
    flow.bytesIn = line.integer('bytesSent');
    flow.witness = seenBy;
    flow.operation = withOperation && outcome === 'established' && line.has('method') && line.has('path') && performed(line.integer('code') ?? 0) ? this.#operation() : null;
    emit(flow);
    return null;
  }

  #operation(): Flow['operation'] {
    const line = this.#line;
    const [method, path] = [SLOT.method, SLOT.path];
    const bytes = line.bytes[path]!;
    if (line.bytes[method] === bytes) return this.#operations.read(bytes, line.starts[method]!, line.ends[method]!, line.starts[path]!, line.ends[path]!);
    // One of the two was unescaped: side by side in one memory.
    const joined = Buffer.concat([Buffer.from(line.text('method')), Buffer.from(line.text('path'))]);
    const cut = Buffer.byteLength(line.text('method'));
    return this.#operations.read(joined, 0, cut, cut, joined.length);
  }
}
