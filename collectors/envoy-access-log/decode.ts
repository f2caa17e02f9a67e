import type { Decoder, Forms, Records, Sink } from '../../src/collector.ts';
import type { Origin } from '../../src/model/origin.ts';
import { OperationReader } from '../../src/scan/operation.ts';
import { EndpointReader } from './address.ts';
import { Line } from './line.ts';
import { FIELDS, OUTCOME } from './operators.ts';
import { ClientSaid, outcomeOf, ownNameOf, RequestSaid, ServerSaid } from './said.ts';
import { Teller } from './tell.ts';
import type { Match } from './text.ts';

/** Matches lines of one format. */
export interface Matcher {
  match(b: Buffer, start: number, end: number, line: Line): Match;
}

const OUTCOME_FIELDS = FIELDS.filter((field) => OUTCOME.has(field));
const CONNECTION_FIELDS = FIELDS.filter((field) => !OUTCOME.has(field));

/** Decodes access log lines: which proxy wrote it says who is client and who is server. */
export class AccessLogDecoder implements Decoder {
  readonly #matchers: readonly Matcher[];
  readonly #line = new Line();
  /** The same record, as another format reads it. */
  readonly #other = new Line();
  readonly #endpoints = new EndpointReader();
  readonly #client = new ClientSaid(this.#endpoints);
  readonly #server = new ServerSaid(this.#endpoints);
  readonly #request = new RequestSaid(new OperationReader());
  readonly #teller = new Teller(this.#endpoints);
  /** Time of a line that begins like a record. */
  #nearTime = Number.NaN;

  readonly forms?: Forms;

  constructor(matchers: readonly Matcher[], forms?: Forms) {
    this.#matchers = matchers;
    if (forms !== undefined) this.forms = forms;
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
    const line = this.#line;
    const { flow } = this.#teller;
    flow.time = flow.until = line.time;
    const client = this.#client.read(line);
    const server = this.#server.read(line);
    const request = this.#request.read(line);
    const outcome = outcomeOf(line, request.hasMethod, server.isLacking);
    const reason = this.#teller.tell({ client, server, request, outcome, own: ownNameOf(line) }, origin, sink);
    if (reason !== null) sink.skip(reason, line.time, '');
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
}
