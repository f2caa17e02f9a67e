/**
 * npm run bench [-- RECORDS [RUNS]]
 * Each figure is the median of fresh processes, taken in turns with a yardstick that runs on the same file in the same minute. The ratio is what to compare between
 * machines and versions.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeEnvoy, writeHubble, writeInventory } from './logs.mjs';

const records = Number(process.argv[2] ?? 300_000);
const runs = Number(process.argv[3] ?? 5);
const here = import.meta.dirname;
const footpath = resolve(here, '../../dist/src/main.js');
const folder = mkdtempSync(join(tmpdir(), 'footpath-bench-'));
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Seconds and megabytes of one process. */
function measure(args) {
  const peak = join(folder, 'peak');
  const started = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, ['--import', join(here, 'peak.mjs'), ...args], { env: { ...process.env, BENCH_PEAK: peak }, encoding: 'utf8' });
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  if (status !== 0) throw new Error(`${args.join(' ')}: exit ${status}: ${stderr}`);
  return { seconds, megabytes: Number(readFileSync(peak, 'utf8')) / 1_000 };
}

function compare(name, work, yardstick) {
  const own = [];
  const other = [];
  for (let run = 0; run < runs; run++) {
    own.push(measure(work(run)));
    other.push(measure(yardstick));
  }
  const seconds = median(own.map((one) => one.seconds));
  const base = median(other.map((one) => one.seconds));
  const megabytes = median(own.map((one) => one.megabytes));
  console.log(`${name.padEnd(28)} ${seconds.toFixed(3).padStart(8)} s ${base.toFixed(3).padStart(8)} s ${(seconds / base).toFixed(2).padStart(6)} ${megabytes.toFixed(0).padStart(6)} MB`);
}

const script = (name) => join(here, name);
const log = (name) => join(folder, name);
try {
  writeHubble(log('hubble.log'), records);
  writeEnvoy(log('envoy.log'), records);
  writeInventory(log('cluster.json'));
  const size = (name) => `${(statSync(log(name)).size / 1e6).toFixed(0)} MB`;
  console.log(`${records.toLocaleString('en-US')} records: hubble.log ${size('hubble.log')}, envoy.log ${size('envoy.log')}; Node ${process.version}; medians of ${runs}\n`);
  console.log(`${''.padEnd(28)} ${'footpath'.padStart(10)} ${'yardstick'.padStart(10)} ${'ratio'.padStart(6)} ${'peak'.padStart(9)}`);
  const observe =
    (name, ...more) =>
    (run) => [footpath, 'observe', '--quiet', ...more, '--db', log(`${name}-${more.length}-${run}.db`), log(name)];
  compare('--help : start of Node', () => [footpath, '--help'], [script('nothing.mjs')]);
  compare('Hubble : JSON.parse', observe('hubble.log'), [script('parse-json.mjs'), log('hubble.log')]);
  compare('Istio text : split', observe('envoy.log', '--inventory', log('cluster.json')), [script('split-lines.mjs'), log('envoy.log')]);
  compare('  nobody known : split', observe('envoy.log'), [script('split-lines.mjs'), log('envoy.log')]);
  compare('propose : start of Node', () => [footpath, 'propose', '--quiet', '--db', log('hubble.log-0-0.db')], [script('nothing.mjs')]);
} finally {
  rmSync(folder, { recursive: true });
}
