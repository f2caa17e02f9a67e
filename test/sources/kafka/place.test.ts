import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, placeOnAssignment, type Ends, type Fetched, type Place, type Read } from '../../../src/sources/kafka/place.ts';
import { KafkaLog, readAll } from '../../support/kafka-log.ts';

/** Messages at these offsets, each with a hash of its own. */
function fetched(from: number, offsets: readonly number[], more: Partial<Fetched> = {}): Fetched {
  return { from, last: offsets[offsets.length - 1] ?? from, offsets, hash: (i) => `h${offsets[i]}`, ...more };
}

const read = (next: number): Read => ({ next, last: { offset: next - 1, hash: `h${next - 1}` } });
const reading = (next: number, more: Partial<Place> = {}): Place => ({ read: read(next), expected: next, isChecked: true, soughtBack: null, ...more });

describe('a partition that is assigned', () => {
  it.each<[string, Read | null, number, number]>([
    ['begins at the log’s start if nothing of it was read', null, 30, 30],
    ['begins at the last message that was read, to know the log by it', read(50), 30, 49],
    ['begins at the log’s start if the last message that was read is gone', read(50), 70, 70],
  ])('%s', (_, before, start, expected) => {
    expect(placeOnAssignment(before, start)).toEqual({ read: before, expected, isChecked: false, soughtBack: null });
  });
});

describe('messages', () => {
  it.each<[string, Place, Fetched, Ends | null, object]>([
    ['that go on where reading stopped are taken', reading(5), fetched(5, [5, 6, 7]), null, { kind: 'take', index: 0, lost: 0, place: { read: read(8), expected: 8 } }],
    ['that were read before are left out', reading(5), fetched(5, [3, 4, 5, 6]), null, { kind: 'take', index: 2, lost: 0 }],
    ['that were all read before are skipped', reading(9, { expected: 3 }), fetched(3, [3, 4]), null, { kind: 'skip', place: { read: read(9), expected: 5 } }],
    ['of an empty reader are taken from offset 0', placeOnAssignment(null, 0), fetched(0, [0, 1]), null, { kind: 'take', index: 0, lost: 0, place: { read: read(2), isChecked: true } }],
    ['of an empty reader are taken from the log’s start', placeOnAssignment(null, 0), fetched(40, [40, 41]), { start: 40, end: 90 }, { kind: 'take', index: 0, lost: 0 }],
    ['may leave out offsets behind the one that was asked for', reading(5), fetched(5, [7, 8], { last: 9 }), null, { kind: 'take', index: 0, lost: 0, place: { read: { next: 10, last: { offset: 8, hash: 'h8' } } } }],
    ['behind a gap need the log’s ends', reading(5), fetched(8, [8]), null, { kind: 'ask' }],
    ['behind a gap are sought back', reading(5), fetched(8, [8]), { start: 0, end: 90 }, { kind: 'seek', why: 'gap', place: { expected: 5, soughtBack: 5, read: read(5) } }],
    ['behind a gap that is there again are taken: there is nothing in it', reading(5, { soughtBack: 5 }), fetched(8, [8]), { start: 0, end: 90 }, { kind: 'take', index: 0, lost: 0, place: { soughtBack: null } }],
    ['before which the log was cut off: the loss is counted', reading(5), fetched(8, [8, 9]), { start: 8, end: 90 }, { kind: 'take', index: 0, lost: 3 }],
    ['that came before the log was cut off further are no loss', reading(5), fetched(8, [8, 9]), { start: 20, end: 90 }, { kind: 'take', index: 0, lost: 3, place: { read: read(10) } }],
    ['behind the log’s start are sought there', reading(5), fetched(12, [12]), { start: 8, end: 90 }, { kind: 'seek', why: 'gap', place: { expected: 8, read: read(5) } }],
    ['before the expected ones need the log’s ends', reading(5), fetched(0, [0, 1]), null, { kind: 'ask' }],
    ['before the expected ones of a log that ends earlier are another log’s', reading(50), fetched(0, [0, 1]), { start: 0, end: 20 }, { kind: 'seek', why: 'another log', place: { read: null, expected: 0 } }],
    ['before the expected ones of a log that goes on are checked', reading(50), fetched(0, [0, 1]), { start: 0, end: 50 }, { kind: 'seek', why: 'moved', place: { read: read(50), expected: 49, isChecked: false } }],
    ['that begin with the last one that was read go on from it', placeOnAssignment(read(50), 0), fetched(49, [49, 50]), null, { kind: 'take', index: 1, lost: 0, place: { isChecked: true } }],
    ['that begin with another one at its offset are another log’s', placeOnAssignment(read(50), 0), fetched(49, [49, 50], { hash: () => 'other' }), { start: 7, end: 90 }, { kind: 'seek', why: 'another log', place: { read: null, expected: 7 } }],
    ['without the last one that was read go on: compaction took it', placeOnAssignment(read(50), 0), fetched(49, [52]), null, { kind: 'take', index: 0, lost: 0 }],
    ['that begin between the last one and the next go on: the log was cut off there', placeOnAssignment(read(50), 50), fetched(50, [50]), null, { kind: 'take', index: 0, lost: 0 }],
    ['behind a gap before the check are sought back to the last one', placeOnAssignment(read(50), 0), fetched(60, [60]), { start: 0, end: 90 }, { kind: 'seek', why: 'gap', place: { expected: 49, isChecked: false, soughtBack: 50 } }],
  ])('%s', (_, place, messages, ends, step) => {
    expect(decide(place, messages, ends)).toMatchObject(step);
  });
});

