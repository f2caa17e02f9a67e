/** Yardstick: finds the ends of the lines, and does nothing else. `node newlines.mjs LOG` */
import { eachLine } from './lines.mjs';

let lines = 0;
eachLine(process.argv[2], () => lines++);
console.log(lines);
