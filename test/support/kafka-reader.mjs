// A process that reads a topic into a database until it is killed or told to end: `node kafka-reader.mjs '{"db": …, "kafka": {…}}'`.
// It prints how many records it has committed, in a line each time.
import { hubble } from '../../dist/collectors/hubble/index.js';
import { sleep } from '../../dist/src/cli/sleep.js';
import { Admission } from '../../dist/src/learn/admission.js';
import { Verdicts } from '../../dist/src/learn/judge.js';
import { DEFAULT_LIMITS } from '../../dist/src/learn/limits.js';
import { recognise } from '../../dist/src/recognise.js';
import { Directory } from '../../dist/src/resolve/directory.js';
import { Resolver } from '../../dist/src/resolve/resolver.js';
import { kafkaSourceConfig } from '../../dist/src/sources/kafka/config.js';
import { kafkaSource } from '../../dist/src/sources/kafka/source.js';
import { Store } from '../../dist/src/store/store.js';
import { lockForIngest } from '../../dist/src/store/lock.js';
import { observeLive } from '../../dist/src/observe-live.js';

const { db, kafka } = JSON.parse(process.argv[2]);
const store = new Store(db, { create: true });
const lock = lockForIngest(db, { pid: process.pid, since: '' });
const end = new AbortController();
process.once('SIGTERM', () => end.abort());

const settings = { accessLogFormat: null };
const resolver = new Resolver(new Directory(store.inventory.read(), [], null));
const { edges, operations, sources } = store.readKnown();
let records = 0;
const source = kafkaSource('kafka-1', kafkaSourceConfig.parse({ format: 'hubble', ...kafka }), { known: store.positions.claimPartitions(), clientId: 'footpath', sleep });
await observeLive([source], {
  store,
  resolver: () => resolver,
  now: () => 0,
  admission: new Admission(DEFAULT_LIMITS, edges, operations),
  sources: new Set(sources),
  settings,
  judge: () => new Verdicts(store.choices.read(new Map()), store.choices.revision, (peer) => peer),
  collectorFor: (_, runs) => recognise(runs, [hubble], settings),
  signal: end.signal,
  sleep,
  onCommit: (_, totals) => {
    records += totals.get('records') ?? 0;
    process.stdout.write(`${records}\n`);
  },
  onSourceLost: (_, error) => process.stderr.write(`${error?.message ?? 'back'}\n`),
});
lock.release();
store.close();
