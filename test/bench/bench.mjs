/**
 * npm run bench [-- RECORDS [RUNS]]
 * Each figure is the median of fresh processes, taken in turns with a yardstick that runs on the same file in the same minute. The ratio is what to compare between
 * machines and versions.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeEnvoy, writeHubble, writeInventory } from './logs.mjs';
import { compare, printHead } from './measure.mjs';

const records = Number(process.argv[2] ?? 300_000);
const runs = Number(process.argv[3] ?? 5);
const here = import.meta.dirname;
const footpath = resolve(here, '../../dist/src/main.js');
const folder = mkdtempSync(join(tmpdir(), 'footpath-bench-'));
const script = (name) => join(here, name);
const log = (name) => join(folder, name);
try {
  writeHubble(log('hubble.log'), records);
  writeEnvoy(log('envoy.log'), records);
  writeInventory(log('cluster.json'));
  const size = (name) => `${(statSync(log(name)).size / 1e6).toFixed(0)} MB`;
  console.log(`${records.toLocaleString('en-US')} records: hubble.log ${size('hubble.log')}, envoy.log ${size('envoy.log')}; Node ${process.version}; medians of ${runs}\n`);
  printHead();
  const how = { runs, folder };
  const observe =
    (name, ...more) =>
    (run) => [footpath, 'observe', '--quiet', ...more, '--db', log(`${name}-${more.length}-${run}.db`), log(name)];
  compare('--help : start of Node', () => [footpath, '--help'], [script('nothing.mjs')], how);
  compare('Hubble : JSON.parse', observe('hubble.log'), [script('parse-json.mjs'), log('hubble.log')], how);
  compare('Istio text : split', observe('envoy.log', '--inventory', log('cluster.json')), [script('split-lines.mjs'), log('envoy.log')], how);
  compare('  nobody known : split', observe('envoy.log'), [script('split-lines.mjs'), log('envoy.log')], how);
  compare('propose : start of Node', () => [footpath, 'propose', '--quiet', '--db', log('hubble.log-0-0.db')], [script('nothing.mjs')], how);
} finally {
  rmSync(folder, { recursive: true });
}
