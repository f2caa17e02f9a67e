import type { FileHandle } from 'node:fs/promises';
import type { OriginPod } from '../model/origin.ts';
import type { FilePosition } from '../source.ts';
import { ownerFromPath } from '../unwrap/owner.ts';
import { compressionOf, inflated, type Compression, type Damage } from './compression.ts';
import { pieces, readAt } from './input.ts';
import { HEAD, hashOf, TAIL, type KnownPositions } from './position.ts';

/** Where reading of a file begins, and the bytes before that. */
export interface Start {
  readonly position: FilePosition | null;
  readonly offset: number;
  readonly tail: Buffer;
}

export const FROM_THE_BEGINNING: Start = { position: null, offset: 0, tail: Buffer.alloc(0) };

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

export async function identify(file: FileHandle, path: string): Promise<Identity> {
  const compression = compressionOf(await readAt(file, 0, 4));
  const { head, damage } = compression === null ? { head: await readAt(file, 0, HEAD), damage: null } : await decompressedHead(path, compression);
  const podOwner = ownerFromPath(path);
  const owner = podOwner === null ? '' : `${podOwner.namespace}/${podOwner.pod}/${podOwner.container}`;
  return { podOwner, compression, head, damage, owner, headLength: head.length, headHash: hashOf(head) };
}

/** The position that this file was read up to before, if it is the same file: the bytes before the position say so. */
export async function startOf(file: FileHandle, path: string, { compression, owner, head }: Identity, known: KnownPositions): Promise<Start> {
  const candidates = known.candidates(owner, head);
  return compression === null ? startOfPlain(file, candidates) : startOfCompressed(path, compression, candidates);
}

async function startOfPlain(file: FileHandle, candidates: readonly FilePosition[]): Promise<Start> {
  for (const position of candidates) {
    const tail = await tailAt(file, position.offset);
    if (tail !== null && hashOf(tail) === position.tailHash) return { position, offset: position.offset, tail };
  }
  return FROM_THE_BEGINNING;
}

/** The bytes before an offset, at most 1 KiB; null if the file ends before it. */
export async function tailAt(file: FileHandle, offset: number): Promise<Buffer | null> {
  const length = Math.min(TAIL, offset);
  const tail = await readAt(file, offset - length, length);
  return tail.length === length ? tail : null;
}

/** The bytes before an offset of a compressed file are known only after all before them were decompressed: once, for all candidates. */
async function startOfCompressed(path: string, compression: Compression, candidates: readonly FilePosition[]): Promise<Start> {
  let offset = 0;
  let tail: Buffer = Buffer.alloc(0);
  let found = FROM_THE_BEGINNING;
  const waiting = candidates.toSorted((a, b) => a.offset - b.offset);
  const chunks = waiting.length === 0 ? null : inflated(pieces(path), compression);
  for await (const chunk of chunks ?? []) {
    for (let next = waiting[0]; next !== undefined && next.offset <= offset + chunk.length; next = waiting[0]) {
      const before = Buffer.concat([tail, chunk.subarray(0, next.offset - offset)]).subarray(-TAIL);
      if (hashOf(before) === next.tailHash) found = { position: next, offset: next.offset, tail: Buffer.from(before) };
      waiting.shift();
    }
    if (waiting.length === 0) break;
    offset += chunk.length;
    tail = Buffer.from(Buffer.concat([tail, chunk]).subarray(-TAIL));
  }
  return found;
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
