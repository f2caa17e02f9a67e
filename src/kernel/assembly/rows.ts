/**
 * Records of one call whose time lies outside the window of their form, or of their node's count: JavaScript begins new ones, and has them counted
 * then. A row: the form and the node u32, the two ends u32, the time f64, the sums f64,
 * and where its operation and its client's pod are counted u32.
 */
import { ROW_SIZE, ROWS } from './memory';
import * as record from './record';

export let rows: i32 = 0;

export function clearRows(): void {
  rows = 0;
}

export function addRow(): void {
  const row = ROWS + rows++ * ROW_SIZE;
  store<usize>(row, record.form);
  store<i32>(row, record.node, 4);
  store<usize>(row, record.firstEnd, 8);
  store<usize>(row, record.secondEnd, 12);
  store<f64>(row, record.time(), 16);
  store<f64>(row, record.firstSum, 24);
  store<f64>(row, record.secondSum, 32);
  store<usize>(row, record.performed, 40);
  store<usize>(row, record.opened, 44);
}

/** Counts the record of a row; false if its time still lies outside a window. */
export function countRow(i: i32): bool {
  const row = ROWS + i * ROW_SIZE;
  return record.countInto(load<u32>(row), load<i32>(row, 4), load<u32>(row, 8), load<u32>(row, 12), load<u32>(row, 40), load<u32>(row, 44), load<f64>(row, 16), load<f64>(row, 24), load<f64>(row, 32));
}
