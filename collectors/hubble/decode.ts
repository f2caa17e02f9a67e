import type { Decoder, Records, Sink } from '../../src/collector.ts';
import type { Operation, SkipReason } from '../../src/model/flow.ts';
import { ABSENT, ESCAPED, NULL, STRING } from '../../src/scan/json.ts';
import { OperationReader, readOperation } from '../../src/scan/operation.ts';
import { TimeReader } from '../../src/scan/time.ts';
import { WordReader } from '../../src/scan/words.ts';
import { DESTINATION, EndpointReader, SOURCE } from './endpoint.ts';
import { FlowFacts } from './facts.ts';
import { FIELD, flowSlots, isNone, LINE_FIELD, lineFields } from './fields.ts';
import { HubbleForms } from './forms.ts';
import { NodeReader, Orienter, performs } from './orient.ts';
import { otherLine } from './other-line.ts';

/** Decodes Hubble's JSON lines. Nothing is built for a record whose ends, words and operation were seen before. */
export class HubbleDecoder implements Decoder {
  readonly forms = new HubbleForms();
  readonly #fields = lineFields();
  readonly #facts = new FlowFacts();
  readonly #times = new TimeReader();
  readonly #words = new WordReader();
  readonly #endpoints = new EndpointReader();
  readonly #operations = new OperationReader();
  readonly #nodes = new NodeReader();
  readonly #orienter = new Orienter();
  readonly #flow = this.#orienter.flow;

  decode({ bytes, starts, ends, count }: Records, _origin: unknown, sink: Sink): void {
    for (let i = 0; i < count; i++) this.#record(bytes, starts[i]!, ends[i]!, sink);
  }

  #record(b: Buffer, start: number, end: number, sink: Sink): void {
    const fields = this.#fields;
    if (!fields.scan(b, start, end)) {
      sink.skip('malformed', null, '');
      return;
    }
    const base = flowSlots(fields);
    const flow = this.#flow;
    flow.time = flow.until = this.#time(b, base);
    flow.node = this.#nodes.read(this.#words.read(b, fields, this.#slot(base, FIELD.node_name, LINE_FIELD.node_name)));
    const time = Number.isNaN(flow.time) ? null : flow.time;
    const reason = base < 0 ? this.#otherLine(b, sink, time) : this.#read(b, base, time);
    if (reason === null) sink.flow(flow);
    else sink.skip(reason, time, flow.node);
  }

  /** The flow's own field, or the one that the line has beside it. */
  #slot(base: number, inFlow: number, inLine: number): number {
    return base < 0 || isNone(this.#fields, base + inFlow) ? inLine : base + inFlow;
  }

  #time(b: Buffer, base: number): number {
    const { kinds, starts, ends } = this.#fields;
    const slot = this.#slot(base, FIELD.time, LINE_FIELD.time);
    if (kinds[slot] === STRING) return this.#times.read(b, starts[slot]!, ends[slot]!);
    const escaped = Buffer.from(kinds[slot] === ESCAPED ? (this.#fields.text(b, slot) ?? '') : '');
    return this.#times.read(escaped, 0, escaped.length);
  }

  #otherLine(b: Buffer, sink: Sink, time: number | null): SkipReason {
    const { reason, lost } = otherLine(b, this.#fields);
    if (lost !== null) sink.lost(lost, time, this.#flow.node);
    return reason;
  }

  /** Fills in the flow, or says why there is none. */
  #read(b: Buffer, base: number, time: number | null): SkipReason | null {
    if (time === null) {
      const kind = this.#fields.kinds[this.#slot(base, FIELD.time, LINE_FIELD.time)];
      return kind === ABSENT || kind === NULL ? 'incomplete' : 'malformed';
    }
    const facts = this.#facts;
    const reason = facts.read(b, this.#fields, base, this.#words);
    if (reason !== null) return reason;
    const source = this.#endpoints.read(b, this.#fields, base, SOURCE);
    if (typeof source === 'string') return source;
    const destination = this.#endpoints.read(b, this.#fields, base, DESTINATION);
    if (typeof destination === 'string') return destination;
    const why = this.#orienter.orient(facts, source, destination);
    if (why === null && performs(facts, this.#flow)) this.#flow.operation = this.#operation(b, base);
    return why;
  }

  #operation(b: Buffer, base: number): Operation | null {
    const { kinds, starts, ends } = this.#fields;
    const method = base + FIELD['l7.http.method'];
    const url = base + FIELD['l7.http.url'];
    if (kinds[method] === STRING && kinds[url] === STRING) return this.#operations.read(b, starts[method]!, ends[method]!, starts[url]!, ends[url]!);
    return readOperation(this.#fields.text(b, method) ?? '', this.#fields.text(b, url) ?? '');
  }
}

