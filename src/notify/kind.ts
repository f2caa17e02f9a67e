import type { Notifier } from '../notifier.ts';
import type { TargetConfig, TargetKind } from './config.ts';
import type { Resolve } from './http.ts';

/** What a notifier is given from outside. */
export interface Outside {
  /** Wall-clock time in milliseconds. */
  readonly now: () => number;
  /** Writes to standard output; resolves once there is room for more. */
  readonly write: (text: string) => Promise<void>;
  /** The cluster that the database is about; '' if it has no name. */
  readonly cluster: string;
  /** All addresses of a name, as the system knows them if it is left out. */
  readonly resolve?: Resolve;
}

/** A way to deliver: what it is called, and the notifiers that a target of the configuration needs, one a member. */
export interface NotifierKind<K extends TargetKind = TargetKind> {
  readonly name: K;
  readonly description: string;
  readonly create: (name: string, config: NonNullable<TargetConfig[K]>, outside: Outside) => readonly Notifier[];
}
