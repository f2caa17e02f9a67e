import type { Flow, SkipReason, Window } from './model/flow.ts';
import type { Origin } from './model/origin.ts';

/**
 * A collector says what a record of one format means. It is a value; adding one costs its folder, its fixtures and one line
 * in `collectors/index.ts`. The suite in `test/contract` judges whatever is listed there.
 */
export interface Collector {
  /** As `--format` takes it. */
  readonly name: string;
  readonly description: string;
  /** What the format can tell, and what it cannot: `footpath collectors` prints both. */
  readonly carries: readonly string[];
  readonly lacks: readonly string[];
  /** Whether these bytes look like a record of this format. Only a sample is asked about, before anything is read. */
  detect(bytes: Buffer, start: number, end: number, settings: CollectorSettings): boolean;
  /** What is wrong with the settings, as a sentence that follows the setting's name; null if nothing is. */
  problem?(settings: CollectorSettings): string | null;
  /** A decoder has the memory of the endpoints that it saw; one is made for each reading. */
  decoder(settings: CollectorSettings): Decoder;
}

export interface CollectorSettings {
  /** The mesh's own access log format: an Envoy format string, or a JSON template. */
  readonly accessLogFormat: string | null;
}

/** Records within one piece of memory: record i is `bytes[starts[i], ends[i])`, without its line end. */
export interface Records {
  readonly bytes: Buffer;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly count: number;
}

/**
 * `decode` is total: it answers each record with exactly one call of `flow` (more flows of the same record by `also`) or
 * `skip`; it never throws, waits, logs, or reads a clock.
 */
export interface Decoder {
  decode(records: Records, origin: Origin, sink: Sink): void;
}

export interface Sink {
  /** The record's flow. The object is valid during the call only; its endpoints, witness and operation are immutable. */
  flow(flow: Flow): void;
  /** A further flow of the same record: a gateway's line shows two connections. */
  also(flow: Flow): void;
  /** Why the record is no flow; `time` is null where it has none. Several records of one hour may be skipped at once. */
  skip(reason: SkipReason, time: number | null, node: string, records?: number): void;
  /** Times within which more records of this flow may be handed in with it, as one. */
  window(flow: Flow): Window;
  /** The source says that it lost this many events. Counted beside the record that says so. */
  lost(events: number, time: number | null, node: string): void;
}
