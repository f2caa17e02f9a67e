#!/usr/bin/env node
import { argv, env, pid, stderr, stdin, stdout } from 'node:process';
import { run } from './cli/program.ts';

// A reader that has seen enough (`footpath edges | head`) is no error.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await run(argv.slice(2), { env, pid, stdin, stdout, stderr, now: () => Date.now() });
