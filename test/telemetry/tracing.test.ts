import { SpanKind } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Traces } from '../../src/telemetry/tracing.ts';

/** A user's SDK keeps what it is told; a process has one. */
const told = new InMemorySpanExporter();
const useSdk = (): void => new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(told)] }).register();

const ms = ([seconds, nanos]: readonly [number, number]): number => seconds * 1_000 + nanos / 1e6;
const batch = { began: 9_000, end: 10_000, seconds: 0.25, records: 7, flows: 3 };
const delivery = { target: 'slack', outcome: 'delivered', alerts: ['a', 'b'], seconds: 0.5, reason: null };
const named = (spans: readonly ReadableSpan[], name: string): ReadableSpan[] => spans.filter((span) => span.name === name);

afterEach(() => told.reset());

describe('without an SDK', () => {
  it('nothing is told, and nothing goes wrong', () => {
    const traces = new Traces();
    traces.batch(batch);
    traces.firing(['a']);
    traces.delivery(delivery, 11_000);
    expect(told.getFinishedSpans()).toEqual([]);
  });
});

describe('a batch', () => {
  beforeAll(useSdk);

  it('is a span from its first record to its commit, with the transaction within it', () => {
    new Traces().batch(batch);
    const [commit, whole] = told.getFinishedSpans();
    expect(whole).toMatchObject({ name: 'footpath.batch', kind: SpanKind.INTERNAL, attributes: { 'footpath.records': 7, 'footpath.flows': 3 } });
    expect([ms(whole!.startTime), ms(whole!.endTime), ms(commit!.startTime), ms(commit!.endTime)]).toEqual([9_000, 10_000, 9_750, 10_000]);
    expect([commit?.name, commit?.parentSpanContext?.spanId]).toEqual(['footpath.commit', whole?.spanContext().spanId]);
  });
});

describe('a delivery', () => {
  it('is linked to the batches that raised its alerts, each once', () => {
    const traces = new Traces();
    traces.batch(batch);
    traces.firing(['a', 'b']);
    traces.batch({ ...batch, end: 20_000 });
    traces.firing(['a', 'b', 'c']);
    traces.delivery({ ...delivery, alerts: ['a', 'b', 'c', 'unknown'] }, 21_000);
    const spans = told.getFinishedSpans();
    const [deliver] = named(spans, 'footpath.deliver');
    expect(deliver?.links.map(({ context: { spanId } }) => spanId)).toEqual(named(spans, 'footpath.batch').map((span) => span.spanContext().spanId));
    expect(deliver?.attributes).toEqual({ 'footpath.target': 'slack', 'footpath.outcome': 'delivered', 'footpath.alerts': 4 });
    expect([ms(deliver!.startTime), ms(deliver!.endTime), deliver?.status.code]).toEqual([20_500, 21_000, 0]);
  });

  it('that failed says why; an alert that ended and fires anew is the later batch’s', () => {
    const traces = new Traces();
    traces.batch(batch);
    traces.firing(['a']);
    traces.firing([]);
    traces.batch({ ...batch, end: 20_000 });
    traces.firing(['a']);
    traces.delivery({ ...delivery, alerts: ['a'], outcome: 'retried', reason: 'ECONNREFUSED' }, 21_000);
    const spans = told.getFinishedSpans();
    const [deliver] = named(spans, 'footpath.deliver');
    expect(deliver?.links.map(({ context: { spanId } }) => spanId)).toEqual([named(spans, 'footpath.batch')[1]?.spanContext().spanId]);
    expect(deliver?.status).toEqual({ code: 2, message: 'ECONNREFUSED' });
  });
});
