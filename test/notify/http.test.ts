import { describe, expect, it } from 'vitest';
import { RetriableError } from '../../src/errors.ts';
import { post, type Post } from '../../src/notify/http.ts';
import { BusyError, RefusedError } from '../../src/notifier.ts';
import { endless, halfAnswer, hangUp, HttpTarget, silence, status } from '../support/http-target.ts';

const never = new AbortController().signal;

function send(url: string, given: Partial<Post> = {}): Promise<void> {
  return post(new URL(url), { headers: { 'x-token': 'abc' }, body: '{"ä":1}', signal: never, trust: 'operator', timeout: 2_000, ...given });
}

async function errorOf(work: Promise<void>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was taken');
}

describe('a post', () => {
  it('hands over headers and body as they are', async () => {
    const target = await HttpTarget.start();
    await send(`${target.origin}/hook?key=1`);
    expect(target.received).toMatchObject([{ method: 'POST', path: '/hook?key=1', body: '{"ä":1}', headers: { 'x-token': 'abc', 'user-agent': 'footpath', host: `127.0.0.1:${target.port}` } }]);
  });

  it.each([[200], [201], [202], [204], [299]])('is taken with %i', async (code) => {
    const target = await HttpTarget.start();
    target.always = status(code);
    await expect(send(target.origin)).resolves.toBeUndefined();
  });

  it.each([[400], [413], [422]])('is refused with %i, and says why', async (code) => {
    const target = await HttpTarget.start();
    target.always = status(code, 'bad\u001b[31m label\nset');
    const error = await errorOf(send(`${target.origin}/secret-path`));
    expect(error).toBeInstanceOf(RefusedError);
    expect(error.message).toBe(`127.0.0.1:${target.port}: HTTP ${code}: bad [31m label set`);
  });

  it.each([[401], [403], [404], [408], [410], [429], [500], [502], [503], [599]])('may be taken later with %i', async (code) => {
    const target = await HttpTarget.start();
    target.always = status(code);
    const error = await errorOf(send(target.origin));
    expect([error instanceof RetriableError, error instanceof BusyError, error.message]).toEqual([true, false, `127.0.0.1:${target.port}: HTTP ${code}`]);
  });

  it.each([
    ['30', 30_000],
    ['0', 0],
  ])('is tried again when the target wants it: Retry-After %s', async (after, ms) => {
    const target = await HttpTarget.start();
    target.always = status(429, '', { 'retry-after': after });
    expect(await errorOf(send(target.origin))).toMatchObject({ retryAfter: ms });
  });

  it.each([['Wed, 21 Oct 2026 07:28:00 GMT'], ['-5'], ['1e9'], ['99999999']])('takes no Retry-After that makes no sense here: %s', async (after) => {
    const target = await HttpTarget.start();
    target.always = status(503, '', { 'retry-after': after });
    expect(await errorOf(send(target.origin))).not.toBeInstanceOf(BusyError);
  });

  it('follows no redirect, wherever it leads', async () => {
    const [target, other] = [await HttpTarget.start(), await HttpTarget.start()];
    for (const code of [301, 302, 303, 307, 308]) {
      target.always = status(code, '', { location: other.origin });
      expect((await errorOf(send(target.origin))).message).toBe(`127.0.0.1:${target.port}: HTTP ${code}, and redirects are not followed`);
    }
    expect(other.received).toEqual([]);
  });

  it.each([
    ['hangs up', hangUp],
    ['breaks its answer off', halfAnswer],
  ])('may be taken later if the target %s', async (_, reply) => {
    const target = await HttpTarget.start();
    target.always = reply;
    expect(await errorOf(send(target.origin))).toBeInstanceOf(RetriableError);
  });

  it('waits only so long, for names and for answers', async () => {
    const target = await HttpTarget.start();
    target.always = silence;
    expect((await errorOf(send(target.origin, { timeout: 100 }))).message).toBe(`127.0.0.1:${target.port}: no answer within 0.1 seconds`);
    expect((await errorOf(send('http://name.test', { timeout: 100, resolve: () => new Promise(() => {}) }))).message).toBe('name.test: no answer within 0.1 seconds');
  });

  it('reads no more of an answer than it needs, and leaves', async () => {
    const target = await HttpTarget.start();
    target.always = endless;
    await send(target.origin);
    target.always = (response) => void response.writeHead(400).end('y'.repeat(1_000_000));
    expect((await errorOf(send(target.origin))).message.length).toBeLessThan(300);
  });

  it('ends with its signal', async () => {
    const target = await HttpTarget.start();
    target.always = silence;
    const end = new AbortController();
    const work = errorOf(send(target.origin, { signal: end.signal }));
    setTimeout(() => end.abort(), 50);
    expect(await work).toBeInstanceOf(RetriableError);
    expect(await errorOf(send(target.origin, { signal: end.signal }))).toBeInstanceOf(RetriableError);
  });

  it('says where nobody listens, without the path', async () => {
    const target = await HttpTarget.start();
    const { origin } = target;
    await target.stop();
    const error = await errorOf(send(`${origin}/T0/B0/secret?token=secret`));
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.message).not.toContain('secret');
  });
});

