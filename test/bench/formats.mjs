/** What is measured: for each format its log, who else reads it, and what Footpath must reach beside them. */
import { writeHubble } from './generators/hubble.mjs';
import { writeIstioJson, writeIstioText } from './generators/istio.mjs';

/**
 * `byLine` is the yardstick of a line at a time, `sql` what DuckDB is told, `native` the program in C++. A bar says how many times as fast Footpath is, with so many jobs,
 * as another variant.
 */
export const FORMATS = {
  hubble: {
    title: 'Hubble',
    records: 1_000_000,
    write: writeHubble,
    hasInventory: false,
    byLine: { name: 'JSON.parse a line', script: 'hubble-json-parse.mjs' },
    sql: ['hubble.sql'],
    native: { name: 'hubble', title: 'simdjson', libraries: ['-lsimdjson'] },
    bars: [
      { jobs: 1, against: 'duckdb-1', atLeast: 2.5, words: 'at least 2.5 times as fast as DuckDB with one thread' },
      { jobs: 1, against: 'duckdb-2', atLeast: 1, words: 'faster than DuckDB with two' },
      { jobs: 1, against: 'native', atLeast: 0.5, words: 'within 2 times of simdjson in C++' },
      { jobs: 2, against: 'footpath-1', atLeast: 1.6, words: 'two cores at least 1.6 times as fast as one' },
    ],
  },
  'istio-text': {
    title: 'Istio text',
    records: 2_000_000,
    write: writeIstioText,
    hasInventory: true,
    byLine: { name: 'a regular expression a line', script: 'istio-regular-expression.mjs' },
    sql: ['istio-text.sql', 'istio.sql'],
    native: { name: 'istio-text', title: 'C++', libraries: [] },
    bars: [
      { jobs: 1, against: 'duckdb-1', atLeast: 3, words: 'at least 3 times as fast as DuckDB with one thread' },
      { jobs: 1, against: 'by-line', atLeast: 4, words: 'at least 4 times as fast as a regular expression a line' },
    ],
  },
  'istio-json': {
    title: 'Istio JSON',
    records: 1_000_000,
    write: writeIstioJson,
    hasInventory: true,
    byLine: { name: 'JSON.parse a line', script: 'istio-json-parse.mjs' },
    sql: ['istio-json.sql', 'istio.sql'],
    native: { name: 'istio-json', title: 'simdjson', libraries: ['-lsimdjson'] },
    bars: [
      { jobs: 1, against: 'duckdb-1', atLeast: 2, words: 'at least 2 times as fast as DuckDB with one thread' },
      { jobs: 1, against: 'by-line', atLeast: 4, words: 'at least 4 times as fast as JSON.parse a line' },
    ],
  },
};
