/**
 * npm run bench:policies [-- RUNS]
 * A million edges replayed against two thousand policies: compiling, judging each edge, and counting what is allowed and unused. Each figure is the median of fresh processes, taken in turns with a
 * yardstick in the same minute: a scan of the same policies without an index, over a share of the edges and counted up.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const runs = Number(process.argv[2] ?? 3);
const script = join(import.meta.dirname, 'replaying.mjs');
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const count = (n) => n.toLocaleString('en-US');

function measure(mode) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, mode], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${mode}: exit ${status}: ${stderr}`);
  return JSON.parse(stdout);
}

const modes = ['footpath', 'open', 'scan'];
const taken = new Map(modes.map((mode) => [mode, []]));
for (let run = 0; run < runs; run++) for (const mode of modes) taken.get(mode).push(measure(mode));

const [first] = taken.get('footpath');
console.log(`${count(first.edges)} edges against ${count(first.policies)} policies; Node ${process.version}; medians of ${runs}\n`);
console.log(`${''.padEnd(34)} ${'seconds'.padStart(9)} ${'CPU'.padStart(9)} ${'peak'.padStart(9)}`);
const line = (name, mode, scale) => {
  const all = taken.get(mode);
  const figure = (key) => median(all.map((one) => one[key] * scale(one)));
  console.log(`${name.padEnd(34)} ${`${figure('seconds').toFixed(2)} s`.padStart(9)} ${`${figure('cpu').toFixed(2)} s`.padStart(9)} ${`${median(all.map(({ megabytes }) => megabytes)).toFixed(0)} MB`.padStart(9)}`);
};
line('replay', 'footpath', () => 1);
line('replay, every namespace admitted', 'open', () => 1);
line('scan, counted up', 'scan', ({ edges, judged }) => edges / judged);
const [open] = taken.get('open');
console.log(`\n${count(first.broken)} edges would break; ${count(open.unused)} pairs and ports are allowed and unused where every namespace is admitted`);
