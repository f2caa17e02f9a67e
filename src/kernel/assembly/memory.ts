/**
 * Where everything lies in the kernel's memory. Its size is fixed: nothing moves while JavaScript looks at it, and what input can
 * fill is bounded. Pages that are never touched cost nothing.
 */

/** Records to be read, and room behind them for loads that run over. */
export const WINDOW: usize = 1 << 16;
export const WINDOW_SIZE: usize = 4 << 20;
const SLACK: usize = 1 << 12;

/** Records of one call: where each lies. */
export const MAX_RECORDS: i32 = 1 << 14;
export const STARTS: usize = WINDOW + WINDOW_SIZE + SLACK;
export const ENDS: usize = STARTS + MAX_RECORDS * 4;

/** Those of one call that are left to the reference decoder: their numbers. */
export const UNSURE: usize = ENDS + MAX_RECORDS * 4;

/** Those of one call whose time lies outside the window of their form or of their node's count (see `rows.ts`). */
export const ROW_SIZE: i32 = 48;
export const ROWS: usize = UNSURE + MAX_RECORDS * 4;

/** The plan: what is wanted of a record. */
export const NODES: usize = ROWS + MAX_RECORDS * ROW_SIZE;
export const MAX_NODES: i32 = 1 << 10;
export const NODE_SIZE: i32 = 24;
export const KEYS: usize = NODES + MAX_NODES * NODE_SIZE;
export const MAX_KEYS: i32 = 1 << 11;
export const KEY_SIZE: i32 = 80;
export const KEY_INDEX: usize = KEYS + MAX_KEYS * KEY_SIZE;
export const KEY_INDEX_SIZE: u32 = 1 << 12;

/** The plan for lines of text: what is between its literals, those with quotes, and where the quotes of a line lie. */
export const COLUMNS: usize = KEY_INDEX + KEY_INDEX_SIZE * 4;
export const MAX_COLUMNS: i32 = 1 << 8;
export const COLUMN_SIZE: i32 = 16;
export const SEGMENTS: usize = COLUMNS + MAX_COLUMNS * COLUMN_SIZE;
export const SEGMENT_SIZE: i32 = 32;
export const QUOTES: usize = SEGMENTS + MAX_COLUMNS * SEGMENT_SIZE;
export const MAX_QUOTES: i32 = 1 << 9;
export const LITERALS: usize = QUOTES + MAX_QUOTES * 4;
export const LITERALS_SIZE: usize = 1 << 14;

/** What is put together of a record, group by group. */
export const GROUPS: i32 = 5;
export const SCRATCH: usize = LITERALS + LITERALS_SIZE + SLACK;
export const SCRATCH_SIZE: i32 = 1 << 14;

/** Objects and arrays that were read before, by their bytes. */
export const VALUES: usize = SCRATCH + GROUPS * SCRATCH_SIZE;
export const MAX_VALUES: i32 = 1 << 16;
export const VALUE_SIZE: i32 = 16;
export const VALUE_INDEX: usize = VALUES + MAX_VALUES * VALUE_SIZE;
export const VALUE_INDEX_SIZE: u32 = 1 << 17;
export const VALUE_CACHE: usize = VALUE_INDEX + VALUE_INDEX_SIZE * 4;
export const VALUE_CACHE_SIZE: u32 = 1 << 16;
export const VALUE_BYTES: usize = VALUE_CACHE + VALUE_CACHE_SIZE * 4;
export const VALUE_BYTES_SIZE: usize = 32 << 20;

/**
 * Groups that were read before, by their bytes. An entry is two lines of the cache, a form one, and those that came early lie together: most of the time that it takes to find one is waiting for
 * its memory, and finding them is a third of what a record takes.
 */
export const MAX_ENTRIES: i32 = 1 << 17;
export const ENTRY_SIZE: i32 = 128;
export const ENTRIES: usize = (VALUE_BYTES + VALUE_BYTES_SIZE + SLACK + 63) & ~63;
export const ENTRY_INDEX: usize = ENTRIES + MAX_ENTRIES * ENTRY_SIZE;
export const ENTRY_INDEX_SIZE: u32 = 1 << 18;
export const ENTRY_BYTES: usize = ENTRY_INDEX + ENTRY_INDEX_SIZE * 4 + SLACK;
export const ENTRY_BYTES_SIZE: usize = 16 << 20;

/** Forms, each with the bundle of its records; apart from them the sums, which few formats have. */
export const MAX_FORMS: i32 = 1 << 18;
export const FORM_SIZE: i32 = 64;
export const FORMS: usize = (ENTRY_BYTES + ENTRY_BYTES_SIZE + SLACK + 63) & ~63;
export const SUMS: usize = FORMS + MAX_FORMS * FORM_SIZE;
export const FORM_INDEX: usize = SUMS + MAX_FORMS * 16;
export const FORM_INDEX_SIZE: u32 = 1 << 19;

/**
 * What is counted beside the forms: the operations of their records, and the pods that opened connections. If these told forms apart, there were 764,000 of a million access
 * log lines.
 */
export const MAX_BESIDE: i32 = 1 << 20;
export const BESIDE_SIZE: i32 = 16;
export const BESIDE: usize = FORM_INDEX + FORM_INDEX_SIZE * 4;
export const BESIDE_INDEX: usize = BESIDE + MAX_BESIDE * BESIDE_SIZE;
export const BESIDE_INDEX_SIZE: u32 = 1 << 21;

/** How many records of each node became what. */
export const MAX_NODE_PARTS: i32 = 1 << 12;
export const MAX_OUTCOMES: i32 = 1 << 5;
export const COUNT_SIZE: i32 = 32;
export const COUNTS: usize = BESIDE_INDEX + BESIDE_INDEX_SIZE * 4;

/** Entries that JavaScript is asked about: how many, their addresses, and at 32 the time of the record, f64. */
export const ASKED: usize = COUNTS + MAX_NODE_PARTS * MAX_OUTCOMES * COUNT_SIZE;

export const MEMORY_SIZE: usize = ASKED + 64;
