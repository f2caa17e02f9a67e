import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { RetriableError } from '../errors.ts';
import { apiErrorOf, SilenceError } from './api-error.ts';
import type { Clock } from '../clock.ts';
import type { ApiConnection } from './connection.ts';

const STATUS_LIMIT = 65_536;

export interface Exchange {
  readonly connection: ApiConnection;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Milliseconds without a byte after which the connection is taken for dead; it may take twice as long to be noticed. */
  readonly silence: number;
  /** The server took the request, though its body may be long in coming. */
  readonly onOpen?: () => void;
}

/**
 * The body of an answer, decompressed, as it comes. Throws an `ApiError` where the server refuses, a `SilenceError` where nothing
 * comes, and a `RetriableError` where the connection breaks. Ends without an error when the signal aborts.
 */
export async function* receive(path: string, { connection, clock, signal, silence, onOpen }: Exchange): AsyncGenerator<Buffer> {
  const ending = new AbortController();
  const abort = (): void => ending.abort();
  if (signal.aborted) return;
  signal.addEventListener('abort', abort, { once: true });
  const watchdog = new Watchdog(clock, silence, ending);
  try {
    const response = await connection.get(path, ending.signal);
    watchdog.heard();
    const body = decompressed(response);
    if (response.statusCode !== 200) throw apiErrorOf(response.statusCode ?? 0, await beginning(body), response.headers['retry-after']);
    onOpen?.();
    for await (const chunk of body) {
      watchdog.heard();
      yield chunk as Buffer;
    }
  } catch (error) {
    if (signal.aborted) return;
    if (watchdog.isDead) throw new SilenceError(`${connection.server}: nothing came for ${silence / 1_000} seconds`, { cause: error });
    if (error instanceof RetriableError) throw error;
    throw new RetriableError(`${connection.server}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    signal.removeEventListener('abort', abort);
    ending.abort();
  }
}

function decompressed(response: IncomingMessage): Readable {
  if (response.headers['content-encoding'] !== 'gzip') return response;
  // Its errors reach whoever reads the last stream.
  return pipeline(response, createGunzip(), () => {});
}

async function beginning(body: Readable): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    parts.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > STATUS_LIMIT) break;
  }
  return Buffer.concat(parts).subarray(0, STATUS_LIMIT).toString('utf8');
}

/** Ends an exchange in which nothing was heard for a whole period. Not by the wall clock, which may be set back. */
class Watchdog {
  #heard = false;
  #dead = false;

  constructor(clock: Clock, silence: number, ending: AbortController) {
    void this.#watch(clock, silence, ending);
  }

  get isDead(): boolean {
    return this.#dead;
  }

  heard(): void {
    this.#heard = true;
  }

  async #watch(clock: Clock, silence: number, ending: AbortController): Promise<void> {
    do {
      this.#heard = false;
      await clock.sleep(silence, ending.signal);
      if (ending.signal.aborted) return;
    } while (this.#heard);
    this.#dead = true;
    ending.abort();
  }
}
