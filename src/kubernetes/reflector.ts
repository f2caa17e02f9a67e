import { RetriableError } from '../errors.ts';
import { ApiError, apiErrorOf, isGone, SilenceError } from './api-error.ts';
import type { Clock } from '../clock.ts';
import type { ApiConnection } from './connection.ts';
import { receive, type Exchange } from './exchange.ts';
import { Lines } from './lines.ts';
import { ListReader, type ListEnd } from './list-reader.ts';
import { get, integer, text, type Json } from './object.ts';
import { latestMoment } from './project.ts';
import { compareVersions } from './resource-version.ts';
import { delayAfter, isRefusal } from './retry.ts';

/** Who is told of the objects of one resource. What it throws ends the reflector. */
export interface Receiver {
  /** A whole list begins: what it does not bring until `listed` is gone. It may begin again before. */
  listing(): void;
  listed(): void;
  /** The object as it is now. */
  put(object: Json): void;
  /** The object as it was last. */
  remove(object: Json): void;
  /** Everything that happened up to a moment was told. */
  reached(time: number): void;
  /** So many objects were too large to be read. */
  tooLong(count: number): void;
}

/** How it stands with one resource. */
export type ReflectorState =
  | { readonly phase: 'listing' | 'watching' }
  /** The server is away or in trouble: tried again soon. */
  | { readonly phase: 'waiting'; readonly why: string }
  /** Rights are missing, or the resource is not served: tried again now and then. */
  | { readonly phase: 'refused'; readonly why: string };

export interface ReflectorOptions {
  /** Plural, as in rights: `pods`. */
  readonly name: string;
  /** `/api/v1/pods` */
  readonly path: string;
  readonly connection: ApiConnection;
  readonly clock: Clock;
  readonly receiver: Receiver;
  readonly onState: (state: ReflectorState) => void;
}

export const PAGE_SIZE = 500;
/** etcd takes no object over 1.5 MiB, the API server no request over 3 MiB. */
const OBJECT_LIMIT = 4 * 1024 * 1024;
const LIST_SILENCE = 60_000;
/** Bookmarks come about once a minute. */
const WATCH_SILENCE = 150_000;
/** A watch lasts five to ten minutes, so that those of many clients do not end together. */
const WATCH_SECONDS = 300;
const HURRIED_SECONDS = 1;
/** The server ended a watch by itself, and had nothing more to send. */
const CALM = 500;
/** What happened may be so long on its way into the server's cache. */
const CACHE_LAG = 1_000;
/** So many answers to a watch in a row without an event: its version is of no use. */
const RELIST_AFTER = 3;

/**
 * Keeps a receiver up to date with one resource: lists it in pages, then watches, from where the last watch ended; lists anew where
 * that is too long ago. Objects are handed on one at a time and not kept.
 */
export class Reflector {
  readonly #options: ReflectorOptions;
  #version = '';
  #failures = 0;
  /** When the list was asked for whose version counts. */
  #asked = 0;
  /** Events that were told, ever. */
  #told = 0;
  #hurried = false;
  /** Ends the present watch so that a hurried one takes its place; null where that would bring nothing. */
  #interrupt: (() => void) | null = null;
  #state = '';

  constructor(options: ReflectorOptions) {
    this.#options = options;
  }

