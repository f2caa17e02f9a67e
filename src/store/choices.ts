import type { Database } from 'better-sqlite3';
import type { Baseline, Choices, EdgeDecision, Mode, ModeChange, PublicEntry, ScanDecision, Scope, Signature, Withdrawal } from '../model/decision.ts';
import type { EdgeKey } from '../model/edge.ts';
import type { Protocol } from '../model/flow.ts';
import { groupBy } from '../model/group.ts';
import type { Peer } from '../model/peer.ts';
import type { PeerTable } from './peers.ts';

interface Signed {
  readonly revision: number;
  readonly by: string;
  readonly at: number;
  readonly comment: string | null;
}

interface EdgeColumns {
  readonly source: number;
  readonly destination: number;
  readonly protocol: Protocol;
  readonly port: number;
}

/** The log of people's choices. Every write is a new revision, which tells an ingesting process to look again. */
export class ChoiceTable {
  readonly #db: Database;
  readonly #peers: PeerTable;
  readonly #revision;

  constructor(db: Database, peers: PeerTable) {
    this.#db = db;
    this.#peers = peers;
    this.#revision = db.prepare<[], { value: string }>("SELECT value FROM settings WHERE name = 'revision'");
  }

  get revision(): number {
    return Number(this.#revision.get()?.value ?? 0);
  }

  /** A new revision: what is read from now on is told from what came before. */
  advance(): number {
    const revision = this.revision + 1;
    this.#db.prepare("INSERT INTO settings VALUES ('revision', ?) ON CONFLICT DO UPDATE SET value = excluded.value").run(String(revision));
    return revision;
  }

  setMode(scope: Scope, mode: Mode, { by, at, comment }: Signature): number {
    const revision = this.advance();
    this.#db.prepare('INSERT INTO modes VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(last_record), 0) FROM sources))').run(revision, scope.namespace, scope.workload, mode, by, at, comment);
    return revision;
  }

  freeze(revision: number, edges: readonly EdgeKey[], publicEntries: readonly PublicEntry[]): void {
    const edge = this.#db.prepare('INSERT INTO baseline_edges VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING');
    for (const { source, destination, protocol, port } of edges) edge.run(revision, this.#peers.id(source), this.#peers.id(destination), protocol, port);
    const entry = this.#db.prepare('INSERT INTO baseline_public VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING');
    for (const { destination, protocol, port } of publicEntries) entry.run(revision, this.#peers.id(destination), protocol, port);
  }

  decide(action: 'accept' | 'reject' | 'withdraw', edges: readonly EdgeKey[], scope: string, { by, at, comment }: Signature): number {
    const revision = this.advance();
    const insert = this.#db.prepare(
      'INSERT INTO decisions (revision, action, source, destination, protocol, port, scope, by, at, comment) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    for (const { source, destination, protocol, port } of edges) {
      insert.run(revision, action, this.#peers.id(source), this.#peers.id(destination), protocol, port, scope, by, at, comment);
    }
    return revision;
  }

  decideScan(action: 'accept' | 'reject', source: Peer, { by, at, comment }: Signature): number {
    const revision = this.advance();
    this.#db.prepare('INSERT INTO scan_decisions VALUES (?, ?, ?, ?, ?, ?)').run(revision, action, this.#peers.id(source), by, at, comment);
    return revision;
  }

  logForgotten(what: string, edges: number, { by, at, comment }: Signature): number {
    const revision = this.advance();
    this.#db.prepare('INSERT INTO forgotten VALUES (?, ?, ?, ?, ?, ?)').run(revision, what, edges, by, at, comment);
    return revision;
  }

  read(peers: ReadonlyMap<number, Peer>): Choices {
    const all = <T>(sql: string): T[] => this.#db.prepare<[], T>(sql).all();
    const peerOf = (id: number): Peer => peers.get(id) ?? { type: 'unresolved', address: '' };
    const edgeOf = ({ source, destination, protocol, port }: EdgeColumns): EdgeKey => ({ source: peerOf(source), destination: peerOf(destination), protocol, port });
    const modes = all<Signed & { namespace: string | null; workload: string | null; mode: Mode; newest: number }>('SELECT * FROM modes ORDER BY revision').map(
      ({ namespace, workload, ...rest }): ModeChange => ({ scope: { namespace, workload }, ...rest }),
    );
    const decisions = all<Signed & EdgeColumns & { action: 'accept' | 'reject' | 'withdraw'; scope: string }>('SELECT * FROM decisions ORDER BY revision, id').map(
      ({ revision, action, scope, by, at, comment, ...edge }): EdgeDecision | Withdrawal => ({ revision, action, scope, by, at, comment, edge: edgeOf(edge) }),
    );
    const edges = groupBy(all<EdgeColumns & { revision: number }>('SELECT * FROM baseline_edges'), ({ revision }) => revision);
    const entries = groupBy(all<EdgeColumns & { revision: number }>('SELECT * FROM baseline_public'), ({ revision }) => revision);
    const baselines = modes
      .filter(({ mode }) => mode === 'watching')
      .map(
        ({ scope, revision, by, at, comment }): Baseline => ({
          scope,
          revision,
          by,
          at,
          comment,
          edges: (edges.get(revision) ?? []).map(edgeOf),
          publicEntries: (entries.get(revision) ?? []).map(({ destination, protocol, port }) => ({ destination: peerOf(destination), protocol, port })),
        }),
      );
    const scans = all<Signed & { action: 'accept' | 'reject'; source: number }>('SELECT * FROM scan_decisions ORDER BY revision').map(
      ({ source, ...rest }): ScanDecision => ({ ...rest, source: peerOf(source) }),
    );
    return { modes, decisions, baselines, scans };
  }
}
