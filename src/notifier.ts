import type { Alert } from './model/alert.ts';

/** A notifier delivers alerts to one target. Retry, back-off, dedupe and resolving live once, in `alert/`, not here. */
export interface Notifier {
  readonly name: string;
  /** Resolves once the target has taken the alerts. Throws a `RetriableError` if it may take them later. */
  notify(alerts: readonly Alert[], signal: AbortSignal): Promise<void>;
}
