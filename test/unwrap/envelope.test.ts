import { describe, expect, it } from 'vitest';
import type { OriginPod } from '../../src/model/origin.ts';
import { Unwrapper } from '../../src/unwrap/unwrap.ts';
import { recordsOf, textOf } from '../support/batches.ts';

/** The records of one log, each behind its owner where one is known. */
function open(text: string | Buffer, owner: OriginPod | null = null): readonly string[] {
  const bytes = Buffer.from(text);
  const { runs, tooLong, consumed } = new Unwrapper({ source: 'test', owner }).frame(bytes, 0, bytes.length, 'final');
  expect({ tooLong, consumed }).toEqual({ tooLong: 0, consumed: bytes.length });
  return recordsOf(runs);
}

const T = '2026-03-01T12:00:00.123456789Z';
const docker = (log: string, more: object = {}): string => JSON.stringify({ log, stream: 'stdout', time: T, ...more });
const fluentBit = (log: string, more: object = {}): string =>
  JSON.stringify({ date: 1, stream: 'stdout', log, kubernetes: { pod_name: 'web-1', namespace_name: 'shop', container_name: 'app', ...more } });

describe('CRI', () => {
  it.each([
    ['nanoseconds', `${T} stdout F a`, 'a'],
    ['no fraction', '2026-03-01T12:00:00Z stdout F a', 'a'],
    ['a time zone', '2026-03-01T14:00:00.5+02:00 stderr F a', 'a'],
    ['text with spaces, kept as they are', `${T} stdout F   a  b `, '  a  b '],
    ['text that looks like CRI: one envelope is taken off', `${T} stdout F ${T} stdout F a`, `${T} stdout F a`],
    ['a tag behind the F', `${T} stdout F:tag:more a`, 'a'],
    ['JSON inside', `${T} stdout F {"flow":{}}`, '{"flow":{}}'],
    ['a carriage return at the end', `${T} stdout F a\r`, 'a'],
  ])('%s', (_, line, expected) => {
    expect(open(`${line}\n`)).toEqual([expected]);
  });

  it.each([
    ['another letter than P and F', `${T} stdout X a`, 'stdout X a'],
    ['a word that begins with F', `${T} stdout First a`, 'stdout First a'],
    ['another stream', `${T} stdlog F a`, 'stdlog F a'],
    ['a tab for a space', `${T}\tstdout F a`, `${T}\tstdout F a`],
    ['a date alone', '2026-03-01 stdout F a', '2026-03-01 stdout F a'],
    ['a month that is none', '2026-13-01T12:00:00Z stdout F a', '2026-13-01T12:00:00Z stdout F a'],
    ['a time in brackets, as Envoy writes it', `[${T}] "GET / HTTP/1.1" 200`, `[${T}] "GET / HTTP/1.1" 200`],
  ])('is not seen in %s', (_, line, expected) => {
    expect(open(`${line}\n`)).toEqual([expected]);
  });
});

describe('Docker’s json-file', () => {
  it.each([
    ['escapes', docker('{"a":"b\\n"}\n'), '{"a":"b\\n"}'],
    ['characters of all sizes', docker('é€😀\n'), 'é€😀'],
    ['escaped characters', '{"log":"\\u003ca\\u003e \\u00e9\\n","stream":"stdout"}', '<a> é'],
    ['its keys in any order, and more of them', JSON.stringify({ attrs: { tag: 'x' }, time: T, stream: 'stderr', log: 'a\n' }), 'a'],
  ])('%s', (_, line, expected) => {
    expect(open(`${line}\n`)).toEqual([expected]);
  });

  it('joins what is not ended by a newline inside', () => {
    expect(open(textOf([docker('one '), docker('two '), docker('three\n'), docker('four\n')]))).toEqual(['one two three', 'four']);
  });

  it('leaves out empty lines', () => {
    expect(open(textOf([docker('\n'), docker('a\n'), docker('\n')]))).toEqual(['a']);
  });
});

describe('fluent-bit’s records', () => {
  it('name the pod that wrote them', () => {
    expect(open(`${fluentBit('a')}\n`)).toEqual(['shop/web-1/app: a']);
    expect(open(`${fluentBit('a\n')}\n`), 'with the newline kept').toEqual(['shop/web-1/app: a']);
    expect(open('{"kubernetes":{"pod_name":"web-1"},"log":"a"}\n'), 'with the pod’s name alone').toEqual(['?/web-1/?: a']);
  });

  it('of several pods come apart, each in its order', () => {
    const records = open(textOf(['1', '2', '3', '4'].map((text, i) => fluentBit(text, { pod_name: `web-${i % 2}` }))));
    expect(records.filter((record) => record.includes('web-0'))).toEqual(['shop/web-0/app: 1', 'shop/web-0/app: 3']);
    expect(records.filter((record) => record.includes('web-1'))).toEqual(['shop/web-1/app: 2', 'shop/web-1/app: 4']);
  });

  it('are whole, each by itself: nothing is joined', () => {
    expect(open(textOf([fluentBit('a'), fluentBit('b')]))).toEqual(['shop/web-1/app: a', 'shop/web-1/app: b']);
  });
});

