/** Yardstick: DuckDB, one query. Prints the seconds of the query alone. `node duckdb.mjs SQL THREADS LOG EDGES [ADDRESSES]` */
import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

const [sql, threads, log, out, addresses] = process.argv.slice(2);
const instance = await DuckDBInstance.create(':memory:', { threads, preserve_insertion_order: 'false' });
const connection = await instance.connect();
const text = (path) => `'${path.replaceAll("'", "''")}'`;
// COPY takes no parameters.
const query = readFileSync(sql, 'utf8').replaceAll('$log', text(log)).replaceAll('$out', text(out)).replaceAll('$addresses', text(addresses ?? ''));
const started = performance.now();
await connection.run(query);
console.log(((performance.now() - started) / 1_000).toFixed(3));
