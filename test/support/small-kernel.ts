import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileKernel } from '../../src/kernel/module.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** A change of the kernel's sources: what is replaced by what, in the files that have it. */
export type Change = readonly [from: RegExp, to: string];

/** Another number for a constant of `memory.ts`. */
export const constant = (name: string, value: string): Change => [new RegExp(`(export const ${name}: \\w+ = ).*;`), `$1${value};`];

/** The kernel with smaller tables than anybody's input would fill, or with a worse hash. */
export function changedKernel(changes: readonly Change[]): WebAssembly.Module {
  const folder = mkdtempSync(join(tmpdir(), 'footpath-kernel-'));
  try {
    cpSync(join(ROOT, 'src/kernel/assembly'), folder, { recursive: true });
    const sources = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
    for (const [from, to] of changes) {
      const found = [...sources].filter(([, text]) => text.search(from) >= 0);
      if (found.length === 0) throw new Error(`the kernel has no ${from}`);
      for (const [name, text] of found) sources.set(name, text.replace(from, to));
    }
    for (const [name, text] of sources) writeFileSync(join(folder, name), text);
    const options = ['--outFile', 'kernel.wasm', '-O1', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--use', 'abort=', '--initialMemory', '2200'];
    execFileSync(process.execPath, [join(ROOT, 'node_modules/assemblyscript/bin/asc.js'), 'index.ts', ...options], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    const module = compileKernel(pathToFileURL(join(folder, 'kernel.wasm')));
    if (module === null) throw new Error('the kernel does not run here');
    return module;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
