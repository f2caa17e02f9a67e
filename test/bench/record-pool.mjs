/** Hubble's records, one a line, to be written again and again with the time of their writing. */
import { hubbleFlows } from './generators/hubble.mjs';

const SIZE = 40_000;
const NO_TIME = '2000-01-01T00:00:00.000Z';

export class RecordPool {
  size = SIZE;
  /** Where each record begins, and where the last one's line ends. */
  starts = [0];
  /** Two a record. */
  #times = [];

  constructor() {
    const record = hubbleFlows();
    this.bytes = Buffer.from(Array.from({ length: SIZE }, () => `${record(NO_TIME)}\n`).join(''));
    for (let at = this.bytes.indexOf(NO_TIME); at >= 0; at = this.bytes.indexOf(NO_TIME, at + 1)) this.#times.push(at);
    for (let at = this.bytes.indexOf(0x0a); at >= 0; at = this.bytes.indexOf(0x0a, at + 1)) this.starts.push(at + 1);
  }

  /** Gives the records from `first` to before `last` a time, as ISO 8601 with milliseconds. */
  stamp(first, last, time) {
    for (let i = 2 * first; i < 2 * last; i++) time.copy(this.bytes, this.#times[i]);
  }
}
