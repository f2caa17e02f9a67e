import { describe, expect, it } from 'vitest';
import { collectors } from '../collectors/index.ts';
import type { Collector } from '../src/collector.ts';
import { firstRecord, recognise } from '../src/recognise.ts';
import type { Run } from '../src/source.ts';
import { inbound, outbound } from './support/envoy.ts';
import { hubbleLine, pod } from './support/hubble.ts';

const SETTINGS = { accessLogFormat: null };

/** Records as a source gives them, with other bytes around. */
function run(...records: readonly string[]): Run {
  const pieces = records.flatMap((record) => [Buffer.from('#'), Buffer.from(record)]);
  const starts = new Int32Array(records.length);
  const ends = new Int32Array(records.length);
  let at = 0;
  for (const [i, piece] of pieces.entries()) {
    if (i % 2 === 1) [starts[(i - 1) / 2], ends[(i - 1) / 2]] = [at, at + piece.length];
    at += piece.length;
  }
  return { records: { bytes: Buffer.concat(pieces), starts, ends, count: records.length }, origin: { source: 'test', owner: null } };
}

/** Knows the records that begin with its name, and remembers how often it was asked. */
function knows(name: string): Collector & { asked: number } {
  const collector = {
    name,
    description: '',
    carries: [],
    lacks: [],
    asked: 0,
    detect(bytes: Buffer, start: number, end: number): boolean {
      collector.asked++;
      return bytes.toString('utf8', start, end).startsWith(name);
    },
    decoder: () => ({ decode: () => undefined }),
  };
  return collector;
}

describe('telling the format', () => {
  const [a, b] = [knows('a'), knows('b')];
  const told = (...runs: readonly Run[]): string | null => recognise(runs, [a, b], SETTINGS)?.name ?? null;

  it.each([
    ['one record', [['b']], 'b'],
    ['most of the records', [['a', 'b', 'b', 'x']], 'b'],
    ['as many of one as of the other: the first in the list', [['b', 'a']], 'a'],
    ['pages of something else before it', [Array<string>(1_900).fill('x').concat('b')], 'b'],
    ['records of several owners together', [['a'], ['b'], ['b', 'b']], 'b'],
  ])('by %s', (_, records, expected) => {
    expect(told(...records.map((all) => run(...all)))).toBe(expected);
  });

  it.each([
    ['records that nobody knows', [run('x', 'y')]],
    ['no record', [run()]],
    ['nothing', []],
  ])('is none for %s', (_, runs) => {
    expect(told(...runs)).toBeNull();
  });

  it('asks about a sample only, however much there is', () => {
    const [known, unknown] = [knows('a'), knows('b')];
    const many = run(...Array<string>(50_000).fill('a'));
    expect(recognise([many, many], [known, unknown], SETTINGS)).toBe(known);
    expect(known.asked).toBeLessThan(100);
    expect(unknown.asked).toBeLessThan(2_100);
  });

  it('passes on what is configured', () => {
    let seen: unknown = null;
    const asking: Collector = { ...knows('a'), detect: (_bytes, _start, _end, settings) => ((seen = settings), true) };
    recognise([run('x')], [asking], { accessLogFormat: '%PROTOCOL%' });
    expect(seen).toEqual({ accessLogFormat: '%PROTOCOL%' });
  });
});

describe('the formats that there are', () => {
  const flow = hubbleLine({ from: pod('shop', 'web-1', '10.0.0.1'), to: pod('shop', 'cart-0', '10.0.0.2') });

  it.each([
    ['Hubble', [flow], 'hubble'],
    ['Hubble behind other lines', ['starting', 'level=info msg="x"', flow], 'hubble'],
    ['Istio’s access log', [inbound(), outbound()], 'envoy-access-log'],
    ['Istio’s access log behind the proxy’s own lines', ['2026-03-01T12:00:00.000000Z\tinfo\txdsproxy\tconnected', '[2026-03-01 12:00:00.000][12][warning][config] x', inbound()], 'envoy-access-log'],
    ['an application’s JSON', ['{"level":"info","msg":"hello","source":"a"}'], undefined],
    ['an application’s text', ['hello', '10.0.0.1 - - [01/Mar/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 1'], undefined],
  ])('are told from each other and from what is none: %s', (_, records, expected) => {
    expect(recognise([run(...records)], collectors, SETTINGS)?.name).toBe(expected);
  });
});

describe('the first record, for a person', () => {
  it.each([
    ['as it is', [run('hello', 'world')], 'hello'],
    ['its beginning, if it is long', [run('x'.repeat(500))], 'x'.repeat(60)],
    ['nothing, if there is none', [], ''],
    ['nothing, if there is none in the run', [run()], ''],
  ])('%s', (_, runs, expected) => {
    expect(firstRecord(runs)).toBe(expected);
  });
});
