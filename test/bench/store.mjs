/**
 * npm run bench:store [-- EDGES [RUNS [FOLDER]]]
 * What comes after reading, alone: edges that are folded, held and committed. FOLDER is where the databases lie; it should be on the disk that is asked about.
 * An edge that is committed is all of it: its row, what each witness counted of it in all, on its day and of a pod: three rows beside its own with one witness,
 * six with two. Every transaction goes to the disk before it counts (synchronous=FULL).
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Admission } from '../../dist/src/learn/admission.js';
import { Fold } from '../../dist/src/learn/fold.js';
import { DEFAULT_LIMITS } from '../../dist/src/learn/limits.js';
import { DAY } from '../../dist/src/model/edge.js';
import { blankFlow } from '../../dist/src/model/flow.js';
import { workloadPeer } from '../../dist/src/model/peer.js';
import { Store } from '../../dist/src/store/store.js';
import { median } from './measure.mjs';

const edges = Number(process.argv[2] ?? 20_000);
const runs = Number(process.argv[3] ?? 5);
const folder = mkdtempSync(join(process.argv[4] ?? tmpdir(), 'footpath-bench-'));
const T0 = Date.UTC(2026, 2, 2);
const ROOMY = { ...DEFAULT_LIMITS, edges: 1e9, edgesPerNamespace: 1e9, edgesPerWorkload: 1e9 };
const LEARNING = { revision: 0, judge: () => ({ watching: false, violates: false, epoch: 0 }) };
const WITNESSES = [
  { collector: 'hubble', side: 'source', point: 'to-network' },
  { collector: 'hubble', side: 'destination', point: 'to-endpoint' },
];

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

/** Bytes in use, on the heap and in typed arrays. */
function inUse() {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** `n` edges, always in the same order, between a workload for each twenty of them. */
function* endsOf(n) {
  const workloads = Array.from({ length: Math.max(2, Math.ceil(n / 20)) }, (_, i) => workloadPeer({ cluster: '', namespace: `namespace-${i % 50}`, kind: 'Deployment', name: `workload-${i}` }));
  const ends = workloads.map((peer) => ({ peer, pod: `${peer.namespace}/${peer.name}-5d4f8b7c9d-x2x4z`, address: null }));
  for (let i = 0; i < n; i++) {
    const source = i % ends.length;
    const server = (source * 31 + Math.floor(i / ends.length) * 17 + 1) % ends.length;
    yield { source: ends[source], destination: ends[server], port: 8000 + Math.floor(i / ends.length) };
  }
}

/** A portion in which each witness saw every edge once on a day. */
function folded(n, { day = 0, witnesses = WITNESSES, admission = new Admission(ROOMY, []) } = {}) {
  const fold = new Fold(admission, LEARNING);
  const flow = { ...blankFlow('hubble'), outcome: 'established', bytesOut: 1_000, bytesIn: 20_000 };
  let i = 0;
  for (const { source, destination, port } of endsOf(n)) {
    flow.time = flow.until = T0 + day * DAY + ((i++ * 7_919) % DAY);
    for (const witness of witnesses) {
      flow.witness = witness;
      fold.add(source, destination, port, flow);
    }
  }
  return fold;
}

function deltaOf(fold) {
  return { revision: 0, edges: fold.edges(), pending: [], podHours: fold.podHours(), sightings: [], attributes: [], coverage: [] };
}

/** In an order that is not that of the rows, the same each time. */
function shuffled(items) {
  const all = [...items];
  let state = 7;
  for (let i = all.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    const j = state % (i + 1);
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all;
}

const opened = (name) => new Store(join(folder, name), { create: true, limits: ROOMY });
const seconds = (work) => {
  const started = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - started) / 1e9;
};
const commit = (store, delta) => seconds(() => store.transaction(() => store.add(delta, [])));
const print = (name, figure) => console.log(`${name.padEnd(58)} ${figure.padStart(14)}`);
const perSecond = (n, took) => `${Math.round(n / took).toLocaleString('en-US')} /s`;
const bytes = (n) => `${n.toFixed(0)} bytes`;

function commits(witnesses) {
  const times = { made: [], known: [], 'known, in any order': [] };
  const delta = deltaOf(folded(edges, { witnesses }));
  for (let run = 0; run < runs; run++) {
    const store = opened(`commits-${witnesses.length}-${run}.db`);
    times.made.push(commit(store, delta));
    times.known.push(commit(store, delta));
    times['known, in any order'].push(commit(store, { ...delta, edges: shuffled(delta.edges) }));
    store.close();
  }
  for (const [name, took] of Object.entries(times)) print(`edges committed, by ${witnesses.length} witness(es): ${name}`, perSecond(edges, median(took)));
}

/** A day that each edge was seen on, by both witnesses, 365 times. */
function year() {
  const store = opened('year.db');
  const admission = new Admission(ROOMY, []);
  let took = 0;
  for (let day = 0; day < 365; day++) took += commit(store, deltaOf(folded(edges, { day, admission })));
  store.db.pragma('wal_checkpoint(TRUNCATE)');
  const sizes = new Map(store.db.prepare('SELECT name, sum(pgsize) FROM dbstat GROUP BY name').raw().all());
  const rows = store.db.prepare('SELECT count(*) FROM edge_days').pluck().get();
  store.close();
  print('a year of hours: the database', `${(statSync(join(folder, 'year.db')).size / 1e6).toFixed(0)} MB`);
  print('a year of hours: a row (edge, witness, day)', bytes(sizes.get('edge_days') / rows));
  print('a year of hours: edges committed', perSecond(edges * 365, took));
}

/** Bytes that `made` keeps in use for each of `n`. */
function weigh(name, n, make) {
  const before = inUse();
  const made = make();
  print(name, bytes((inUse() - before) / n));
  return made;
}

function memory(n) {
  const name = (what) => `${what}, of ${n.toLocaleString('en-US')} edges`;
  const peers = [...endsOf(n)];
  const keys = function* keys() {
    for (const { source, destination, port } of peers) yield { source: source.peer, destination: destination.peer, protocol: 'TCP', port };
  };
  const admission = weigh(name('memory: admission'), n, () => new Admission(ROOMY, keys()));
  const fold = weigh(name('memory: fold'), n, () => folded(n, { admission }));
  const store = opened(`memory-${n}.db`);
  weigh(name('memory: store'), n, () => commit(store, deltaOf(fold)));
  store.close();
}

try {
  console.log(`${edges.toLocaleString('en-US')} edges; Node ${process.version}; medians of ${runs}; ${folder}\n`);
  commits(WITNESSES.slice(0, 1));
  commits(WITNESSES);
  memory(edges);
  memory(1_000_000);
  year();
} finally {
  rmSync(folder, { recursive: true });
}
