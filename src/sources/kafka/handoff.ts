/** Something that waits until it is asked for, and is made at that moment. */
export interface Offer {
  readonly isTaken: boolean;
  /** Resolves once it is taken. */
  readonly taken: Promise<void>;
  /** It is not to be had any more. */
  withdraw(): void;
}

/** Between one who brings and one who asks: nothing is held but what is offered right now. */
export class Handoff<T> {
  #offered: { readonly make: () => T; readonly take: () => void } | null = null;
  #end: { readonly error: Error | null } | null = null;
  #wake: () => void = () => undefined;

  offer(make: () => T): Offer {
    let isTaken = false;
    let resolve = (): void => undefined;
    const taken = new Promise<void>((done) => (resolve = done));
    const own = {
      make,
      take: () => {
        isTaken = true;
        resolve();
      },
    };
    this.#offered = own;
    this.#wake();
    return {
      get isTaken() {
        return isTaken;
      },
      taken,
      withdraw: () => {
        if (this.#offered === own) this.#offered = null;
      },
    };
  }

  /** Nothing more comes: whoever asks gets null, or the error. */
  end(error: Error | null): void {
    this.#end ??= { error };
    this.#wake();
  }

  async next(): Promise<T | null> {
    for (;;) {
      if (this.#end !== null) {
        if (this.#end.error !== null) throw this.#end.error;
        return null;
      }
      const offered = this.#offered;
      if (offered !== null) {
        this.#offered = null;
        const made = offered.make();
        offered.take();
        return made;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
