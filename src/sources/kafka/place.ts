import type { Mark } from '../../source.ts';

/**
 * What to do with messages that Kafka hands over, given how far their partition was read. Kafka and its client may hand them over
 * again, leave some out after a rebalance, begin somewhere else when the log no longer has the offset, or have made the topic anew:
 * each message is taken once all the same, and what the log no longer has is counted.
 */

/** How far a partition was read. */
export interface Read {
  readonly next: number;
  readonly last: Mark;
}

/** Where the reader of a partition stands. */
export interface Place {
  /** Null while nothing was read: then it begins at the log's start. */
  readonly read: Read | null;
  /** The offset from which is fetched next. */
  readonly expected: number;
  /** The last message that was read has been seen again since the partition was assigned, or can be no more. */
  readonly isChecked: boolean;
  /** A gap before which was sought back. If it is there again, no messages are missing: transactions and compaction leave holes. */
  readonly soughtBack: number | null;
}

/** Messages as they were fetched, at least one. */
export interface Fetched {
  /** The offset that was asked for. */
  readonly from: number;
  /** The last offset that this covers; transactions end in one that is no message. */
  readonly last: number;
  readonly offsets: ArrayLike<number>;
  /** Of the message with this index. */
  readonly hash: (index: number) => string;
}

/** Offsets of the first message that a log has, and of the next one that it will get. */
export interface Ends {
  readonly start: number;
  readonly end: number;
}

export type Step =
  /** Take the messages from this index on; so many before them are lost. */
  | { readonly kind: 'take'; readonly index: number; readonly lost: number; readonly place: Place }
  /** All of them were read before. */
  | { readonly kind: 'skip'; readonly place: Place }
  /** Fetch from `place.expected`. */
  | { readonly kind: 'seek'; readonly why: 'gap' | 'moved' | 'another log'; readonly place: Place }
  /** The ends of the log decide. */
  | { readonly kind: 'ask' };

/** What was read of a log with these ends, as they are while nothing is read: null if it is another one than was read. */
export function readOf(read: Read | null, { end }: Ends): Read | null {
  return read === null || read.last.offset >= end ? null : read;
}

/** Where to begin once the partition is assigned; `start` is the log's, as far as it is known. */
export function placeOnAssignment(read: Read | null, start: number): Place {
  return { read, expected: Math.max(read?.last.offset ?? 0, start), isChecked: false, soughtBack: null };
}

export function decide(place: Place, fetched: Fetched, ends: Ends | null): Step {
  const { read, expected, isChecked, soughtBack } = place;
  const { from } = fetched;
  if (from < expected) {
    if (ends === null) return { kind: 'ask' };
    // The log ends before: the client began at its start instead.
    if (read === null || ends.end < expected) return begin(ends, read !== null);
    return { kind: 'seek', why: 'moved', place: placeOnAssignment(read, ends.start) };
  }
  if (read !== null && !isChecked && fetched.offsets[0] === read.last.offset && fetched.hash(0) !== read.last.hash) {
    return ends === null ? { kind: 'ask' } : begin(ends, true);
  }
  const next = read?.next ?? ends?.start ?? 0;
  if (from <= next) return take(place, fetched, next, 0);
  if (ends === null) return { kind: 'ask' };
  if (ends.start > next) {
    if (from <= ends.start) return take(place, fetched, from, from - next);
    return { kind: 'seek', why: 'gap', place: { ...place, expected: ends.start } };
  }
  if (soughtBack === next) return take(place, fetched, from, 0);
  const back = read === null || isChecked ? next : Math.max(read.last.offset, ends.start);
  return { kind: 'seek', why: 'gap', place: { ...place, expected: back, soughtBack: next } };
}

function begin({ start }: Ends, isAnother: boolean): Step {
  return { kind: 'seek', why: isAnother ? 'another log' : 'moved', place: placeOnAssignment(null, start) };
}

function take({ read }: Place, { last, offsets, hash }: Fetched, next: number, lost: number): Step {
  let index = 0;
  while (index < offsets.length && (offsets[index] ?? 0) < next) index++;
  const after = { expected: last + 1, isChecked: true, soughtBack: null };
  if (index < offsets.length) {
    const final = offsets.length - 1;
    const mark = { offset: offsets[final] ?? last, hash: hash(final) };
    return { kind: 'take', index, lost, place: { ...after, read: { next: last + 1, last: mark } } };
  }
  return { kind: 'skip', place: { ...after, read: read === null ? null : { next: Math.max(read.next, last + 1), last: read.last } } };
}
