/**
 * Writes Hubble records with the time of their writing at a steady rate, as Hubble's exporter does: the log is renamed when it is
 * large, three old ones are kept. Prints how many records it wrote. Usage: live-writer.mjs FOLDER RATE SECONDS MEGABYTES
 */
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { hubbleFlows } from './generators/hubble.mjs';

const [folder, rate, seconds, megabytes] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const KEPT = 3;
const POOL = 40_000;

/** Records one after the other; where each begins, and where its times lie. */
const record = hubbleFlows();
const noTime = '2000-01-01T00:00:00.000Z';
const pool = Buffer.from(Array.from({ length: POOL }, () => `${record(noTime)}\n`).join(''));
const starts = [0];
const times = [];
for (let at = pool.indexOf(noTime); at >= 0; at = pool.indexOf(noTime, at + 1)) times.push(at);
for (let at = pool.indexOf(0x0a); at >= 0; at = pool.indexOf(0x0a, at + 1)) starts.push(at + 1);

const path = join(folder, 'events.log');
const old = [];
let file = openSync(path, 'a');
let size = 0;
let written = 0;

function append(count) {
  const now = Buffer.from(new Date().toISOString());
  for (let left = count; left > 0; ) {
    const first = written % POOL;
    const last = Math.min(POOL, first + left);
    for (let i = 2 * first; i < 2 * last; i++) now.copy(pool, times[i]);
    for (let at = starts[first]; at < starts[last]; ) at += writeSync(file, pool, at, starts[last] - at);
    size += starts[last] - starts[first];
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
