import type { Database } from 'better-sqlite3';
import type { CoverageCell } from '../learn/delta.ts';
import type { StoredCoverage } from '../learn/stored.ts';

/** What each source gave, by hour. */
export class CoverageTable {
  readonly #add;
  readonly #source;
  readonly #cells;
  readonly #sources;

  constructor(db: Database) {
    this.#add = db.prepare('INSERT INTO coverage VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count');
    this.#source = db.prepare(
      'INSERT INTO sources VALUES (?, ?) ON CONFLICT DO UPDATE SET last_record = max(coalesce(last_record, excluded.last_record), coalesce(excluded.last_record, last_record))',
    );
    this.#cells = db.prepare<[], { source: string; hour: number; kind: string; count: number }>('SELECT * FROM coverage ORDER BY source, hour, kind');
    this.#sources = db.prepare<[], { name: string; last_record: number | null }>('SELECT * FROM sources ORDER BY name');
  }

  add({ source, hour, counts, lastRecord }: CoverageCell): void {
    for (const [kind, count] of counts) this.#add.run(source, hour, kind, count);
    this.#source.run(source, lastRecord === 0 ? null : lastRecord);
  }

  read(): StoredCoverage[] {
    const hours = new Map<string, Map<number, Map<string, number>>>();
    for (const { source, hour, kind, count } of this.#cells.iterate()) {
      const own = hours.get(source) ?? new Map<number, Map<string, number>>();
      hours.set(source, own);
      const cell = own.get(hour) ?? new Map<string, number>();
      own.set(hour, cell.set(kind, count));
    }
    return this.#sources.all().map(({ name, last_record: lastRecord }) => ({ source: name, lastRecord, hours: hours.get(name) ?? new Map() }));
  }
}
