import type { BundleSink, Collector, CollectorSettings, Decoder } from '../collector.ts';
import { FormDecoder } from './form-decoder.ts';
import { Kernel } from '../kernel/kernel.ts';
import { compileKernel } from '../kernel/module.ts';

/** Decoders for one reading: by forms where the format has them and the kernel runs, else as the format itself decodes. */
export class Decoders {
  readonly #settings: CollectorSettings;
  readonly #decoders = new Map<Collector, Decoder<BundleSink>>();

  constructor(settings: CollectorSettings) {
    this.#settings = settings;
  }

  of(collector: Collector): Decoder<BundleSink> {
    let decoder = this.#decoders.get(collector);
    if (decoder === undefined) this.#decoders.set(collector, (decoder = decoderOf(collector, this.#settings)));
    return decoder;
  }
}

const compiled = compileKernel();

export function decoderOf(collector: Collector, settings: CollectorSettings, module = compiled): Decoder<BundleSink> {
  const reference = collector.decoder(settings);
  if (reference.forms === undefined || module === null) return reference;
  const kernel = new Kernel(module);
  return kernel.begin(reference.forms.plan) ? new FormDecoder(reference, reference.forms, kernel) : reference;
}
