import type { Collector, CollectorSettings } from '../collector.ts';
import { Decoders } from '../decode/decoders.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Cidr } from '../model/address.ts';
import { Directory } from '../resolve/directory.ts';
import { Resolver } from '../resolve/resolver.ts';
import type { Run, Stripe, StripeEnd } from '../source.ts';
import { CutterMemory } from '../sources/cutter.ts';
import { readStripe } from '../sources/stripe.ts';
import { ColumnSink } from './column-sink.ts';
import type { Columns } from './columns.ts';

/** What a thread has to know before it can decode, as plain values. */
export interface Facts {
  readonly settings: CollectorSettings;
  readonly inventory: Inventory;
  readonly ranges: readonly Cidr[];
  readonly cluster: string | null;
}

/** What became of some stripes of a stretch, by their numbers in it, and what they say together. */
export interface Answer {
  readonly ends: readonly (readonly [number: number, end: StripeEnd])[];
  readonly columns: Columns;
}

/** Reads stripes and decodes them, in whatever order they come. */
export class StripeDecoder {
  readonly #decoders: Decoders;
  readonly #sink: ColumnSink;
  /** Made anew for each stripe, it would be collected every few. */
  readonly #memory = new CutterMemory();

  constructor({ settings, inventory, ranges, cluster }: Facts) {
    this.#decoders = new Decoders(settings);
    this.#sink = new ColumnSink(new Resolver(new Directory(inventory, ranges, cluster)));
  }

  decode(collector: Collector, stripes: Iterable<readonly [number: number, stripe: Stripe]>): Answer {
    const decoder = this.#decoders.of(collector);
    const ends: [number, StripeEnd][] = [];
    for (const [number, stripe] of stripes) {
      const take = (runs: readonly Run[]): void => {
        for (const { records, origin } of runs) decoder.decode(records, origin, this.#sink);
      };
      ends.push([number, readStripe(stripe, take, this.#memory)]);
    }
    decoder.flush?.(this.#sink);
    return { ends, columns: this.#sink.take() };
  }
}
