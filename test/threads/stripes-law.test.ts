import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { envoyAccessLog } from '../../collectors/envoy-access-log/index.ts';
import { hubble } from '../../collectors/hubble/index.ts';
import type { Collector } from '../../src/collector.ts';
import { Directory } from '../../src/resolve/directory.ts';
import type { Batch } from '../../src/source.ts';
import { scratch } from '../support/cli.ts';
import { differences, dump, type Dump } from '../support/dump.ts';
import { filled, inbound, outbound, type AccessLine } from '../support/envoy.ts';
import { T0 } from '../support/hubble.ts';
import { readFiles, traffic, type Told } from '../support/reading.ts';
import { striping } from '../support/striping.ts';
import { storeOf } from '../support/stores.ts';

const DIRECTORY = new Directory(storeOf().inventory.read(), [], null);

const call = (n: number): Partial<AccessLine> => ({
  time: T0 + n * 7_919,
  path: `/reviews/${n % 3}`,
  code: n % 11 === 0 ? 503 : 200,
  received: n,
  sent: 3 * n,
  downstreamRemote: `10.0.0.${n % 4}:${40_000 + n}`,
});

function inJson(n: number): string {
  const line = filled({ cluster: 'inbound|9080||', ...call(n) });
  return JSON.stringify({
    start_time: new Date(line.time).toISOString(),
    method: line.method,
    path: line.path,
    protocol: line.protocol,
    response_code: line.code,
    bytes_received: line.received,
    bytes_sent: line.sent,
    upstream_cluster: line.cluster,
    upstream_host: line.host,
    upstream_local_address: line.upstreamLocal,
    downstream_local_address: '10.0.0.2:9080',
    downstream_remote_address: line.downstreamRemote,
  });
}

const NUMBERS = [...Array(300).keys()];

const FORMATS: Readonly<Record<string, readonly string[]>> = {
  hubble: [...traffic(300), 'no record', '', '\0\0\0', `\r`],
  // The proxy's own messages are in JSON: the first of them comes late.
  'access log': NUMBERS.map((n) => (n % 50 === 49 ? `{"level":"info","n":${n}}` : n % 5 === 0 ? inbound(call(n)) : outbound(call(n)))),
  'access log in JSON': NUMBERS.map(inJson),
  // The first line of JSON says for the whole log that such lines are no envelopes, or that they are.
  'no envelopes': NUMBERS.map((n) => (n === 150 ? '{"level":"info"}' : n > 150 && n % 2 === 0 ? JSON.stringify({ log: `${inbound(call(n))}\n`, stream: 'stdout' }) : outbound(call(n)))),
  'late envelopes': NUMBERS.map((n) => (n > 150 && n % 2 === 0 ? JSON.stringify({ log: `${inJson(n)}\n`, stream: 'stdout' }) : n > 150 ? inJson(n) : outbound(call(n)))),
};

/** A line as somebody's runtime wraps it, in as many parts as it likes. */
type Envelope = (line: string, n: number, parts: number) => readonly string[];

const TIME = '2026-03-01T12:00:00.000000001Z';

function cut(line: string, parts: number): readonly string[] {
  const size = Math.ceil(line.length / parts) || 1;
  return Array.from({ length: Math.ceil(line.length / size) || 1 }, (_, i) => line.slice(i * size, (i + 1) * size));
}

const ENVELOPES: Readonly<Record<string, Envelope>> = {
  none: (line) => [line],
  cri: (line, _n, parts) => cut(line, parts).map((part, i, all) => `${TIME} stdout ${i === all.length - 1 ? 'F' : 'P'} ${part}`),
  /** What another stream writes comes between the parts. */
  'cri of two streams': (line, n, parts) =>
    cut(line, parts).flatMap((part, i, all) => [`${TIME} stdout ${i === all.length - 1 ? 'F' : 'P'} ${part}`, ...(i === 0 && n % 3 === 0 ? [`${TIME} stderr F oops`] : [])]),
  docker: (line, _n, parts) => cut(line, parts).map((part, i, all) => JSON.stringify({ log: i === all.length - 1 ? `${part}\n` : part, stream: 'stdout', time: TIME })),
  prefix: (line, n) => [`[pod/web-${n % 2}/istio-proxy] ${line}`],
};

interface Read {
  readonly stored: Dump;
  readonly told: Told;
}

async function read(log: string, more: Parameters<typeof readFiles>[2] = {}, stripes: { readonly stripe: number; readonly stretch: number } | null = null): Promise<Read> {
  const store = storeOf();
  const told = await readFiles(store, [log], more, stripes === null ? {} : { stripes: { ...stripes, least: 0 } });
  return { stored: dump(store), told };
}

const LOGS = fc.record({
  format: fc.constantFrom(...Object.keys(FORMATS)),
  envelope: fc.constantFrom(...Object.keys(ENVELOPES)),
  parts: fc.constantFrom(1, 1, 2, 5),
  from: fc.nat(200),
  ending: fc.constantFrom('\n', '', '\n{"', '\n\0\0\0\0'),
});
const STRIPES = fc.record({ stripe: fc.integer({ min: 300, max: 60_000 }), stretch: fc.integer({ min: 1, max: 200_000 }), decoders: fc.integer({ min: 1, max: 4 }), luck: fc.array(fc.nat(3), { minLength: 1, maxLength: 9 }) });

describe('a file that is read in stripes', () => {
  it('leaves the same database, row for row, whatever the stripes are, and whoever reads them', async () => {
    const log = join(scratch(), 'a.log');
    const taken = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(LOGS, STRIPES, async ({ format, envelope, parts, from, ending }, { stripe, stretch, decoders, luck }) => {
        const lines = FORMATS[format]!.slice(from).flatMap((line, n) => ENVELOPES[envelope]!(line, n, n % 4 === 0 ? parts : 1));
        writeFileSync(log, `\uFEFF${lines.join('\n')}${ending}`);
        // So few bytes come first here that nobody might know them.
        const collectorFor = (): Collector => (format === 'hubble' ? hubble : envoyAccessLog);
        const whole = await read(log, { collectorFor });
        const stripesFor = striping({ directory: DIRECTORY, decoders, who: (n) => luck[n % luck.length]! });
        const onBatch = ({ decoded }: Batch): void => {
          if (decoded !== undefined) taken.set(envelope, (taken.get(envelope) ?? 0) + 1);
        };
        const striped = await read(log, { collectorFor, stripesFor, onBatch }, { stripe, stretch });
        expect(differences(striped.stored, whole.stored)).toEqual([]);
        expect(striped.told.totals).toEqual(whole.told.totals);
      }),
      { numRuns: 60 },
    );
    for (const envelope of Object.keys(ENVELOPES)) expect(taken.get(envelope), `stretches in ${envelope}`).toBeGreaterThan(0);
  }, 60_000);
});
