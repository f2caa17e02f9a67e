import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { LockedError, OperationError } from '../errors.ts';
import { migrate } from './migrate.ts';

/** Below this two connections that checkpoint at once can corrupt the database (fixed in SQLite 3.51.3). */
const OLDEST_SQLITE = [3, 51, 3] as const;

/** Opens a database and brings it up to date. Unless `create` is set, it must exist. */
export function openDatabase(path: string, create: boolean): Database {
  if (path !== ':memory:' && !existsSync(path)) {
    if (!create) throw new OperationError(`${path}: no such database; read some logs first (footpath observe), or name one with --db`);
    if (!existsSync(dirname(path) || '.')) throw new OperationError(`${path}: cannot create the database: its folder does not exist; make it, or name another with --db`);
  }
  let db: Database;
  try {
    db = new Sqlite(path, { timeout: 5_000 });
  } catch (error) {
    throw new OperationError(`${path}: cannot open the database: ${(error as Error).message}; check the path and its rights, or name another with --db`, { cause: error });
  }
  try {
    const [version = ''] = db.prepare('SELECT sqlite_version()').pluck().all() as string[];
    if (isOlder(version)) throw new OperationError(`SQLite ${version} can corrupt databases; install better-sqlite3 12.8 or newer`);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    db.pragma('wal_autocheckpoint = 4000');
    // Somebody who reads for long makes the write-ahead log grow; it is cut again once he is done.
    db.pragma(`journal_size_limit = ${64 << 20}`);
    migrate(db, path);
    return db;
  } catch (error) {
    db.close();
    throw asOperationError(error, path);
  }
}

function isOlder(version: string): boolean {
  const parts = version.split('.').map(Number);
  for (const [i, oldest] of OLDEST_SQLITE.entries()) {
    const part = parts[i] ?? 0;
    if (part !== oldest) return part < oldest;
  }
  return false;
}

/** No room on the disk for what was to be written. */
export function isFull(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && error.code === 'SQLITE_FULL';
}

/** What SQLite says, in a sentence that names the file and what to do. */
export function asOperationError(error: unknown, path: string): Error {
  if (!(error instanceof Sqlite.SqliteError)) return error as Error;
  const advice: Readonly<Record<string, string>> = {
    SQLITE_BUSY: 'another process is writing to it; try again in a moment',
    // The memory that its processes share is a file beside it.
    SQLITE_IOERR_SHM: 'the disk is full, or reported an error; make room, nothing is lost: reading goes on from where it was committed',
    SQLITE_FULL: 'the disk is full; make room, nothing is lost: reading goes on from where it was committed',
    SQLITE_READONLY: 'it cannot be written; check its rights and those of its folder',
    SQLITE_CANTOPEN: 'it cannot be opened; check the path and its rights',
    SQLITE_NOTADB: 'it is no SQLite database; name another with --db',
    SQLITE_CORRUPT: 'it is damaged; keep a copy, and begin a new one by reading the logs again',
    SQLITE_IOERR: 'the disk reported an error: it may have become read-only, or be broken; the log of the system says more',
  };
  const known = Object.entries(advice).find(([code]) => error.code.startsWith(code));
  const Kind = error.code.startsWith('SQLITE_BUSY') ? LockedError : OperationError;
  return new Kind(`${path}: ${error.message}${known === undefined ? '' : `: ${known[1]}`}`, { cause: error });
}
