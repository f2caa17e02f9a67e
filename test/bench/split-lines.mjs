/** Yardstick: the lines of a file, each split at its spaces. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

let words = 0;
for await (const line of createInterface({ input: createReadStream(process.argv[2]) })) words += line.split(' ').length;
console.log(words);
