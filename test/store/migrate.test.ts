import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { OperationError } from '../../src/errors.ts';
import { isMigrated, migrate } from '../../src/store/migrate.ts';

const FOLDER = resolve(import.meta.dirname, '../../migrations');
const NAMES = readdirSync(FOLDER).toSorted();

const open: Database[] = [];

afterEach(() => {
  for (const db of open.splice(0)) db.close();
});

function empty(): Database {
  const db = new Sqlite(':memory:');
  open.push(db);
  return db;
}

function migrated(): Database {
  const db = empty();
  migrate(db, 'a.db');
  return db;
}

interface Applied {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
}

const applied = (db: Database): readonly Applied[] => db.prepare<[], Applied>('SELECT * FROM migrations ORDER BY number').all();
const tables = (db: Database): readonly string[] => db.prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").pluck().all();
const schema = (db: Database): unknown => db.prepare('SELECT type, name, sql FROM sqlite_master ORDER BY type, name').all();

/** A database as the first so many migrations left it. */
const endedWith = (count: number): Database => {
  const db = empty();
  db.exec('CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL) STRICT');
  for (const row of applied(migrated()).slice(0, count)) {
    db.exec(readFileSync(join(FOLDER, row.name), 'utf8'));
    db.prepare('INSERT INTO migrations VALUES (?, ?, ?)').run(row.number, row.name, row.checksum);
  }
  return db;
};

function endedBefore(word: string): Database {
  return endedWith(NAMES.findIndex((name) => name.includes(word)));
}

describe('migrations', () => {
  it('are numbered from 1 without gaps: a number stands for one step for ever', () => {
    expect(NAMES.map((name) => Number(name.slice(0, 4)))).toEqual(NAMES.map((_, i) => i + 1));
    for (const name of NAMES) expect(name).toMatch(/^\d{4}-[a-z0-9-]+\.sql$/);
  });

  it('are each recorded with the checksum of their text', () => {
    const checksums = NAMES.map((name) => createHash('sha256').update(readFileSync(join(FOLDER, name))).digest('hex'));
    expect(applied(migrated())).toEqual(NAMES.map((name, i) => ({ number: i + 1, name, checksum: checksums[i] })));
  });

  it('make STRICT tables only: SQLite would take text for a number', () => {
    const db = migrated();
    const lax = db.prepare<[], { name: string; strict: number }>('SELECT name, strict FROM pragma_table_list').all().filter(({ name, strict }) => strict === 0 && !name.startsWith('sqlite_'));
    expect(lax).toEqual([]);
  });

  it('run once: a database that is up to date stays as it is', () => {
    const db = migrated();
    const before = [schema(db), applied(db)];
    migrate(db, 'a.db');
    expect([schema(db), applied(db)]).toEqual(before);
  });

  it.each(NAMES.slice(0, -1).map((name, i) => [name, i + 1] as const))('bring a database that ended with %s up to date, and keep what is in it', (_, count) => {
    const db = endedWith(count);
    db.exec("INSERT INTO settings VALUES ('cluster', 'east')");
    migrate(db, 'a.db');
    expect(schema(db)).toEqual(schema(migrated()));
    expect(applied(db)).toEqual(applied(migrated()));
    expect(db.prepare('SELECT value FROM settings').pluck().get()).toBe('east');
  });

  it('give a mode that was set before the newest record that is known', () => {
    const db = endedWith(2);
    db.exec("INSERT INTO sources VALUES ('a.log', 5000), ('b.log', NULL), ('c.log', 4000); INSERT INTO modes VALUES (1, NULL, NULL, 'watching', 'ada', 0, NULL)");
    migrate(db, 'a.db');
    expect(db.prepare('SELECT newest FROM modes').pluck().all()).toEqual([5_000]);
  });
});

describe('a migration that makes a table anew', () => {
  it('keeps the decisions that are in it, in their order', () => {
    const db = endedBefore('withdrawals');
    db.exec("INSERT INTO peers (id, key) VALUES (1, 'public'), (2, 'workload||shop|Deployment|web')");
    const decide = (id: number, action: string): unknown => db.prepare('INSERT INTO decisions VALUES (?, ?, ?, 1, 2, ?, 443, ?, ?, 5, NULL)').run(id, id, action, 'TCP', 'edge', 'ada');
    decide(1, 'accept');
    decide(2, 'reject');
    const before = db.prepare('SELECT * FROM decisions').all();
    expect(() => decide(3, 'withdraw')).toThrow(/CHECK/);
    migrate(db, 'a.db');
    expect(db.prepare('SELECT * FROM decisions').all()).toEqual(before);
    decide(3, 'withdraw');
  });
});

describe('a migration that fails', () => {
  it('leaves nothing of itself, and those before it whole', () => {
    const db = empty();
    // The last table of the first migration is in its way; later that of the second.
    db.exec('CREATE TABLE ranges (something INTEGER)');
    expect(() => migrate(db, 'a.db')).toThrow(/ranges/);
    expect(tables(db)).toEqual(['migrations', 'ranges']);
    expect(applied(db)).toEqual([]);
    db.exec('DROP TABLE ranges; CREATE TABLE alerts (something INTEGER)');
    expect(() => migrate(db, 'a.db')).toThrow(/alerts/);
    expect(applied(db).map(({ number }) => number)).toEqual([1]);
    expect(tables(db)).toContain('edges');
    expect(tables(db)).not.toContain('modes');
    db.exec('DROP TABLE alerts');
    migrate(db, 'a.db');
    expect(schema(db)).toEqual(schema(migrated()));
  });
});

describe('a database that is not of this version', () => {
  const change = (db: Database, sql: string): (() => void) => {
    db.exec(sql);
    return () => migrate(db, '/data/a.db');
  };

  it('is refused if a newer footpath wrote it: the message says so, and what to do', () => {
    const db = migrated();
    const before = schema(db);
    const failing = change(db, "INSERT INTO migrations VALUES (9000, '9000-future.sql', 'x')");
    expect(failing).toThrow(OperationError);
    expect(failing).toThrow(/^\/data\/a\.db: written by a newer footpath \(migration 9000-future\.sql\); update footpath, or name another database with --db$/);
    expect(schema(db)).toEqual(before);
  });

  it('is refused if it lacks a migration that this version has, but has a newer one', () => {
    const failing = change(migrated(), "DELETE FROM migrations WHERE number = 2; INSERT INTO migrations VALUES (9000, '9000-future.sql', 'x')");
    expect(failing).toThrow(/written by a newer footpath/);
  });

  it.each(NAMES.map((name, i) => [name, i + 1] as const))('is refused if its %s is not the one that lies here', (name, number) => {
    const failing = change(migrated(), `UPDATE migrations SET checksum = 'other' WHERE number = ${number}`);
    expect(failing).toThrow(OperationError);
    expect(failing).toThrow(`/data/a.db: migration ${name} is not the one of this footpath`);
  });
});

describe('whether a database is up to date', () => {
  it('is told without changing it', () => {
    const db = empty();
    expect(isMigrated(db)).toBe(false);
    expect(tables(db)).toEqual([]);
    migrate(db, 'a.db');
    expect(isMigrated(db)).toBe(true);
    db.prepare('DELETE FROM migrations WHERE number = ?').run(NAMES.length);
    expect(isMigrated(db)).toBe(false);
  });
});
