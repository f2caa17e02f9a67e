import { readFileSync } from 'node:fs';
import type { Collector, Decoder } from '../../src/collector.ts';
import type { Flow, SkipReason } from '../../src/model/flow.ts';
import type { Origin } from '../../src/model/origin.ts';

/** One call that a decoder made for a record; a flow is copied, since it is valid during the call only. */
export type Call =
  | { readonly call: 'flow' | 'also'; readonly flow: Flow }
  | { readonly call: 'skip'; readonly reason: SkipReason; readonly time: number | null; readonly node: string }
  | { readonly call: 'lost'; readonly events: number; readonly time: number | null; readonly node: string };

export const SOMEBODY: Origin = { source: 'test', owner: { namespace: 'shop', pod: 'web-1', container: 'istio-proxy' } };

export interface Neighbours {
  readonly before: Buffer;
  readonly after: Buffer;
}

const ALONE: Neighbours = { before: Buffer.alloc(0), after: Buffer.alloc(0) };

/** What a decoder answers to one record; it never sees where in memory the record lies. */
export function callsFor(decoder: Decoder, record: Buffer, { before, after }: Neighbours = ALONE): readonly Call[] {
  const calls: Call[] = [];
  const start = before.length;
  decoder.decode(
    { bytes: Buffer.concat([before, record, after]), starts: Int32Array.of(start), ends: Int32Array.of(start + record.length), count: 1 },
    SOMEBODY,
    {
      flow: (flow) => void calls.push({ call: 'flow', flow: { ...flow } }),
      also: (flow) => void calls.push({ call: 'also', flow: { ...flow } }),
      skip: (reason, time, node) => void calls.push({ call: 'skip', reason, time, node }),
      lost: (events, time, node) => void calls.push({ call: 'lost', events, time, node }),
    },
  );
  return calls;
}

/** The records of a collector's samples, each of them one that it knows. */
export function samplesOf({ name }: Collector): readonly Buffer[] {
  const text = readFileSync(new URL(`../cases/collectors/${name}.txt`, import.meta.url), 'utf8');
  return text.split('\n').filter((line) => line !== '').map((line) => Buffer.from(line));
}
