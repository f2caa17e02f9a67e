/** The lines of a file, as fast as Node gives them: blocks of a megabyte, each line a span of one. */
import { closeSync, openSync, readSync } from 'node:fs';

const BLOCK = 1 << 20;

/** Calls `take(block, start, end)` for each line, without its line feed. The block is overwritten afterwards. No line is longer than a block. */
export function eachLine(path, take) {
  const file = openSync(path, 'r');
  const block = Buffer.allocUnsafe(2 * BLOCK);
  let kept = 0;
  for (;;) {
    const read = readSync(file, block, kept, BLOCK);
    const size = kept + read;
    let start = 0;
    for (let end = block.indexOf(0x0a); end >= 0 && end < size; end = block.indexOf(0x0a, start)) {
      take(block, start, end);
      start = end + 1;
    }
    if (read === 0) {
      if (start < size) take(block, start, size);
      break;
    }
    block.copyWithin(0, start, size);
    kept = size - start;
  }
  closeSync(file);
}
