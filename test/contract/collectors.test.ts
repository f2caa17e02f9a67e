import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectors } from '../../collectors/index.ts';
import type { Collector } from '../../src/collector.ts';
import { anyText } from '../support/any-text.ts';
import { callsFor, samplesOf, SOMEBODY, type Call } from '../support/account.ts';
import { faultsOf } from '../support/well-formed.ts';

/** What every collector owes, whoever wrote it: judged the moment it is listed, by its samples in `test/cases/collectors`. */

const NO_SETTINGS = { accessLogFormat: null };
const detects = (collector: Collector, record: Buffer): boolean => collector.detect(record, 0, record.length, NO_SETTINGS);
const decoderOf = (collector: Collector): ReturnType<Collector['decoder']> => collector.decoder(NO_SETTINGS);

/** What became of a record; when a bad one was written is not compared. */
function answerOf(call: Call): unknown {
  return call.call === 'skip' ? [call.reason, call.node] : call;
}

type Change = (record: Buffer) => Buffer;

const at = (record: Buffer, where: number): number => where % (record.length + 1);
const pieces = ['"', '\\', '{', '}', '[', ']', ',', ':', '|', ' ', '-', '%', '\u0000', '\u001b[31m', '\n', 'é', '\u202e', 'null', 'true', '0', '-1', '99999', '1e9', '"x"', '{}', '[]', '../', '?t=hunter2'];

/** Bytes replaced, taken out, put in, or doubled. */
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(fc.nat(), fc.nat(255)).map(([where, byte]): Change => (record) => {
    const changed = Buffer.from(record);
    if (changed.length > 0) changed[where % changed.length] = byte;
    return changed;
  }),
  fc.tuple(fc.nat(), fc.nat(60)).map(([where, length]): Change => (record) => {
    const from = at(record, where);
    return Buffer.concat([record.subarray(0, from), record.subarray(from + length)]);
  }),
  fc.tuple(fc.nat(), fc.constantFrom(...pieces)).map(([where, piece]): Change => (record) => {
    const from = at(record, where);
    return Buffer.concat([record.subarray(0, from), Buffer.from(piece), record.subarray(from)]);
  }),
  fc.tuple(fc.nat(), fc.nat(200), fc.nat()).map(([where, length, to]): Change => (record) => {
    const part = record.subarray(at(record, where), at(record, where) + length);
    return Buffer.concat([record.subarray(0, at(record, to)), part, record.subarray(at(record, to))]);
  }),
);
const changes = fc.array(change, { minLength: 1, maxLength: 4 });
const damaged = (record: Buffer, list: readonly Change[]): Buffer => list.reduce((bytes, one) => one(bytes), record);

