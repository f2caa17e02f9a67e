/** Comparisons of single peers, labels or ports in one run: some seconds of them. */
const MOST = 20_000_000;

/**
 * What may be held against each other in one run, where everything could be held against everything: what is beyond is not, and
 * whoever reads the findings is told.
 */
export class Effort {
  #left: number;
  #isSpent = false;

  constructor(most = MOST) {
    this.#left = most;
  }

  /** Whether so much may still be compared. */
  spend(comparisons: number): boolean {
    if (comparisons > this.#left) {
      this.#isSpent = true;
      return false;
    }
    this.#left -= comparisons;
    return true;
  }

  /** Whether something was not compared. */
  get isSpent(): boolean {
    return this.#isSpent;
  }
}
