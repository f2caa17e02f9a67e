import type { Collector, Sink } from '../../src/collector.ts';
import type { Flow } from '../../src/model/flow.ts';
import type { Origin } from '../../src/model/origin.ts';

export interface Decoded {
  /** One text a record: the flow, or `skip REASON`; further flows of a record follow behind ` + `. */
  readonly records: readonly string[];
  readonly flows: readonly Flow[];
  readonly lost: number;
}

/** Decodes records, each given as its text or bytes, and says what became of each. */
export function decode(collector: Collector, records: readonly (string | Buffer)[], options: { readonly origin?: Origin; readonly accessLogFormat?: string } = {}): Decoded {
  const buffers = records.map((record) => Buffer.from(record));
  // Neighbouring bytes that look like more of the record: a decoder that reads beyond its end is found out.
  const bytes = Buffer.concat(buffers.flatMap((buffer) => [buffer, Buffer.from('"}}]}\n')]));
  const starts = new Int32Array(buffers.length);
  const ends = new Int32Array(buffers.length);
  let at = 0;
  for (const [i, { length }] of buffers.entries()) {
    starts[i] = at;
    ends[i] = at + length;
    at += length + 6;
  }
  const told: string[] = [];
  const flows: Flow[] = [];
  let lost = 0;
  const sink: Sink = {
    flow(flow) {
      told.push(flowText(flow));
      flows.push({ ...flow });
    },
    also(flow) {
      told[told.length - 1] += ` + ${flowText(flow)}`;
      flows.push({ ...flow });
    },
    skip: (reason) => void told.push(`skip ${reason}`),
    lost: (events) => (lost += events),
  };
  const decoder = collector.decoder({ accessLogFormat: options.accessLogFormat ?? null });
  decoder.decode({ bytes, starts, ends, count: buffers.length }, options.origin ?? { source: 'test', owner: null }, sink);
  return { records: told, flows, lost };
}

/** `shop/web@10.0.0.1 -> shop/cart@10.0.0.2 8080/TCP open forwarded unknown, destination:to-endpoint` */
export function flowText(flow: Flow): string {
  const end = ({ namespace, pod, address, reserved, serviceAccount, workload, names }: Flow['source']): string =>
    `${pod === null ? '' : `${namespace ?? '?'}/${pod}`}${workload !== null && pod === null ? `${namespace}/${workload.kind}/${workload.name}` : ''}${address === null ? '' : `@${address}`}${reserved === null ? '' : `:${reserved}`}${serviceAccount !== null && pod === null ? `(${namespace}/${serviceAccount})` : ''}${names.length > 0 ? `<${names.join(',')}>` : ''}`;
  const operation = flow.operation === null ? '' : ` ${flow.operation.method} ${flow.operation.path}`;
  return `${end(flow.source)} -> ${end(flow.destination)} ${flow.port}/${flow.protocol} ${flow.phase} ${flow.verdict} ${flow.outcome}, ${flow.witness.side}:${flow.witness.point}${operation}${flow.count > 1 ? ` x${flow.count}` : ''}`;
}
