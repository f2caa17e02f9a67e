import type { PodFact } from '../model/inventory.ts';

export interface PodLivesOptions {
  /** Milliseconds that an ended life is kept after its end was noticed. */
  readonly keepFor: number;
  /** And how many are, at most: the oldest go first. */
  readonly keepAtMost: number;
}

/** Lives that have ended at their addresses: their records may still be on the way. */
export class PodLives {
  readonly #options: PodLivesOptions;
  /** In the order in which the ends were noticed. */
  #ended: { readonly fact: PodFact; readonly noticed: number }[] = [];

  constructor(options: PodLivesOptions) {
    this.#options = options;
  }

  /** Keeps a pod that is gone, with its end. */
  keep(fact: PodFact, now: number): void {
    // Without an address of its own it can be nobody's peer.
    if (fact.addresses.length > 0 && !fact.hostNetwork) this.#ended.push({ fact, noticed: now });
    if (this.#ended.length > this.#options.keepAtMost * 1.1) this.#forget(now);
  }

  ended(now: number): readonly PodFact[] {
    this.#forget(now);
    return this.#ended.map(({ fact }) => fact);
  }

  #forget(now: number): void {
    const { keepFor, keepAtMost } = this.#options;
    this.#ended = this.#ended.slice(-keepAtMost).filter(({ noticed }) => now - noticed <= keepFor);
  }
}

/**
 * The last fact of a pod whose end was told: it gave its address up when its containers ended, or by its deletion's deadline, or
 * now. A deadline may lie ahead, though the pod is gone.
 */
export function endedByNow(fact: PodFact, now: number): PodFact {
  return { ...fact, until: Math.min(fact.until ?? now, now), gone: true };
}

/** A pod that went while nobody looked: it was there at `lastLook`, and nothing more is known. */
export function endedSince(fact: PodFact, lastLook: number, now: number): PodFact {
  return { ...fact, until: Math.min(fact.until ?? Math.max(lastLook, fact.from ?? lastLook), now), gone: true };
}

/**
 * The life that a change of the same pod ended: another pod took its name, or it got other addresses (its node was restarted, say).
 * Null if it lives on as it was.
 */
export function endedByChange(before: PodFact, fact: PodFact, lastLook: number, now: number): PodFact | null {
  const keeps = before.uid === fact.uid && before.addresses.every((address) => fact.addresses.includes(address));
  if (keeps) return null;
  const began = fact.from !== null && fact.from > (before.from ?? 0) ? fact.from : now;
  return endedSince(before, Math.min(lastLook, began), now);
}
