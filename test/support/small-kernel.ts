import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileKernel } from '../../src/kernel/kernel.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** A change of the kernel's sources: in a file of them, what is replaced by what. */
export type Change = readonly [file: string, from: RegExp, to: string];

/** Another number for a constant of `memory.ts`. */
export const constant = (name: string, value: string): Change => ['memory.ts', new RegExp(`(export const ${name}: \\w+ = ).*;`), `$1${value};`];

/** The kernel with smaller tables than anybody's input would fill, or with a worse hash. */
export function changedKernel(changes: readonly Change[]): WebAssembly.Module {
  const folder = mkdtempSync(join(tmpdir(), 'footpath-kernel-'));
  try {
    cpSync(join(ROOT, 'src/kernel/assembly'), folder, { recursive: true });
    for (const [file, from, to] of changes) {
      const text = readFileSync(join(folder, file), 'utf8');
      if (!from.test(text)) throw new Error(`${file} has no ${from}`);
      writeFileSync(join(folder, file), text.replace(from, to));
    }
    const options = ['--outFile', 'kernel.wasm', '-O1', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--use', 'abort=', '--initialMemory', '1800'];
    execFileSync(process.execPath, [join(ROOT, 'node_modules/assemblyscript/bin/asc.js'), 'index.ts', ...options], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    const module = compileKernel(pathToFileURL(join(folder, 'kernel.wasm')));
    if (module === null) throw new Error('the kernel does not run here');
    return module;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
