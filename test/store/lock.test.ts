import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { OperationError } from '../../src/errors.ts';
import { lockForIngest, type IngestLock } from '../../src/store/lock.ts';
import { databasePath, storeOf } from '../support/stores.ts';

const HOLDER = { pid: 4_711, since: '2026-03-02T12:00:00.000Z' };

const locks: IngestLock[] = [];
const children: ChildProcess[] = [];

afterEach(() => {
  for (const lock of locks.splice(0)) lock.release();
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function take(path: string, holder: Parameters<typeof lockForIngest>[1] = HOLDER): IngestLock {
  const lock = lockForIngest(path, holder);
  locks.push(lock);
  return lock;
}

/** Another process that holds the lock, as SQLite has it, until it is killed. */
async function otherProcess(path: string): Promise<ChildProcess> {
  const script = `
    const Sqlite = require('better-sqlite3');
    const lock = new Sqlite(process.argv[1] + '.lock', { timeout: 0 });
    lock.pragma('journal_mode = DELETE');
    lock.exec('BEGIN EXCLUSIVE');
    require('node:fs').writeFileSync(process.argv[1] + '.lock.holder', JSON.stringify({ pid: process.pid, since: '2026-03-02T12:00:00.000Z' }));
    console.log('held');
    setInterval(() => lock, 1000);`;
  const child = spawn(process.execPath, ['-e', script, path], { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

describe('the lock of the reading process', () => {
  it('is given to one, and to the next when it is free again', () => {
    const path = databasePath();
    const first = lockForIngest(path, HOLDER);
    expect(() => take(path)).toThrow(OperationError);
    first.release();
    const second = lockForIngest(path, HOLDER);
    expect(() => take(path)).toThrow(OperationError);
    second.release();
  });

  it('names who holds it, and says what to do', () => {
    const path = databasePath();
    take(path);
    expect(() => take(path)).toThrow(
      `${path}: another process is reading into it (pid 4711, since 2026-03-02T12:00:00.000Z); stop it, or use its database with footpath edges, propose, alerts`,
    );
  });

  it('is of one database: another one is free', () => {
    take(databasePath());
    expect(() => take(databasePath())).not.toThrow();
  });

  it('is not needed in memory, where nobody else is', () => {
    take(':memory:');
    expect(() => take(':memory:')).not.toThrow();
    expect(existsSync(':memory:.lock')).toBe(false);
  });

  it('does not keep others from the database itself', () => {
    const path = databasePath();
    take(path);
    const [one, two] = [storeOf(path), storeOf(path)];
    one.transaction(() => one.setSetting('cluster', 'east'));
    expect(two.setting('cluster')).toBe('east');
  });

  it('leaves no name behind when it is released', () => {
    const path = databasePath();
    const lock = lockForIngest(path, HOLDER);
    expect(JSON.parse(readFileSync(`${path}.lock.holder`, 'utf8'))).toEqual(HOLDER);
    lock.release();
    expect(existsSync(`${path}.lock.holder`)).toBe(false);
  });

  it.each([
    ['is gone', null, /reading into it;/],
    ['is no JSON', 'pid 7', /reading into it;/],
    ['is empty', '', /reading into it;/],
    ['holds nothing of use', '{}', /reading into it \(pid , since \);/],
    ['holds an escape sequence and a sentence', JSON.stringify({ pid: '\u001b[31m7; all is well', since: { a: '12:00' } }), /reading into it \(pid [0-9]+7, since :12:00\);/],
  ])('tells no lies where the name beside it %s', (_, text, expected) => {
    const path = databasePath();
    take(path);
    if (text === null) rmSync(`${path}.lock.holder`);
    else writeFileSync(`${path}.lock.holder`, text);
    expect(() => take(path)).toThrow(expected);
  });

  it('says so where it cannot be taken at all', () => {
    const path = databasePath();
    mkdirSync(`${path}.lock`);
    expect(() => take(path)).toThrow(/footpath\.db\.lock: cannot be locked: .*; check the rights of its folder$/);
    expect(() => take(`${dirname(path)}/gone/footpath.db`)).toThrow(/cannot be locked/);
  });
});

describe('another process', () => {
  it('that holds the lock keeps it from us, and dies with it, however it dies', async () => {
    const path = databasePath();
    const child = await otherProcess(path);
    expect(() => take(path)).toThrow(`(pid ${child.pid}, since 2026-03-02T12:00:00.000Z)`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    // What it wrote beside the lock is left, and binds nobody.
    expect(existsSync(`${path}.lock.holder`)).toBe(true);
    expect(() => take(path)).not.toThrow();
    expect(JSON.parse(readFileSync(`${path}.lock.holder`, 'utf8'))).toEqual(HOLDER);
  });
});
