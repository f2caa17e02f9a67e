import type { Command } from 'commander';
import type { Context } from './context.ts';

/** Does the work of one command line, and says the exit status. */
export type Run = (work: (context: Context) => Promise<number> | number) => Promise<void>;

/** A command adds its arguments, options and action; the action calls `run`. */
export type Define = (command: Command, run: Run) => void;
