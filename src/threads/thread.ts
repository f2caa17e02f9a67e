import { parentPort, workerData } from 'node:worker_threads';
import { collectors } from '../../collectors/index.ts';
import type { Stripe } from '../source.ts';
import { StripeDecoder, type Facts } from './stripe-decoder.ts';

/** A thread of `Crew`: it is asked for stretches, and answers each. */

export interface Task {
  readonly collector: string;
  readonly stripes: readonly Stripe[];
  /** The number of the next stripe that nobody has begun. Shared: whoever is free takes it, without asking the busy main thread. */
  readonly next: Int32Array;
}

function* unbegun({ stripes, next }: Task): Generator<readonly [number, Stripe]> {
  for (let i = Atomics.add(next, 0, 1); i < stripes.length; i = Atomics.add(next, 0, 1)) yield [i, stripes[i]!];
}

const decoder = new StripeDecoder(workerData as Facts);
parentPort?.on('message', (task: Task) => {
  const collector = collectors.find(({ name }) => name === task.collector)!;
  const answer = decoder.decode(collector, unbegun(task));
  const { flows, performed, opened, counts, sightings } = answer.columns;
  parentPort?.postMessage(answer, [flows.buffer, performed.buffer, opened.buffer, counts.buffer, sightings.buffer] as ArrayBuffer[]);
});
