/** Latencies in milliseconds, counted. */
export class Latencies {
  #counts = new Map();
  #total = 0;

  add(latency, n = 1) {
    this.#counts.set(latency, n + (this.#counts.get(latency) ?? 0));
    this.#total += n;
  }

  /** In seconds. */
  quantile(share) {
    let left = this.#total * share;
    let last = 0;
    for (const [latency, n] of [...this.#counts].toSorted(([a], [b]) => a - b)) {
      last = latency;
      left -= n;
      if (left <= 0) break;
    }
    return last / 1_000;
  }
}
