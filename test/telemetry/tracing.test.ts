import { INVALID_SPAN_CONTEXT, trace, type Span, type SpanOptions, type TimeInput, type TracerProvider } from '@opentelemetry/api';
import { afterEach, describe, expect, it } from 'vitest';
import { traced } from '../../src/telemetry/tracing.ts';

interface Told {
  readonly name: string;
  readonly options: SpanOptions | undefined;
  end: TimeInput | undefined;
}

/** An SDK that keeps what it is told. */
function sdk(): readonly Told[] {
  const told: Told[] = [];
  const startSpan = (name: string, options?: SpanOptions): Span => {
    const own: Told = { name, options, end: undefined };
    told.push(own);
    return { ...trace.wrapSpanContext(INVALID_SPAN_CONTEXT), end: (time) => void (own.end = time) };
  };
  const provider: TracerProvider = {
    getTracer: () => ({
      startSpan,
      startActiveSpan: () => {
        throw new Error('nothing here waits within a span');
      },
    }),
  };
  trace.setGlobalTracerProvider(provider);
  return told;
}

afterEach(() => trace.disable());

describe('something that is over', () => {
  it('is a span from when it began until it ended, with what it counted', () => {
    const told = sdk();
    traced('footpath.commit', { end: 10_000, seconds: 0.25, 'footpath.records': 7 });
    expect(told).toEqual([{ name: 'footpath.commit', options: { startTime: 9_750, attributes: { 'footpath.records': 7 } }, end: 10_000 }]);
  });

  it('is nothing without an SDK', () => {
    expect(() => traced('footpath.commit', { end: 10_000, seconds: 0.25 })).not.toThrow();
  });
});
