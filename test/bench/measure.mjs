/** Seconds and megabytes of fresh processes. */
import { spawnSync } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Runs Node with these arguments; what it prints goes to nobody. `folder` is for scratch files. */
export function measure(args, folder) {
  const peak = join(folder, 'peak');
  const started = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, ['--import', join(import.meta.dirname, 'peak.mjs'), ...args], {
    env: { ...process.env, BENCH_PEAK: peak },
    stdio: ['ignore', openSync('/dev/null', 'w'), 'pipe'],
    encoding: 'utf8',
  });
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  if (status !== 0) throw new Error(`${args.join(' ')}: exit ${status}: ${stderr}`);
  return { seconds, megabytes: Number(readFileSync(peak, 'utf8')) / 1_000 };
}

/** Prints a line: medians of `work(run)` and of its yardstick, taken in turns, and their ratio. */
export function compare(name, work, yardstick, { runs, folder }) {
  const own = [];
  const other = [];
  for (let run = 0; run < runs; run++) {
    own.push(measure(work(run), folder));
    other.push(measure(yardstick, folder));
  }
  const seconds = median(own.map((one) => one.seconds));
  const base = median(other.map((one) => one.seconds));
  const megabytes = median(own.map((one) => one.megabytes));
  console.log(`${name.padEnd(28)} ${seconds.toFixed(3).padStart(8)} s ${base.toFixed(3).padStart(8)} s ${(seconds / base).toFixed(2).padStart(6)} ${megabytes.toFixed(0).padStart(6)} MB`);
}

export function printHead() {
  console.log(`${''.padEnd(28)} ${'footpath'.padStart(10)} ${'yardstick'.padStart(10)} ${'ratio'.padStart(6)} ${'peak'.padStart(9)}`);
}
