#!/usr/bin/env node
import process, { argv, env, pid, stderr, stdin, stdout } from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { run } from './cli/program.ts';

// V8 lets the heap grow to four times what is alive before it cleans up. A million flows: 330 MB peak without this, 210 with
// it, in the same time.
setFlagsFromString('--heap-growing-percent=40');

// A reader that has seen enough (`footpath edges | head`) is no error.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await run(argv.slice(2), {
  env,
  pid,
  stdin,
  stdout,
  stderr,
  now: () => Date.now(),
  onSignal: (signal, handler) => {
    process.on(signal, handler);
    return () => void process.off(signal, handler);
  },
});
