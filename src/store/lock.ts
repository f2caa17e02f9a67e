import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { OperationError } from '../errors.ts';

/** Held while a process reads logs into a database; a second one is told who holds it. */
export interface IngestLock {
  release(): void;
}

/**
 * An exclusive transaction on a file of its own: the operating system ends it with its process, however that dies. Who holds
 * it is written beside it, for the message alone.
 */
export function lockForIngest(databasePath: string, holder: { readonly pid: unknown; readonly since: unknown }): IngestLock {
  if (databasePath === ':memory:') return { release: () => undefined };
  const lockPath = `${databasePath}.lock`;
  const holderPath = `${lockPath}.holder`;
  let lock: Sqlite.Database | null = null;
  try {
    lock = new Sqlite(lockPath, { timeout: 0 });
    // Nothing is ever written: it is had without room on the disk.
    lock.pragma('journal_mode = MEMORY');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock?.close();
    if (!(error instanceof Sqlite.SqliteError) || !error.code.startsWith('SQLITE_BUSY')) {
      throw new OperationError(`${lockPath}: cannot be locked: ${(error as Error).message}; check the rights of its folder`, { cause: error });
    }
    throw new OperationError(`${databasePath}: another process is reading into it${readHolder(holderPath)}; stop it, or use its database with footpath edges, propose, alerts`, {
      cause: error,
    });
  }
  const held = lock;
  quietly(() => writeFileSync(holderPath, JSON.stringify(holder)));
  return {
    release() {
      quietly(() => rmSync(holderPath, { force: true }));
      held.exec('ROLLBACK');
      held.close();
    },
  };
}

/** A name that a full or read-only disk does not take is missing in a message, and nothing else. */
function quietly(work: () => void): void {
  try {
    work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
  }
}

/** What another process wrote is shown only as far as it can be a number or a time. */
function word(value: unknown): string {
  return JSON.stringify(value ?? '').replace(/[^0-9T:.Z-]/g, '');
}

function readHolder(path: string): string {
  try {
    const { pid, since } = JSON.parse(readFileSync(path, 'utf8')) as { readonly pid: unknown; readonly since: unknown };
    return ` (pid ${word(pid)}, since ${word(since)})`;
  } catch {
    return '';
  }
}
