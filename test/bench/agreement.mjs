/** Whether all who read a log found the same edges and counts. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The lines of a file; a tab at the end of the last one belongs to it. */
export function edgesOfFile(path) {
  return readFileSync(path, 'utf8').replace(/\n$/, '').split('\n');
}

/** What one of them found, in the order of its lines' bytes. */
export class Found {
  constructor(lines) {
    this.lines = lines.toSorted();
    this.hash = createHash('sha256').update(this.lines.join('\n')).digest('hex');
  }

  /** Edges of several witnesses are one. */
  get edges() {
    return new Set(this.lines.filter((line) => !line.startsWith('node ')).map((line) => line.split('\t', 4).join('\t'))).size;
  }

  /** A few lines that the two do not share; none if they are the same. */
  differences(other, atMost = 4) {
    if (this.hash === other.hash) return [];
    const lacking = (a, b) => {
      const known = new Set(b.lines);
      return a.lines.filter((line) => !known.has(line)).slice(0, atMost);
    };
    return [...lacking(this, other).map((line) => `- ${line}`), ...lacking(other, this).map((line) => `+ ${line}`)];
  }
}
