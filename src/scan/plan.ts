/**
 * What is wanted of a record, as data for the kernel (`src/kernel/`): which values, and how much of each tells the record's form, that is what is left of it when
 * its time, its counters, its client's port and the ids in its path are taken out.
 */
export interface JsonPlan {
  readonly wanted: readonly Wanted[];
  /** One more than the highest slot. */
  readonly slots: number;
}

export interface Wanted {
  readonly path: readonly string[];
  readonly slot: number;
  readonly keep: Keep;
  /** Values of one group are looked up together: those of one end, say. */
  readonly group: Group;
  /** Of two times, ports or sums: 1 for the second. A second time counts where there is no first. */
  readonly rank?: 0 | 1;
}

/**
 * `kind`: whether it is there, and as what. `text`: that, and its bytes; of an object or array its kind alone. `whole`: an object or array with all its bytes. `time`, `port`, `sum`: a
 * number of the record, not of its form. `address`: a text that may end in a port, which is any or 0. `path`: a text without its query and with 0 for numbers and hexadecimal ids.
 * `trap`: a record that has it is left to the reference.
 */
export type Keep = 'kind' | 'text' | 'whole' | 'time' | 'port' | 'sum' | 'address' | 'path' | 'trap';

export const GROUPS = 5;
export type Group = 0 | 1 | 2 | 3 | 4;

/** As the kernel numbers them. */
export const KEEP: Readonly<Record<Keep, number>> = { kind: 1, text: 2, whole: 3, time: 4, port: 5, sum: 6, address: 7, path: 8, trap: 9 };
