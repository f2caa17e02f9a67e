import { isDeepStrictEqual } from 'node:util';
import { get, text, type Json } from './object.ts';

/** What became of one fact. */
export type FactChange<F> =
  | { readonly what: 'added'; readonly fact: F; readonly object: Json }
  | { readonly what: 'changed'; readonly fact: F; readonly before: F; readonly object: Json }
  /** `seen`: the end was told, with the fact as it was last; else a list no longer has it. */
  | { readonly what: 'gone'; readonly fact: F; readonly seen: boolean };

interface Row<F> {
  fact: F;
  /** Of its object, '' if it had none. */
  version: string;
  /** The list that brought it last. */
  list: number;
}

/** The facts of one resource as they are now. Objects that say the same as before change nothing. */
export class FactTable<F extends object> {
  readonly #project: (object: Json) => F | null;
  readonly #onChange: (change: FactChange<F>) => void;
  readonly #rows = new Map<string, Row<F>>();
  #list = 0;

  constructor(project: (object: Json) => F | null, onChange: (change: FactChange<F>) => void) {
    this.#project = project;
    this.#onChange = onChange;
  }

  *facts(): Generator<F> {
    for (const { fact } of this.#rows.values()) yield fact;
  }

  put(object: Json): void {
    const key = keyOf(object);
    const version = text(get(object, 'metadata', 'resourceVersion')) ?? '';
    const row = this.#rows.get(key);
    if (row !== undefined) row.list = this.#list;
    // Most of a list that is read anew is as it was.
    if (row !== undefined && row.version !== '' && row.version === version) return;
    const fact = this.#project(object);
    // An object that no longer makes a fact is as good as gone.
    if (fact === null) return this.#drop(key, null);
    if (row === undefined) {
      this.#rows.set(key, { fact, version, list: this.#list });
      this.#onChange({ what: 'added', fact, object });
      return;
    }
    row.version = version;
    const before = row.fact;
    if (isDeepStrictEqual(before, fact)) return;
    row.fact = fact;
    this.#onChange({ what: 'changed', fact, before, object });
  }

  remove(object: Json): void {
    this.#drop(keyOf(object), this.#project(object));
  }

  /** From now on a list brings everything that there is. */
  listing(): void {
    this.#list++;
  }

  listed(): void {
    for (const [key, { list }] of this.#rows) if (list !== this.#list) this.#drop(key, null);
  }

  #drop(key: string, last: F | null): void {
    const row = this.#rows.get(key);
    if (row === undefined) return;
    this.#rows.delete(key);
    this.#onChange({ what: 'gone', fact: last ?? row.fact, seen: last !== null });
  }
}

function keyOf(object: Json): string {
  return `${text(get(object, 'metadata', 'namespace')) ?? ''}/${text(get(object, 'metadata', 'name')) ?? ''}`;
}
