import type { BundleSink, Collector, CollectorSettings, CountedAs, Decoder, Records } from '../../src/collector.ts';
import { decoderOf } from '../../src/decode/decoders.ts';
import { FormDecoder } from '../../src/decode/form-decoder.ts';
import { HOUR, SLOT } from '../../src/model/edge.ts';
import type { Flow } from '../../src/model/flow.ts';
import type { Origin } from '../../src/model/origin.ts';

/** What records say, told together: each flow and each reason, with how often, when, and how many bytes. */
export interface Told {
  readonly flows: Readonly<Record<string, string>>;
  readonly counts: Readonly<Record<string, number>>;
}

interface Sum {
  records: number;
  count: number;
  first: number;
  last: number;
  bytesOut: number;
  bytesIn: number;
}

/** Adds up what it is told, one by one or in bundles. */
class Tally implements BundleSink {
  readonly knowledge: object;
  readonly #flows = new Map<string, Sum>();
  readonly #counts = new Map<string, number>();

  constructor(knowledge: object) {
    this.knowledge = knowledge;
  }

  flow(flow: Flow): void {
    this.#add(flow);
    this.count('flows', flow.node, flow.until, 1);
  }

  also(flow: Flow): void {
    this.#add(flow);
  }

  bundle(flow: Flow): void {
    this.#add(flow);
  }

  skip(reason: CountedAs, time: number | null, node: string): void {
    this.count(reason, node, time, 1);
  }

  count(as: CountedAs, node: string, until: number | null, records: number): void {
    const key = `${as} of ${node} at ${until === null ? 'no time' : Math.floor(until / HOUR)}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + records);
  }

  roleOf(): null {
    return null;
  }

  place({ time }: Flow): ReturnType<BundleSink['place']> {
    const from = Math.floor(time / SLOT) * SLOT;
    return { from, until: from + SLOT - 1, as: 'flows' };
  }

  see(): void {
    // Nobody has a role.
  }

  lost(events: number, time: number | null, node: string): void {
    this.count('lost-events', node, time, events);
  }

  #add({ time, until, records, count, bytesOut, bytesIn, ...same }: Flow): void {
    const key = JSON.stringify({ ...same, hasOut: bytesOut !== null, hasIn: bytesIn !== null });
    const sum = this.#flows.get(key) ?? { records: 0, count: 0, first: Infinity, last: -Infinity, bytesOut: 0, bytesIn: 0 };
    sum.records += records;
    sum.count += count;
    sum.first = Math.min(sum.first, time);
    sum.last = Math.max(sum.last, until);
    sum.bytesOut += bytesOut ?? 0;
    sum.bytesIn += bytesIn ?? 0;
    this.#flows.set(key, sum);
  }

  told(): Told {
    const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] => [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return { flows: Object.fromEntries(sorted(this.#flows).map(([key, sum]) => [key, JSON.stringify(sum)])), counts: Object.fromEntries(sorted(this.#counts)) };
  }
}

/** Neighbouring bytes look like more of the record: whoever reads beyond its end is found out. */
function recordsOf(texts: readonly (string | Buffer)[]): Records {
  const buffers = texts.map((text) => Buffer.from(text));
  const bytes = Buffer.concat(buffers.flatMap((buffer) => [buffer, Buffer.from('"}}]}\n')]));
  const starts = new Int32Array(buffers.length);
  const ends = new Int32Array(buffers.length);
  let at = 0;
  for (const [i, { length }] of buffers.entries()) {
    starts[i] = at;
    ends[i] = at + length;
    at += length + 6;
  }
  return { bytes, starts, ends, count: buffers.length };
}

/** Reads records by the collector's own decoder, and by their forms, by one decoder call after call. */
export class BothWays {
  readonly #collector: Collector;
  readonly #settings: CollectorSettings;
  readonly #decoder: Decoder<BundleSink>;
  readonly #knowledge = {};

  constructor(collector: Collector, accessLogFormat: string | null = null) {
    this.#collector = collector;
    this.#settings = { accessLogFormat };
    this.#decoder = decoderOf(collector, this.#settings);
  }

  /** `unsure`: how many of them were left to the collector's own decoder. */
  read(lines: readonly (string | Buffer)[], origin: Origin = { source: 'test', owner: null }): { readonly reference: Told; readonly forms: Told; readonly unsure: number } {
    const records = recordsOf(lines);
    const [reference, forms] = [new Tally({}), new Tally(this.#knowledge)];
    this.#collector.decoder(this.#settings).decode(records, origin, reference);
    const before = this.#unsure;
    this.#decoder.decode(records, origin, forms);
    this.#decoder.flush?.(forms);
    return { reference: reference.told(), forms: forms.told(), unsure: this.#unsure - before };
  }

  get #unsure(): number {
    return this.#decoder instanceof FormDecoder ? this.#decoder.unsure : 0;
  }
}
