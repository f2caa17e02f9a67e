import type { Endpoint, Operation } from '../../src/model/flow.ts';
import { performed, type OperationReader } from '../../src/scan/operation.ts';
import { SocketAddress, type EndpointReader, type OwnName, type Span } from './address.ts';
import { SLOT, type Line } from './line.ts';
import type { Field } from './operators.ts';
import { resultOf, type Result } from './outcome.ts';

/** What a line says, in pieces that come again and again, each in many lines: what is found out about a piece is kept with it. */

/** Istio's proxy connects to the application beside it from here. */
const INBOUND_SOURCES = [Buffer.from('127.0.0.6'), Buffer.from('::6')];

/** The connecting end, and the proxy's own end of its connection to the server. */
export class ClientSaid {
  readonly address = new SocketAddress();
  readonly own = new SocketAddress();
  readonly #endpoints: EndpointReader;
  #identity: Span | null = null;
  /** The address is that of a connection, not one that a header named: port 0 marks those. */
  isSocket = false;
  /** The format has certificates, and the line has none. */
  showsNone = false;
  /** Its proxy is the server's, which connects to the application beside it. */
  arrives = false;
  #endpoint: Endpoint | null | undefined;
  #plaintext: Endpoint | null | undefined;

  constructor(endpoints: EndpointReader) {
    this.#endpoints = endpoints;
  }

  read(line: Line): this {
    const hasDirect = line.has('downstreamDirect');
    const { kind, port, hasPort } = this.address.read(line, hasDirect ? 'downstreamDirect' : 'downstreamRemote');
    this.own.read(line, 'upstreamLocal');
    this.arrives = INBOUND_SOURCES.some((source) => this.own.isAddress(source));
    this.isSocket = kind === 'ip' && (port > 0 || (!hasPort && hasDirect));
    this.#identity = spanOf(line, line.has('peerSan') ? 'peerSan' : 'peerPrincipal');
    this.showsNone = line.lacks('peerSan') && this.#identity === null;
    this.#endpoint = this.#plaintext = undefined;
    return this;
  }

  /**
   * By its socket's address, which no header can forge, and its certificate. That it shows no certificate says something to a server's own
   * proxy alone: whoever comes to a gateway has none, and a waypoint sees the tunnel.
   */
  get endpoint(): Endpoint | null {
    return (this.#endpoint ??= this.#read('san'));
  }

  get endpointOfPlaintext(): Endpoint | null {
    return (this.#plaintext ??= this.#read('plaintext'));
  }

  #read(kind: 'san' | 'plaintext'): Endpoint | null {
    const identity = this.#identity;
    if (this.isSocket) return this.#endpoints.peer(this.address, identity, kind);
    return identity === null ? null : this.#endpoints.identity(identity.bytes.toString('utf8', identity.start, identity.end));
  }
}

const INBOUND = [Buffer.from('inbound|'), Buffer.from('InboundPassthroughCluster')];
const WAYPOINT = [Buffer.from('inbound-vip|'), Buffer.from('inbound-pod|')];
const OUTBOUND = Buffer.from('outbound|');
const BLACK_HOLE = Buffer.from('BlackHoleCluster');
/** The proxy's talk with itself and with its control plane. */
const INTERNAL = ['agent', 'prometheus_stats', 'sds-grpc', 'xds-grpc', 'zipkin', 'connect_originate', 'main_internal', 'encap'].map((name) => Buffer.from(name));

/** What a cluster's name tells of the proxy that chose it. */
export type Cluster = 'inbound' | 'outbound' | 'waypoint' | 'black-hole' | 'internal' | 'other';

/** Where the client connected to, and which server was chosen. */
export class ServerSaid {
  readonly local = new SocketAddress();
  readonly host = new SocketAddress();
  readonly #endpoints: EndpointReader;
  cluster: Cluster = 'other';
  /** The Service's port in `outbound|PORT|SUBSET|HOST`, -1 in other clusters. */
  clusterPort = -1;
  /** The format has a server, and the line has none. */
  isLacking = false;
  #name: Span | null = null;
  #chosen: Endpoint | null | undefined;
  #pod: Endpoint | null | undefined;
  #wanted: Endpoint | null | undefined;

  constructor(endpoints: EndpointReader) {
    this.#endpoints = endpoints;
  }

