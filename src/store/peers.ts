import type { Database } from 'better-sqlite3';
import type { Attribute, Sighting } from '../learn/delta.ts';
import type { StoredPeer, StoredPod } from '../learn/stored.ts';
import { parsePeerKey, peerKey, type Peer, type WorkloadPeer } from '../model/peer.ts';
import { Rows } from './rows.ts';

/** DNS names that are kept of an outside address, and of all those that a workload talks to: a client that resolves may invent them without end. */
const MAX_NAMES = { external: 64, workload: 1_024 } as const;

/** Peers, their attributes, pods and the lives of pods at addresses. */
export class PeerTable {
  readonly #insert;
  readonly #find;
  readonly #seen;
  readonly #attribute;
  readonly #count;
  readonly #pod;
  readonly #sightings: Rows;
  readonly #lifeSightings: Rows;
  readonly #all;
  readonly #attributes;
  readonly #pods;
  readonly #lives;
  /** By the object, of which a resolver makes one for a peer: its key takes 0.2 µs to make. */
  #byObject = new WeakMap<Peer, number>();
  readonly #ids = new Map<string, number>();
  /** By the peer's row, then by the pod's `namespace/name`. */
  readonly #podIds = new Map<number, Map<string, number>>();
  #podCount = 0;
  /** Label sets and names that are stored of a peer. */
  readonly #counts = { labels: new Map<number, number>(), name: new Map<number, number>() } as const;
  /** The revision up to which a peer is known to be marked as seen. */
  readonly #marked = new Map<number, number>();

