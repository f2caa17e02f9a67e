import { hubble } from '../../collectors/hubble/index.ts';
import { envoyAccessLog } from '../../collectors/envoy-access-log/index.ts';
import { Admission } from '../../src/learn/admission.ts';
import { Verdicts } from '../../src/learn/judge.ts';
import { DEFAULT_LIMITS } from '../../src/learn/limits.ts';
import { observe, type Observation } from '../../src/observe.ts';
import { recognise } from '../../src/recognise.ts';
import { Directory } from '../../src/resolve/directory.ts';
import { Resolver } from '../../src/resolve/resolver.ts';
import type { Source } from '../../src/source.ts';
import { expandPaths } from '../../src/sources/expand.ts';
import { fileSource, type FileOptions } from '../../src/sources/file.ts';
import { KnownPositions } from '../../src/sources/position.ts';
import type { Store } from '../../src/store/store.ts';
import { hubbleLine, pod, T0, type HubbleFlow } from './hubble.ts';

/** What a reading counted: by coverage kind, over all its portions. */
export interface Told {
  readonly totals: ReadonlyMap<string, number>;
  readonly commits: number;
  readonly damage: readonly string[];
}

/** The sources of these paths, for somebody who knows the store's positions. */
export function sourcesOf(store: Store, paths: readonly string[], damage: string[] = [], more: Partial<FileOptions> = {}): readonly Source[] {
  const known = new KnownPositions(store.positions.read());
  return expandPaths(paths).map((file) => fileSource(file, { known, onDamage: (_, kind) => damage.push(kind), ...more }));
}

/** Reads sources into a store as a new process would. */
export async function readSources(store: Store, sources: Iterable<Source>, more: Partial<Observation> = {}): Promise<Told> {
  store.forgetRows();
  const { edges, operations, sources: names } = store.readKnown();
  const totals = new Map<string, number>();
  let commits = 0;
  const settings = { accessLogFormat: null };
  const resolver = new Resolver(new Directory(store.inventory.read(), store.inventory.readRanges(), null));
  await observe(sources, {
    store,
    resolver: () => resolver,
    now: () => 0,
    admission: new Admission(DEFAULT_LIMITS, edges, operations),
    sources: new Set(names),
    settings,
    judge: () => new Verdicts(store.choices.read(store.peers.readPeers().byId), store.choices.revision, (peer) => peer),
    collectorFor: (_, runs) => recognise(runs, [hubble, envoyAccessLog], settings),
    signal: new AbortController().signal,
    ...more,
    onCommit: (written, counts, timing) => {
      commits++;
      for (const [kind, n] of counts) totals.set(kind, (totals.get(kind) ?? 0) + n);
      more.onCommit?.(written, counts, timing);
    },
  });
  return { totals, commits, damage: [] };
}

export async function readFiles(store: Store, paths: readonly string[], more: Partial<Observation> = {}, options: Partial<FileOptions> = {}): Promise<Told> {
  const damage: string[] = [];
  return { ...(await readSources(store, sourcesOf(store, paths, damage, options), more)), damage };
}

const SERVERS = ['cart', 'db', 'mail'] as const;

/**
 * Records of many kinds that are each another one: connections of several pods with their answers, now and then refused,
 * to an address that nobody is known to own, or no flow at all.
 */
export function traffic(count: number, seed = 0): readonly string[] {
  return Array.from({ length: count }, (_, i) => {
    const n = seed + i;
    const server = SERVERS[n % SERVERS.length] ?? 'cart';
    const client = pod('shop', `web-6b746f74dc-9rcx${'bcdfgh'[n % 5]}`, `10.0.0.${n % 5}`, { app: 'web' });
    const flow: HubbleFlow = {
      time: T0 + n * 47_111,
      from: client,
      to: n % 7 === 3 ? { ip: `10.9.0.${n % 4}` } : pod('shop', `${server}-0`, `10.0.1.${n % SERVERS.length}`, { app: server }),
      port: 8080 + (n % 2),
      node: `node-${n % 2}`,
      reply: n % 3 === 1,
    };
    if (n % 17 === 5) return JSON.stringify({ lost_events: { source: 'HUBBLE_RING_BUFFER', num_events_lost: String(n) }, node_name: flow.node, time: new Date(T0 + n * 47_111).toISOString() });
    if (n % 23 === 7) return hubbleLine({ ...flow, reply: false, verdict: 'DROPPED', extra: { is_reply: undefined, drop_reason_desc: 'POLICY_DENIED', event_type: { type: 1 } } });
    return hubbleLine(flow);
  });
}

/** Counts that every reading must agree on, whoever asks: none is lost, none is doubled. */
export function accounted(totals: ReadonlyMap<string, number>): { readonly records: number; readonly explained: number } {
  const beside = new Set(['records', 'lost', 'overflow', 'unsure']);
  const explained = [...totals].reduce((sum, [kind, n]) => (beside.has(kind) ? sum : sum + n), 0);
  return { records: totals.get('records') ?? 0, explained };
}
