import type { Batch, FilePosition, Stripe, StripeEnd, StripeReader } from '../source.ts';
import type { OriginPod } from '../model/origin.ts';
import { MARK_DIGITS, placesUpTo } from './position.ts';
import { stripeEnd } from './stripe.ts';

/** Bytes. */
export interface StripeSizes {
  readonly stripe: number;
  /** Stripes are read a stretch at a time: this is the first. */
  readonly stretch: number;
  /** A file of which less is to be read is read in one piece. */
  readonly least: number;
}

export const STRIPES: StripeSizes = { stripe: 8 << 20, stretch: 64 << 20, least: 32 << 20 };

/**
 * What is read at once is told in few words: of 2.35 GB of Hubble's flows, stretches of 64 MiB say as many as there are records, those of 1 GiB a quarter. But it must find
 * room in memory, at 150 bytes a row.
 */
const GROWTH = 4;
const LONGEST_STRETCH = 2 ** 30;
const FEW_ROWS = 125_000;
const MANY_ROWS = 400_000;

/** How far a file was read, and what that makes known for what follows. */
export interface Place {
  readonly offset: number;
  readonly tail: Buffer;
  readonly marks: string;
  readonly inJson: boolean | null;
}

export interface StripedFile {
  readonly file: number;
  readonly path: string;
  readonly owner: OriginPod | null;
  readonly head: Buffer;
  readonly size: number;
}

/**
 * Reads a file in stripes from a place on, to less than a stripe before its end, and gives the place that was reached. Each stripe is read as if the ones before it ended just
 * where it begins. Where that turns out to be wrong, nothing that was read of the stretch counts, and this ends: from the place that
 * was reached, the file can be read in one piece.
 */
export async function* readStriped(of: StripedFile, from: Place, sizes: StripeSizes, read: StripeReader, positionOf: (place: Place) => FilePosition, signal: AbortSignal): AsyncGenerator<Batch, Place> {
  const asked: { readonly stripes: readonly Stripe[]; readonly answer: ReturnType<StripeReader> }[] = [];
  let place = from;
  let cut: number | null = from.offset;
  let stretch = sizes.stretch;
  const ask = (): void => {
    const stripes: Stripe[] = [];
    for (const until = (cut ?? 0) + stretch; cut !== null && cut < until; ) {
      const to: number | null = cut + sizes.stripe < of.size ? stripeEnd(of.file, cut + sizes.stripe) : null;
      if (to !== null) stripes.push({ file: of.file, source: of.path, owner: of.owner, from: cut, to, head: of.head, inJson: place.inJson });
      cut = to;
    }
    if (stripes.length === 0) return;
    const answer = read(stripes);
    // It is waited for in its turn.
    answer.catch(() => undefined);
    asked.push({ stripes, answer });
  };
  try {
    // Two: one is read while the other is added up.
    ask();
    ask();
    for (let next = asked[0]; next !== undefined && !signal.aborted; next = asked[0]) {
      const { ends, decoded } = await next.answer;
      asked.shift();
      const reached = follow(place, next.stripes, ends);
      if (reached === null) return place;
      const bytes = reached.offset - place.offset;
      place = reached;
      if (decoded.rows > MANY_ROWS) stretch = Math.max(stretch / GROWTH, sizes.stripe);
      else if (decoded.rows < FEW_ROWS) stretch = Math.min(stretch * GROWTH, LONGEST_STRETCH);
      ask();
      yield { runs: [], decoded, tooLong: ends.reduce((sum, { tooLong }) => sum + tooLong, 0), bytes, position: positionOf(place), ack: () => undefined };
    }
    return place;
  } finally {
    // The file stays open as long as somebody reads it.
    await Promise.allSettled(asked.map(({ answer }) => answer));
  }
}

/** The place that is reached by stripes one after the other; null if what one of them took for granted is not so. */
export function follow(place: Place, stripes: readonly Stripe[], ends: readonly StripeEnd[]): Place | null {
  let at = place;
  for (const [i, { from, to }] of stripes.entries()) {
    const { offset, before, tail, marks, inJson } = ends[i]!;
    const goesOn = at.offset === from && offset === to && at.tail.equals(before) && (at.inJson === null || inJson === null || at.inJson === inJson);
    if (!goesOn) return null;
    const isMarked = at.marks.length === placesUpTo(from) * MARK_DIGITS;
    at = { offset, tail: Buffer.from(tail), marks: isMarked ? at.marks + marks : at.marks, inJson: at.inJson ?? inJson };
  }
  return at;
}