describe('the name of a target', () => {
  const to = (...addresses: readonly string[]) => ({ resolve: () => Promise.resolve(addresses) });

  it('is resolved once, and what was checked is what is connected to', async () => {
    const target = await HttpTarget.start();
    const asked: string[] = [];
    // The second answer is the attacker's: nobody asks for it.
    const answers = [['127.0.0.1'], ['169.254.169.254']];
    await send(`http://hook.test:${target.port}/a`, { resolve: (host) => { asked.push(host); return Promise.resolve(answers.shift() ?? []); } });
    expect([asked, target.received[0]?.headers.host]).toEqual([['hook.test'], `hook.test:${target.port}`]);
  });

  it.each([
    [['169.254.169.254'], 'nothing is sent to 169.254.169.254: it is a metadata service'],
    [['127.0.0.1', 'fe80::1'], 'nothing is sent to fe80::1: it is link-local'],
    [['0.0.0.0'], 'nothing is sent to 0.0.0.0: it is unspecified'],
    [[], 'has no address'],
  ])('that is resolved to %j is not connected to', async (addresses, message) => {
    const target = await HttpTarget.start();
    expect((await errorOf(send(`http://hook.test:${target.port}`, to(...addresses)))).message).toBe(`hook.test:${target.port}: ${message}`);
    expect(target.connections).toBe(0);
  });

  it.each([['http://169.254.169.254/latest'], ['http://0251.0376.0251.0376/'], ['http://2852039166/'], ['http://0xa9.0xfe.0xa9.0xfe/'], ['http://[fe80::1]/'], ['http://[::ffff:169.254.169.254]/'], ['http://0/']])('may be an address, in any spelling: %s', async (url) => {
    expect((await errorOf(send(url))).message).toMatch(/: nothing is sent to .*: it is (a metadata service|link-local|unspecified)$/);
  });

  it('that others than the operator gave is reached with TLS alone, and never within', async () => {
    const target = await HttpTarget.start();
    const anybody = { trust: 'anybody', timeout: 500 } as const;
    expect((await errorOf(send('http://93.184.216.34/', anybody))).message).toBe('93.184.216.34: nothing is sent without TLS');
    for (const address of ['127.0.0.1', '10.0.0.1', '::1', 'fd00::1']) {
      expect((await errorOf(send(`https://hook.test:${target.port}`, { ...anybody, ...to(address) }))).message).toContain('nothing is sent to');
    }
    expect(target.connections).toBe(0);
  });

  it('that nobody knows is an error that may pass', async () => {
    const error = await errorOf(send('http://hook.test', { resolve: () => Promise.reject(new Error('getaddrinfo ENOTFOUND hook.test')) }));
    expect(error).toBeInstanceOf(RetriableError);
    expect(error.message).toBe('hook.test: getaddrinfo ENOTFOUND hook.test');
  });

  it('is what the system says it is, where no other is asked', async () => {
    const target = await HttpTarget.start();
    await send(`http://localhost:${target.port}/`);
    expect(target.received).toHaveLength(1);
  });
});
