import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Database } from 'better-sqlite3';
import { OperationError } from '../errors.ts';

interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** The package's folder: where `migrations/` lies, beside `src/` or `dist/`. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'migrations'))) folder = dirname(folder);
  return folder;
}

function migrations(): readonly Migration[] {
  const folder = join(packageRoot(), 'migrations');
  return readdirSync(folder)
    .filter((name) => /^\d{4}-.*\.sql$/.test(name))
    .toSorted()
    .map((name) => {
      const sql = readFileSync(join(folder, name), 'utf8');
      return { number: Number(name.slice(0, 4)), name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    });
}

/**
 * Brings a database up to this program's schema. Each migration runs in one transaction with its row. A database that a newer
 * program has changed is refused, and so is one whose migrations are not those that lie here.
 */
export function migrate(db: Database, path: string): void {
  db.exec('CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL) STRICT');
  const known = migrations();
  const applied = db.prepare<[], { number: number; name: string; checksum: string }>('SELECT * FROM migrations ORDER BY number').all();
  const newest = applied[applied.length - 1];
  if (newest !== undefined && newest.number > (known[known.length - 1]?.number ?? 0)) {
    throw new OperationError(`${path}: written by a newer footpath (migration ${newest.name}); update footpath, or name another database with --db`);
  }
  for (const migration of known) {
    const before = applied.find(({ number }) => number === migration.number);
    if (before !== undefined) {
      if (before.checksum !== migration.checksum) {
        throw new OperationError(`${path}: migration ${before.name} is not the one of this footpath; use the version that wrote the database, or another database`);
      }
      continue;
    }
    db.transaction(() => {
      // Another process may have been faster: its row is seen now that the write lock is held.
      const raced = db.prepare('SELECT 1 FROM migrations WHERE number = ?').get(migration.number);
      if (raced !== undefined) return;
      db.prepare('INSERT INTO migrations VALUES (?, ?, ?)').run(migration.number, migration.name, migration.checksum);
      db.exec(migration.sql);
    }).immediate();
  }
}

/** Whether the database has the schema of this program, without changing it. */
export function isMigrated(db: Database): boolean {
  const table = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'migrations'").get();
  if (table === undefined) return false;
  const count = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM migrations').get();
  return (count?.n ?? 0) >= migrations().length;
}
