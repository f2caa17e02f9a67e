import type { Store } from '../../src/store/store.ts';

type Row = Readonly<Record<string, number | string | null>>;

/** Every row of a database as text, sorted, by table. Ids, which depend on who came first, are written as what they stand for. */
export type Dump = Readonly<Record<string, readonly string[]>>;

export function dump({ db }: Store): Dump {
  const all = <T>(sql: string): T[] => db.prepare(sql).all() as T[];
  const tables = all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name").map(({ name }) => name);
  const parents = new Map(
    tables.map((table) => [table, new Map(all<{ from: string; table: string }>(`PRAGMA foreign_key_list("${table}")`).map((key) => [key.from, key.table]))]),
  );
  const names = new Map<string, ReadonlyMap<Row[string] | undefined, string>>();
  const nameOf = (table: string, id: Row[string] | undefined): string | null => {
    if (id === null) return null;
    let known = names.get(table);
    if (known === undefined) names.set(table, (known = new Map(all<Row>(`SELECT * FROM "${table}"`).map((row) => [row['id'] ?? row['revision'], text(table, row)]))));
    return known.get(id) ?? `no row ${id} of ${table}`;
  };
  const text = (table: string, row: Row): string =>
    Object.entries(row)
      .filter(([column]) => column !== 'id')
      .map(([column, value]) => {
        const parent = parents.get(table)?.get(column);
        return `${column}=${parent === undefined ? value : `(${nameOf(parent, value)})`}`;
      })
      .join(' ');
  return Object.fromEntries(tables.map((table) => [table, all<Row>(`SELECT * FROM "${table}"`).map((row) => text(table, row)).toSorted()]));
}

/** The tables whose rows differ: what a failing comparison should show first. */
export function differing(a: Dump, b: Dump): readonly string[] {
  return Object.keys({ ...a, ...b }).filter((table) => JSON.stringify(a[table]) !== JSON.stringify(b[table]));
}

/** The rows that only one of the two has, each behind its table. */
export function differences(a: Dump, b: Dump): readonly string[] {
  return differing(a, b).flatMap((table) => {
    const [left, right] = [new Set(a[table]), new Set(b[table])];
    const rows = [...left].filter((row) => !right.has(row)).concat([...right].filter((row) => !left.has(row)));
    return (rows.length > 0 ? rows : ['the same rows in another number']).map((row) => `${table}: ${row}`);
  });
}
