/** The yardsticks in C++, where there is a compiler and, for JSON, Debian's libsimdjson-dev. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const FLAGS = ['-O3', '-march=native', '-std=c++17'];

/** Path of the program made of NAME.cpp, or why there is none. */
export function compiled(name, folder, libraries) {
  const program = join(folder, name);
  const { status, stderr, error } = spawnSync('g++', [...FLAGS, join(import.meta.dirname, `${name}.cpp`), '-o', program, ...libraries], { encoding: 'utf8' });
  if (error !== undefined) return { program: null, because: 'there is no g++' };
  if (status === 0) return { program, because: null };
  return { program: null, because: /simdjson\.h|-lsimdjson/.test(stderr) ? 'libsimdjson-dev is not installed' : stderr.split('\n', 1)[0] };
}

/** Of the library that is installed; what its header says. */
export function simdjsonVersion() {
  const { stdout } = spawnSync('g++', ['-std=c++17', '-E', '-dM', '-include', 'simdjson.h', '-x', 'c++', '/dev/null'], { encoding: 'utf8', maxBuffer: 1 << 26 });
  return /#define SIMDJSON_VERSION "?([0-9.]+)/.exec(stdout ?? '')?.[1] ?? '';
}
