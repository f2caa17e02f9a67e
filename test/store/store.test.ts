import { existsSync, readFileSync, statSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { OperationError } from '../../src/errors.ts';
import { delta, edgeDelta, FAR, pendingDelta, WEB } from '../support/deltas.ts';
import { differing, dump } from '../support/dump.ts';
import { databasePath, edgesOf, storeOf } from '../support/stores.ts';
import { Store } from '../../src/store/store.ts';
import { T0 } from '../support/hubble.ts';

const SIGHTING = { peer: WEB, namespace: 'shop', pod: 'web-1', address: '10.0.0.1', firstSeen: T0, lastSeen: T0 };
const SOMETHING = delta({ sightings: [SIGHTING], edges: [edgeDelta({ pods: ['shop/web-1'] }), edgeDelta({ source: FAR })], pending: [pendingDelta()] });

describe('a transaction', () => {
  it('gives back what its work gives', () => {
    expect(storeOf().transaction(() => 7)).toBe(7);
  });

  it('that fails leaves nothing, and the next one is as if it had never been', () => {
    const store = storeOf();
    const failing = (): unknown =>
      store.transaction(() => {
        // Rows of everything are remembered, and gone again.
        store.add(delta({ ...SOMETHING, edges: [edgeDelta({ port: 9 }), ...SOMETHING.edges] }), []);
        throw new Error('a mistake');
      });
    const before = dump(store);
    expect(failing).toThrow('a mistake');
    expect(differing(dump(store), before)).toEqual([]);
    store.transaction(() => store.add(SOMETHING, []));
    const clean = storeOf();
    clean.transaction(() => clean.add(SOMETHING, []));
    expect(differing(dump(store), dump(clean))).toEqual([]);
    expect(store.check()).toEqual([]);
  });

  it('says in one sentence what the disk said', () => {
    const store = storeOf(databasePath());
    store.db.pragma(`max_page_count = ${String(store.db.pragma('page_count', { simple: true }))}`);
    const many = delta({ edges: Array.from({ length: 5_000 }, (_, port) => edgeDelta({ port })) });
    const failing = (): unknown => store.transaction(() => store.add(many, []));
    expect(failing).toThrow(OperationError);
    expect(failing).toThrow(/footpath\.db: database or disk is full: the disk is full; make room, nothing is lost/);
    expect(edgesOf(store)).toEqual([]);
    store.db.pragma('max_page_count = 1000000');
    store.transaction(() => store.add(many, []));
    expect(edgesOf(store)).toHaveLength(5_000);
  });

  it('holds the write lock from its start: two processes do not wait for each other at its end', () => {
    const path = databasePath();
    const [one, two] = [storeOf(path), storeOf(path)];
    two.db.pragma('busy_timeout = 0');
    one.transaction(() => {
      expect(() => two.transaction(() => undefined)).toThrow(/another process is writing to it; try again in a moment/);
    });
    expect(() => two.transaction(() => undefined)).not.toThrow();
  });
});

describe('the write-ahead log', () => {
  it('grows while somebody reads, and is cut again once he is done', () => {
    const path = databasePath();
    const [writing, reading] = [storeOf(path), storeOf(path)];
    writing.db.pragma('synchronous = OFF');
    const size = (): number => statSync(`${path}-wal`).size;
    const write = (n: number): void => writing.transaction(() => writing.setSetting('much', String(n).repeat(1 << 20)));
    const rows = reading.db.prepare('SELECT * FROM settings').iterate();
    write(0);
    rows.next();
    for (let n = 0; n < 90; n++) write(n);
    expect(size()).toBeGreaterThan(80 << 20);
    rows.return?.();
    for (let n = 0; n < 3; n++) write(n);
    expect(size()).toBeLessThanOrEqual(64 << 20);
  });
});

describe('reading', () => {
  it('sees one moment, whatever is written meanwhile', () => {
    const path = databasePath();
    const [reading, writing] = [storeOf(path), storeOf(path)];
    writing.transaction(() => writing.add(SOMETHING, []));
    const seen = reading.read(({ edges, pending }) => {
      writing.transaction(() => writing.add(delta({ edges: [edgeDelta({ port: 9 })], pending: [pendingDelta({ port: 9 })] }), []));
      return [[...edges].length, [...pending].length];
    });
    expect(seen).toEqual([2, 1]);
    expect(edgesOf(reading)).toHaveLength(3);
  });

  it('what is remembered of rows is forgotten when another process deleted them', () => {
    const path = databasePath();
    const [one, two] = [storeOf(path), storeOf(path)];
    one.transaction(() => one.add(SOMETHING, []));
    two.transaction(() => two.db.exec('DELETE FROM edges; DELETE FROM pending; DELETE FROM pods; DELETE FROM peers; DELETE FROM edge_witnesses; DELETE FROM witnesses'));
    one.forgetRows();
    one.transaction(() => one.add(SOMETHING, []));
    const clean = storeOf();
    clean.transaction(() => clean.add(SOMETHING, []));
    expect(differing(dump(one), dump(clean))).toEqual([]);
  });
});

describe('settings', () => {
  it('are there or not; the last one counts', () => {
    const store = storeOf();
    expect(store.setting('cluster')).toBeNull();
    store.setSetting('cluster', 'east');
    store.setSetting('cluster', 'west');
    expect(store.setting('cluster')).toBe('west');
  });
});

describe('a backup', () => {
  it('holds what was there, while others read and write', async () => {
    const path = databasePath();
    const [reading, writing] = [storeOf(path), storeOf(path)];
    writing.transaction(() => writing.add(SOMETHING, []));
    const copy = `${path}.backup`;
    const before = dump(writing);
    const copying = reading.backup(copy);
    writing.transaction(() => writing.add(delta({ edges: [edgeDelta({ port: 9 })] }), []));
    await copying;
    const restored = storeOf(copy);
    expect(restored.check()).toEqual([]);
    // A write while it is copied is in it whole or not at all.
    const [now, then] = [dump(writing), dump(restored)];
    expect(differing(then, before).length === 0 || differing(then, now).length === 0).toBe(true);
    restored.transaction(() => restored.add(SOMETHING, []));
    expect(edgesOf(restored).length).toBeGreaterThanOrEqual(2);
  });

  it('needs nothing beside it: what is not checkpointed yet is in it', async () => {
    const path = databasePath();
    const store = storeOf(path);
    store.transaction(() => store.add(SOMETHING, []));
    expect(readFileSync(`${path}-wal`).length).toBeGreaterThan(0);
    await store.backup(`${path}.backup`);
    expect(existsSync(`${path}.backup-wal`)).toBe(false);
    expect(differing(dump(storeOf(`${path}.backup`)), dump(store))).toEqual([]);
  });
});

describe('checking', () => {
  it('finds nothing wrong with a whole database', () => {
    const store = storeOf(databasePath());
    store.transaction(() => store.add(SOMETHING, []));
    expect(store.check()).toEqual([]);
  });

  it('finds a row that points to a row that is gone', () => {
    const store = storeOf();
    store.transaction(() => store.add(SOMETHING, []));
    store.db.pragma('foreign_keys = OFF');
    store.db.exec('DELETE FROM witnesses');
    const problems = store.check();
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) expect(problem).toMatch(/^(edge_witnesses|edge_pods|pending): row .* points to a row that is gone$/);
  });

  it('finds an index that lacks an entry', () => {
    const path = databasePath();
    const store = storeOf(path);
    store.transaction(() => store.add(SOMETHING, []));
    store.close();
    const raw = new Sqlite(path);
    raw.unsafeMode(true);
    raw.pragma('writable_schema = ON');
    raw.exec("UPDATE sqlite_master SET sql = replace(sql, 'ON pending (minute)', 'ON pending (port)') WHERE name = 'pending_minute'");
    raw.close();
    expect(storeOf(path).check().join('\n')).toMatch(/pending_minute/);
  });
});

describe('sizes', () => {
  it('are told for each table', () => {
    const store = storeOf();
    store.transaction(() => store.add(SOMETHING, []));
    const sizes = new Map(store.tableSizes().map(({ name, rows }) => [name, rows]));
    expect([sizes.get('edges'), sizes.get('pending'), sizes.get('pods'), sizes.get('positions')]).toEqual([2, 1, 1, 0]);
    expect([...sizes.keys()]).toEqual([...sizes.keys()].toSorted());
  });
});

describe('a store that does not exist', () => {
  it('is not made by whoever only reads', () => {
    const path = databasePath();
    expect(() => new Store(path, { create: false })).toThrow(/no such database/);
    expect(existsSync(path)).toBe(false);
  });
});
