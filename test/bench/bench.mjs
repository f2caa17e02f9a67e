/**
 * npm run bench [-- --records N --runs N --formats hubble,istio-text,istio-json --jobs 1,2 --quick]
 * One log of each format, read whole by Footpath and by its yardsticks: fresh processes, taken in turns, medians. All must find the same edges and counts: if they do not,
 * that is said and the exit status is 1. How fast they are is never a failure; the ratios are what to compare between machines and versions.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Found } from './agreement.mjs';
import { FORMATS } from './formats.mjs';
import { writeAddresses, writeInventory } from './generators/inventory.mjs';
import { keptFile } from './generators/write.mjs';
import { canPin, compare, measure, median, printHead } from './measure.mjs';
import { FOOTPATH, variantsOf } from './variants.mjs';

const QUICK_RECORDS = 20_000;
const { values } = parseArgs({
  options: { records: { type: 'string' }, runs: { type: 'string' }, formats: { type: 'string', default: Object.keys(FORMATS).join(',') }, jobs: { type: 'string' }, quick: { type: 'boolean', default: false } },
});
const cores = availableParallelism();
/** A whole number that was given, or another one. */
function whole(option, otherwise) {
  const given = Number(values[option] ?? otherwise);
  if (!Number.isSafeInteger(given) || given < 1) throw new Error(`--${option}: ${values[option]} is no whole number from 1 on`);
  return given;
}
const runs = whole('runs', values.quick ? 1 : 5);
const knowsJobs = spawnSync(process.execPath, [FOOTPATH, 'observe', '--help'], { encoding: 'utf8' }).stdout.includes('--jobs');
const jobs = knowsJobs ? [...new Set((values.jobs ?? `1,${cores}`).split(',').map(Number))] : [null];
const number = (n) => Math.round(n).toLocaleString('en-US');

/**
 * Runs all variants, so many times, each time beginning with another one. Gives what was measured of each, what the first of them found, and lines that say who found
 * something else.
 */
function takeTurns(variants, folder) {
  const measured = new Map(variants.map((variant) => [variant, []]));
  const wrong = [];
  let first = null;
  for (let turn = 0; turn < runs * variants.length; turn++) {
    const variant = variants[(turn + Math.floor(turn / variants.length)) % variants.length];
    variant.prepare?.();
    measured.get(variant).push(measure(variant.args, folder, variant));
    if (variant.found === null) continue;
    const found = new Found(variant.found());
    first ??= { found, name: variant.name };
    const differences = first.found.differences(found);
    if (differences.length > 0) wrong.push(`${variant.name} (+) found other edges or counts than ${first.name} (-):`, ...differences);
  }
  return { measured, found: first.found, wrong };
}

function printTable(variants, measured, { records, bytes }) {
  const own = variants.filter(({ id }) => id.startsWith('footpath'));
  const middle = (variant, key) => median(measured.get(variant).map((one) => one[key]));
  const print = (name, columns) => console.log(`${name.padEnd(28)}${columns.map(([width, text]) => text.padStart(width)).join('')}`);
  const known = (n, digits, unit = '') => (Number.isNaN(n) ? '-' : `${n.toFixed(digits)}${unit}`);
  print('', [[8, 'seconds'], [15, 'least - most'], [8, 'CPU s'], [11, 'flows/s'], [7, 'MB/s'], [9, 'peak'], ...own.map(({ id }) => [9, id === 'footpath-1' ? 'x 1 job' : `x ${id.replace('footpath-', '')} jobs`])]);
  for (const variant of variants) {
    const all = measured.get(variant).map(({ seconds }) => seconds);
    const seconds = middle(variant, 'seconds');
    const range = `${Math.min(...all).toFixed(2)} - ${Math.max(...all).toFixed(2)}`;
    const ratios = own.map((one) => [9, (seconds / middle(one, 'seconds')).toFixed(2)]);
    print(variant.name, [[8, seconds.toFixed(2)], [15, range], [8, known(middle(variant, 'cpu'), 2)], [11, number(records / seconds)], [7, number(bytes / 1e6 / seconds)], [9, known(middle(variant, 'megabytes'), 0, ' MB')], ...ratios]);
  }
  const queries = variants.filter(({ heard }) => heard).map((variant) => `${median(measured.get(variant).map(({ said }) => Number(said))).toFixed(2)} s (${variant.name.replace('DuckDB, ', '')})`);
  console.log(`DuckDB's query alone, without the start of Node and its library: ${queries.join(', ')}`);
}

/** On a busy machine seconds say little; those of CPU say more, where both have one core. */
function printBars(bars, variants, measured) {
  const ratio = (against, of, key) => {
    const [other, own] = [against, of].map((id) => measured.get(variants.find((variant) => variant.id === id))?.map((one) => one[key]) ?? [NaN]);
    return median(other) / median(own);
  };
  const isPinned = (id) => variants.find((variant) => variant.id === id)?.pinned === true;
  for (const { jobs: of, against, atLeast, words } of bars) {
    const own = `footpath-${of}`;
    const seconds = ratio(against, own, 'seconds');
    const cpu = isPinned(own) && isPinned(against) ? ` (by CPU ${ratio(against, own, 'cpu').toFixed(2)})` : '';
    console.log(`  ${words.padEnd(60)} ${Number.isNaN(seconds) ? 'not measured' : `${seconds >= atLeast ? 'met' : 'not met'}: ${seconds.toFixed(2)}${cpu}`}`);
  }
}

function benchFormat(id, folder) {
  const format = FORMATS[id];
  const records = whole('records', values.quick ? QUICK_RECORDS : format.records);
  const log = keptFile(`${id}-${records}.log`, (path) => format.write(path, records));
  const inventory = keptFile('cluster.json', writeInventory);
  const addresses = keptFile('addresses.csv', writeAddresses);
  const { variants, leftOut } = variantsOf(format, { log, inventory, addresses, jobs, cores, folder });
  const { measured, found, wrong } = takeTurns(variants, folder);
  const bytes = statSync(log).size;
  console.log(`\n${format.title}: ${number(records)} records, ${number(bytes / 1e6)} MB, ${number(found.edges)} edges, ${number(found.lines.length)} rows of counts`);
  printTable(variants, measured, { records, bytes });
  for (const line of leftOut) console.log(line);
  if (!values.quick) printBars(format.bars, variants, measured);
  console.log(wrong.length === 0 ? 'All found the same edges and counts.' : wrong.join('\n'));
  return wrong.length === 0;
}

const folder = mkdtempSync(join(tmpdir(), 'footpath-bench-'));
try {
  console.log(`Node ${process.version}, ${cores} cores (${cpus()[0]?.model ?? 'unknown'}); medians of ${runs}; x: how many times as fast Footpath is`);
  console.log(canPin ? 'One core, one thread: on CPU 0 (taskset).' : 'One core, one thread: not held on a CPU, there is no taskset.');
  if (!knowsJobs) console.log('observe has no --jobs: Footpath runs on one core alone.');
  printHead();
  compare('--help : start of Node', () => [FOOTPATH, '--help'], [join(import.meta.dirname, 'nothing.mjs')], { runs, folder });
  const agreed = values.formats.split(',').map((id) => {
    if (!Object.hasOwn(FORMATS, id)) throw new Error(`--formats: there is no ${id}, but ${Object.keys(FORMATS).join(', ')}`);
    return benchFormat(id, folder);
  });
  if (agreed.includes(false)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
