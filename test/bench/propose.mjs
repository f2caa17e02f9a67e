/**
 * npm run bench:propose [-- WORKLOADS EDGES RUNS]
 * A large cluster, learned and accepted: its policies proposed, proved and printed, in fresh processes, beside the reading of the same graph.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SIZE } from './generators/cluster.mjs';
import { writeEveryEdge } from './generators/hubble.mjs';
import { writeInventory } from './generators/inventory.mjs';
import { compare, printHead } from './measure.mjs';

const workloads = Number(process.argv[2] ?? 2_000);
const edges = Number(process.argv[3] ?? 40_000);
const runs = Number(process.argv[4] ?? 5);
const footpath = resolve(import.meta.dirname, '../../dist/src/main.js');
const folder = mkdtempSync(join(tmpdir(), 'footpath-bench-'));
const file = (name) => join(folder, name);

function prepare(...args) {
  const { status, stderr } = spawnSync(process.execPath, [footpath, ...args, '--quiet', '--db', file('graph.db')], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')}: exit ${status}: ${stderr}`);
}

try {
  const size = { ...SIZE, workloads, namespaces: Math.ceil(workloads / 20), edges };
  writeEveryEdge(file('flows.log'), size);
  writeInventory(file('cluster.json'), size);
  prepare('observe', file('flows.log'), '--inventory', file('cluster.json'));
  prepare('accept', '--all', '--flagged');
  console.log(`${workloads.toLocaleString('en-US')} workloads, ${edges.toLocaleString('en-US')} edges; Node ${process.version}; medians of ${runs}\n`);
  printHead();
  const how = { runs, folder };
  const read = [footpath, 'status', '--quiet', '--db', file('graph.db')];
  compare('propose : status', () => [footpath, 'propose', '--quiet', '--db', file('graph.db')], read, how);
  compare('propose --out : status', (run) => [footpath, 'propose', '--quiet', '--out', file(`policies-${run}`), '--db', file('graph.db')], read, how);
  spawnSync(process.execPath, [footpath, 'propose', '--quiet', '--out', file('policies'), '--db', file('graph.db')]);
  compare('simulate : status', () => [footpath, 'simulate', '--quiet', '--policies', file('policies'), '--db', file('graph.db')], read, how);
} finally {
  rmSync(folder, { recursive: true });
}
