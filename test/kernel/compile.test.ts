import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Kernel } from '../../src/kernel/kernel.ts';
import { compileKernel } from '../../src/kernel/module.ts';
import { scratch } from '../support/cli.ts';

it('there is no kernel where its instructions are not known', () => {
  const file = join(scratch(), 'kernel.wasm');
  writeFileSync(file, Buffer.from('\u0000asm\u0001\u0000\u0000\u0000an instruction of tomorrow', 'latin1'));
  expect(compileKernel(pathToFileURL(file))).toBeNull();
});

it('a plan that does not fit is refused', () => {
  const module = compileKernel();
  if (module === null) throw new Error('the kernel does not run here');
  const kernel = new Kernel(module);
  const wanted = (count: number, length: number) => Array.from({ length: count }, (_, i) => ({ path: [`${i}`.padStart(length, 'k')], slot: i % 256, keep: 'text' as const, group: 0 as const }));
  expect(kernel.begin({ wanted: wanted(200, 5), slots: 256, text: null, leavesEmpty: false })).toBe(true);
  expect(kernel.begin({ wanted: wanted(2_000, 5), slots: 256, text: null, leavesEmpty: false })).toBe(false);
  expect(kernel.begin({ wanted: wanted(1, 100), slots: 256, text: null, leavesEmpty: false })).toBe(false);
  expect(kernel.begin({ wanted: wanted(200, 5), slots: 256, text: null, leavesEmpty: false })).toBe(true);
});
