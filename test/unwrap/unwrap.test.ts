import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ownerFromPath } from '../../src/unwrap/owner.ts';
import { MAX_RECORD, Unwrapper, type Ended } from '../../src/unwrap/unwrap.ts';

interface Read {
  readonly records: string[];
  readonly tooLong: number;
  readonly left: string;
}

/** Frames the text as a source would: in reads of `step` bytes, what is not consumed comes again. */
function read(text: string | Buffer, step = 1 << 20, ended: Ended = 'final'): Read {
  const unwrapper = new Unwrapper({ source: 'test', owner: null });
  const all = Buffer.from(text);
  const records: string[] = [];
  let tooLong = 0;
  let from = 0;
  for (let to = Math.min(step, all.length); ; to = Math.min(to + step, all.length)) {
    const framed = unwrapper.frame(all.subarray(from, to), 0, to - from, to === all.length ? ended : 'no');
    for (const { records: run, origin } of framed.runs) {
      for (let i = 0; i < run.count; i++) {
        const owner = origin.owner === null ? '' : `${origin.owner.namespace ?? '?'}/${origin.owner.pod}: `;
        records.push(owner + run.bytes.toString('utf8', run.starts[i], run.ends[i]));
      }
    }
    tooLong += framed.tooLong;
    from += framed.consumed;
    if (to === all.length) break;
  }
  return { records, tooLong, left: all.toString('utf8', from) };
}

const T = '2026-03-01T12:00:00.123456789Z';

describe('taking envelopes off', () => {
  it.each([
    ['plain lines', 'a\nb\n', ['a', 'b']],
    ['carriage returns, blank lines and a byte order mark', '\ufeffa\r\n\r\n  \nb\r\n', ['a', 'b']],
    ['NULs after a crash', 'a\n\0\0\0b\n\0\0\n', ['a', 'b']],
    ['CRI', `${T} stdout F a b\n${T} stderr F c\n`, ['a b', 'c']],
    ['CRI tags', `${T} stdout F:x a\n`, ['a']],
    ['CRI parts', `${T} stdout P one \n${T} stdout P two \n${T} stdout F three\n`, ['one two three']],
    ['CRI parts of two streams', `${T} stdout P a\n${T} stderr P x\n${T} stdout F b\n${T} stderr F y\n${T} stdout F c\n`, ['c', 'ab', 'xy']],
    ['CRI with an offset', '2026-03-01T12:00:00.1+02:00 stdout F a\n', ['a']],
    ['an empty CRI line', `${T} stdout F \n${T} stdout F\n`, []],
    ['Docker json-file', '{"log":"a \\"b\\"\\n","stream":"stdout","time":"2026-03-01T12:00:00Z"}\n', ['a "b"']],
    ['Docker parts', '{"log":"a","stream":"stdout"}\n{"log":"b\\n","stream":"stdout"}\n', ['ab']],
    ['fluent-bit', '{"log":"a","stream":"stdout","kubernetes":{"pod_name":"p","namespace_name":"n","container_name":"c"}}\n', ['n/p: a']],
    ['kubectl --timestamps', `${T} [x] "GET"\n`, ['[x] "GET"']],
    ['kubectl --prefix', '[pod/web-1/istio-proxy] a\n', ['?/web-1: a']],
    ['kubectl --prefix --timestamps', `[pod/web-1/istio-proxy] ${T} a\n`, ['?/web-1: a']],
    ['JSON that is no envelope', '{"flow":{"log":1}}\n{"log":1}\n', ['{"flow":{"log":1}}', '{"log":1}']],
    ['a time that is no time', '2026-99-01T12:00:00Z stdout F a\n', ['2026-99-01T12:00:00Z stdout F a']],
    ['a log line that begins with a time and a tab', '2026-03-01T12:00:00Z\tinfo\tx\n', ['2026-03-01T12:00:00Z\tinfo\tx']],
  ])('%s', (_, text, expected) => {
    expect(read(text).records).toEqual(expected);
    // Wherever the reads end, the records are the same.
    for (let step = 1; step < 80; step += 3) expect(read(text, step).records.toSorted()).toEqual(expected.toSorted());
  });

  it('a last line without its end: JSON counts, text waits, until the end is final', () => {
    expect(read('{"a":1}', 9, 'finished')).toMatchObject({ records: ['{"a":1}'], left: '' });
    expect(read('{"a":1', 9, 'finished')).toMatchObject({ records: [], left: '{"a":1' });
    expect(read('10.0.0.1:90', 99, 'finished')).toMatchObject({ records: [], left: '10.0.0.1:90' });
    expect(read('10.0.0.1:90', 99, 'final')).toMatchObject({ records: ['10.0.0.1:90'], left: '' });
    expect(read('{"a":1}', 9, 'no')).toMatchObject({ records: [], left: '{"a":1}' });
  });

  it('a part whose rest has not come is given again, with what follows it', () => {
    const text = `${T} stdout F a\n${T} stdout P b\n${T} stderr F c\n`;
    expect(read(text, 999, 'no')).toMatchObject({ records: ['a'], left: text.slice(text.indexOf('\n') + 1) });
  });

  it('skips a line and a joined record over 1 MiB, and no other', () => {
    const long = 'x'.repeat(MAX_RECORD + 1);
    expect(read(`a\n${long}\nb\n`, 8 << 20)).toMatchObject({ records: ['a', 'b'], tooLong: 1 });
    const part = 'y'.repeat(16_000);
    const parts = `${T} stdout P ${part}\n`.repeat(70);
    expect(read(`${parts}${T} stdout F z\n${T} stdout F b\n`, 8 << 20).tooLong).toBe(1);
  });

  it('never loses, doubles or invents a record, wherever the reads end', () => {
    const line = fc.oneof(
      fc.stringMatching(/^[a-z{}"[\] :.P]{1,30}$/),
      fc.tuple(fc.constantFrom('stdout', 'stderr'), fc.constantFrom('P', 'F'), fc.stringMatching(/^[a-z]{1,5}$/)).map(([s, tag, text]) => `${T} ${s} ${tag} ${text}`),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.integer({ min: 1, max: 200 }), (lines, step) => {
        const text = lines.map((l) => `${l}\n`).join('');
        expect(read(text, step).records.toSorted()).toEqual(read(text).records.toSorted());
      }),
    );
  });
});

describe('the owner of a log, from its path', () => {
  it.each([
    ['/var/log/pods/bookinfo_reviews-v1-545db77b95-6hbgc_0a1b2c3d-1111-2222-3333-444455556666/istio-proxy/0.log', 'bookinfo', 'reviews-v1-545db77b95-6hbgc', 'istio-proxy'],
    ['copy/bookinfo_a_0a1b2c3d/istio-proxy/0.log.20260301-120000.gz', 'bookinfo', 'a', 'istio-proxy'],
    [`/var/log/containers/web-0_shop_istio-proxy-${'a'.repeat(64)}.log`, 'shop', 'web-0', 'istio-proxy'],
  ])('%s', (path, namespace, pod, container) => {
    expect(ownerFromPath(path)).toEqual({ namespace, pod, container });
  });

  it('is nobody where the path is not kubelet’s', () => {
    expect(ownerFromPath('/tmp/access.log')).toBeNull();
    expect(ownerFromPath('a/b/0.log')).toBeNull();
  });
});
