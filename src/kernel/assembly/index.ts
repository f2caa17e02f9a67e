/** What JavaScript calls. Everything else it reads and writes in the memory itself (see `memory.ts`). */
import { forget } from './intern';
import { addNode, isFull, newJsonPlan, readJson } from './json';
import { addColumn, addSegment, newTextPlan, readText } from './text';
import { ENDS, STARTS, UNSURE } from './memory';
import * as record from './record';
import { addRow, clearRows } from './rows';

export { setLeavesEmpty } from './record';
export { addColumn, addNode, addSegment, forget, newJsonPlan, newTextPlan };
export { forms } from './intern';
export { countRow, rows } from './rows';
export { ASKED, COUNT_SIZE, COUNTS, ENDS, FORM_SIZE, FORMS, MAX_NODE_PARTS, MAX_OUTCOMES, MAX_RECORDS, MEMORY_SIZE, ROW_SIZE, ROWS, STARTS, SUMS, UNSURE, VALUE_SIZE, VALUES, WINDOW, WINDOW_SIZE } from './memory';

/** Why `decode` stopped, and how many records it was not sure of. */
export let why: i32 = 0;
export let unsure: i32 = 0;

/**
 * Reads the records from `from` to `count`, all of one origin (which names an end of theirs, with `named`), until something stops it; gives the number of the record at which it
 * stopped, or `count`. A record that was asked about is gone on with, not read again.
 */
export function decode(from: i32, count: i32, origin: i32, named: bool): i32 {
  unsure = 0;
  clearRows();
  let i = from;
  while (i < count) {
    const wasAsked = why == record.ASK;
    why = wasAsked ? record.findForm(origin, named) : read(i, origin, named);
    if (why == record.ASK || why == record.NO_ROOM) return i;
    if (why == record.UNSURE) {
      store<i32>(UNSURE + (unsure++ << 2), i);
      why = record.DONE;
    } else if (!record.count()) addRow();
    i++;
  }
  return count;
}

@inline
function read(i: i32, origin: i32, named: bool): i32 {
  const at = <usize>i << 2;
  const start: usize = load<u32>(STARTS + at);
  const end: usize = load<u32>(ENDS + at);
  record.begin();
  if (load<u8>(start) != 0x7b) {
    if (!readText(start, end)) return record.UNSURE;
  } else if (!readJson(start, end)) return isFull ? record.NO_ROOM : record.UNSURE;
  return isNaN(record.time()) ? record.UNSURE : record.findForm(origin, named);
}
