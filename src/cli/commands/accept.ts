import { defineDecision } from '../decide.ts';
import type { Define } from '../command.ts';

export const define: Define = (command, run) => defineDecision(command, 'accept', run);
