/**
 * What is wanted of a record, as data for the kernel (`src/kernel/`): which values, and how much of each tells the record's form, that is what is left of it when
 * its time, its counters, its client's port and the ids in its path are taken out.
 */
export interface Plan {
  /** Of records that begin with a brace, which are JSON. */
  readonly wanted: readonly Wanted[];
  /** Of all others; null if they are left to the reference. */
  readonly text: TextPlan | null;
  /** A record of which nothing but a time is there is left to the reference. */
  readonly leavesEmpty: boolean;
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

/** A line in which nothing is escaped: columns with literals between them. Only lines that have the quotes of all literals and no more are read. */
export interface TextPlan {
  readonly columns: readonly Column[];
  readonly segments: readonly Segment[];
}

/** A value and the literal before it; null for one of which nothing is wanted. */
export interface Column {
  readonly before: Buffer;
  readonly shape: Shape;
  readonly wanted: Omit<Wanted, 'path'> | null;
}

/** The columns between two literals with quotes. One of them, or several of which nothing is wanted, can hold spaces. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  /** The first column that can hold spaces, or `to`. */
  readonly firstWild: number;
  /** The last one, or the one before `to`: what follows it is read from the right. */
  readonly lastWild: number;
  /** Which quote of the line ends it, and where that lies within its literal; -1 for the end of the line. */
  readonly quote: number;
  readonly quoteAt: number;
  readonly after: Buffer;
}

/** `any`: whatever holds no quotes. `token`: no spaces. `protocol`: a token like `HTTP/1.1`; `protocol-or-none`: also `-`. `host`: letters, digits and `-_.:*` alone. */
export type Shape = 'any' | 'token' | 'protocol' | 'protocol-or-none' | 'host';

/** As the kernel numbers them. */
export const SHAPE: Readonly<Record<Shape, number>> = { any: 0, token: 1, protocol: 2, 'protocol-or-none': 3, host: 4 };

export const KEEP: Readonly<Record<Keep, number>> = { kind: 1, text: 2, whole: 3, time: 4, port: 5, sum: 6, address: 7, path: 8, trap: 9 };
