import { isRole, roleOf, type Kernel } from '../kernel/kernel.ts';

/** Bits of a number of a part, with one that tells roles from parts, and of the number of a form. */
const PART_BITS = 19;
const FORM_BITS = 18;

/**
 * The numbers of all forms, those with the same two ends beside each other: whoever takes their bundles finds the ends, their edge and its evidence where the one before left them,
 * in the cache, which halves what a bundle costs.
 */
export function byEnds(kernel: Kernel): Uint32Array {
  const count = kernel.formCount;
  const keys = new BigUint64Array(count);
  const halves = new Uint32Array(keys.buffer);
  for (let i = 0; i < count; i++) {
    const form = kernel.form(i);
    const [first, second] = [endOf(kernel.part(form, 0)), endOf(kernel.part(form, 1))];
    // Both directions of a connection together.
    const [low, high] = first < second ? [first, second] : [second, first];
    halves[2 * i] = ((high << FORM_BITS) | i) >>> 0;
    halves[2 * i + 1] = (low << (PART_BITS + FORM_BITS - 32)) | (high >>> (32 - FORM_BITS));
  }
  keys.sort();
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = halves[2 * i]! & ((1 << FORM_BITS) - 1);
  return order;
}

function endOf(part: number): number {
  return isRole(part) ? (1 << (PART_BITS - 1)) | roleOf(part) : part;
}
