import type { Collector } from '../../collector.ts';
import { sourceName, type Config, type SourceConfig } from '../../config.ts';
import { UsageError } from '../../errors.ts';
import type { Source } from '../../source.ts';
import { followSource } from '../../sources/follow.ts';
import { kafkaSource } from '../../sources/kafka/source.ts';
import type { KnownPositions } from '../../sources/position.ts';
import type { Claim } from '../../store/partitions.ts';
import type { Health } from '../../telemetry/health.ts';
import type { Log } from '../../telemetry/log.ts';
import { forcedCollector } from '../inputs.ts';
import { sleep } from '../sleep.ts';
import { plain } from '../text.ts';

/** A source as the configuration has it. */
export interface Configured {
  /** Its own name, or kind and number. */
  readonly name: string;
  readonly given: SourceConfig;
  /** The format that was named; null if each file is asked for its own. */
  readonly collector: Collector | null;
}

/** Throws a `UsageError` unless these sources can be read side by side. */
export function configuredSources({ sources }: Config): readonly Configured[] {
  if (sources.length === 0) throw new UsageError('no sources: name some in the configuration (--config footpath.yaml), as sources: [{file: {paths: ["/var/run/cilium/hubble/*.log"]}}]');
  const names = sources.map(sourceName);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`sources: two are called ${twice}`);
  const read = new Map<string, string>();
  return sources.map((given, i) => {
    const name = names[i] ?? '';
    for (const what of readBy(given)) {
      const other = read.get(what);
      if (other !== undefined) throw new UsageError(`sources: ${other} and ${name} both read ${what}: each connection would count twice; leave one out`);
      read.set(what, name);
    }
    return { name, given, collector: forcedCollector(given.file?.format ?? given.kafka?.format ?? undefined) };
  });
}

/** What no other source may read as well. A topic of one broker is the same topic at the others of its cluster. */
function readBy({ file, kafka }: SourceConfig): ReadonlySet<string> {
  return new Set([...(file?.paths ?? []), ...(kafka?.brokers ?? []).map((broker) => `topic ${kafka?.topic ?? ''} at ${broker}`)]);
}

interface Opening {
  readonly known: KnownPositions;
  /** Null where no source reads partitions. */
  readonly claim: Claim | null;
  readonly log: Log;
  readonly health: Health;
  /** A source has read everything that it had. */
  readonly onCaughtUp: (source: string) => void;
}

export function openSources(configured: readonly Configured[], { known, claim, log, health, onCaughtUp }: Opening): readonly Source[] {
  return configured.flatMap(({ name, given: { file, kafka } }): readonly Source[] => {
    const files = (paths: readonly string[]): Source =>
      followSource(name, paths, {
        known,
        sleep,
        onCaughtUp: () => onCaughtUp(name),
        onDamage: (path, damage) => log.warn({ source: name, file: path, damage }, 'a compressed file is damaged; what comes before the damage was read'),
        onUnreadable: (path, error) => {
          health.report(`source ${name}, ${plain(path)}`, error?.message ?? null);
          if (error !== null) log.warn({ source: name, file: path, error: error.message }, 'a file cannot be read');
        },
      });
    return [
      ...(file === undefined ? [] : [files(file.paths)]),
      ...(kafka === undefined || claim === null
        ? []
        : [
            kafkaSource(name, kafka, {
              clientId: 'footpath',
              sleep,
              known: claim,
              onCaughtUp: () => onCaughtUp(name),
              // What is wrong for good ends the source, with its reason: the client calls each rebalance an error.
              onLog: (level, message) => log.debug({ source: name, clientLevel: level }, message),
              onAnotherLog: (origin) => log.warn({ source: name, partition: origin }, 'the topic was made anew, or is shorter than what was read of it: read from its start'),
            }),
          ]),
    ];
  });
}
