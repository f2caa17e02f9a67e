/**
 * Where bytes lie between two offsets. Buffer's own search does not stop at a record's end: what is not in the record would be looked
 * for through all that was read.
 */

/** Offset of the first `piece` that lies wholly in [from, end), or -1. */
export function find(b: Buffer, piece: Buffer, from: number, end: number): number {
  const first = piece[0]!;
  const last = end - piece.length;
  for (let p = from; p <= last; p++) if (b[p] === first && isAt(b, piece, p)) return p;
  return -1;
}

/** Offset of the last `piece` that lies wholly in [from, end), or -1. */
export function findLast(b: Buffer, piece: Buffer, from: number, end: number): number {
  const first = piece[0]!;
  for (let p = end - piece.length; p >= from; p--) if (b[p] === first && isAt(b, piece, p)) return p;
  return -1;
}

/** Whether the bytes from `p` on are those of `piece`. */
export function isAt(b: Buffer, piece: Buffer, p: number): boolean {
  for (let i = 0; i < piece.length; i++) if (b[p + i] !== piece[i]) return false;
  return true;
}

export function findByte(b: Buffer, byte: number, from: number, end: number): number {
  for (let p = from; p < end; p++) if (b[p] === byte) return p;
  return -1;
}

export function findLastByte(b: Buffer, byte: number, from: number, end: number): number {
  for (let p = end - 1; p >= from; p--) if (b[p] === byte) return p;
  return -1;
}
