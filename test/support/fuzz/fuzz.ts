import type { Collector, CollectorSettings } from '../../../src/collector.ts';
import { seededRandom } from '../../../src/demo/random.ts';
import { Mutator } from './mutate.ts';
import { TwoWays } from './two-ways.ts';

export interface Format {
  readonly name: string;
  readonly collector: Collector;
  readonly settings: CollectorSettings;
  readonly seeds: readonly Buffer[];
}

export interface Fuzzed {
  readonly records: number;
  /** How many of them the kernel left to the reference. */
  readonly unsure: number;
  /** The smallest number of records of a batch about which the two do not agree, as a sentence; null if they agreed on all. */
  readonly difference: string | null;
}

const BATCH = 1_000;

/** Another one each time, unless one is asked for: that which a failure has told. */
export function freshSeed(): number {
  return Number(process.env['FOOTPATH_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
}

/** So many mutated records. */
export function mutated({ seeds }: Format, seed: number, count: number): readonly Buffer[] {
  const mutator = new Mutator(seededRandom(seed), seeds);
  const records: Buffer[] = [];
  while (records.length < count) records.push(mutator.next(records));
  return records;
}

/** Reads so many mutated records in both ways; with another kernel, if one is given. */
export function fuzz({ name, collector, settings, seeds }: Format, seed: number, records: number, kernel?: WebAssembly.Module): Fuzzed {
  const random = seededRandom(seed);
  const mutator = new Mutator(random, seeds);
  const newWays = (): TwoWays => twoWays(collector, settings, kernel);
  const ways = newWays();
  while (ways.left.records < records) {
    const batch: Buffer[] = [];
    while (batch.length < BATCH) batch.push(mutator.next(batch));
    const difference = ways.difference(batch, random);
    if (difference === null) continue;
    const { least, said } = shrunk(newWays, batch) ?? { least: batch, said: difference };
    const lines = least.length > 3 ? [`${least.length} records, only after those before them`] : least.map((record) => JSON.stringify(record.toString('latin1')));
    return { ...ways.left, difference: [`${name}, seed ${seed}:`, ...lines, 'the reference says', ...said[0].slice(0, 5), 'by forms it is', ...said[1].slice(0, 5)].join('\n') };
  }
  return { ...ways.left, difference: null };
}

function twoWays(collector: Collector, settings: CollectorSettings, kernel: WebAssembly.Module | undefined): TwoWays {
  const ways = TwoWays.of(collector, settings, kernel);
  if (ways === null) throw new Error(`${collector.name} has no forms`);
  return ways;
}

type Said = NonNullable<ReturnType<TwoWays['difference']>>;

/** As few of the records as still make a difference, to decoders that read nothing before; null if they make none. */
function shrunk(newWays: () => TwoWays, batch: readonly Buffer[]): { readonly least: readonly Buffer[]; readonly said: Said } | null {
  const saidOf = (records: readonly Buffer[]): Said | null => newWays().difference(records, seededRandom(0));
  let least = batch;
  let said = saidOf(batch);
  if (said === null) return null;
  for (let size = batch.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < least.length; ) {
      const fewer = least.toSpliced(at, size);
      const then = saidOf(fewer);
      if (then === null) at += size;
      else [least, said] = [fewer, then];
    }
  }
  return { least, said };
}
