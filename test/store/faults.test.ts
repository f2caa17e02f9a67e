import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { tell } from '../../src/alert/outbox.ts';
import { OperationError } from '../../src/errors.ts';
import type { FilePosition } from '../../src/source.ts';
import { Store } from '../../src/store/store.ts';
import { alertOf } from '../support/alerts.ts';
import { SIGNED } from '../support/choices.ts';
import { additions, edgeDelta, settlement, WEB_TO_CART } from '../support/deltas.ts';
import { differences, dump, type Dump } from '../support/dump.ts';
import { T0 } from '../support/hubble.ts';
import { databasePath } from '../support/stores.ts';

const PAGE = 4_096;
/** A page in the write-ahead log, with its head. */
const FRAME = PAGE + 24;
const LOG_HEAD = 32;
/** No step writes so much: one that fails still fails by itself. */
const MOST_WRITES = 100;

/** Everything that `serve` writes, as it writes it: each step is one transaction. */
function script(): readonly ((store: Store) => void)[] {
  const drawn = fc.sample(additions, { seed: 11, numRuns: 60 });
  const file: FilePosition['file'] = { id: null };
  const other: FilePosition['file'] = { id: null };
  const at = (n: number): readonly FilePosition[] => [file, other].map((one) => ({ file: one, headLength: 9, headHash: one === file ? 'a' : 'b', owner: '', offset: 1_000 * n, marks: '', tailHash: `tail ${n}`, done: null }));
  const portion = (n: number) => (store: Store): void => {
    for (const addition of drawn.slice(10 * n, 10 * n + 10)) store.add(addition, at(n));
    for (let port = 0; port < 40; port++) store.add({ ...drawn[0]!, edges: [edgeDelta({ port: 1_000 * n + port, pods: [`shop/web-${port}`] })] }, []);
  };
  const telling = (...ids: readonly string[]) => (store: Store): void =>
    void tell(store.outbox, [{ name: 'hook', minSeverity: 'low' }], { alerts: ids.map((id) => alertOf({ id })), now: T0, nameOf: () => null });
  const pods = Array.from({ length: 60 }, (_, i) => `pod ${i}`);
  return [
    portion(0),
    (store) => void store.choices.setMode({ namespace: null, workload: null }, 'watching', SIGNED),
    (store) => store.choices.freeze(store.choices.revision, [WEB_TO_CART], []),
    portion(1),
    telling('a0', 'a1', 'a2'),
    (store) => store.outbox.delivered(store.outbox.due('hook', T0, 2).map(({ row }) => row)),
    (store) => store.outbox.retry(store.outbox.due('hook', T0, 1).map(({ row }) => row), T0 + 1, 'down'),
    portion(2),
    (store) => void store.choices.decide('accept', [WEB_TO_CART], 'edge', SIGNED),
    (store) => void store.settlePending(Infinity, (row) => (row.records % 2 === 0 ? null : settlement(edgeDelta({ port: 7 })))),
    (store) => pods.forEach((name) => store.setSetting(name, 'x'.repeat(500))),
    telling('a1', 'a3'),
    portion(3),
    (store) => store.outbox.bury(store.outbox.due('hook', T0 + 1, 1).map(({ row }) => row), T0, 'HTTP 400'),
    portion(4),
  ];
}

const open: Store[] = [];

/** A database that checkpoints often: pages move from the write-ahead log into the file all the time. */
function opened(path = databasePath()): Store {
  const store = new Store(path, { create: true });
  store.db.pragma('wal_autocheckpoint = 30');
  open.push(store);
  return store;
}

/** What is stored where nothing fails: before the first step, and after each. */
function undisturbed(): readonly Dump[] {
  const store = new Store(':memory:', { create: true });
  const all = [dump(store)];
  for (const step of script()) {
    store.transaction(() => step(store));
    all.push(dump(store));
  }
  store.close();
  return all;
}

interface Fault {
  /** The next transaction fails once it has written so much. */
  begin(store: Store, written: number): void;
  end(store: Store): void;
}

/**
 * Runs each step again and again: its first write fails, its second, and so on until none does. What was committed before is there
 * each time, and nothing else. Returns how often each step failed.
 */
function disturbed(fault: Fault, { reopens }: { readonly reopens: boolean }): readonly number[] {
  const expected = undisturbed();
  let store = opened();
  const failures = script().map((step, n) => {
    for (let written = 0; ; written++) {
      fault.begin(store, written);
      let error: unknown = null;
      try {
        store.transaction(() => step(store));
      } catch (thrown) {
        error = thrown;
      }
      fault.end(store);
      if (reopens) {
        store.close();
        store = opened(store.path);
      }
      const where = `step ${n}, write ${written}`;
      expect(store.check(), where).toEqual([]);
      expect(differences(dump(store), expected[error === null ? n + 1 : n]!), where).toEqual([]);
      if (error === null) return written;
      expect(error, where).toBeInstanceOf(OperationError);
      expect(written, `${where}: ${(error as Error).message}`).toBeLessThan(MOST_WRITES);
    }
  });
  return failures;
}

/** No file of this process may grow over so many bytes. */
function limitFiles(bytes: number | 'unlimited'): void {
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`prlimit: ${stderr}`);
}

const hasLimits = spawnSync('prlimit', ['--version']).status === 0;
const isCi = (process.env['CI'] ?? '') !== '';

afterEach(() => {
  if (hasLimits) limitFiles('unlimited');
  for (const store of open.splice(0)) store.close();
});

describe('a store whose writes fail, each of them in its turn', () => {
  it.each([false, true])('for want of pages, keeps what was committed and goes on (opened anew: %s)', (reopens) => {
    const failures = disturbed(
      {
        begin: ({ db }, more) => void db.pragma(`max_page_count = ${(db.pragma('page_count', { simple: true }) as number) + more}`),
        end: ({ db }) => void db.pragma('max_page_count = 4294967294'),
      },
      { reopens },
    );
    // Many steps fill pages that are there.
    expect(failures.filter((n) => n > 0).length).toBeGreaterThan(2);
  });

  it.skipIf(!hasLimits && !isCi).each([false, true])('at a page that does not go to the disk whole, keeps what was committed and goes on (opened anew: %s)', (reopens) => {
    const failures = disturbed(
      {
        begin: ({ db }, frames) => {
          db.pragma('wal_checkpoint(TRUNCATE)');
          // In the head of a page, or in the midst of it.
          limitFiles(LOG_HEAD + frames * FRAME + (frames % 2 === 0 ? 8 : 2_000));
        },
        end: () => limitFiles('unlimited'),
      },
      { reopens },
    );
    expect(Math.min(...failures)).toBeGreaterThan(0);
    expect(Math.max(...failures)).toBeGreaterThan(20);
  });
});