const count = fc.integer({ min: 1, max: 6 });
const appending = fc.record({ kind: fc.constant('append' as const), count, holes: fc.boolean() });
const fetching = fc.record({ kind: fc.constant('fetch' as const), count });
const calm = [appending, appending, fetching, fetching, fc.constant({ kind: 'rejoin' as const }), fc.constant({ kind: 'commit' as const }), fc.constant({ kind: 'crash' as const })] as const;
const glitches = [fc.record({ kind: fc.constant('jump' as const), by: fc.integer({ min: -8, max: 8 }) }), fc.constant({ kind: 'again' as const })] as const;
const trimming = fc.record({ kind: fc.constant('trim' as const), count });

describe('every message is counted once', () => {
  it('whatever is handed over twice, left out, or interrupted', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(...calm, ...glitches), { maxLength: 60 }), (actions) => {
        const log = new KafkaLog();
        const { counted, lost } = readAll(log, actions);
        expect(counted).toEqual(log.written);
        expect(lost).toBe(0);
      }),
      { numRuns: 400 },
    );
  });

  it('or is known to be lost: the log was cut off before it was read', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(...calm, ...glitches, trimming), { maxLength: 60 }), (actions) => {
        const log = new KafkaLog();
        const { counted, offsets, lost } = readAll(log, actions);
        expect(new Set(counted).size).toBe(counted.length);
        expect(counted).toEqual(counted.toSorted((a, b) => a - b));
        const there = new Set(counted);
        expect(log.present.filter((message) => !there.has(message))).toEqual([]);
        // What was written is counted or lost; holes may be among the lost.
        const first = offsets[0] ?? log.start;
        expect(counted.length + lost).toBeGreaterThanOrEqual(log.written.filter((message) => log.offsetOf(message) >= first).length);
        expect(lost).toBeLessThanOrEqual(Math.max(0, log.end - first - counted.length));
      }),
      { numRuns: 400 },
    );
  });

  it('also of a topic that was made anew, from its start', () => {
    // A hole where the last message lay cannot be told from one that compaction left there.
    const whole = { kind: fc.constant('append' as const), count, holes: fc.constant(false) };
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.record(whole), fc.record(whole), ...calm.slice(2), fc.constant({ kind: 'recreate' as const })), { maxLength: 60 }), (actions) => {
        const log = new KafkaLog();
        const { counted, lost } = readAll(log, actions);
        expect(new Set(counted).size).toBe(counted.length);
        const there = new Set(counted);
        expect(log.present.filter((message) => !there.has(message))).toEqual([]);
        expect(lost).toBe(0);
      }),
      { numRuns: 400 },
    );
  });
});
