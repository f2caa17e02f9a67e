import type { Decoder, Records, Sink } from '../../src/collector.ts';
import { blankFlow, type Endpoint, type Operation, type Side, type SkipReason, type Witness } from '../../src/model/flow.ts';
import { isClusterName } from '../../src/model/names.ts';
import { ABSENT, ESCAPED, NULL, OBJECT, STRING } from '../../src/scan/json.ts';
import { performed, OperationReader, readOperation } from '../../src/scan/operation.ts';
import { TimeReader } from '../../src/scan/time.ts';
import { WordReader } from '../../src/scan/words.ts';
import { DESTINATION, EndpointReader, SOURCE } from './endpoint.ts';
import { FlowFacts } from './facts.ts';
import { FIELD, flowSlots, LINE_FIELD, lineFields } from './fields.ts';
import { isAnswer, isLocalNode, isLostAnswer, outcomeOf, phaseOf, sideOf } from './meaning.ts';

/** Decodes Hubble's JSON lines. Nothing is built for a record whose ends, words and operation were seen before. */
export class HubbleDecoder implements Decoder {
  readonly #fields = lineFields();
  readonly #facts = new FlowFacts();
  readonly #times = new TimeReader();
  readonly #words = new WordReader();
  readonly #endpoints = new EndpointReader();
  readonly #operations = new OperationReader();
  readonly #witnesses = new Map<Side, Map<string, Witness>>();
  #lastWord = '';
  #lastNode = '';
  readonly #flow = blankFlow('hubble');

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
    flow.node = this.#node(this.#words.read(b, fields, this.#slot(base, FIELD.node_name, LINE_FIELD.node_name)));
    const time = Number.isNaN(flow.time) ? null : flow.time;
    const reason = base < 0 ? this.#otherLine(b, sink, time) : this.#read(b, base, time);
    if (reason === null) sink.flow(flow);
    else sink.skip(reason, time, flow.node);
  }

  /** `node` or `cluster/node`; '' for what cannot be one. */
  #node(word: string): string {
    if (word !== this.#lastWord) {
      this.#lastWord = word;
      this.#lastNode = isNode(word) ? word : '';
    }
    return this.#lastNode;
  }

  /** The flow's own field, or the one that the line has beside it. In protojson, null and an empty text are no value. */
  #slot(base: number, inFlow: number, inLine: number): number {
    const { kinds, starts, ends } = this.#fields;
    const slot = base + inFlow;
    const isAbsent = base < 0 || kinds[slot] === ABSENT || kinds[slot] === NULL || (kinds[slot] === STRING && starts[slot] === ends[slot]);
    return isAbsent ? inLine : slot;
  }

  #time(b: Buffer, base: number): number {
    const { kinds, starts, ends } = this.#fields;
    const slot = this.#slot(base, FIELD.time, LINE_FIELD.time);
    if (kinds[slot] === STRING) return this.#times.read(b, starts[slot]!, ends[slot]!);
    const escaped = Buffer.from(kinds[slot] === ESCAPED ? (this.#fields.text(b, slot) ?? '') : '');
    return this.#times.read(escaped, 0, escaped.length);
  }

  #otherLine(b: Buffer, sink: Sink, time: number | null): SkipReason {
    const { kinds } = this.#fields;
    if (kinds[LINE_FIELD.lost_events] === OBJECT) {
      sink.lost(this.#fields.integer(b, LINE_FIELD['lost_events.num_events_lost']) ?? 1, time, this.#flow.node);
      return 'lost-events';
    }
    return kinds[LINE_FIELD.flow] === ABSENT ? 'not-a-flow' : 'malformed';
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
    if (!isPlaced(source) || !isPlaced(destination)) return 'incomplete';
    if (source.reserved === 'health' || destination.reserved === 'health') return 'health';
    return this.#orient(b, base, source, destination);
  }

  #orient(b: Buffer, base: number, source: Endpoint, destination: Endpoint): SkipReason | null {
    const facts = this.#facts;
    const flow = this.#flow;
    const answer = isAnswer(facts);
    if (answer === null) return 'unoriented';
    const lost = isLostAnswer(facts, answer);
    const backwards = answer || lost;
    flow.source = backwards ? destination : source;
    flow.destination = backwards ? source : destination;
    flow.protocol = facts.protocol;
    flow.port = backwards ? facts.sourcePort : facts.destinationPort;
    if (flow.port === 0 && facts.protocol !== 'ICMP' && facts.protocol !== 'ICMPv6') return 'no-port';
    if (flow.source.reserved === 'host' && isLocalNode(facts, backwards)) return 'local-node';
    flow.witness = this.#witness(sideOf(facts, backwards), facts.point);
    flow.phase = lost ? 'lost-answer' : answer ? 'answer' : phaseOf(facts);
    flow.verdict = facts.verdict;
    flow.outcome = outcomeOf(facts, answer);
    flow.count = facts.count;
    flow.operation = answer && !lost && facts.isL7 ? this.#operation(b, base) : null;
    return null;
  }

  #witness(side: Side, point: string): Witness {
    let ofSide = this.#witnesses.get(side);
    if (ofSide === undefined) this.#witnesses.set(side, (ofSide = new Map()));
    let witness = ofSide.get(point);
    if (witness === undefined) {
      // Points are the format's own words; records that invent some cannot fill the memory.
      const known = /^[a-zA-Z0-9_-]{1,32}$/.test(point) && ofSide.size < 32;
      witness = { collector: 'hubble', side, point: known ? point.toLowerCase().replaceAll('_', '-') : 'other' };
      if (known) ofSide.set(point, witness);
    }
    return witness;
  }

  #operation(b: Buffer, base: number): Operation | null {
    if (this.#facts.httpStatus === null || !performed(this.#facts.httpStatus)) return null;
    const { kinds, starts, ends } = this.#fields;
    const method = base + FIELD['l7.http.method'];
    const url = base + FIELD['l7.http.url'];
    if (kinds[method] === STRING && kinds[url] === STRING) return this.#operations.read(b, starts[method]!, ends[method]!, starts[url]!, ends[url]!);
    return readOperation(this.#fields.text(b, method) ?? '', this.#fields.text(b, url) ?? '');
  }
}

function isNode(word: string): boolean {
  const parts = word.split('/');
  return parts.length <= 2 && parts.every(isClusterName);
}

/** There is something by which the end can be found. */
function isPlaced(endpoint: Endpoint): boolean {
  return endpoint.address !== null || endpoint.pod !== null || endpoint.workload !== null || endpoint.reserved !== null || endpoint.labels !== null;
}
