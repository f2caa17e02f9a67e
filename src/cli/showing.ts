import type { Decoder, Sink } from '../collector.ts';
import { Admission } from '../learn/admission.ts';
import { Fold } from '../learn/fold.ts';
import { DEFAULT_LIMITS } from '../learn/limits.ts';
import { Intake, type Understood } from '../intake.ts';
import type { SkipReason } from '../model/flow.ts';
import { peerName } from '../model/peer.ts';
import { Resolver } from '../resolve/resolver.ts';
import { KnownPositions } from '../sources/position.ts';
import { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import { peerJson } from '../model/json.ts';
import type { ReadingOptions } from './reading-options.ts';
import { describeCluster } from './cluster.ts';
import { configured } from './configured.ts';
import { chooseCollector, forcedCollector, inputsOf, isNamed, sayLeftOut, settingsOf, sourceOf } from './inputs.ts';
import { directoryOf } from './session.ts';
import { isoTime, plain, shorten } from './text.ts';

/** `footpath flows`: what each record was understood as, or why not. Everything happens in memory. */
export async function readWithoutStoring(context: Context, paths: readonly string[], options: ReadingOptions, form: 'table' | 'json'): Promise<number> {
  const config = await configured(context, options);
  const settings = settingsOf(options, config);
  const forced = forcedCollector(options.format);
  const store = new Store(':memory:', { create: true });
  try {
    store.transaction(() => describeCluster(context, store, config));
    const resolver = new Resolver(await directoryOf(store));
    const fold = new Fold(new Admission(DEFAULT_LIMITS, []), { revision: 0, judge: () => ({ watching: false, violates: false, epoch: 0 }) });
    const printer = new Printer(context, form);
    const intake = new Intake({ resolver, fold, onRecord: (understood) => printer.flow(understood) });
    const sink: Sink = {
      flow: (flow) => intake.flow(flow),
      also: (flow) => intake.also(flow),
      skip: (reason, time, node) => {
        intake.skip(reason, time, node);
        printer.skipped(reason, time, node);
      },
      lost: (events, time, node) => intake.lost(events, time, node),
    };
    const damaged: string[] = [];
    const leftOut: string[] = [];
    const onDamage = (name: string): void => void damaged.push(name);
    for (const input of inputsOf(paths)) {
      const source = sourceOf(context, input, { known: new KnownPositions([]), onDamage });
      let decoder: Decoder | null = null;
      for await (const batch of source.open(new AbortController().signal)) {
        if (decoder === null && batch.runs.length > 0) {
          const collector = chooseCollector(context, source, batch.runs, { forced, settings, wasNamed: isNamed(input), leftOut });
          if (collector === null) break;
          decoder = collector.decoder(settings);
        }
        for (const { records, origin } of batch.runs) {
          // One by one, so that a line can be shown beside what it was taken for.
          for (let i = 0; i < records.count; i++) {
            printer.record = { bytes: records.bytes, start: records.starts[i] ?? 0, end: records.ends[i] ?? 0 };
            decoder?.decode({ bytes: records.bytes, starts: records.starts.subarray(i), ends: records.ends.subarray(i), count: 1 }, origin, sink);
          }
        }
        for (let i = 0; i < batch.tooLong; i++) printer.skipped('too-long', null, '');
      }
    }
    sayLeftOut(context, leftOut);
    return damaged.length > 0 ? 1 : 0;
  } finally {
    store.close();
  }
}

class Printer {
  readonly #context: Context;
  readonly #form: 'table' | 'json';
  record: { readonly bytes: Buffer; readonly start: number; readonly end: number } | null = null;

  constructor(context: Context, form: 'table' | 'json') {
    this.#context = context;
    this.#form = form;
  }

  flow({ flow, source, destination, port, outcome }: Understood): void {
    const skipped = outcome !== 'flow' && outcome !== 'pending' && outcome !== 'overflow';
    if (this.#form === 'json') {
      const { witness, operation } = flow;
      const value = {
        time: isoTime(flow.time),
        source: peerJson(source.peer, NO_NAMES),
        destination: peerJson(destination.peer, NO_NAMES),
        sourcePod: source.pod === '' ? null : source.pod,
        destinationPod: destination.pod === '' ? null : destination.pod,
        sourceIp: flow.source.address,
        destinationIp: flow.destination.address,
        port: port === 0 ? null : port,
        protocol: flow.protocol,
        phase: flow.phase,
        verdict: flow.verdict,
        outcome: flow.outcome,
        count: flow.count,
        bytesOut: flow.bytesOut,
        bytesIn: flow.bytesIn,
        collector: witness.collector,
        reporter: witness.side,
        point: witness.point,
        operation,
        node: flow.node === '' ? null : flow.node,
        skipped: skipped ? outcome : null,
      };
      this.#context.print(`${JSON.stringify(value)}\n`);
      return;
    }
    const ends = `${nameOf(source.peer, source.pod, flow.source.address)} -> ${nameOf(destination.peer, destination.pod, flow.destination.address)}`;
    const what = flow.phase === 'answer' ? `answer ${flow.outcome}` : flow.verdict === 'dropped' ? `dropped ${flow.outcome}` : `${flow.phase}${flow.outcome === 'unknown' ? '' : ` ${flow.outcome}`}`;
    const operation = flow.operation === null ? '' : `  ${flow.operation.method} ${flow.operation.path}`;
    const why = outcome === 'flow' ? '' : `  [${outcome}]`;
    this.#context.print(plain(`${isoTime(flow.time)}  ${ends} ${port === 0 ? '' : `${port}/`}${flow.protocol}  ${what}  ${flow.witness.side}:${flow.witness.point}${operation}${why}`) + '\n');
  }

  skipped(reason: SkipReason, time: number | null, node: string): void {
    const text = this.record === null ? '' : this.record.bytes.toString('utf8', this.record.start, Math.min(this.record.end, this.record.start + 200));
    if (this.#form === 'json') this.#context.print(`${JSON.stringify({ time: time === null ? null : isoTime(time), node: node === '' ? null : plain(node), skipped: reason })}\n`);
    else this.#context.print(`${time === null ? '-' : isoTime(time)}  [${reason}]  ${shorten(plain(text), 100)}\n`);
  }
}

const NO_NAMES: ReadonlyMap<string, string> = new Map();

function nameOf(peer: Understood['source']['peer'], pod: string, address: string | null): string {
  const inside = pod === '' ? (address ?? '') : pod;
  const name = peerName(peer);
  return inside === '' || name.includes(inside) ? name : `${name} (${inside})`;
}