  read(line: Line): this {
    this.local.read(line, 'downstreamLocal');
    this.host.read(line, 'upstreamHost');
    this.cluster = clusterOf(line);
    this.#name = this.cluster === 'outbound' ? spanOf(line, 'upstreamCluster') : null;
    this.clusterPort = this.#name === null ? -1 : portOf(this.#name);
    this.isLacking = line.lacks('upstreamHost');
    this.#chosen = this.#pod = this.#wanted = undefined;
    return this;
  }

  /** The server that was chosen, under the name that its cluster gives it. */
  get chosen(): Endpoint | null {
    return (this.#chosen ??= this.#endpoints.peer(this.host, this.#name, 'host'));
  }

  /** The server that was chosen; null if none was. */
  get pod(): Endpoint | null {
    return (this.#pod ??= this.host.kind === 'ip' ? this.#endpoints.peer(this.host, null, 'host') : null);
  }

  /** Where the client wanted to go. */
  get wanted(): Endpoint | null {
    return (this.#wanted ??= this.local.kind === 'ip' ? this.#endpoints.peer(this.local, null, 'host') : null);
  }
}

function clusterOf(line: Line): Cluster {
  const starts = (prefix: Buffer): boolean => line.startsWith('upstreamCluster', prefix);
  if (starts(OUTBOUND)) return 'outbound';
  if (INBOUND.some(starts)) return 'inbound';
  if (INTERNAL.some((name) => line.isName('upstreamCluster', name))) return 'internal';
  if (WAYPOINT.some(starts)) return 'waypoint';
  return line.isName('upstreamCluster', BLACK_HOLE) ? 'black-hole' : 'other';
}

function portOf({ bytes, start, end }: Span): number {
  let port = 0;
  for (let p = start + OUTBOUND.length; p < end && bytes[p] !== 0x7c; p++) port = port * 10 + (bytes[p]! - 0x30);
  return port;
}

/** The request, if it was one. */
export class RequestSaid {
  readonly #operations: OperationReader;
  #method: Span | null = null;
  #path: Span | null = null;
  #operation: Operation | null | undefined;

  constructor(operations: OperationReader) {
    this.#operations = operations;
  }

  read(line: Line): this {
    this.#method = spanOf(line, 'method');
    this.#path = spanOf(line, 'path');
    this.#operation = undefined;
    return this;
  }

  get hasMethod(): boolean {
    return this.#method !== null;
  }

  get operation(): Operation | null {
    return (this.#operation ??= this.#read(this.#method, this.#path));
  }

  #read(method: Span | null, path: Span | null): Operation | null {
    if (method === null || path === null) return null;
    if (method.bytes === path.bytes) return this.#operations.read(method.bytes, method.start, method.end, path.start, path.end);
    // One of the two was unescaped: side by side in one memory.
    const joined = Buffer.concat([method, path].map(({ bytes, start, end }) => bytes.subarray(start, end)));
    const cut = method.end - method.start;
    return this.#operations.read(joined, 0, cut, cut, joined.length);
  }
}

/** What came of it, in so far as other pieces do not decide. */
export interface OutcomeSaid {
  readonly result: Result;
  /** The server did what was asked for. */
  readonly isPerformed: boolean;
  /** Client to server, and back. */
  readonly received: number | null;
  readonly sent: number | null;
}

export function outcomeOf(line: Line, hasMethod: boolean, lacksServer: boolean): OutcomeSaid {
  const result = resultOf(line, hasMethod, lacksServer);
  return { result, isPerformed: result.outcome === 'established' && performed(line.integer('code') ?? 0), received: line.integer('bytesReceived'), sent: line.integer('bytesSent') };
}

export const UNNAMED: OwnName = { pod: '', namespace: '' };

export function ownNameOf(line: Line): OwnName {
  const text = (field: Field): string => (line.has(field) ? line.text(field) : '');
  return line.has('podName') || line.has('podNamespace') ? { pod: text('podName'), namespace: text('podNamespace') } : UNNAMED;
}

function spanOf(line: Line, field: Field): Span | null {
  const slot = SLOT[field];
  return line.has(field) ? { bytes: line.bytes[slot]!, start: line.starts[slot]!, end: line.ends[slot]! } : null;
}