it('each collector has a name of its own', () => {
  const names = collectors.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

describe.each(collectors.map((collector) => [collector.name, collector] as const))('the collector %s', (name, collector) => {
  const samples = samplesOf(collector);

  it('says what it is, what it carries and what it lacks', () => {
    expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
    for (const text of [collector.description, ...collector.carries, ...collector.lacks]) expect(text).toMatch(/\S/);
    expect(collector.carries.length).toBeGreaterThan(0);
    expect(collector.problem?.(NO_SETTINGS) ?? null).toBeNull();
  });

  it('knows each of its samples, and none of the others’', () => {
    expect(samples.length).toBeGreaterThan(5);
    for (const sample of samples) expect([sample.toString(), detects(collector, sample)]).toEqual([sample.toString(), true]);
    for (const other of collectors) {
      if (other !== collector) for (const sample of samplesOf(other)) expect([sample.toString(), detects(collector, sample)]).toEqual([sample.toString(), false]);
    }
  });

  it('is asked about bytes within others, and only about these', () => {
    for (const sample of samples) {
      const within = Buffer.concat([Buffer.from('{"a":"'), sample, Buffer.from('"}}]}')]);
      expect(collector.detect(within, 6, 6 + sample.length, NO_SETTINGS)).toBe(true);
      expect(collector.detect(within, 6, 6, NO_SETTINGS)).toBe(false);
    }
  });

  it('makes flows of most of its samples, each by its own witness', () => {
    const told = samples.map((sample) => callsFor(decoderOf(collector), sample));
    for (const calls of told) expect(faultsOf(calls)).toEqual([]);
    const flows = told.flat().flatMap((call) => (call.call === 'flow' || call.call === 'also' ? [call.flow] : []));
    expect(flows.length).toBeGreaterThan(samples.length / 2);
    for (const { witness } of flows) expect(witness.collector).toBe(name);
  });

  it('answers every record once, whatever became of it', () => {
    const decoder = decoderOf(collector);
    fc.assert(
      fc.property(fc.constantFrom(...samples), changes, (sample, list) => {
        const record = damaged(sample, list);
        detects(collector, record);
        expect(faultsOf(callsFor(decoder, record))).toEqual([]);
      }),
      { numRuns: 1500 },
    );
  });

  it('answers bytes of any kind', () => {
    const decoder = decoderOf(collector);
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.json().map((text) => Buffer.from(text)), anyText(200).map((text) => Buffer.from(text)));
    fc.assert(
      fc.property(bytes, (any) => {
        detects(collector, Buffer.from(any));
        expect(faultsOf(callsFor(decoder, Buffer.from(any)))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('answers a record that breaks off anywhere, and never looks at what stands beside it', () => {
    for (const sample of samples) {
      for (let length = 0; length <= sample.length; length += 1 + (length % 29)) {
        const part = sample.subarray(0, length);
        const calls = callsFor(decoderOf(collector), part);
        expect(faultsOf(calls)).toEqual([]);
        // Behind it stands what would make it whole.
        const neighbours = { before: sample.subarray(0, length), after: Buffer.concat([sample.subarray(length), sample]) };
        expect(callsFor(decoderOf(collector), part, neighbours)).toEqual(calls);
      }
    }
  });

  it('the same record has the same answer, whatever was read before it', () => {
    const alone = samples.map((sample) => callsFor(decoderOf(collector), sample));
    const orders = fc.shuffledSubarray([...samples.keys(), ...samples.keys()], { minLength: 1 });
    fc.assert(
      fc.property(orders, (order) => {
        const decoder = decoderOf(collector);
        for (const i of order) expect(callsFor(decoder, samples[i]!)).toEqual(alone[i]);
      }),
      { numRuns: 30 },
    );
  });

  it('so has a damaged one, wherever it lies', () => {
    const used = decoderOf(collector);
    const neighbours = { before: Buffer.from('{"flow":{"x":"10.9.9.9:9 '), after: Buffer.from('0"}},"verdict":"DROPPED" 10.9.9.9:9" default}') };
    fc.assert(
      fc.property(fc.constantFrom(...samples), changes, (sample, list) => {
        const record = damaged(sample, list);
        expect(callsFor(used, record).map(answerOf)).toEqual(callsFor(decoderOf(collector), record, neighbours).map(answerOf));
      }),
      { numRuns: 300 },
    );
  });

  it('answers many records at once as it does one by one', () => {
    const line = Buffer.concat(samples.flatMap((sample) => [sample, Buffer.from('\n')]));
    const ends = samples.map((sample, i) => samples.slice(0, i).reduce((sum, { length }) => sum + length + 1, 0) + sample.length);
    const kinds: string[] = [];
    decoderOf(collector).decode(
      { bytes: line, starts: Int32Array.from(samples.map((sample, i) => ends[i]! - sample.length)), ends: Int32Array.from(ends), count: samples.length },
      SOMEBODY,
      { flow: (flow) => void kinds.push(`flow ${flow.port}`), also: (flow) => void kinds.push(`also ${flow.port}`), skip: (reason) => void kinds.push(reason), lost: () => undefined },
    );
    const single = samples.flatMap((sample) => callsFor(decoderOf(collector), sample));
    expect(kinds).toEqual(single.flatMap((call) => (call.call === 'lost' ? [] : call.call === 'skip' ? [call.reason] : [`${call.call} ${call.flow.port}`])));
    expect(kinds.length).toBeGreaterThanOrEqual(samples.length);
  });

  it('leaves no record, no bytes and no decoder changed by another', () => {
    const copies = samples.map((sample) => Buffer.from(sample));
    const [first, second] = [decoderOf(collector), decoderOf(collector)];
    for (const sample of samples) callsFor(first, sample);
    for (const sample of samples) expect(callsFor(second, sample)).toEqual(callsFor(first, sample));
    expect(samples).toEqual(copies);
  });

  it('gives the same ends and witness for the same bytes', () => {
    const decoder = decoderOf(collector);
    for (const sample of samples) {
      const [once] = callsFor(decoder, sample);
      const [again] = callsFor(decoder, Buffer.from(sample));
      if (once?.call !== 'flow' || again?.call !== 'flow') continue;
      expect(again.flow.source).toBe(once.flow.source);
      expect(again.flow.destination).toBe(once.flow.destination);
      expect(again.flow.witness).toBe(once.flow.witness);
    }
  });

  it('lets nothing of a query or a password through', () => {
    const secret = 'hunter2';
    expect(samples.some((sample) => sample.includes(secret))).toBe(true);
    for (const sample of samples) expect(JSON.stringify(callsFor(decoderOf(collector), sample))).not.toContain(secret);
  });

  it('is not slowed by a record that repeats itself', () => {
    // Every byte of these is looked at a few times at most; a quadratic reader would take minutes.
    for (const piece of ['{"a":', '[', '"', ' ', '\\', '[2026-03-02T12:00:00.000Z] "', '" "', 'a: ', '|', '-', '{"flow":{"l7":{"http":{"url":"/']) {
      const record = Buffer.from(piece.repeat(Math.floor((1 << 20) / piece.length)));
      expect(faultsOf(callsFor(decoderOf(collector), record))).toEqual([]);
    }
  });
});
