import type { Define } from '../command.ts';
import { defineSwitch } from '../switch-mode.ts';

export const define: Define = (command, run) => {
  defineSwitch(command, 'learning', run);
  command.addHelpText('after', '\nWhat is seen from now on is learned, on top of the baseline, which stays. Edges that broke it wait for a decision.');
};
