import type { BundleSink, Decoder } from '../../src/collector.ts';
import { Intake } from '../../src/intake.ts';
import { Admission } from '../../src/learn/admission.ts';
import { Fold, type Judge } from '../../src/learn/fold.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/learn/limits.ts';
import { EMPTY_INVENTORY } from '../../src/model/inventory.ts';
import type { Origin } from '../../src/model/origin.ts';
import { Directory } from '../../src/resolve/directory.ts';
import { Resolver, type Resolved } from '../../src/resolve/resolver.ts';
import { Store } from '../../src/store/store.ts';
import { dump, type Dump } from './dump.ts';
import { laidOut } from './fuzz/two-ways.ts';

/** Records of one origin, read at once. */
export interface Part {
  readonly records: readonly (string | Buffer)[];
  readonly origin?: Origin;
}

/** What is read between two commits; the resolver is kept as long as the directory is the same. */
export interface ReadPortion {
  readonly directory: Directory;
  readonly parts: readonly Part[];
}

const NOBODY: Origin = { source: 'test', owner: null };
/** Who comes first where there is a cap is chance. */
const NO_CAPS = Object.fromEntries(Object.keys(DEFAULT_LIMITS).map((name) => [name, 1_000_000])) as unknown as Limits;

const EMPTY = new Directory(EMPTY_INVENTORY, [], null);
const JUDGE: Judge = { revision: 0, judge: ({ port }) => ({ watching: true, violates: port % 2 === 1, epoch: 0 }) };

/** All that a database holds after a decoder has read these portions into it. */
export function learntBy(decoder: Decoder<BundleSink>, portions: readonly ReadPortion[]): Dump {
  const store = new Store(':memory:', { create: true, limits: NO_CAPS });
  try {
    const admission = new Admission(NO_CAPS, []);
    const described = new WeakSet<Resolved>();
    const sources = new Set<string>();
    let [known, resolver] = [EMPTY, new Resolver(EMPTY)];
    for (const { directory, parts } of portions) {
      if (directory !== known) [known, resolver] = [directory, new Resolver(directory)];
      const intake = new Intake({ resolver, fold: new Fold(admission, JUDGE), described, sources });
      intake.collector = 'test';
      for (const { records, origin } of parts) decoder.decode(laidOut(records.map((record) => Buffer.from(record)), '\n'), origin ?? NOBODY, intake);
      decoder.flush?.(intake);
      store.transaction(() => store.add(intake.delta(), []));
    }
    return dump(store);
  } finally {
    store.close();
  }
}
