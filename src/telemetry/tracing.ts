import { trace, type Attributes } from '@opentelemetry/api';

/** Without an SDK of the user's these spans are nothing, and cost next to nothing. */
const tracer = trace.getTracer('footpath');

/** Tells of something that is over: it ended at a wall-clock time (milliseconds since 1970) and took so many seconds. */
export function traced(name: string, { end, seconds, ...attributes }: { readonly end: number; readonly seconds: number } & Attributes): void {
  tracer.startSpan(name, { startTime: end - seconds * 1000, attributes }).end(end);
}
