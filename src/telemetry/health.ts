/** Why a process is not ready, by subject: the newest word of each counts. */
export class Health {
  readonly #problems = new Map<string, string>();

  /** `reason` is a sentence; null says that the subject is well again. */
  report(subject: string, reason: string | null): void {
    if (reason === null) this.#problems.delete(subject);
    else this.#problems.set(subject, reason);
  }

  /** What is watched from now on is something else: nothing is known of it yet. */
  forget(): void {
    this.#problems.clear();
  }

  get isReady(): boolean {
    return this.#problems.size === 0;
  }

  /** `database: footpath.db: the disk is full…`, sorted. */
  get reasons(): readonly string[] {
    return [...this.#problems].map(([subject, reason]) => `${subject}: ${reason}`).toSorted();
  }
}
