// A process that works out what a target has to be told, commits it, says so, and delivers. To be killed at any moment.
// Arguments: dist/, the database, the target's address, how many alerts fire.
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const [dist, db, url, count] = process.argv.slice(2);
const load = (path) => import(`${pathToFileURL(dist).href}/src/${path}.js`);
const [{ Store }, { tell }, { deliver }, { notifiersOf }, { alertsConfig }] = await Promise.all(['store/store', 'alert/outbox', 'alert/deliver', 'notify/index', 'notify/config'].map(load));

const store = new Store(db, { create: true });
const write = () => Promise.resolve();
const targets = notifiersOf(alertsConfig.parse({ targets: [{ webhook: { url } }] }).targets, { now: Date.now, write, cluster: 'east' });
const alerts = Array.from({ length: Number(count) }, (_, i) => ({
  id: `a${i}`, key: `a${i}`, kind: 'new-edge', class: 'new-port', severity: 'high', state: 'firing', source: null, destination: null, protocol: 'TCP', port: i + 1,
  firstSeen: i * 3_600_000, lastSeen: i * 3_600_000, count: 1, reason: `alert ${i}`, evidence: [], decides: [], foldedInto: null, since: 1,
}));
const terms = targets.map(({ notifier: { name }, minSeverity }) => ({ name, minSeverity }));
store.transaction(() => tell(store.outbox, terms, { alerts, now: Date.now(), nameOf: () => null }));
process.stdout.write('committed\n');
const clock = { now: Date.now, random: () => 0, sleep: (ms, signal) => wait(ms, undefined, { signal }).catch(() => {}) };
await deliver(targets.map(({ notifier }) => notifier), { outbox: store.outbox, transaction: (work) => store.transaction(work), clock }, new AbortController().signal);
