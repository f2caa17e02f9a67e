import { plainPart, RULE, type End, type Form, type Forms, type Part, type Sink } from '../../src/collector.ts';
import type { Origin } from '../../src/model/origin.ts';
import { OperationReader } from '../../src/scan/operation.ts';
import type { Group, Plan } from '../../src/scan/plan.ts';
import { ABSENT, ESCAPED, NULL, NUMBER, STRING, type Slots } from '../../src/scan/slots.ts';
import { EndpointReader, type OwnName, type SocketAddress } from './address.ts';
import { arrivingClient, arrivingServer, leavingClient, leavingServer } from './ends.ts';
import { Line } from './line.ts';
import { CLIENT, MANNER, REQUEST, SERVER, type FormatPlan, type Source } from './plan.ts';
import { ClientSaid, outcomeOf, ownNameOf, RequestSaid, ServerSaid, UNNAMED, type OutcomeSaid } from './said.ts';
import { Teller } from './tell.ts';
import { keepValue } from './text.ts';

/** How it went, as far as it does not depend on whether there was a method (1) and a server (2); and whose log it is. */
interface Manner {
  readonly outcomes: readonly OutcomeSaid[];
  readonly own: OwnName;
}

const CASES = [0, 1, 2, 3];

/** Access log lines by their form. */
export class AccessLogForms implements Forms {
  readonly plan: Plan;
  readonly ownerIsEnd = true;
  readonly #sources: readonly Source[];
  readonly #line = new Line();
  readonly #endpoints = new EndpointReader();
  readonly #operations = new OperationReader();
  readonly #teller = new Teller(this.#endpoints);
  readonly #said;

  constructor({ plan, sources }: FormatPlan) {
    this.plan = plan;
    this.#sources = sources;
    this.#line.clear();
    this.#said = {
      client: new ClientSaid(this.#endpoints).read(this.#line),
      server: new ServerSaid(this.#endpoints).read(this.#line),
      request: new RequestSaid(this.#operations).read(this.#line),
      outcome: outcomeOf(this.#line, false, false),
      own: ownNameOf(this.#line),
    };
  }

  part(group: Group, bytes: Buffer, values: Slots): Part {
    const line = this.#line;
    if (!this.#fill(group, bytes, values)) return { ...plainPart('', null), rule: RULE.noForm };
    switch (group) {
      case CLIENT: {
        const client = new ClientSaid(this.#endpoints).read(line);
        const identity = line.text(line.has('peerSan') ? 'peerSan' : 'peerPrincipal');
        return {
          ...part(client, addressKey(client.address), addressKey(client.own), client.isSocket, client.showsNone, identity),
          ...endPart(arrivingClient(client, identity), leavingClient(client, this.#endpoints)),
        };
      }
      case SERVER: {
        const server = new ServerSaid(this.#endpoints).read(line);
        const name = server.cluster === 'outbound' ? line.text('upstreamCluster') : '';
        return {
          ...part(server, addressKey(server.local), server.local.port, addressKey(server.host), server.host.port, server.cluster, name, server.isLacking),
          ...endPart(arrivingServer(server, this.#endpoints), leavingServer(server, name)),
        };
      }
      case MANNER: {
        const manner: Manner = { outcomes: CASES.map((i) => outcomeOf(line, (i & 1) !== 0, (i & 2) !== 0)), own: ownNameOf(line) };
        // A name says whose log it is. Each line is of a connection of its own.
        return { ...part(manner, manner), rule: RULE.opens | (manner.own === UNNAMED ? 0 : RULE.endsAsTheyAre) };
      }
      case REQUEST: {
        const request = new RequestSaid(this.#operations).read(line);
        return { ...part(request, request.hasMethod, request.operation !== null), operation: request.operation };
      }
      default:
        return part('');
    }
  }

  /** Takes the values of a group as a matcher would; false if it may take them otherwise, or not at all. */
  #fill(group: Group, bytes: Buffer, values: Slots): boolean {
    const line = this.#line;
    line.clear();
    line.written = this.#sources[0]!.written;
    // What the bytes lie in is written over.
    const [own, shift] = copyOf(bytes, values);
    for (const [slot, source] of this.#sources.entries()) {
      const kind = values.kinds[slot];
      if (source.group !== group || kind === ABSENT) continue;
      line.written = source.written;
      if (kind === NULL) continue;
      if (kind !== STRING && kind !== ESCAPED && kind !== NUMBER) return false;
      const unescaped = kind === ESCAPED ? Buffer.from(values.text(bytes, slot)!) : null;
      const value = unescaped ?? own;
      const [start, end] = unescaped === null ? [values.starts[slot]! - shift, values.ends[slot]! - shift] : [0, unescaped.length];
      if (!source.isText) line.set(source.field, value, start, end);
      else if (!keepValue(line, source.field, value, start, end)) return false;
    }
    return true;
  }

  read({ parts }: Form, origin: Origin, sink: Sink): void {
    const said = this.#said;
    const { outcomes, own } = parts[MANNER] as Manner;
    said.client = parts[CLIENT] as ClientSaid;
    said.server = parts[SERVER] as ServerSaid;
    said.request = parts[REQUEST] as RequestSaid;
    said.outcome = outcomes[(said.request.hasMethod ? 1 : 0) | (said.server.isLacking ? 2 : 0)]!;
    said.own = own;
    const reason = this.#teller.tell(said, origin, sink);
    if (reason !== null) sink.skip(reason, 0, '');
  }
}

/** The bytes that hold all values, and how much further in front these lie there. */
function copyOf(bytes: Buffer, { kinds, starts, ends }: Slots): readonly [Buffer, number] {
  let [first, last] = [bytes.length, 0];
  for (const [slot, kind] of kinds.entries()) {
    if (kind === ABSENT) continue;
    first = Math.min(first, starts[slot]!);
    last = Math.max(last, ends[slot]!);
  }
  return [Buffer.from(bytes.subarray(first, last)), first];
}

function part(value: unknown, ...key: readonly unknown[]): Part {
  return plainPart(JSON.stringify(key), value);
}

function endPart(arriving: End | null, leaving: End | null): Pick<Part, 'end' | 'rule'> {
  return { end: arriving ?? leaving, rule: arriving !== null ? RULE.arriving : leaving !== null ? RULE.leaving : 0 };
}

function addressKey(address: SocketAddress): string {
  return address.kind === 'ip' ? `at ${address.text}` : address.kind;
}
