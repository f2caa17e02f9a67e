/** Told apart anyway: keeping them to compare would cost more than it saves. */
const OWN: ReadonlySet<string> = new Set(['name', 'uid', 'addresses']);
const MOST = 20_000;

/** Keeps equal values once: thousands of pods have the labels, ports and nodes of a few hundred. */
export class SharedValues {
  readonly #known = new Map<string, unknown>();

  /** Exchanges what a fact has in common with others, in place: the fact is new, and nobody else's. */
  share<F extends object>(fact: F): F {
    const values = fact as Record<string, unknown>;
    for (const key in fact) {
      const value = values[key];
      if (!OWN.has(key) && (typeof value === 'string' || (typeof value === 'object' && value !== null))) values[key] = this.#one(value);
    }
    return fact;
  }

  #one(value: unknown): unknown {
    const key = JSON.stringify(value instanceof Map ? { map: [...(value as Map<string, string>)] } : value);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    // Labels of pods that are long gone would pile up; a second object for a value is merely larger.
    if (this.#known.size >= MOST) this.#known.clear();
    this.#known.set(key, value);
    return value;
  }
}
