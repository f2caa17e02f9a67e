/** What Footpath stored, as lines like those of the yardsticks. */
import Database from 'better-sqlite3';
import { COUNTERS } from './edges.mjs';

/** `workload|cluster|namespace|kind|name`, `node|cluster`, `external|address`. */
function nameOf(key) {
  const [type, first, namespace, , name] = key.split('|');
  if (type === 'workload') return `${namespace}/${name}`;
  return type === 'external' ? first : type;
}

export function edgesOfDatabase(path) {
  const db = new Database(path, { readonly: true });
  const edges = db.prepare(`
    SELECT source.key, destination.key, protocol, port, side, point, ${COUNTERS.join(', ')}, bytes_out, bytes_in,
      iif(last_seen > 0, first_seen, ''), iif(last_seen > 0, last_seen, ''), iif(answered > 0, first_answered, '')
    FROM edge_witnesses JOIN edges ON edges.id = edge JOIN witnesses ON witnesses.id = witness
      JOIN peers source ON source.id = source JOIN peers destination ON destination.id = destination`);
  const lines = edges.raw().all().map(([source, destination, ...rest]) => [nameOf(source), nameOf(destination), ...rest].join('\t'));
  const nodes = db.prepare("SELECT source, sum(count) FROM coverage WHERE kind = 'records' AND source LIKE '%/%' GROUP BY source");
  for (const [source, records] of nodes.raw().all()) lines.push(`node ${source.slice(source.indexOf('/') + 1)}\t${records}`);
  db.close();
  return lines;
}
