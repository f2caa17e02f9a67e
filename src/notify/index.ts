import type { Severity } from '../model/alert.ts';
import type { Notifier } from '../notifier.ts';
import { alertmanager } from './alertmanager.ts';
import { TARGET_KINDS, targetName, type TargetConfig, type TargetKind } from './config.ts';
import { kafka } from './kafka.ts';
import type { NotifierKind, Outside } from './kind.ts';
import { slack } from './slack.ts';
import { stdout } from './stdout.ts';
import { webhook } from './webhook.ts';

/** Every way to deliver, one line each. */
export const notifierKinds: { readonly [K in TargetKind]: NotifierKind<K> } = { alertmanager, webhook, slack, kafka, stdout };

export interface Target {
  readonly notifier: Notifier;
  /** Alerts that are less severe are not its business. */
  readonly minSeverity: Severity;
}

/** The notifiers that the configuration's targets need, in their order; one with several members has one for each. */
export function notifiersOf(targets: readonly TargetConfig[], outside: Outside): readonly Target[] {
  return targets.flatMap((config, i) =>
    TARGET_KINDS.flatMap((kind) => create(kind, targetName(config, i), config, outside)).map((notifier) => ({ notifier, minSeverity: config.minSeverity })),
  );
}

// The kind's configuration goes to the kind's notifier: only a type parameter can say so.
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
function create<K extends TargetKind>(kind: K, name: string, config: TargetConfig, outside: Outside): readonly Notifier[] {
  const own = config[kind];
  return own === undefined ? [] : notifierKinds[kind].create(name, own, outside);
}
