import type { Notification, Notifier } from '../../src/notifier.ts';

/** What a target does with a call: takes it (and may fail to say so), or does not. */
export type Answer = (notifications: readonly Notification[], signal: AbortSignal) => Promise<void> | void;

/** A target that remembers what it took, and answers as it is told. */
export class FakeTarget implements Notifier {
  readonly name: string;
  readonly kind = 'fake';
  readonly where = 'here';
  readonly batch: number;
  readonly spacing: number;
  readonly resendEvery: number | null;
  readonly taken: Notification[] = [];
  readonly calls: { readonly at: number; readonly ids: readonly string[] }[] = [];
  /** One for each call to come; then it takes everything. */
  readonly answers: Answer[] = [];
  always: Answer | null = null;
  readonly #now: () => number;

  constructor(name: string, now: () => number, given: Partial<Pick<Notifier, 'batch' | 'spacing' | 'resendEvery'>> = {}) {
    this.name = name;
    this.#now = now;
    this.batch = given.batch ?? 1;
    this.spacing = given.spacing ?? 0;
    this.resendEvery = given.resendEvery ?? null;
  }

  async notify(notifications: readonly Notification[], signal: AbortSignal): Promise<void> {
    this.calls.push({ at: this.#now(), ids: notifications.map(({ alert }) => alert.id) });
    await (this.answers.shift() ?? this.always)?.(notifications, signal);
    this.taken.push(...notifications);
  }

  /** `firing a1` */
  get events(): readonly string[] {
    return this.taken.map(({ event, alert }) => `${event} ${alert.id}`);
  }
}