  constructor(db: Database) {
    this.#insert = db.prepare<[string]>('INSERT INTO peers (key) VALUES (?) ON CONFLICT DO NOTHING');
    this.#find = db.prepare<[string], number>('SELECT id FROM peers WHERE key = ?').pluck();
    this.#seen = db.prepare<[number, number]>('UPDATE peers SET revision = min(coalesce(revision, 9e15), ?) WHERE id = ?');
    this.#attribute = db.prepare<[number, string, string]>('INSERT INTO peer_attributes VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
    this.#count = db.prepare<[number, string], number>('SELECT count(*) FROM peer_attributes WHERE peer = ? AND kind = ?').pluck();
    const sighted = 'DO UPDATE SET first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen)';
    this.#pod = db.prepare<[number, string, string, number, number], { id: number }>(
      `INSERT INTO pods (peer, namespace, name, first_seen, last_seen) VALUES (?, ?, ?, ?, ?) ON CONFLICT ${sighted} RETURNING id`,
    );
    this.#sightings = new Rows(db, 'INSERT INTO pods (peer, namespace, name, first_seen, last_seen)', 5, sighted);
    this.#lifeSightings = new Rows(db, 'INSERT INTO lives', 4, sighted);
    this.#all = db.prepare<[], { id: number; key: string; revision: number | null }>('SELECT * FROM peers');
    this.#attributes = db.prepare<[], { peer: number; kind: Attribute['kind']; value: string }>('SELECT * FROM peer_attributes ORDER BY peer, kind, value');
    this.#pods = db.prepare<[], { id: number; key: string; namespace: string; name: string; first_seen: number; last_seen: number }>(
      'SELECT pods.*, peers.key FROM pods JOIN peers ON peers.id = pods.peer',
    );
    this.#lives = db.prepare<[], { address: string; pod: number; first_seen: number; last_seen: number }>('SELECT * FROM lives');
  }

  /** Forgets which rows are there: another process may have deleted some, or a transaction was rolled back. */
  reset(): void {
    for (const rows of [this.#sightings, this.#lifeSightings]) rows.discard();
    this.#byObject = new WeakMap();
    this.#ids.clear();
    this.#podIds.clear();
    this.#podCount = 0;
    this.#counts.labels.clear();
    this.#counts.name.clear();
    this.#marked.clear();
  }

  /** Writes what waits, before the end of the transaction. */
  flush(): void {
    for (const rows of [this.#sightings, this.#lifeSightings]) rows.flush();
  }

  /** The row of a peer, made if it is new. */
  id(peer: Peer): number {
    let id = this.#byObject.get(peer);
    if (id !== undefined) return id;
    const key = peerKey(peer);
    id = this.#ids.get(key) ?? this.#row(key);
    if (this.#ids.size > 500_000) this.#ids.clear();
    this.#ids.set(key, id);
    this.#byObject.set(peer, id);
    return id;
  }

  #row(key: string): number {
    const { changes, lastInsertRowid } = this.#insert.run(key);
    return changes === 1 ? Number(lastInsertRowid) : (this.#find.get(key) ?? 0);
  }

  /** A flow showed this peer at this revision. */
  markSeen(id: number, revision: number): void {
    if ((this.#marked.get(id) ?? Number.POSITIVE_INFINITY) <= revision) return;
    this.#seen.run(revision, id);
    this.#marked.set(id, revision);
  }

  /** False if there was no room for a further label set, or name. */
  describe({ peer, kind, value }: Attribute, maxLabelSets: number): boolean {
    const id = this.id(peer);
    if (kind === 'account') {
      this.#attribute.run(id, kind, value);
      return true;
    }
    const counts = this.#counts[kind];
    const count = counts.get(id) ?? this.#count.get(id, kind) ?? 0;
    const most = kind === 'labels' ? maxLabelSets : MAX_NAMES[peer.type === 'workload' ? 'workload' : 'external'];
    const hasRoom = count < most;
    counts.set(id, count + (hasRoom ? this.#attribute.run(id, kind, value).changes : 0));
    return hasRoom;
  }

  /** Some of it waits for `flush`. */
  sight({ peer, namespace, pod, address, firstSeen, lastSeen }: Sighting): void {
    const owner = this.id(peer);
    let id = this.#podIds.get(owner)?.get(`${namespace}/${pod}`);
    if (id === undefined) id = this.#podRow(owner, namespace, pod, firstSeen, lastSeen);
    else this.#sightings.add(owner, namespace, pod, firstSeen, lastSeen);
    if (address !== null) this.#lifeSightings.add(address, id, firstSeen, lastSeen);
  }

  /** The row of a pod, `namespace/name`, of this peer. Its times are those of its sightings. */
  podId(peer: Peer, pod: string): number {
    const owner = this.id(peer);
    const known = this.#podIds.get(owner)?.get(pod);
    if (known !== undefined) return known;
    const slash = pod.indexOf('/');
    return this.#podRow(owner, pod.slice(0, slash), pod.slice(slash + 1), Number.MAX_SAFE_INTEGER, 0);
  }

  #podRow(owner: number, namespace: string, name: string, firstSeen: number, lastSeen: number): number {
    const id = this.#pod.get(owner, namespace, name, firstSeen, lastSeen)?.id ?? 0;
    if (this.#podCount > 500_000) {
      this.#podIds.clear();
      this.#podCount = 0;
    }
    const own = this.#podIds.get(owner) ?? new Map<string, number>();
    this.#podIds.set(owner, own.set(`${namespace}/${name}`, id));
    this.#podCount++;
    return id;
  }

  readPeers(): { readonly byId: ReadonlyMap<number, Peer>; readonly stored: readonly StoredPeer[] } {
    const attributes = new Map<number, { labels: string[]; account: string[]; name: string[] }>();
    for (const { peer, kind, value } of this.#attributes.iterate()) {
      let own = attributes.get(peer);
      if (own === undefined) attributes.set(peer, (own = { labels: [], account: [], name: [] }));
      own[kind].push(value);
    }
    const byId = new Map<number, Peer>();
    const stored: StoredPeer[] = [];
    for (const { id, key, revision } of this.#all.iterate()) {
      const peer = parsePeerKey(key);
      const own = attributes.get(id);
      byId.set(id, peer);
      stored.push({ peer, revision, labelSets: own?.labels ?? [], accounts: own?.account ?? [], names: own?.name ?? [] });
    }
    return { byId, stored };
  }

  readPods(): { readonly byId: ReadonlyMap<number, string>; readonly stored: readonly StoredPod[] } {
    const lives = new Map<number, StoredPod['addresses'][number][]>();
    for (const { address, pod, first_seen: firstSeen, last_seen: lastSeen } of this.#lives.iterate()) {
      const own = lives.get(pod);
      if (own === undefined) lives.set(pod, [{ address, firstSeen, lastSeen }]);
      else own.push({ address, firstSeen, lastSeen });
    }
    const byId = new Map<number, string>();
    const stored: StoredPod[] = [];
    for (const { id, key, namespace, name, first_seen: firstSeen, last_seen: lastSeen } of this.#pods.iterate()) {
      const peer = parsePeerKey(key);
      byId.set(id, `${namespace}/${name}`);
      if (peer.type === 'workload') stored.push({ peer: peer satisfies WorkloadPeer, namespace, name, firstSeen, lastSeen, addresses: lives.get(id) ?? [] });
    }
    return { byId, stored };
  }
}
