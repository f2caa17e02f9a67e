/**
 * Writes Hubble records with the time of their writing at a steady rate, as Hubble's exporter does: the log is renamed when it is
 * large, three old ones are kept. Prints how many records it wrote. Usage: live-writer.mjs FOLDER RATE SECONDS MEGABYTES
 */
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { RecordPool } from './record-pool.mjs';

const [folder, rate, seconds, megabytes] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const KEPT = 3;
const pool = new RecordPool();

const path = join(folder, 'events.log');
const old = [];
let file = openSync(path, 'a');
let size = 0;
let written = 0;

function append(count) {
  const now = Buffer.from(new Date().toISOString());
  for (let left = count; left > 0; ) {
    const first = written % pool.size;
    const last = Math.min(pool.size, first + left);
    pool.stamp(first, last, now);
    for (let at = pool.starts[first]; at < pool.starts[last]; ) at += writeSync(file, pool.bytes, at, pool.starts[last] - at);
    size += pool.starts[last] - pool.starts[first];
    written += last - first;
    left -= last - first;
  }
}

function rotate() {
  closeSync(file);
  old.push(join(folder, `events-${new Date().toISOString().replaceAll(':', '-')}.log`));
  renameSync(path, old.at(-1));
  while (old.length > KEPT) rmSync(old.shift());
  file = openSync(path, 'a');
  size = 0;
}

const began = performance.now();
for (let due = 0; written < rate * seconds; ) {
  due = Math.min(rate * seconds, Math.floor(((performance.now() - began) / 1_000) * rate));
  if (due > written) append(due - written);
  if (size > megabytes * 1e6) rotate();
  await wait(10);
}
closeSync(file);
console.log(written);
