import type { FilePosition, Run, Source } from '../../src/source.ts';
import type { LogFile } from '../../src/sources/expand.ts';
import { fileSource } from '../../src/sources/file.ts';
import { KnownPositions } from '../../src/sources/position.ts';
import { Unwrapper } from '../../src/unwrap/unwrap.ts';

/** What a reading gave, in its order. */
export interface ReadBack {
  /** The text of each record; behind the name of the log's owner, where one is known. */
  readonly records: readonly string[];
  readonly tooLong: number;
  readonly bytes: number;
  /** Every batch's. */
  readonly positions: readonly FilePosition[];
  /** The last one; null if there was none. */
  readonly position: FilePosition | null;
  readonly damage: readonly string[];
}

export function recordsOf(runs: readonly Run[]): string[] {
  return runs.flatMap(({ records: { bytes, starts, ends, count }, origin: { owner } }) => {
    const who = owner === null ? '' : `${owner.namespace ?? '?'}/${owner.pod}/${owner.container ?? '?'}: `;
    return Array.from({ length: count }, (_, i) => who + bytes.toString('utf8', starts[i], ends[i]));
  });
}

/** A log that nobody is known to own. */
export function unwrapper(): Unwrapper {
  return new Unwrapper({ source: 'test', owner: null });
}

/** Reads a source to its end. `stopAfter` aborts once so many batches have come. */
export async function readBack(source: Source, stopAfter = Infinity): Promise<Omit<ReadBack, 'damage'>> {
  const records: string[] = [];
  const positions: FilePosition[] = [];
  let tooLong = 0;
  let bytes = 0;
  let batches = 0;
  const abort = new AbortController();
  for await (const batch of source.open(abort.signal)) {
    // The memory is the source's until the next batch: what is wanted of it is taken out now.
    records.push(...recordsOf(batch.runs));
    if (batch.position !== null && 'file' in batch.position) positions.push(batch.position);
    tooLong += batch.tooLong;
    bytes += batch.bytes;
    if (++batches >= stopAfter) abort.abort();
  }
  return { records, tooLong, bytes, positions, position: positions[positions.length - 1] ?? null };
}

/** Reads a file, as somebody who knows these positions. */
export async function readFileBack(path: string, known: readonly (FilePosition | null)[] = [], stopAfter = Infinity): Promise<ReadBack> {
  const damage: string[] = [];
  const file: LogFile = { path, size: 0, isRegular: true, named: true };
  const positions = new KnownPositions(known.filter((position) => position !== null));
  const read = await readBack(fileSource(file, { known: positions, onDamage: (_, kind) => damage.push(kind) }), stopAfter);
  return { ...read, damage };
}

/** Lines that differ, each of `length` bytes with its end. */
export function lines(count: number, word = 'line', length = 64): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${word} ${i} `.padEnd(length - 1, '.'));
}

export function textOf(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('');
}
