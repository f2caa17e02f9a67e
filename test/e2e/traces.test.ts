import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { footpath } from '../support/cli.ts';
import { connection, pod, settledTraffic, T0 } from '../support/hubble.ts';
import { MAIN } from '../support/killed.ts';
import { Serving, Watched } from '../support/serving.ts';

const USER_SDK = resolve(import.meta.dirname, '../support/user-sdk.mjs');
const web = pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.11', { app: 'web' });
const cart = pod('shop', 'cart-0', '10.0.0.12', { app: 'cart' });
const ratings = pod('shop', 'ratings-0', '10.0.0.13', { app: 'ratings' });
const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

/** A span as OTLP has it in JSON. */
interface OtlpSpan {
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly links?: readonly { readonly spanId: string }[];
  readonly attributes: readonly { readonly key: string; readonly value: { readonly intValue?: number; readonly stringValue?: string } }[];
}

interface OtlpRequest {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly scope: { readonly name: string }; readonly spans: readonly OtlpSpan[] }[] }[];
}

const servers: Server[] = [];
let serving: Serving | null = null;
afterEach(() => {
  serving?.child.kill('SIGKILL');
  for (const server of servers.splice(0)) server.close();
});

async function listening(onBody: (path: string, body: string) => void): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      onBody(request.url ?? '', Buffer.concat(chunks).toString());
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  servers.push(server);
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe.skipIf(!existsSync(MAIN) && (process.env['CI'] ?? '') === '')('traces', () => {
  it('of batches and deliveries arrive at an OTLP receiver, by an SDK that the user loads', async () => {
    const spans: OtlpSpan[] = [];
    const receiver = await listening((path, body) => {
      expect(path).toBe('/v1/traces');
      for (const { scopeSpans } of (JSON.parse(body) as OtlpRequest).resourceSpans) for (const scope of scopeSpans) if (scope.scope.name === 'footpath') spans.push(...scope.spans);
    });
    const hooked: string[] = [];
    const webhook = await listening((_, body) => void hooked.push(body));
    const watched = new Watched();
    watched.configure([{ file: { paths: [watched.log], format: 'hubble' } }], { alerts: { targets: [{ name: 'hook', webhook: { url: webhook } }] } });
    serving = new Serving(watched.config, [], ['env', `NODE_OPTIONS=--import ${USER_SDK}`, `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=${receiver}/v1/traces`]);
    await serving.says('serving');
    const learned = settledTraffic({ from: web, to: cart });
    writeFileSync(watched.log, text(learned));
    await serving.until('the edge is learned', async () => (await serving?.metric('footpath_edges{state="accepted"}')) === 1);
    expect((await footpath(['watch', '-A', '--db', watched.db])).status).toBe(0);
    appendFileSync(watched.log, text(connection({ from: cart, to: ratings, port: 9080, time: T0 + 40 * 3_600_000 })));
    const deliver = await serving.until('the delivery was traced', () => spans.find(({ name }) => name === 'footpath.deliver'));
    expect(hooked.length).toBeGreaterThan(0);
    const batches = spans.filter(({ name }) => name === 'footpath.batch');
    const records = (span: OtlpSpan): number => span.attributes.find(({ key }) => key === 'footpath.records')?.value.intValue ?? 0;
    expect(batches.reduce((sum, batch) => sum + records(batch), 0)).toBe(learned.length + 2);
    expect(batches.map(({ spanId }) => spanId)).toContain(deliver.links?.[0]?.spanId);
    const commits = spans.filter(({ name }) => name === 'footpath.commit');
    expect(new Set(commits.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set(batches.map(({ spanId }) => spanId)));
    for (const { startTimeUnixNano, endTimeUnixNano } of spans) expect(BigInt(endTimeUnixNano) >= BigInt(startTimeUnixNano)).toBe(true);
    expect(await serving.end()).toBe(0);
  });
});
