/**
 * How fast `footpath serve` keeps up with a log that grows at a steady rate: the time from a record to its commit, memory, CPU.
 * Usage: node test/bench/live.mjs [records a second] [seconds]. Both processes and what measures them share the machine.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { Store } from '../../dist/src/store/store.js';
import { writeInventory } from './generators/inventory.mjs';
import { Latencies } from './latencies.mjs';

const rate = Number(process.argv[2] ?? 20_000);
const seconds = Number(process.argv[3] ?? 60);
const LOG_MEGABYTES = 100;
const POLL_EVERY = 100;
const here = import.meta.dirname;
const main = resolve(here, '../../dist/src/main.js');
const folder = mkdtempSync(join(tmpdir(), 'footpath-live-'));
const db = join(folder, 'footpath.db');
const config = join(folder, 'footpath.yaml');

const proc = (pid, name) => readFileSync(`/proc/${pid}/${name}`, 'utf8');
const megabytes = (pid, field) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(proc(pid, 'status'))?.[1]) / 1_000;
/** Seconds of CPU that a process has used. */
function cpuOf(pid) {
  const [user, system] = proc(pid, 'stat').split(') ')[1].split(' ').slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}

/** Adds the latencies of records, a millisecond of the log each, from the moments at which a look found them committed. */
function looking(latencies) {
  let until = null;
  return (newest, now) => {
    if (newest === null || newest === until) return;
    for (let time = until ?? newest - 1; time < newest; time++) latencies.add(now - time);
    until = newest;
  };
}

function recordsIn(path) {
  const store = new Store(path, { create: false });
  try {
    return store.coverage.read().reduce((sum, { hours }) => sum + [...hours.values()].reduce((n, counts) => n + (counts.get('records') ?? 0), 0), 0);
  } finally {
    store.close();
  }
}

async function run() {
  writeInventory(join(folder, 'cluster.json'));
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ database: db, sources: [{ name: 'hubble', file: { paths: [join(folder, 'events*.log')], format: 'hubble' } }], inventory: { files: [join(folder, 'cluster.json')] } }));
  const profile = (process.env.BENCH_PROFILE ?? '') === '' ? [] : ['--cpu-prof', '--cpu-prof-dir', process.env.BENCH_PROFILE];
  const serving = spawn(process.execPath, [...profile, main, 'serve', '--config', config, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  serving.stderr.on('data', (chunk) => (said += chunk));
  const ended = once(serving, 'exit');
  while (!said.includes('"serving"')) {
    if (serving.exitCode !== null) throw new Error(said);
    await wait(50);
  }
  const listen = /"listen":"([^"]+)"/.exec(said)[1];
  const cpu = cpuOf(serving.pid);
  const began = performance.now();
  const writer = spawn(process.execPath, [join(here, 'live-writer.mjs'), folder, rate, seconds, LOG_MEGABYTES].map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
  let written = null;
  writer.stdout.on('data', (chunk) => (written = Number(chunk)));

  while (!existsSync(db)) await wait(50);
  const reader = new Database(db, { readonly: true });
  const newest = reader.prepare('SELECT max(last_record) AS newest FROM sources');
  const latencies = new Latencies();
  const look = looking(latencies);
  let quiet = 0;
  let lastNewest = null;
  while (writer.exitCode === null || quiet < 5_000 / POLL_EVERY) {
    const found = newest.get().newest;
    look(found, Date.now());
    quiet = found === lastNewest ? quiet + 1 : 0;
    lastNewest = found;
    await wait(POLL_EVERY);
  }
  reader.close();
  const took = (performance.now() - began) / 1_000;
  const metrics = await (await fetch(`http://${listen}/metrics`)).text();
  const metric = (name) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(metrics)?.[1] ?? NaN);
  const used = cpuOf(serving.pid) - cpu;
  const [peak, last] = [megabytes(serving.pid, 'VmHWM'), megabytes(serving.pid, 'VmRSS')];
  serving.kill('SIGTERM');
  const [status] = await ended;
  const counted = recordsIn(db);
  const milliseconds = (value) => `${(value * 1_000).toFixed(0)} ms`;
  console.log(`${rate.toLocaleString('en-US')} records a second for ${seconds} s (Node ${process.version}), logs of ${LOG_MEGABYTES} MB, three old ones kept`);
  console.log(`counted                ${counted.toLocaleString('en-US')} of ${written.toLocaleString('en-US')}${counted === written ? ', exactly' : ': NOT THE SAME'}`);
  console.log(`record to commit       p50 ${latencies.quantile(0.5).toFixed(2)} s, p99 ${latencies.quantile(0.99).toFixed(2)} s, at most ${latencies.quantile(1).toFixed(2)} s`);
  console.log(`memory                 peak ${peak.toFixed(0)} MB, at the end ${last.toFixed(0)} MB`);
  console.log(`CPU                    ${((100 * used) / took).toFixed(0)} % of a core`);
  console.log(`event loop             late by p99 ${milliseconds(metric('nodejs_eventloop_lag_p99_seconds'))}, at most ${milliseconds(metric('nodejs_eventloop_lag_max_seconds'))}`);
  console.log(`commits                ${metric('footpath_commit_seconds_count')}, ${milliseconds(metric('footpath_commit_seconds_sum') / metric('footpath_commit_seconds_count'))} each`);
  for (const line of said.split('\n')) if (/"level":"(warn|error)"/.test(line)) console.log(line);
  if (status !== 0 || counted !== written) process.exitCode = 1;
}

try {
  await run();
} finally {
  rmSync(folder, { recursive: true });
}
