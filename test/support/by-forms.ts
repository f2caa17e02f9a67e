import type { BundleSink, Collector, CountedAs, Records, Sink } from '../../src/collector.ts';
import { decoderOf } from '../../src/decode/decoders.ts';
import { FormDecoder } from '../../src/decode/form-decoder.ts';
import { HOUR, SLOT } from '../../src/model/edge.ts';
import type { Flow } from '../../src/model/flow.ts';
import type { Origin } from '../../src/model/origin.ts';

/** What records say, told together: each flow and each reason, with how often, when, and how many bytes. */
export interface Told {
  readonly flows: Readonly<Record<string, string>>;
  readonly counts: Readonly<Record<string, number>>;
  /** How many records were left to the reference. */
  readonly unsure: number;
}

export interface Reading {
  readonly origin?: Origin;
  readonly accessLogFormat?: string | null;
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
  readonly knowledge = {};
  readonly #flows = new Map<string, Sum>();
  readonly #counts = new Map<string, number>();

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

  told(unsure: number): Told {
    const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] => [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return { flows: Object.fromEntries(sorted(this.#flows).map(([key, sum]) => [key, JSON.stringify(sum)])), counts: Object.fromEntries(sorted(this.#counts)), unsure };
  }
}

/** Neighbouring bytes look like more of the record: whoever reads beyond its end is found out. */
export function recordsOf(texts: readonly (string | Buffer)[]): Records {
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

const NOWHERE: Origin = { source: 'test', owner: null };

/** As the collector's own decoder understands records. */
export function byReference(collector: Collector, records: Records, { origin = NOWHERE, accessLogFormat = null }: Reading = {}): Told {
  const tally = new Tally();
  const sink: Sink = tally;
  collector.decoder({ accessLogFormat }).decode(records, origin, sink);
  return tally.told(0);
}

/** As they are understood by their forms; null if the collector has none. */
export function byForms(collector: Collector, records: Records, { origin = NOWHERE, accessLogFormat = null }: Reading = {}): Told | null {
  const decoder = decoderOf(collector, { accessLogFormat });
  if (!(decoder instanceof FormDecoder)) return null;
  const tally = new Tally();
  decoder.decode(records, origin, tally);
  decoder.flush(tally);
  return tally.told(decoder.unsure);
}
