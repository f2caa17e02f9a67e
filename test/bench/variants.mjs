/** Who reads a log: Footpath and its yardsticks, each a command whose edges can be looked at afterwards. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { edgesOfFile } from './agreement.mjs';
import { compiled, simdjsonVersion } from './yardsticks/compile.mjs';
import { edgesOfDatabase } from './yardsticks/footpath-edges.mjs';

export const FOOTPATH = resolve(import.meta.dirname, '../../dist/src/main.js');
const yardstick = (name) => join(import.meta.dirname, 'yardsticks', name);
const threads = (n) => `${n} thread${n === 1 ? '' : 's'}`;

/** `jobs` is null where `observe` has no such option. */
function footpath(jobs, log, inventory, folder) {
  const db = join(folder, `footpath-${jobs ?? 1}.db`);
  const clear = () => ['', '-wal', '-shm', '.lock'].forEach((end) => rmSync(`${db}${end}`, { force: true }));
  return {
    id: `footpath-${jobs ?? 1}`,
    name: jobs === null || jobs === 1 ? 'Footpath, one core' : `Footpath, ${jobs} jobs`,
    pinned: jobs === null || jobs === 1,
    prepare: clear,
    args: [FOOTPATH, 'observe', '--quiet', ...(jobs === null ? [] : ['--jobs', String(jobs)]), ...(inventory === null ? [] : ['--inventory', inventory]), '--db', db, log],
    found: () => edgesOfDatabase(db),
  };
}

function duckdb(n, format, log, addresses, folder) {
  const [sql, out] = [join(folder, 'query.sql'), join(folder, `duckdb-${n}`)];
  return {
    id: `duckdb-${n}`,
    name: `DuckDB, ${threads(n)}`,
    pinned: n === 1,
    prepare: () => writeFileSync(sql, format.sql.map((name) => readFileSync(yardstick(name), 'utf8')).join('\n')),
    args: [yardstick('duckdb.mjs'), sql, String(n), log, out, ...addresses],
    heard: true,
    found: () => edgesOfFile(out),
  };
}

/** The variants of a format, and why others are left out. `jobs` and `cores` are how many Footpath and DuckDB are given beside one. */
export function variantsOf(format, { log, inventory, addresses, jobs, cores, folder }) {
  const needed = format.hasInventory ? [addresses] : [];
  const [byLine, native] = [join(folder, 'by-line'), join(folder, 'native')];
  const { program, because } = compiled(format.native.name, folder, format.native.libraries);
  const title = `${format.native.title === 'simdjson' && program !== null ? `simdjson ${simdjsonVersion()}` : format.native.title}, 1 thread`;
  const variants = [
    { id: 'newlines', name: 'finding newlines', pinned: true, args: [yardstick('newlines.mjs'), log], found: null },
    ...jobs.map((n) => footpath(n, log, format.hasInventory ? inventory : null, folder)),
    { id: 'by-line', name: format.byLine.name, pinned: true, args: [yardstick(format.byLine.script), log, byLine, ...needed], found: () => edgesOfFile(byLine) },
    ...[...new Set([1, 2, cores])].map((n) => duckdb(n, format, log, needed, folder)),
    ...(program === null ? [] : [{ id: 'native', name: title, pinned: true, program, args: [log, native, ...needed], found: () => edgesOfFile(native) }]),
  ];
  return { variants, leftOut: program === null ? [`${title}: left out, ${because}`] : [] };
}
