import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { Store } from '../../src/store/store.ts';
import { footpath } from './cli.ts';
import type { Disk } from './disk.ts';
import { differing, dump, type Dump } from './dump.ts';
import { copyOf } from './killed.ts';
import { Serving, Watched } from './serving.ts';

const running: Serving[] = [];

afterEach(async () => {
  for (const serving of running.splice(0)) await serving.end('SIGKILL');
});

/** A configuration that follows a log; its database may lie on a disk of its own. */
export class OnDisk extends Watched {
  readonly #disk: Disk | null;
  #looks = 0;

  constructor(disk: Disk | null = null) {
    super();
    this.#disk = disk;
    appendFileSync(this.log, '');
    this.place();
  }

  /** As the process names it. */
  get database(): string {
    return this.#disk === null ? this.db : join(this.#disk.folder, 'footpath.db');
  }

  place(more: object = {}): void {
    this.configure([{ file: { paths: [this.log], format: 'hubble' } }], { database: this.database, ...more });
  }

  serve(): Serving {
    const serving = new Serving(this.config, [], this.#disk?.through ?? []);
    running.push(serving);
    return serving;
  }

  /** What is committed now. */
  look<T>(work: (store: Store) => T): T {
    return lookAt(copyOf(this.#disk?.path('footpath.db') ?? this.db, this.folder, `look-${this.#looks++}.db`), work);
  }

  /** What is wrong with the database: it has to be whole, and to hold each line once, as if nothing had ever happened. */
  async wrong(): Promise<readonly string[]> {
    const expected = await calm(this.log, join(this.folder, `calm-${this.#looks++}.db`));
    const lines = readFileSync(this.log, 'utf8').split('\n').length - 1;
    return this.look((store) => [...store.check(), ...differing(compared(store), expected), ...(records(store) === lines ? [] : [`${records(store)} records of ${lines} lines`])]);
  }
}

/** The same log, read where nothing happens. */
async function calm(log: string, db: string): Promise<Dump> {
  const { status, err } = await footpath(['observe', log, '--format', 'hubble', '--db', db]);
  if (status !== 0) throw new Error(err);
  return lookAt(db, compared);
}

function lookAt<T>(path: string, work: (store: Store) => T): T {
  const store = new Store(path, { create: false });
  try {
    return work(store);
  } finally {
    store.close();
  }
}

/** What records make of a database, and no other command. */
function compared(store: Store): Dump {
  const { positions = [], told: _told, outbox: _outbox, ...tables } = dump(store);
  // A log that is followed is never done.
  return { ...tables, positions: positions.map((position) => position.replace(/ done_.*$/, '')) };
}

function records(store: Store): number {
  return store.coverage.read().reduce((sum, { hours }) => sum + [...hours.values()].reduce((n, counts) => n + (counts.get('records') ?? 0), 0), 0);
}
