/** Lines into files, and files that are made once. */
import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const BLOCK = 4 << 20;
/** No line is longer. */
const LINE = 64 << 10;

/** Writes the lines that `line(i)` gives, for i from 0 to below `count`. */
export function writeLines(path, count, line) {
  const file = openSync(path, 'w');
  const block = Buffer.allocUnsafe(BLOCK);
  let size = 0;
  for (let i = 0; i < count; i++) {
    if (size > BLOCK - LINE) {
      writeSync(file, block, 0, size);
      size = 0;
    }
    size += block.write(line(i), size);
    block[size++] = 0x0a;
  }
  writeSync(file, block, 0, size);
  closeSync(file);
}

/** Part of the names of kept files: another number when what is written changes. */
const VERSION = 3;

/** Path of a file of this name that `write(path)` makes, if it is not there from an earlier run. */
export function keptFile(name, write) {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'footpath-bench');
  const path = join(folder, `v${VERSION}-${name}`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  // One that was cut short is never taken for the whole.
  const unfinished = `${path}.${process.pid}`;
  write(unfinished);
  renameSync(unfinished, path);
  return path;
}
