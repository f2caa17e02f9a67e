import { context, SpanStatusCode, trace, type SpanContext } from '@opentelemetry/api';

/** Without an SDK of the user's these spans are nothing, and cost next to nothing. */
const tracer = trace.getTracer('footpath');

/** Times in milliseconds since 1970. */
export interface TracedBatch {
  /** When its first records came, and when it was committed. */
  readonly began: number;
  readonly end: number;
  /** What the transaction took. */
  readonly seconds: number;
  readonly records: number;
  readonly flows: number;
}

export interface TracedDelivery {
  readonly target: string;
  readonly outcome: string;
  /** Ids. */
  readonly alerts: readonly string[];
  readonly seconds: number;
  readonly reason: string | null;
}

/** Spans of what is over: each batch with its transaction, and each delivery, linked to the batches after which its alerts began to fire. */
export class Traces {
  #last: SpanContext | null = null;
  /** By alert: the batch that raised it. */
  #causes = new Map<string, SpanContext>();

  batch({ began, end, seconds, records, flows }: TracedBatch): void {
    const span = tracer.startSpan('footpath.batch', { startTime: began, attributes: { 'footpath.records': records, 'footpath.flows': flows } });
    tracer.startSpan('footpath.commit', { startTime: end - seconds * 1_000 }, trace.setSpan(context.active(), span)).end(end);
    span.end(end);
    this.#last = span.spanContext();
  }

  /** The alerts that fire now; those that did not before are the last batch's. */
  firing(alerts: readonly string[]): void {
    const causes = new Map<string, SpanContext>();
    for (const id of alerts) {
      const cause = this.#causes.get(id) ?? this.#last;
      if (cause !== null) causes.set(id, cause);
    }
    this.#causes = causes;
  }

  delivery({ target, outcome, alerts, seconds, reason }: TracedDelivery, end: number): void {
    const links = [...new Set(alerts.flatMap((id) => this.#causes.get(id) ?? []))].map((cause) => ({ context: cause }));
    const span = tracer.startSpan('footpath.deliver', { startTime: end - seconds * 1_000, links, attributes: { 'footpath.target': target, 'footpath.outcome': outcome, 'footpath.alerts': alerts.length } });
    if (reason !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: reason });
    span.end(end);
  }
}
