/** What yardsticks add up: counters of each edge and witness, and records of each node. Written as lines that all of them write alike. */
import { writeFileSync } from 'node:fs';

export const COUNTERS = ['opened', 'ongoing', 'answered', 'refused', 'denied', 'audited', 'failed', 'lost_answers'];

/** That an answer was lost is no sign of life. */
export const LOST = ['lost_answers'];

export class Edges {
  #edges = new Map();
  #nodes = new Map();

  /** An edge of this key (source, destination, protocol, port, side, point; tabs between) was seen at this time, in milliseconds. A request may be opened and answered in one. */
  add(key, counters, time, bytesOut = 0, bytesIn = 0) {
    let edge = this.#edges.get(key);
    if (edge === undefined) {
      edge = { opened: 0, ongoing: 0, answered: 0, refused: 0, denied: 0, audited: 0, failed: 0, lost_answers: 0, bytesOut: 0, bytesIn: 0, first: Infinity, last: -Infinity, answeredFirst: Infinity };
      this.#edges.set(key, edge);
    }
    for (const counter of counters) edge[counter]++;
    if (counters === LOST) return;
    edge.bytesOut += bytesOut;
    edge.bytesIn += bytesIn;
    if (time < edge.first) edge.first = time;
    if (time > edge.last) edge.last = time;
    if (counters.at(-1) === 'answered' && time < edge.answeredFirst) edge.answeredFirst = time;
  }

  node(name) {
    this.#nodes.set(name, (this.#nodes.get(name) ?? 0) + 1);
  }

  write(path) {
    const moment = (time) => (Number.isFinite(time) ? time : '');
    const lines = [...this.#edges].map(([key, edge]) => [key, ...COUNTERS.map((counter) => edge[counter]), edge.bytesOut, edge.bytesIn, moment(edge.first), moment(edge.last), moment(edge.answeredFirst)].join('\t'));
    for (const [name, records] of this.#nodes) lines.push(`node ${name}\t${records}`);
    writeFileSync(path, `${lines.join('\n')}\n`);
  }
}
