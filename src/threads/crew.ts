import { Worker } from 'node:worker_threads';
import type { StripeEnd, StripeReader } from '../source.ts';
import type { Answer, Facts } from './stripe-decoder.ts';
import type { Task } from './thread.ts';
import { Listener, Shared, together } from './told.ts';

interface Asked {
  readonly answer: (answer: Answer) => void;
  readonly fail: (error: Error) => void;
}

/** One thread. It answers in the order in which it is asked. */
class Hand {
  readonly #worker: Worker;
  readonly #asked: Asked[] = [];
  #failed: Error | null = null;

  constructor(facts: Facts) {
    this.#worker = new Worker(new URL('thread.js', import.meta.url), { workerData: facts });
    this.#worker.on('message', (answer: Answer) => this.#asked.shift()?.answer(answer));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (status) => this.#fail(new Error(`a thread ended by itself, with ${status}`)));
  }

  #fail(error: Error): void {
    this.#failed ??= error;
    for (const { fail } of this.#asked.splice(0)) fail(this.#failed);
  }

  ask(task: Task): Promise<Answer> {
    return new Promise((answer, fail) => {
      if (this.#failed !== null) return fail(this.#failed);
      this.#asked.push({ answer, fail });
      this.#worker.postMessage(task);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Threads that read and decode stripes of large files. They begin when they are first asked. */
export class Crew {
  readonly #size: number;
  readonly #facts: () => Facts;
  readonly #shared = new Shared();
  #hands: readonly { readonly hand: Hand; readonly listener: Listener }[] = [];

  constructor(size: number, facts: () => Facts) {
    this.#size = size;
    this.#facts = facts;
  }

  /** A reader of what this collector understands. */
  readerFor(collector: () => string): StripeReader {
    return async (stripes) => {
      if (this.#hands.length === 0) {
        const facts = this.#facts();
        this.#hands = Array.from({ length: this.#size }, () => ({ hand: new Hand(facts), listener: new Listener(this.#shared) }));
      }
      const next = new Int32Array(new SharedArrayBuffer(4));
      const ends: StripeEnd[] = [];
      const decoded = await Promise.all(
        this.#hands.map(async ({ hand, listener }) => {
          const answer = await hand.ask({ collector: collector(), stripes, next });
          for (const [i, end] of answer.ends) ends[i] = end;
          return listener.hear(answer.columns);
        }),
      );
      return { ends, decoded: together(decoded) };
    };
  }

  async end(): Promise<void> {
    await Promise.all(this.#hands.map(async ({ hand }) => hand.end()));
  }
}