describe('JSON that is no envelope', () => {
  it.each([
    ['has a log that is no text', '{"log":{"a":1},"stream":"stdout"}'],
    ['has a log, but neither stream nor pod', '{"log":"a","level":"info"}'],
    ['has no log', '{"stream":"stdout","kubernetes":{"pod_name":"a"}}'],
    ['is a flow', '{"flow":{"verdict":"FORWARDED"},"node_name":"a"}'],
    ['has a log further inside', '{"a":{"log":"b","stream":"stdout"}}'],
  ])('stays as it is: it %s', (_, line) => {
    expect(open(`${line}\n`)).toEqual([line]);
  });

  it('is told on the first JSON of a log; what comes after is not asked again', () => {
    const envelope = docker('a\n');
    expect(open(textOf(['{"flow":{}}', envelope]))).toEqual(['{"flow":{}}', envelope]);
    expect(open(textOf(['starting', envelope, '{"flow":{}}'])).toSorted()).toEqual(['a', 'starting', '{"flow":{}}']);
  });
});

describe('kubectl logs', () => {
  it.each([
    ['--prefix', '[pod/web-1/app] a', '?/web-1/app: a'],
    ['--prefix, an init container', '[pod/web-1/istio-init] a', '?/web-1/istio-init: a'],
    ['--prefix --timestamps', `[pod/web-1/app] ${T} a`, '?/web-1/app: a'],
    ['--timestamps', `${T} a`, 'a'],
    ['--prefix, with JSON', '[pod/web-1/app] {"flow":{}}', '?/web-1/app: {"flow":{}}'],
    ['--prefix, with a line that begins like one', '[pod/web-1/app] [pod/cart-0/app] a', '?/web-1/app: [pod/cart-0/app] a'],
  ])('%s', (_, line, expected) => {
    expect(open(`${line}\n`)).toEqual([expected]);
  });

  it.each([
    ['no space follows', '[pod/web-1/app]a'],
    ['it is not closed', '[pod/web-1/app a'],
    ['it is of another kind', '[pods/web-1/app] a'],
    ['it is longer than names can be', `[pod/${'a'.repeat(400)}/app] a`],
  ])('a prefix is none where %s', (_, line) => {
    expect(open(`${line}\n`)).toEqual([line]);
  });

  it('of several pods in one stream keeps each pod’s lines in their order', () => {
    const records = open(textOf(Array.from({ length: 9 }, (_, i) => `[pod/web-${i % 3}/app] ${i}`)));
    for (const n of [0, 1, 2]) expect(records.filter((record) => record.includes(`web-${n}`))).toEqual([n, n + 3, n + 6].map((i) => `?/web-${n}/app: ${i}`));
  });

  it('of more pods than a cluster has does not lose a line', () => {
    const lines = Array.from({ length: 20_001 }, (_, i) => `[pod/web-${i}/app] ${i}`);
    expect(new Set(open(textOf(lines))).size).toBe(lines.length);
  });
});

describe('whose log it is', () => {
  const web: OriginPod = { namespace: 'shop', pod: 'web-1', container: 'app' };

  it('is said by the path, for every line of it', () => {
    expect(open(`${T} stdout F a\n${T} stdout P b\n${T} stdout F c\nplain\n`, web).toSorted()).toEqual(['shop/web-1/app: a', 'shop/web-1/app: bc', 'shop/web-1/app: plain']);
  });

  it('is not said by a line that merely speaks of a pod', () => {
    expect(open(`${T} stdout F [pod/cart-0/app] a\n`, web)).toEqual(['shop/web-1/app: [pod/cart-0/app] a']);
  });
});

describe('what surrounds lines', () => {
  it.each([
    ['a byte order mark', '\ufeff{"a":1}\nb\n', ['{"a":1}', 'b']],
    ['a byte order mark before CRI', `\ufeff${T} stdout F a\n`, ['a']],
    ['carriage returns', 'a\r\nb\r\n\r\n', ['a', 'b']],
    ['a carriage return within a line, which stays', 'a\rb\n', ['a\rb']],
    ['NULs that a crash left', `a\n${'\0'.repeat(5_000)}b\n`, ['a', 'b']],
    ['nothing but NULs', '\0\0\0\n\0', []],
    ['indentation', '  \t{"a":1}\n', ['{"a":1}']],
    ['a last line without its end', 'a\nb', ['a', 'b']],
    ['bytes that are no text', Buffer.from([0x61, 0xff, 0xfe, 0x0a, 0x62, 0x0a]), ['a\ufffd\ufffd', 'b']],
  ])('%s', (_, text, expected) => {
    expect(open(text)).toEqual(expected);
  });
});
