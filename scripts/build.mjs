// Compiles the kernel to WebAssembly, and src/ and collectors/ into dist/, and makes the bins executable. Run by `npm ci` through "prepare".
import { chmodSync, copyFileSync, existsSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = `${root}node_modules/typescript/bin/tsc`;
if (!existsSync(compiler)) {
  // `npm ci --omit=dev` in the image: dist/ was built in an earlier stage and is copied in.
  console.error('build: typescript is not installed (development dependencies were left out); dist/ is not rebuilt');
  process.exit(0);
}
rmSync(`${root}dist`, { recursive: true, force: true });
const result = spawnSync(process.execPath, [compiler, '-p', root], { stdio: 'inherit' });
if (result.status !== 0) process.exit(result.status ?? 1);

// Beside its sources, too: tests run these.
const kernel = `${root}src/kernel/kernel.wasm`;
const asc = ['src/kernel/assembly/index.ts', '--outFile', 'src/kernel/kernel.wasm', '-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--use', 'abort=', '--initialMemory', '2048', '--maximumMemory', '2048'];
const compiled = spawnSync(process.execPath, [`${root}node_modules/assemblyscript/bin/asc.js`, ...asc], { cwd: root, stdio: 'inherit' });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
copyFileSync(kernel, `${root}dist/src/kernel/kernel.wasm`);
for (const bin of ['main', 'cli/kubectl-complete']) chmodSync(`${root}dist/src/${bin}.js`, 0o755);
