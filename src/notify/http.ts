import { lookup } from 'node:dns/promises';
import { request as requestPlain, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestTls } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { RetriableError } from '../errors.ts';
import { BusyError, RefusedError } from '../notifier.ts';
import { aborted } from './aborted.ts';
import { whyForbidden, type Trust } from './guard.ts';
import { plainLine } from './text.ts';

const TIMEOUT = 5_000;
/** Bytes of an answer that are read; what follows is of no use here. */
const ANSWER_LIMIT = 65_536;

export interface HttpOptions {
  readonly trust: Trust;
  /** Milliseconds for all of it: name, connection, answer. */
  readonly timeout?: number;
  /** Certificates of those who signed the target's, as PEM. */
  readonly ca?: string | undefined;
  /** All addresses of a name. */
  readonly resolve?: Resolve;
}

export type Resolve = (host: string) => Promise<readonly string[]>;

export interface Post extends HttpOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

/**
 * Posts to a target. Its name is resolved once; all of its addresses are checked, and none but these is connected to. Redirects
 * are not followed. Returns once the target has taken it; throws a `RefusedError` where it says that it never will take this,
 * and a `RetriableError` otherwise. Messages name the host alone: paths and queries may hold secrets.
 */
export async function post(url: URL, { headers, body, signal, ...options }: Post): Promise<void> {
  const { trust, timeout = TIMEOUT } = options;
  if (trust === 'anybody' && url.protocol !== 'https:') throw new RetriableError(`${url.host}: nothing is sent without TLS`);
  const late = AbortSignal.timeout(timeout);
  const over = AbortSignal.any([signal, late]);
  try {
    const addresses = await Promise.race([allowedAddresses(url, options), aborted(over)]);
    const answer = await exchange(url, { ...options, headers, body, addresses, signal: over });
    judge(url.host, answer);
  } catch (error) {
    if (error instanceof RefusedError || error instanceof RetriableError) throw error;
    if (late.aborted) throw new RetriableError(`${url.host}: no answer within ${timeout / 1_000} seconds`, { cause: error });
    throw new RetriableError(`${url.host}: ${plainLine(error instanceof Error ? error.message : String(error), 200)}`, { cause: error });
  }
}

async function allowedAddresses(url: URL, { trust, resolve = resolveAll }: HttpOptions): Promise<readonly string[]> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const addresses = isIP(host) === 0 ? await resolve(host) : [host];
  if (addresses.length === 0) throw new RetriableError(`${url.host}: has no address`);
  for (const address of addresses) {
    const reason = whyForbidden(address, trust);
    if (reason !== null) throw new RetriableError(`${url.host}: nothing is sent to ${plainLine(address, 50)}: it ${reason}`);
  }
  return addresses;
}

async function resolveAll(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | undefined;
}

async function exchange(url: URL, { headers, body, addresses, ca, signal }: Pick<Post, 'headers' | 'body' | 'ca' | 'signal'> & { readonly addresses: readonly string[] }): Promise<Answer> {
  const options: RequestOptions = {
    method: 'POST',
    // A connection of its own, to a checked address.
    agent: false,
    lookup: pinned(addresses),
    headers: { ...headers, 'content-length': String(Buffer.byteLength(body)), 'user-agent': 'footpath' },
    signal,
  };
  const sent = url.protocol === 'https:' ? requestTls(url, ca === undefined ? options : { ...options, ca }) : requestPlain(url, options);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve);
    sent.on('error', reject);
    sent.once('close', () => reject(new Error('closed without an answer')));
    sent.end(body);
  });
  try {
    const text = await beginning(response);
    return { status: response.statusCode ?? 0, text, retryAfter: response.headers['retry-after'] };
  } finally {
    sent.destroy();
  }
}

function pinned(addresses: readonly string[]): LookupFunction {
  return (_, { all }, callback) => {
    const found = addresses.map((address) => ({ address, family: isIP(address) }));
    const [first] = found;
    if (all === true) callback(null, found);
    else callback(null, first?.address ?? '', first?.family);
  };
}

async function beginning(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    parts.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length >= ANSWER_LIMIT) break;
  }
  return Buffer.concat(parts).subarray(0, ANSWER_LIMIT).toString('utf8');
}

/** These are about what was sent; all others are about the target, which may be mended. */
const REFUSALS: ReadonlySet<number> = new Set([400, 413, 422]);

function judge(host: string, { status, text, retryAfter }: Answer): void {
  if (status >= 200 && status < 300) return;
  const said = plainLine(text, 200);
  const message = `${host}: HTTP ${status}${status >= 300 && status < 400 ? ', and redirects are not followed' : said === '' ? '' : `: ${said}`}`;
  if (REFUSALS.has(status)) throw new RefusedError(message);
  if (retryAfter !== undefined && /^[0-9]{1,6}$/.test(retryAfter)) throw new BusyError(message, Number(retryAfter) * 1_000);
  throw new RetriableError(message);
}
