import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { LockedError, OperationError } from '../../src/errors.ts';
import { asOperationError, openDatabase } from '../../src/store/database.ts';
import { delta, edgeDelta } from '../support/deltas.ts';
import { databasePath, storeOf } from '../support/stores.ts';

const open: Database[] = [];

afterEach(() => {
  for (const db of open.splice(0)) db.close();
});

function opened(path: string, create = true): Database {
  const db = openDatabase(path, create);
  open.push(db);
  return db;
}

describe('opening a database', () => {
  it.each([
    ['journal_mode', 'wal'],
    ['synchronous', 2],
    ['foreign_keys', 1],
    ['busy_timeout', 5_000],
  ])('sets %s to %s', (pragma, value) => {
    expect(opened(databasePath()).pragma(pragma, { simple: true })).toBe(value);
  });

  it('creates one only for those who may', () => {
    const path = databasePath();
    expect(() => openDatabase(path, false)).toThrow(OperationError);
    expect(() => openDatabase(path, false)).toThrow(/footpath\.db: no such database; read some logs first \(footpath observe\), or name one with --db$/);
    expect(existsSync(path)).toBe(false);
    opened(path);
    expect(() => opened(path, false)).not.toThrow();
  });

  it('runs an SQLite that cannot corrupt it', () => {
    const version = String(opened(':memory:').prepare('SELECT sqlite_version()').pluck().get());
    const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
    expect(major * 1e6 + minor * 1e3 + patch).toBeGreaterThanOrEqual(3_051_003);
  });

  it.each([
    ['its folder is not there', (path: string) => join(dirname(path), 'gone/footpath.db'), /its folder does not exist; make it, or name another with --db$/],
    ['it is a folder', (path: string) => (mkdirSync(path), path), /cannot open the database|cannot be opened/],
    ['it is something else', (path: string) => (writeFileSync(path, 'this is no database, but a text of some length\n'.repeat(99)), path), /it is no SQLite database; name another with --db$/],
  ])('fails in one sentence if %s', (_, spoil, message) => {
    const path = spoil(databasePath());
    const failing = (): unknown => opened(path);
    expect(failing).toThrow(OperationError);
    expect(failing).toThrow(message);
    expect(failing).toThrow(path);
  });

  it('leaves what is no database as it is', () => {
    const path = databasePath();
    writeFileSync(path, 'notes\n'.repeat(999));
    expect(() => opened(path)).toThrow(/it is no SQLite database/);
    expect(readFileSync(path, 'utf8')).toBe('notes\n'.repeat(999));
  });

  it('says that a damaged one is damaged', () => {
    const path = databasePath();
    const store = storeOf(path);
    store.transaction(() => store.add(delta({ edges: Array.from({ length: 2_000 }, (_, port) => edgeDelta({ port, addresses: ['10.0.0.1'] })) }), []));
    store.db.pragma('wal_checkpoint(TRUNCATE)');
    const copy = `${path}.copy`;
    copyFileSync(path, copy);
    const bytes = readFileSync(copy);
    bytes.fill(0xff, 4_096 * 4, bytes.length);
    writeFileSync(copy, bytes);
    const failing = (): void => {
      const damaged = storeOf(copy);
      damaged.transaction(() => damaged.add(delta({ edges: [edgeDelta({ port: 1 })] }), []));
    };
    expect(failing).toThrow(OperationError);
    expect(failing).toThrow(/it is damaged; keep a copy/);
  });
});

describe('what SQLite says', () => {
  it.each([
    ['SQLITE_BUSY', /another process is writing to it; try again in a moment$/],
    ['SQLITE_BUSY_SNAPSHOT', /another process is writing/],
    ['SQLITE_FULL', /the disk is full; make room, nothing is lost/],
    ['SQLITE_READONLY', /check its rights/],
    ['SQLITE_READONLY_DBMOVED', /check its rights/],
    ['SQLITE_CANTOPEN', /check the path/],
    ['SQLITE_CORRUPT', /it is damaged/],
    ['SQLITE_CORRUPT_INDEX', /it is damaged/],
    ['SQLITE_IOERR_WRITE', /the disk reported an error: it may have become read-only, or be broken; the log of the system says more$/],
    ['SQLITE_IOERR_SHMSIZE', /the disk is full, or reported an error; make room, nothing is lost/],
    ['SQLITE_CONSTRAINT', /^\/data\/a\.db: as SQLite puts it$/],
  ])('%s becomes a sentence that names the file and what to do', (code, message) => {
    const error = asOperationError(new Sqlite.SqliteError('as SQLite puts it', code), '/data/a.db');
    expect(error).toBeInstanceOf(OperationError);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^\/data\/a\.db: as SQLite puts it/);
  });

  it('of another process that holds the database is told from the rest: it is over in a moment', () => {
    expect(asOperationError(new Sqlite.SqliteError('locked', 'SQLITE_BUSY'), 'a.db')).toBeInstanceOf(LockedError);
    expect(asOperationError(new Sqlite.SqliteError('full', 'SQLITE_FULL'), 'a.db')).not.toBeInstanceOf(LockedError);
  });

  it('is not put upon a mistake of ours', () => {
    const mistake = new TypeError('x is undefined');
    expect(asOperationError(mistake, '/data/a.db')).toBe(mistake);
  });
});
