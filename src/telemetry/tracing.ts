import { SpanStatusCode, trace, type Attributes, type Link, type SpanContext } from '@opentelemetry/api';

/** Without an SDK of the user's these spans are nothing, and cost next to nothing. */
const tracer = trace.getTracer('footpath');

/** A span around `work`; what it throws is recorded. `links` are the spans that led to it. */
export function traced<T>(name: string, attributes: Attributes, work: () => T, links: readonly SpanContext[] = []): T {
  return tracer.startActiveSpan(name, { attributes, links: links.map((context): Link => ({ context })) }, (span): T => {
    const fail = (error: unknown): never => {
      span.recordException(error as Error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message });
      span.end();
      throw error;
    };
    let result: T;
    try {
      result = work();
    } catch (error) {
      return fail(error);
    }
    if (result instanceof Promise) {
      return result.then((value: unknown) => {
        span.end();
        return value;
      }, fail) as T;
    }
    span.end();
    return result;
  });
}

/** The span that is going on, for links from what follows later. Null without one. */
export function currentSpan(): SpanContext | null {
  return trace.getActiveSpan()?.spanContext() ?? null;
}
