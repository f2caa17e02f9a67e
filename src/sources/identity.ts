import type { OriginPod } from '../model/origin.ts';
import type { FilePosition } from '../source.ts';
import { ownerFromPath } from '../unwrap/owner.ts';
import { compressionOf, inflated, type Compression, type Damage } from './compression.ts';
import { pieces, readAt } from './input.ts';
import { beginsAs, hashOf, hasMark, HEAD, lastPlace, Marks, TAIL, tailOf, type KnownPositions } from './position.ts';

/** Where reading of a file begins, and what is known of the bytes before that. */
export interface Start {
  readonly position: FilePosition | null;
  readonly offset: number;
  readonly tail: Buffer;
  readonly marks: string;
}

export const FROM_THE_BEGINNING: Start = { position: null, offset: 0, tail: Buffer.alloc(0), marks: '' };

/** Which file it is, by its first plain bytes and, with kubelet's paths, by the pod that it is of. */
export interface Identity {
  readonly podOwner: OriginPod | null;
  readonly compression: Compression | null;
  /** First plain bytes, at most 4 KiB. Empty if there are none yet, or the file is damaged from its first block on. */
  readonly head: Buffer;
  readonly damage: Damage;
  readonly owner: string;
  readonly headLength: number;
  readonly headHash: string;
}

export async function identify(file: number, path: string): Promise<Identity> {
  const first = readAt(file, 0, HEAD);
  const compression = compressionOf(first);
  const { head, damage } = compression === null ? { head: first, damage: null } : await decompressedHead(path, compression);
  const podOwner = ownerFromPath(path);
  const owner = podOwner === null ? '' : `${podOwner.namespace}/${podOwner.pod}/${podOwner.container}`;
  return { podOwner, compression, head, damage, owner, headLength: head.length, headHash: hashOf(head) };
}

/** Whether the bytes of a file can be told from those that were read before. */
export type Told =
  | Start // it goes on here
  | 'read before' // all that it holds: it is a copy that was made before the log grew on
  | 'untold'; // it begins like one that was read further, and is too short to tell more

/** The position that a file of this size was read up to before, if it is the same file. `own` is asked first. */
export function startOfPlain(file: number, size: number, { owner, head }: Identity, known: KnownPositions, own: FilePosition | null = null): Told {
  const start = own === null || !beginsAs(own, head) ? null : startAt(file, own);
  if (start !== null) return start;
  const candidates = known.candidates(owner, head);
  for (const position of candidates) {
    const found = startAt(file, position);
    if (found !== null) return found;
  }
  const longer = candidates.filter(({ offset }) => offset > size);
  const last = lastPlace(size);
  const tail = last === null ? null : tailAt(file, last.place);
  const told = new Set(longer.map((position) => (last === null || tail === null ? null : hasMark(position, last.n, tail))));
  if (told.has(true)) return 'read before';
  if (told.has(null) && longer.length === candidates.length) return 'untold';
  return known.mayBecome(owner, head) ? 'untold' : FROM_THE_BEGINNING;
}

/** The bytes before the position say whether it is one of this file. */
function startAt(file: number, position: FilePosition): Start | null {
  const { offset, tailHash, marks } = position;
  const tail = tailAt(file, offset);
  return tail !== null && hashOf(tail) === tailHash ? { position, offset, tail, marks } : null;
}

/** The bytes before an offset, at most 1 KiB; null if the file ends before it. */
function tailAt(file: number, offset: number): Buffer | null {
  const length = Math.min(TAIL, offset);
  const tail = readAt(file, offset - length, length);
  return tail.length === length ? tail : null;
}

/** The bytes before an offset of a compressed file are known only after all before them were decompressed: once, for all candidates. */
export async function startOfCompressed(path: string, compression: Compression, { owner, head }: Identity, known: KnownPositions): Promise<Told> {
  let offset = 0;
  let tail: Buffer = Buffer.alloc(0);
  let found = FROM_THE_BEGINNING;
  const marks = new Marks('');
  const waiting = known.candidates(owner, head).toSorted((a, b) => a.offset - b.offset);
  const chunks = waiting.length === 0 ? null : inflated(pieces(path), compression);
  for await (const chunk of chunks ?? []) {
    for (let next = waiting[0]; next !== undefined && next.offset <= offset + chunk.length; next = waiting[0]) {
      const before = tailOf(tail, chunk.subarray(0, next.offset - offset));
      if (hashOf(before) === next.tailHash) found = { position: next, offset: next.offset, tail: before, marks: next.marks };
      waiting.shift();
    }
    if (waiting.length === 0) break;
    marks.pass(offset, tail, chunk);
    offset += chunk.length;
    tail = tailOf(tail, chunk);
  }
  const isBeginning = lastPlace(offset) !== null && waiting.some((longer) => longer.marks.startsWith(marks.text));
  return found.position === null && isBeginning ? 'read before' : found;
}

async function decompressedHead(path: string, compression: Compression): Promise<{ readonly head: Buffer; readonly damage: Damage }> {
  const parts: Buffer[] = [];
  let size = 0;
  const chunks = inflated(pieces(path), compression);
  try {
    for (;;) {
      const next = await chunks.next();
      if (next.done === true) return { head: Buffer.concat(parts).subarray(0, HEAD), damage: next.value };
      parts.push(next.value);
      size += next.value.length;
      if (size >= HEAD) return { head: Buffer.concat(parts).subarray(0, HEAD), damage: null };
    }
  } finally {
    await chunks.return(null);
  }
}
