/** What a user gives `node --import`: an SDK of their own that sends spans as OTLP over HTTP to OTEL_EXPORTER_OTLP_TRACES_ENDPOINT. */
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

const spanProcessors = [new BatchSpanProcessor(new OTLPTraceExporter(), { scheduledDelayMillis: 200 })];
new NodeTracerProvider({ spanProcessors }).register();
