import type { CountedAs, Endpoint, Flow, Opened, Operation, Performed, Role, SkipReason, Window } from './model/flow.ts';
import type { Origin } from './model/origin.ts';
import type { Group, Plan } from './scan/plan.ts';
import type { Slots } from './scan/slots.ts';

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
 * `skip`, or holds it back until `flush`; it never throws, waits, logs, or reads a clock.
 */
export interface Decoder<To extends Sink = Sink> {
  decode(records: Records, origin: Origin, sink: To): void;
  /** Hands on what was held back, to the sink that it was decoded for: a decoder may hold records that say the same until then. */
  flush?(sink: To): void;
  /** How records of one form are recognised, so that only the first of them has to be understood; absent where `decode` is all there is. */
  readonly forms?: Forms;
}

/**
 * The second way to decode: records that differ in their time, their counters, their client's port or what they ask for alone are of one
 * form, and mean the same but for that. The law of it: a record means what `read` says of its form, whenever the kernel finds one.
 */
export interface Forms {
  readonly plan: Plan;
  /** Whoever owns the records is an end of theirs, where it is known: then it is told only by its ends just as they are. */
  readonly ownerIsEnd: boolean;
  /** What a group of values says. Asked once for each bytes of it; `values` lie in `bytes`. */
  part(group: Group, bytes: Buffer, values: Slots): Part;
  /** Hands to the sink what a record of this form means, as `decode` would; counts and times are those of one record, and overwritten by whoever asks; so is an operation. */
  read(form: Form, origin: Origin, sink: Sink): void;
}

export interface Part {
  /** Parts of one group with one key say the same. */
  readonly key: string;
  readonly value: unknown;
  /** What a record with this part needs for its form: a sum of `RULE`. */
  readonly rule: number;
  /** Who it is, if the part is an end (the groups 0 and 1) that any other of its workload may stand for. */
  readonly end: End | null;
  /** What was asked for, if the part is a request (the group 3): counted beside the form, so that records that differ in it alone are of one. */
  readonly operation: Operation | null;
}

/** An end of a record. Ends of one workload that are alike say the same. */
export interface End {
  readonly endpoint: Endpoint;
  readonly likeness: string;
}

/** A part that is neither such an end nor a request, and tells nothing of its form. */
export function plainPart(key: string, value: unknown): Part {
  return { key, value, rule: 0, end: null, operation: null };
}

/**
 * Which ports of a record tell its form. Whether its first end is the server; whether it opens a connection, so that the client's pod counts; whether it is told only
 * by its ends just as they are. Whether it has no form, whatever else it says. Whether this end is that of a line at the server's side, or at the client's: with one of each, it is told by
 * its ends just as they are.
 */
export const RULE = { firstPort: 1, secondPort: 2, backwards: 4, opens: 8, endsAsTheyAre: 16, noForm: 32, arriving: 64, leaving: 128 } as const;

/** The parts of a form by their group, and the ports that tell it; a port that does not is 0. An end may be any pod of its workload, and the node (the last group) is no part of it. */
export interface Form {
  readonly parts: readonly unknown[];
  readonly firstPort: number;
  readonly secondPort: number;
}

/** A sink that takes what many records say at once. */
export interface BundleSink extends Sink {
  /** The same as long as all questions are answered alike. */
  readonly knowledge: object;
  /** The workload of an end, if it is a pod's, and within which times around this one it is that. */
  roleOf(end: Endpoint, time: number): Role;
  /** What becomes of a flow, and within which times it is the same. */
  place(flow: Flow): Window & { readonly as: CountedAs };
  /**
   * A flow whose records are counted by `count`, and what they performed. With `opened`, its ends stand for any pods of their workloads, which are told by `see`, and these are the clients that opened
   * its connections.
   */
  bundle(flow: Flow, performed: readonly Performed[], opened: readonly Opened[] | null): void;
  /** So many records of a node, the last at `until`; null where they have no time. */
  count(as: CountedAs, node: string, until: number | null, records: number): void;
  /** So many of the records were not recognised with certainty: the format decoded each by itself. */
  unsure(records: number): void;
  /** An end was seen that is one workload's pod between these times. */
  see(end: Endpoint, first: number, last: number): void;
}

export interface Sink {
  /** The record's flow. The object is valid during the call only; its endpoints, witness and operation are immutable. */
  flow(flow: Flow): void;
  /** A further flow of the same record: a gateway's line shows two connections. */
  also(flow: Flow): void;
  /** Why the record is no flow; `time` is null where it has none. */
  skip(reason: SkipReason, time: number | null, node: string): void;
  /** The source says that it lost this many events. Counted beside the record that says so. */
  lost(events: number, time: number | null, node: string): void;
}