  /** Runs until the signal aborts; rejects only with what the receiver throws. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#list(signal);
      await this.#follow(signal);
    }
  }

  /**
   * Somebody waits to know what has happened up to now, and a quiet watch does not tell. A watch that the server ends by its own
   * timeout does: it began with everything that there was. So a short one takes the place of the present one.
   */
  hurry(): void {
    this.#hurried = true;
    this.#interrupt?.();
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { receiver, clock } = this.#options;
    let inPages = true;
    for (let token: string | null = null; token !== '' && !signal.aborted; ) {
      const asked = clock.now();
      if (token === null) receiver.listing();
      try {
        const end: ListEnd = await this.#page(inPages, token, signal);
        if (signal.aborted) return;
        if (token === null) {
          this.#version = end.resourceVersion;
          this.#asked = asked;
        }
        token = end.continueToken;
      } catch (error) {
        // The token outlived its snapshot: a list in one piece cannot. What is half listed is of no use.
        if (token !== null && (isGone(error) || (error instanceof ApiError && error.status === 400))) {
          inPages = false;
          token = null;
        }
        await this.#pause('list', error, signal);
      }
    }
    if (signal.aborted) return;
    receiver.listed();
    receiver.reached(this.#asked);
  }

  async #page(inPages: boolean, token: string | null, signal: AbortSignal): Promise<ListEnd> {
    const { path, receiver } = this.#options;
    // No resourceVersion: with one, the server may forget about the limit.
    const query = new URLSearchParams({ ...(inPages ? { limit: String(PAGE_SIZE) } : {}), ...(token === null ? {} : { continue: token }) });
    const reader = new ListReader(OBJECT_LIMIT, (item) => receiver.put(item));
    for await (const chunk of receive(`${path}?${query.toString()}`, this.#exchange(signal, LIST_SILENCE, 'listing'))) {
      this.#parsed(() => reader.push(chunk));
    }
    if (reader.tooLong > 0) receiver.tooLong(reader.tooLong);
    return signal.aborted ? { resourceVersion: '', continueToken: '' } : this.#parsed(() => reader.end());
  }

  /** Watches, one watch after the other, until there has to be a new list. */
  async #follow(signal: AbortSignal): Promise<void> {
    for (let fruitless = 0; fruitless < RELIST_AFTER && !signal.aborted; ) {
      const before = this.#told;
      try {
        await this.#watch(signal);
        fruitless = 0;
      } catch (error) {
        // A dead connection; or a version of the future, of before a restore, which is answered with silence for good.
        if (error instanceof SilenceError) return;
        if (this.#told > before) fruitless = 0;
        else if (error instanceof ApiError && error.status !== 429 && error.status !== 503) fruitless++;
        await this.#pause('watch', error, signal);
        if (isGone(error) || isRefusal(error)) return;
      }
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { path, clock, receiver } = this.#options;
    const seconds = this.#hurried ? HURRIED_SECONDS : WATCH_SECONDS + Math.floor(clock.random() * WATCH_SECONDS);
    const query = new URLSearchParams({ watch: '1', allowWatchBookmarks: 'true', timeoutSeconds: String(seconds), resourceVersion: this.#version });
    const ending = new AbortController();
    const end = (): void => ending.abort();
    signal.addEventListener('abort', end, { once: true });
    if (!this.#hurried) this.#interrupt = end;
    this.#hurried = false;
    const opened = clock.now();
    const before = this.#told;
    let lastHeard = opened;
    const lines = new Lines(OBJECT_LIMIT);
    try {
      for await (const chunk of receive(`${path}?${query.toString()}`, this.#exchange(ending.signal, WATCH_SILENCE, 'watching'))) {
        const known = lines.tooLong;
        for (const line of lines.push(chunk)) this.#event(this.#parsed(() => JSON.parse(line) as Json));
        lastHeard = clock.now();
        if (lines.tooLong > known) receiver.tooLong(lines.tooLong - known);
      }
    } finally {
      this.#interrupt = null;
      signal.removeEventListener('abort', end);
    }
    if (ending.signal.aborted) return;
    const ended = clock.now();
    if (ended - opened >= seconds * 1_000 && ended - lastHeard >= CALM) {
      this.#failures = 0;
      receiver.reached(opened - CACHE_LAG);
    } else if (this.#told === before && ended - opened < 1_000) throw new ApiError(200, '', 'the watch ended as it began');
  }

  #event(event: Json): void {
    const { receiver, clock } = this.#options;
    const type = text(get(event, 'type'));
    const object = get(event, 'object');
    if (type === 'ERROR') throw apiErrorOf(integer(get(object, 'code')) ?? 500, JSON.stringify(object), undefined);
    const version = text(get(object, 'metadata', 'resourceVersion')) ?? '';
    // Events of a watch are in order: what is not later was told before.
    const order = compareVersions(version, this.#version) ?? 1;
    if (order < 0 || (order === 0 && type !== 'BOOKMARK')) return;
    if (type === 'ADDED' || type === 'MODIFIED') receiver.put(object);
    else if (type === 'DELETED') receiver.remove(object);
    else if (type !== 'BOOKMARK') return;
    this.#version = version;
    this.#told++;
    this.#failures = 0;
    const now = clock.now();
    receiver.reached(type === 'BOOKMARK' ? now - CACHE_LAG : Math.min(now, latestMoment(object)));
  }

  /** Waits as long as the error asks for. */
  async #pause(verb: 'list' | 'watch', error: unknown, signal: AbortSignal): Promise<void> {
    if (!(error instanceof RetriableError)) throw error;
    const { name, connection, clock } = this.#options;
    if (error instanceof ApiError && error.status === 401) connection.renew();
    if (isRefusal(error)) this.#become({ phase: 'refused', why: `cannot ${verb} ${name}: ${error.message}` });
    // One reset in a while is no news: load balancers do it all day.
    else if (this.#failures > 0 && !isGone(error)) this.#become({ phase: 'waiting', why: `cannot ${verb} ${name}: ${error.message}` });
    await clock.sleep(delayAfter(error, this.#failures, clock.random()), signal);
    this.#failures++;
  }

  #become(state: ReflectorState): void {
    const key = JSON.stringify(state);
    if (key === this.#state) return;
    this.#state = key;
    this.#options.onState(state);
  }

  #exchange(signal: AbortSignal, silence: number, phase: 'listing' | 'watching'): Exchange {
    const { connection, clock } = this.#options;
    return { connection, clock, signal, silence, onOpen: () => this.#become({ phase }) };
  }

  #parsed<T>(parse: () => T): T {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new ApiError(200, '', `${this.#options.connection.server} sent no valid JSON: ${error.message}`);
    }
  }
}
