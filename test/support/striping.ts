import { collectors } from '../../collectors/index.ts';
import type { CollectorSettings } from '../../src/collector.ts';
import type { StripeEnd, StripeReader } from '../../src/source.ts';
import { StripeDecoder } from '../../src/threads/stripe-decoder.ts';
import { Listener, Shared, together } from '../../src/threads/told.ts';
import type { Directory } from '../../src/resolve/directory.ts';

export interface Striping {
  readonly directory: Directory;
  readonly settings?: CollectorSettings;
  /** How many decode, and which of them takes the nth stripe that is read. */
  readonly decoders: number;
  readonly who?: (n: number) => number;
}

/** What `Crew` does with threads, in this one: everything is copied on its way, each decoder takes what chance gives it. */
export function striping({ directory, settings = { accessLogFormat: null }, decoders, who = (n) => n }: Striping): (collector: () => string) => StripeReader {
  const facts = structuredClone({ settings, inventory: directory.inventory, ranges: directory.podRanges, cluster: directory.cluster });
  const shared = new Shared();
  const crew = Array.from({ length: decoders }, () => ({ decoder: new StripeDecoder(facts), listener: new Listener(shared) }));
  let read = 0;
  return (collector) => async (stripes) => {
    await Promise.resolve();
    const ends: StripeEnd[] = [];
    const taken = structuredClone(stripes).map((stripe, i) => ({ i, stripe, by: who(read++) % decoders }));
    const found = collectors.find(({ name }) => name === collector());
    const decoded = crew.map(({ decoder, listener }, me) => {
      const answer = structuredClone(decoder.decode(found!, taken.filter(({ by }) => by === me).map(({ i, stripe }) => [i, stripe] as const)));
      for (const [i, end] of answer.ends) ends[i] = end;
      return listener.hear(answer.columns);
    });
    return { ends, decoded: together(decoded) };
  };
}
