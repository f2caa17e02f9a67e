import type { Define } from '../command.ts';
import { defineSwitch } from '../switch-mode.ts';

export const define: Define = (command, run) => {
  defineSwitch(command, 'watching', run);
  command.addHelpText('after', '\nThe accepted edges of the scope become its baseline. What leaves it from now on is an alert, and is not learned.');
};
