import type { BundleSink, Collector, CollectorSettings, Decoder, Records } from '../../../src/collector.ts';
import { decoderOf } from '../../../src/decode/decoders.ts';
import { FormDecoder } from '../../../src/decode/form-decoder.ts';
import type { Origin } from '../../../src/model/origin.ts';
import type { Random } from '../../../src/demo/random.ts';
import { Told } from './told.ts';

/** Records in one piece of memory, with something between them. */
export function laidOut(buffers: readonly Buffer[], between: string): Records {
  const gap = Buffer.from(between);
  const starts = new Int32Array(buffers.length);
  const ends = new Int32Array(buffers.length);
  let at = 0;
  for (const [i, { length }] of buffers.entries()) {
    starts[i] = at;
    ends[i] = at + length;
    at += length + gap.length;
  }
  return { bytes: Buffer.concat(buffers.flatMap((buffer) => [buffer, gap])), starts, ends, count: buffers.length };
}

const ORIGIN: Origin = { source: 'test', owner: { namespace: 'shop', pod: 'web-1', container: 'istio-proxy' } };
/** Line ends; what would make a record whole that is cut off; nothing, as between the messages of a queue. */
const BETWEEN = ['\n', '"}}]}\n', '', '}', ' '] as const;

/** A format's reference decoder and its decoder by forms, side by side. */
export class TwoWays {
  readonly #reference: Decoder<BundleSink>;
  readonly #fast: FormDecoder;
  readonly #told = new Told();
  readonly #toldFast = new Told();

  /** Null where the format has no forms. */
  static of(collector: Collector, settings: CollectorSettings, kernel?: WebAssembly.Module): TwoWays | null {
    const fast = decoderOf(collector, settings, kernel);
    return fast instanceof FormDecoder ? new TwoWays(collector.decoder(settings), fast) : null;
  }

  private constructor(reference: Decoder<BundleSink>, fast: FormDecoder) {
    this.#reference = reference;
    this.#fast = fast;
  }

  /** How many records were read, and how many of them the kernel left to the reference. */
  get left(): { readonly records: number; readonly unsure: number } {
    return { records: this.#fast.records, unsure: this.#fast.unsure };
  }

  /** What only one of the two says, the reference first; null if they say the same. */
  difference(buffers: readonly Buffer[], random: Random, origin = ORIGIN): readonly [reference: readonly string[], fast: readonly string[]] | null {
    const records = laidOut(buffers, random.pick(BETWEEN));
    this.#reference.decode(records, origin, this.#told);
    this.#fast.decode(records, origin, this.#toldFast);
    this.#fast.flush(this.#toldFast);
    const [reference, fast] = [this.#told.take(), this.#toldFast.take()];
    if (reference.length === fast.length && reference.every((text, i) => text === fast[i])) return null;
    const [known, knownFast] = [new Set(reference), new Set(fast)];
    return [reference.filter((text) => !knownFast.has(text)), fast.filter((text) => !known.has(text))];
  }
}
