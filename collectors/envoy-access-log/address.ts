import { canonicalAddress } from '../../src/model/address.ts';
import type { OriginPod } from '../../src/model/origin.ts';
import { isLabelName, isSubdomain } from '../../src/model/names.ts';
import { parseSpiffe, PLAINTEXT, principalText } from '../../src/model/principal.ts';
import { NOBODY, type Endpoint } from '../../src/model/flow.ts';
import { findByte, findLastByte, isAt } from '../../src/scan/find.ts';
import { hashSpan, Interner } from '../../src/scan/intern.ts';
import { SLOT, type Line } from './line.ts';
import type { Field } from './operators.ts';

/** Where a socket address of a line lies: the address without brackets, and the port (0 if there is none). */
export class SocketAddress {
  /** `ip`, or what else Envoy writes: none, an internal listener, a socket of the file system. */
  kind: 'none' | 'ip' | 'internal' | 'malformed' = 'none';
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  port = 0;
  /** A port is written, be it 0. */
  hasPort = false;
  /** Whose log it is that shows it as its own, as far as that was asked for. */
  owner: Owner | null = null;

  /** Reads `10.1.2.3:80`, `[fd00::1]:80`, `10.1.2.3`, and `envoy://connect_originate/10.1.2.3:80`, which is the address behind it. */
  read(line: Line, field: Field): this {
    this.kind = 'none';
    this.port = 0;
    this.hasPort = false;
    this.owner = null;
    if (!line.has(field)) return this;
    const slot = SLOT[field];
    this.bytes = line.bytes[slot]!;
    this.start = line.starts[slot]!;
    this.end = line.ends[slot]!;
    if (line.startsWith(field, ENVOY)) {
      const slash = findByte(this.bytes, 0x2f, this.start + ENVOY.length, this.end);
      if (slash < 0 || slash + 1 === this.end) {
        this.kind = 'internal';
        return this;
      }
      this.start = slash + 1;
    }
    const first = this.bytes[this.start];
    if (first === 0x2f || first === 0x40) {
      this.kind = 'internal';
      return this;
    }
    this.kind = this.#split() ? 'ip' : 'malformed';
    return this;
  }

  #split(): boolean {
    const b = this.bytes;
    if (b[this.start] === 0x5b) {
      const close = findByte(b, 0x5d, this.start, this.end);
      if (close < 0) return false;
      const ok = close + 1 === this.end || (b[close + 1] === 0x3a && this.#port(close + 2));
      this.start++;
      this.end = close;
      // A dual-stack socket writes IPv4 addresses so; names of hosts and other addresses are compared with them.
      if (isAt(b, MAPPED, this.start) && findByte(b, 0x2e, this.start, close) >= 0) this.start += MAPPED.length;
      return ok;
    }
    const colon = findLastByte(b, 0x3a, this.start, this.end);
    if (colon < 0) return true;
    // A bare IPv6 address has several colons and no port.
    if (findLastByte(b, 0x3a, this.start, colon) >= 0) return true;
    if (!this.#port(colon + 1)) return false;
    this.end = colon;
    return true;
  }

  #port(from: number): boolean {
    const digits = this.end - from;
    if (digits < 1 || digits > 5) return false;
    this.port = 0;
    this.hasPort = true;
    for (let p = from; p < this.end; p++) {
      const digit = this.bytes[p]! - 0x30;
      if (digit < 0 || digit > 9) return false;
      this.port = this.port * 10 + digit;
    }
    return this.port <= 65_535;
  }

  get text(): string {
    return this.bytes.toString('latin1', this.start, this.end);
  }

  isAddress(text: Buffer): boolean {
    return this.kind === 'ip' && this.end - this.start === text.length && isAt(this.bytes, text, this.start);
  }

  sameAddress(other: SocketAddress): boolean {
    const length = this.end - this.start;
    if (this.kind !== 'ip' || other.kind !== 'ip' || other.end - other.start !== length) return false;
    for (let i = 0; i < length; i++) if (this.bytes[this.start + i] !== other.bytes[other.start + i]) return false;
    return true;
  }
}

interface Owner {
  readonly origin: OriginPod | null;
  readonly own: OwnName;
  readonly endpoint: Endpoint | null;
}

/** What an operator of the line's own says of the pod that wrote it; '' for nothing. */
export interface OwnName {
  readonly pod: string;
  readonly namespace: string;
}

