import { sourceName, type Config } from '../config.ts';
import { readKnownRanges } from '../config-ranges.ts';
import { notifiersOf } from '../notify/index.ts';
import type { Context } from './context.ts';
import { settingsOf } from './inputs.ts';
import { listeningOf } from './serve/listening.ts';
import { configuredSources } from './serve/sources.ts';

/** Throws what `serve` would say of this configuration before it begins. Says in short what it holds. */
export function checkConfig({ now }: Context, config: Config): string {
  settingsOf({}, config);
  readKnownRanges(config.proposals.ranges);
  listeningOf(config.listen, config);
  const targets = notifiersOf(config.alerts.targets, { now, write: () => Promise.resolve(), cluster: config.cluster ?? '' });
  if (config.sources.length > 0) configuredSources(config);
  const sources = config.sources.map((source, i) => sourceName(source, i));
  const named = targets.map(({ notifier: { name } }) => name);
  return [...(sources.length === 0 ? [] : [`reads ${sources.join(', ')}`]), ...(named.length === 0 ? [] : [`tells ${named.join(', ')}`])].join('; ');
}
