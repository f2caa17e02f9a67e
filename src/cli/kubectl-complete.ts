#!/usr/bin/env node
import { argv, env, pid, stderr, stdin, stdout } from 'node:process';
import { run } from './program.ts';

// Installed as kubectl_complete-footpath: kubectl asks it what may follow `kubectl footpath …`.
process.exitCode = await run(['complete', '--', ...argv.slice(2)], { env, pid, stdin, stdout, stderr, now: () => Date.now(), onSignal: () => () => undefined });