/** A piece of a line. */
export interface Span {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

const ENVOY = Buffer.from('envoy://');
const MAPPED = Buffer.from('::ffff:');

/** Endpoints of access logs, recognised by the bytes of what tells them: an address, with a certificate or a host beside it. */
export class EndpointReader {
  readonly #seen = new Interner<Endpoint | null>(2, { entries: 1 << 17, bytes: 16 << 20 });
  readonly #owners = new Map<string, Endpoint>();
  readonly #spans = new Int32Array(4);
  readonly #scratch = Buffer.alloc(1 << 12);

  /** The far end: its address, and its certificate's identity, that it has none, or the host that was asked for. Null if the address is none. */
  peer(address: SocketAddress, beside: Span | null, kind: keyof typeof KIND): Endpoint | null {
    const addressLength = address.end - address.start;
    const besideLength = beside === null ? 0 : Math.min(beside.end - beside.start, 2_000);
    if (addressLength > 100) return null;
    // The two may lie in different memories (an unescaped copy): side by side they can be compared.
    const scratch = this.#scratch;
    address.bytes.copy(scratch, 0, address.start, address.end);
    scratch[addressLength] = KIND[kind];
    beside?.bytes.copy(scratch, addressLength + 1, beside.start, beside.start + besideLength);
    this.#spans[0] = 0;
    this.#spans[1] = addressLength;
    this.#spans[2] = addressLength;
    this.#spans[3] = addressLength + 1 + besideLength;
    const hash = hashSpan(hashSpan(0, scratch, 0, addressLength), scratch, addressLength, this.#spans[3]);
    const known = this.#seen.find(hash, scratch, this.#spans);
    if (known !== undefined) return known;
    const canonical = canonicalAddress(scratch.toString('latin1', 0, addressLength));
    const text = beside === null ? '' : scratch.toString('utf8', addressLength + 1, addressLength + 1 + besideLength);
    const endpoint = canonical === null ? null : { ...NOBODY, address: canonical, ...besideOf[kind](text) };
    this.#seen.add(hash, scratch, this.#spans, endpoint);
    return endpoint;
  }

  /** A certificate without an address: the identity is all there is. */
  identity(san: string): Endpoint | null {
    const identity = identityOf(san);
    return identity.serviceAccount === null ? null : { ...NOBODY, ...identity };
  }

  /** The log's own pod, as far as its envelope, its environment and its own socket tell. Null if nothing does. */
  owner(origin: OriginPod | null, own: OwnName, address: SocketAddress): Endpoint | null {
    if (address.owner?.origin === origin && address.owner.own === own) return address.owner.endpoint;
    const endpoint = this.#owner(origin?.pod ?? own.pod, origin?.namespace ?? own.namespace, address.kind === 'ip' ? address.text : '');
    address.owner = { origin, own, endpoint };
    return endpoint;
  }

  #owner(pod: string, namespace: string, text: string): Endpoint | null {
    const key = `${namespace}/${pod}/${text}`;
    const known = this.#owners.get(key);
    if (known !== undefined) return known;
    const named = isSubdomain(pod);
    const canonical = canonicalAddress(text);
    // The loopback is everybody's own.
    const own = canonical === null || canonical.startsWith('127.') || canonical === '::1' ? null : canonical;
    if (!named && own === null) return null;
    const endpoint = { ...NOBODY, address: own, pod: named ? pod : null, namespace: named && isLabelName(namespace) ? namespace : null };
    if (this.#owners.size > 100_000) this.#owners.clear();
    this.#owners.set(key, endpoint);
    return endpoint;
  }
}

/** What stands beside an address, told apart by a byte. */
const KIND = { san: 1, host: 2, plaintext: 3 } as const;

const besideOf: Readonly<Record<keyof typeof KIND, (text: string) => Partial<Endpoint>>> = {
  san: identityOf,
  host: (text) => ({ names: hostNames(text) }),
  plaintext: () => ({ principal: PLAINTEXT }),
};

/** The SPIFFE identity of a service account; several are joined by commas, the first that is one counts. */
function identityOf(san: string): Pick<Endpoint, 'namespace' | 'serviceAccount' | 'principal'> {
  for (const text of san.split(',')) {
    const found = parseSpiffe(text.trim());
    if (found !== null) return { namespace: found.namespace, serviceAccount: found.serviceAccount, principal: principalText(found) };
  }
  return { namespace: null, serviceAccount: null, principal: null };
}

/** The host of an outbound cluster, `outbound|443||api.example.com`: a DNS name, unless it is a Service's. */
function hostNames(cluster: string): readonly string[] {
  const host = (cluster.split('|')[3] ?? '').replace(/;$/, '').toLowerCase();
  const isService = /\.svc(\.|$)/.test(host) || host.endsWith('.global') || host.endsWith('.mesh.internal');
  return isService || !host.includes('.') || !isSubdomain(host) || canonicalAddress(host) !== null ? [] : [host];
}

