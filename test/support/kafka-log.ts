import { decide, placeOnAssignment, readOf, type Ends, type Place } from '../../src/sources/kafka/place.ts';

/** One partition's log, as a broker keeps it. Messages are numbers, each written once. */
export class KafkaLog {
  /** Every message that was ever written. */
  readonly written: number[] = [];
  #entries: { readonly offset: number; readonly message: number | null }[] = [];
  readonly #offsets = new Map<number, number>();
  start = 0;
  end = 0;

  /** A hole is an offset that is no message: a transaction's end. */
  append(count: number, holes: boolean): void {
    for (let i = 0; i < count; i++) {
      const message = this.written.length;
      this.written.push(message);
      this.#offsets.set(message, this.end);
      this.#entries.push({ offset: this.end++, message });
      if (holes) this.#entries.push({ offset: this.end++, message: null });
    }
  }

  /** Retention: the oldest go. */
  trim(count: number): void {
    this.start = Math.min(this.end, this.start + count);
    this.#entries = this.#entries.filter(({ offset }) => offset >= this.start);
  }

  recreate(): void {
    this.#entries = [];
    this.start = this.end = 0;
  }

  /** Messages that the log has. */
  get present(): readonly number[] {
    return this.#entries.flatMap(({ message }) => (message === null ? [] : [message]));
  }

  offsetOf(message: number): number {
    return this.#offsets.get(message) ?? -1;
  }

  get ends(): Ends {
    return { start: this.start, end: this.end };
  }

  read(from: number, count: number): readonly { readonly offset: number; readonly message: number | null }[] {
    return this.#entries.filter(({ offset }) => offset >= from).slice(0, count);
  }
}

export type LogAction =
  | { readonly kind: 'append'; readonly count: number; readonly holes: boolean }
  | { readonly kind: 'fetch'; readonly count: number }
  | { readonly kind: 'trim'; readonly count: number }
  /** The client fetches from somewhere else than it should. */
  | { readonly kind: 'jump'; readonly by: number }
  /** The client hands the last messages over once more. */
  | { readonly kind: 'again' }
  | { readonly kind: 'rejoin' | 'commit' | 'crash' | 'recreate' };

interface Handed {
  readonly from: number;
  readonly entries: ReturnType<KafkaLog['read']>;
}

/** Kafka's client with our reader behind it, and a database that keeps what was committed. */
class Reader {
  readonly #log: KafkaLog;
  #place: Place = placeOnAssignment(null, 0);
  #cursor = 0;
  #before: Handed | null = null;
  #hasSought = false;
  /** Messages with their offsets, and what is counted of each; a crash goes back to what was committed. */
  taken: { readonly message: number; readonly offset: number }[] = [];
  lost = 0;
  #committed = { read: this.#place.read, taken: [...this.taken], lost: this.lost };

  constructor(log: KafkaLog) {
    this.#log = log;
  }

  join(): void {
    this.#place = placeOnAssignment(readOf(this.#place.read, this.#log.ends), this.#log.start);
    this.#cursor = this.#place.expected;
    this.#before = null;
    this.#hasSought = false;
  }

  commit(): void {
    this.#committed = { read: this.#place.read, taken: [...this.taken], lost: this.lost };
  }

  crash(): void {
    this.#place = { ...this.#place, read: this.#committed.read };
    this.taken = [...this.#committed.taken];
    this.lost = this.#committed.lost;
    this.join();
  }

  /** But not where it was just told to go. */
  jump(by: number): void {
    if (!this.#hasSought) this.#cursor = Math.max(0, this.#cursor + by);
  }

  /** As kafkajs does: from the log's start if it does not have the offset, and past what holds no messages. */
  fetch(count: number): void {
    if (this.#cursor < this.#log.start || this.#cursor > this.#log.end) this.#cursor = this.#log.start;
    const entries = this.#log.read(this.#cursor, count);
    const final = entries[entries.length - 1];
    if (final === undefined) return;
    if (entries.every(({ message }) => message === null)) this.#cursor = final.offset + 1;
    else this.#hand((this.#before = { from: this.#cursor, entries }));
  }

  again(): void {
    if (this.#before !== null) this.#hand(this.#before);
  }

  #hand({ from, entries }: Handed): void {
    const messages = entries.flatMap(({ offset, message }) => (message === null ? [] : [{ offset, message }]));
    const fetched = { from, last: entries[entries.length - 1]?.offset ?? from, offsets: messages.map(({ offset }) => offset), hash: (i: number) => `${messages[i]?.message}` };
    let step = decide(this.#place, fetched, null);
    if (step.kind === 'ask') step = decide(this.#place, fetched, this.#log.ends);
    if (step.kind === 'ask') throw new Error('asked twice');
    this.#place = step.place;
    this.#cursor = step.place.expected;
    // The client calls stale what it fetched before a seek.
    this.#hasSought = step.kind === 'seek';
    if (this.#hasSought) this.#before = null;
    if (step.kind !== 'take') return;
    this.taken.push(...messages.slice(step.index));
    this.lost += step.lost;
  }
}

/** Does it all, then reads what is left; what was counted in the end, in the order in which it was taken. */
export function readAll(log: KafkaLog, actions: readonly LogAction[]): { readonly counted: readonly number[]; readonly offsets: readonly number[]; readonly lost: number } {
  const reader = new Reader(log);
  const act: { readonly [K in LogAction['kind']]: (action: LogAction & { readonly kind: K }) => void } = {
    append: ({ count, holes }) => log.append(count, holes),
    trim: ({ count }) => log.trim(count),
    // Whoever fetches from a topic that is gone is told, and joins again.
    recreate: () => (log.recreate(), reader.join()),
    fetch: ({ count }) => reader.fetch(count),
    jump: ({ by }) => reader.jump(by),
    again: () => reader.again(),
    rejoin: () => reader.join(),
    commit: () => reader.commit(),
    crash: () => reader.crash(),
  };
  for (const action of actions) (act[action.kind] as (action: LogAction) => void)(action);
  // What was cut off before it was read is known once there is a message after it.
  log.append(1, false);
  reader.join();
  for (let i = 0; i < 20 + log.end; i++) reader.fetch(3);
  return { counted: reader.taken.map(({ message }) => message), offsets: reader.taken.map(({ offset }) => offset), lost: reader.lost };
}
