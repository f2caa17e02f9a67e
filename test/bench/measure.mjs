/** Seconds, seconds of CPU and megabytes of fresh processes. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const TIME = '/usr/bin/time';
/** Whether programs can be held on one core. */
export const canPin = spawnSync('taskset', ['-c', '0', 'true']).status === 0;

/** Node's arguments, so that it tells its peak and its CPU itself; of another program GNU time tells them, where that is there. */
function withPeak(program, args, peak) {
  if (program === process.execPath) return [program, ['--import', join(import.meta.dirname, 'peak.mjs'), ...args]];
  return existsSync(TIME) ? [TIME, ['-f', '%M %U %S', '-o', peak, program, ...args]] : [program, args];
}

/** Runs Node, or another program, with these arguments; what it prints is `said` where somebody asks for it. What nobody told is NaN. `folder` is for scratch files; `pinned` keeps it on CPU 0. */
export function measure(args, folder, { program = process.execPath, pinned = false, heard = false } = {}) {
  const peak = join(folder, 'peak');
  rmSync(peak, { force: true });
  const [whole, all] = withPeak(program, args, peak);
  const command = pinned && canPin ? ['taskset', '-c', '0', whole, ...all] : [whole, ...all];
  const started = process.hrtime.bigint();
  const { status, stderr, stdout } = spawnSync(command[0], command.slice(1), { env: { ...process.env, BENCH_PEAK: peak }, stdio: ['ignore', heard ? 'pipe' : 'ignore', 'pipe'], encoding: 'utf8' });
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  if (status !== 0) throw new Error(`${command.join(' ')}: exit ${status}: ${stderr}`);
  const [kilobytes, user, system] = existsSync(peak) ? readFileSync(peak, 'utf8').trim().split(' ').map(Number) : [NaN, NaN, NaN];
  return { seconds, cpu: user + system, megabytes: kilobytes / 1_000, said: stdout };
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
