import { KEEP, SHAPE, type Plan, type TextPlan, type Wanted } from '../scan/plan.ts';
import type { Exports } from './module.ts';

const QUOTE = 0x22;

/** Tells the kernel what is wanted; texts go by way of its window, which begins at `window`. False if the plan does not fit. */
export function writePlan({ wanted, text, leavesEmpty }: Plan, kernel: Exports, bytes: Buffer, window: number): boolean {
  kernel.setLeavesEmpty(leavesEmpty);
  return writeJson(wanted, kernel, bytes, window) && (text === null || writeText(text, kernel, bytes, window));
}

function writeJson(wanted: readonly Wanted[], kernel: Exports, bytes: Buffer, window: number): boolean {
  kernel.newJsonPlan();
  return wanted.every(({ path, slot, keep, group, rank = 0 }) => {
    let node = 0;
    for (const [depth, key] of path.entries()) {
      const length = bytes.write(`${JSON.stringify(key)}:`, window);
      node = kernel.addNode(node, window, length, depth === path.length - 1 ? KEEP[keep] : 0, slot, group, rank);
      if (node < 0) return false;
    }
    return true;
  });
}

function writeText({ columns, segments }: TextPlan, kernel: Exports, bytes: Buffer, window: number): boolean {
  const literals = [...columns.slice(0, 1).map(({ before }) => before), ...segments.map(({ after }) => after)];
  if (kernel.newTextPlan(literals.reduce((sum, literal) => sum + literal.filter((byte) => byte === QUOTE).length, 0)) === 0) return false;
  const put = (literal: Buffer): number => literal.copy(bytes, window);
  return (
    columns.every(({ before, shape, wanted }) => kernel.addColumn(window, put(before), wanted === null ? 0 : KEEP[wanted.keep], wanted?.slot ?? 0, wanted?.group ?? 0, wanted?.rank ?? 0, SHAPE[shape]) !== 0) &&
    segments.every(({ from, to, firstWild, lastWild, quote, quoteAt, after }) => kernel.addSegment(from, to, firstWild, lastWild, quote, quoteAt, window, put(after)) !== 0)
  );
}
