import { appendFileSync } from 'node:fs';
import { hubbleLine, pod, T0 } from './hubble.ts';

const SERVER = pod('shop', 'server-0', '10.0.0.1', { app: 'server' });

/** One connection of a workload of its own, each a second later: what is stored grows with every line. */
export function clientLine(n: number): string {
  const client = pod(`team-${n % 50}`, `client${n}-0`, `10.${1 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`, { app: `client${n}` });
  return hubbleLine({ from: client, to: SERVER, port: 8080, time: T0 + n * 1_000 });
}

/** The same few connections again and again: many bytes of log, of which little is stored. */
export function repeatedLines(bytes: number): readonly string[] {
  const lines: string[] = [];
  for (let n = 0, size = 0; size < bytes; n++) {
    const line = hubbleLine({ from: pod('shop', `web-${n % 5}`, `10.0.0.${10 + (n % 5)}`, { app: 'web' }), to: SERVER, port: 8080, clientPort: 1_024 + (n % 60_000), time: T0 + n });
    size += line.length + 1;
    lines.push(line);
  }
  return lines;
}

export function append(log: string, lines: readonly string[]): void {
  appendFileSync(log, lines.map((line) => `${line}\n`).join(''));
}
