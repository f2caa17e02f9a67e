/** Yardstick: the lines of a file, each through JSON.parse. What any program would pay before it understands anything. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

let verdicts = 0;
for await (const line of createInterface({ input: createReadStream(process.argv[2]) })) if (JSON.parse(line).flow.verdict === 'FORWARDED') verdicts++;
console.log(verdicts);
