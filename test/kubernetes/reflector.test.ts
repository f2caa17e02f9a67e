import { describe, expect, it } from 'vitest';
import { eventually } from '../support/clock.ts';
import { listed, reflecting, START, thing } from '../support/reflecting.ts';

const LISTED = ['listing', 'put a', 'listed'];

describe('a list', () => {
  it('comes in pages of 500, without a resourceVersion, which would lift the limit', async () => {
    const { server, told } = await reflecting();
    const first = await server.next();
    expect([first.path, first.query.get('limit'), first.query.get('resourceVersion'), first.query.get('continue')]).toEqual(['/api/v1/pods', '500', null, null]);
    first.list([thing('a', '5')], '10', 'token-1');
    const second = await server.next();
    expect([second.query.get('limit'), second.query.get('continue')]).toEqual(['500', 'token-1']);
    second.list([thing('b', '6')], '10', 'token/2+=');
    const third = await server.next();
    expect(third.query.get('continue')).toBe('token/2+=');
    third.list([thing('c', '7')], '10');
    const watch = await server.next();
    expect(told.all).toEqual(['listing', 'put a', 'put b', 'put c', 'listed']);
    expect(watch.query.get('resourceVersion')).toBe('10');
  });

  it('asks for gzip and reads it', async () => {
    const { server, hears } = await reflecting();
    const list = await server.next();
    expect(list.headers['accept-encoding']).toBe('gzip');
    list.answer({ metadata: { resourceVersion: '10' }, items: [thing('a', '5')] }, { gzip: true });
    await hears('listed');
  });

  it('carries the token of the kubeconfig', async () => {
    const { server } = await reflecting();
    expect((await server.next()).headers.authorization).toBe('Bearer secret');
  });

  it('is true of the moment in which it was asked for', async () => {
    const { server, clock, told, hears } = await reflecting();
    const first = await server.next();
    clock.advance(3_000);
    first.list([], '10', 'more');
    (await server.next()).list([], '10');
    await hears('listed');
    expect(told.reachedTime).toBe(START);
  });

  it('goes on with the same page after a reset, and what came twice was merely told twice', async () => {
    const { server, told, sleepsFor } = await reflecting();
    (await server.next()).list([thing('a', '5')], '10', 'token-1');
    const broken = (await server.next()).begin().send(`{"metadata":{"resourceVersion":"10"},"items":[${JSON.stringify(thing('b', '6'))},{"metadata":{"na`);
    await eventually(() => told.all.includes('put b'), 'b is told');
    broken.reset();
    await sleepsFor(400);
    const again = await server.next();
    expect(again.query.get('continue')).toBe('token-1');
    again.list([thing('b', '6'), thing('c', '7')], '10');
    await server.next();
    expect(told.all).toEqual(['listing', 'put a', 'put b', 'put b', 'put c', 'listed']);
  });

  it('that ends cleanly in its middle is not believed', async () => {
    const { server, told, sleepsFor } = await reflecting();
    (await server.next()).begin().send('{"metadata":{"resourceVersion":"10"},"items":[{"metadata":{"name":"a"}}').end();
    await sleepsFor(400);
    (await server.next()).list([], '11');
    await server.next();
    expect(told.all).toEqual(['listing', 'put a', 'listing', 'listed']);
  });

  it('whose token expired begins anew in one piece: what is half listed is of no use', async () => {
    const { server, told, sleepsFor } = await reflecting();
    (await server.next()).list([thing('a', '5')], '10', 'old');
    (await server.next()).answer({ kind: 'Status', code: 410, reason: 'Expired', message: 'too old', metadata: { continue: 'inconsistent' } }, { status: 410 });
    await sleepsFor(400);
    const whole = await server.next();
    expect([whole.query.get('limit'), whole.query.get('continue')]).toEqual([null, null]);
    whole.list([thing('b', '20')], '30');
    expect((await server.next()).query.get('resourceVersion')).toBe('30');
    expect(told.all).toEqual(['listing', 'put a', 'listing', 'put b', 'listed']);
  });

  it('waits as long as a busy server asks', async () => {
    const { server, clock } = await reflecting();
    (await server.next()).refuse(429, 'TooManyRequests', 'slow down', { 'retry-after': '7' });
    await eventually(() => clock.sleeping.includes(7_000), 'it waits');
    clock.advance(6_999);
    expect(server.waiting).toBe(0);
    clock.advance(1);
    (await server.next()).list([], '10');
    expect((await server.next()).isWatch).toBe(true);
  });

  it('that falls silent is given up and asked for again', async () => {
    const { server, sleepsFor, states } = await reflecting();
    const silent = (await server.next()).begin();
    await eventually(() => states.length === 1, 'the answer begins');
    // A byte was heard in the first period: it is the second that is silent.
    await sleepsFor(60_000);
    await sleepsFor(60_000);
    await eventually(() => silent.isOver, 'the silent connection is closed');
    await sleepsFor(400);
    expect((await server.next()).query.get('limit')).toBe('500');
  });

  it('waits longer after each failure, half a minute at most, and says so from the second on', async () => {
    const { server, sleepsFor, states } = await reflecting();
    for (const delay of [400, 800, 1_600, 3_200, 6_400, 12_800, 15_000, 15_000]) {
      (await server.next()).refuse(500, 'InternalError', 'etcd is away');
      await sleepsFor(delay);
    }
    expect(states).toEqual([{ phase: 'waiting', why: 'cannot list pods: etcd is away' }]);
    (await server.next()).list([], '10');
    (await server.next()).begin();
    await eventually(() => states.length === 3, 'it is well again');
    expect(states.slice(1)).toEqual([{ phase: 'listing' }, { phase: 'watching' }]);
  });

  it('without rights says plainly what is missing, once, and is tried again after minutes', async () => {
    const { server, sleepsFor, states, clock } = await reflecting();
    const message = 'pods is forbidden: User "viewer" cannot list resource "pods" in API group "" at the cluster scope';
    for (let i = 0; i < 3; i++) {
      (await server.next()).refuse(403, 'Forbidden', message);
      await eventually(() => clock.sleeping.includes(150_000), 'it waits');
      await sleepsFor(150_000);
    }
    expect(states).toEqual([{ phase: 'refused', why: `cannot list pods: ${message}` }]);
    (await server.next()).list([], '10');
  });

  it('with an unknown token reads the credentials again', async () => {
    const { server, sleepsFor } = await reflecting();
    (await server.next()).refuse(401, 'Unauthorized', 'Unauthorized');
    await sleepsFor(400);
    (await server.next()).list([], '10');
    expect((await server.next()).isWatch).toBe(true);
  });

  it('leaves out an object that is too large, and counts it', async () => {
    const { server, told, hears } = await reflecting();
    (await server.next()).list([thing('a', '5'), thing('large', '6', { annotations: { note: 'x'.repeat(5 * 1024 * 1024) } }), thing('b', '7')], '10');
    await hears('listed');
    expect(told.all).toEqual(['listing', 'put a', 'put b', 'too long 1', 'listed']);
  });

  it('that is no JSON at all, as a proxy sends it, is tried again', async () => {
    const { server, sleepsFor, told } = await reflecting();
    (await server.next()).answer('<html>welcome</html>');
    await sleepsFor(400);
    (await server.next()).list([thing('a', '5')], '10');
    await server.next();
    expect(told.all.slice(-3)).toEqual(LISTED);
  });
});

describe('a watch', () => {
  it('begins at the version of the list, with bookmarks, for five to ten minutes', async () => {
    const at = await reflecting();
    at.clock.chance = 0.5;
    const { query } = await listed(at);
    expect(Object.fromEntries(query)).toEqual({ watch: '1', allowWatchBookmarks: 'true', timeoutSeconds: '450', resourceVersion: '10' });
  });

  it('tells events in their order', async () => {
    const at = await reflecting();
    (await listed(at)).begin().event('ADDED', thing('b', '11')).event('MODIFIED', thing('a', '12')).event('DELETED', thing('b', '13')).event('UNKNOWN', thing('c', '14'));
    await at.hears('remove b');
    expect(at.told.all).toEqual([...LISTED, 'put b', 'put a', 'remove b']);
  });

  it('reset in the middle of a line goes on from the last whole event, without a new list', async () => {
    const at = await reflecting();
    const watch = (await listed(at)).begin().event('ADDED', thing('b', '11')).send('{"type":"DELETED","object":{"metadata":{"name":"a","res');
    await at.hears('put b');
    watch.reset();
    await at.sleepsFor(400);
    const next = await at.server.next();
    expect(next.query.get('resourceVersion')).toBe('11');
    next.begin().event('DELETED', thing('a', '12'));
    await at.hears('remove a');
    expect(at.told.all).toEqual([...LISTED, 'put b', 'remove a']);
    expect(at.states).toEqual([{ phase: 'listing' }, { phase: 'watching' }]);
  });

  it('that ends in the middle of a line, cleanly, goes on from the last whole event', async () => {
    const at = await reflecting();
    (await listed(at)).begin().event('ADDED', thing('b', '11')).send('{"type":"ADDED"').end();
    const next = await at.server.next();
    expect(next.query.get('resourceVersion')).toBe('11');
  });

  it('too old by an HTTP status begins with a new list', async () => {
    const at = await reflecting();
    (await listed(at)).refuse(410, 'Gone', 'too old resource version');
    await at.sleepsFor(400);
    const list = await at.server.next();
    expect([list.isWatch, list.query.get('limit')]).toEqual([false, '500']);
    list.list([thing('b', '20')], '30');
    expect((await at.server.next()).query.get('resourceVersion')).toBe('30');
    expect(at.told.all).toEqual([...LISTED, 'listing', 'put b', 'listed']);
  });

  it('too old by an event in the stream begins with a new list', async () => {
    const at = await reflecting();
    (await listed(at)).begin().event('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version: 10 (20)' });
    await at.sleepsFor(400);
    (await at.server.next()).list([], '30');
    expect((await at.server.next()).query.get('resourceVersion')).toBe('30');
    expect(at.states).toEqual([{ phase: 'listing' }, { phase: 'watching' }, { phase: 'listing' }]);
  });

  it('with another error in the stream goes on from where it was', async () => {
    const at = await reflecting();
    (await listed(at)).begin().event('ADDED', thing('b', '11')).event('ERROR', { kind: 'Status', code: 500, reason: 'InternalError', message: 'etcdserver: no leader' });
    await at.sleepsFor(400);
    expect((await at.server.next()).query.get('resourceVersion')).toBe('11');
  });

  it('takes what is not later than what it has for a repetition', async () => {
    const at = await reflecting();
    (await listed(at))
      .begin()
      .event('ADDED', thing('late', '9'))
      .event('ADDED', thing('b', '11'))
      .event('ADDED', thing('b', '11'))
      .event('DELETED', thing('a', '10'))
      .event('DELETED', thing('b', '100'))
      .event('MODIFIED', thing('b', '99'))
      .event('ADDED', thing('end', '101'));
    await at.hears('put end');
    expect(at.told.all).toEqual([...LISTED, 'put b', 'remove b', 'put end']);
  });

  it('keeps the version of a bookmark', async () => {
    const at = await reflecting();
    (await listed(at)).begin().bookmark('5000').end();
    expect((await at.server.next()).query.get('resourceVersion')).toBe('5000');
    expect(at.told.all).toEqual(LISTED);
  });

  it('that ends at once is not asked for again at once, and after three times the list is', async () => {
    const at = await reflecting();
    (await listed(at)).begin().end();
    for (const delay of [400, 800]) {
      await at.sleepsFor(delay);
      const next = await at.server.next();
      expect([next.isWatch, next.query.get('resourceVersion')]).toEqual([true, '10']);
      next.begin().end();
    }
    await at.sleepsFor(1_600);
    expect((await at.server.next()).isWatch).toBe(false);
    expect(at.states.at(-1)).toEqual({ phase: 'waiting', why: 'cannot watch pods: the watch ended as it began' });
  });

  it('that the server cannot understand (500 for a strange version) ends in a new list', async () => {
    const at = await reflecting();
    (await listed(at, [], 'strange')).refuse(500, '', 'strconv.ParseUint');
    for (const delay of [400, 800]) {
      await at.sleepsFor(delay);
      (await at.server.next()).refuse(500, '', 'strconv.ParseUint');
    }
    await at.sleepsFor(1_600);
    expect((await at.server.next()).isWatch).toBe(false);
  });

  it('of a busy server is asked for again and again, but no new list', async () => {
    const at = await reflecting();
    let watch = await listed(at);
    for (const delay of [2_000, 2_000, 2_000, 3_200]) {
      watch.refuse(429, 'TooManyRequests', 'slow down', { 'retry-after': '2' });
      await at.sleepsFor(delay);
      watch = await at.server.next();
      expect(watch.isWatch).toBe(true);
    }
  });

  it('that falls silent is taken for dead, and a list says what happened', async () => {
    const at = await reflecting();
    const silent = (await listed(at)).begin();
    await eventually(() => at.states.length === 2, 'it watches');
    await at.sleepsFor(150_000);
    await at.sleepsFor(150_000);
    await eventually(() => silent.isOver, 'the silent connection is closed');
    (await at.server.next()).list([thing('b', '20')], '30');
    await at.server.next();
    expect(at.told.all).toEqual([...LISTED, 'listing', 'put b', 'listed']);
  });

  it('in which something comes now and then is not silent', async () => {
    const at = await reflecting();
    const watch = (await listed(at)).begin();
    for (let i = 0; i < 4; i++) {
      watch.event('ADDED', thing(`b${i}`, `${11 + i}`));
      await at.hears(`put b${i}`);
      await at.sleepsFor(150_000);
    }
    expect([watch.isOver, at.server.waiting]).toEqual([false, 0]);
  });

  it('without the right to it lists now and then', async () => {
    const at = await reflecting();
    at.clock.chance = 0.5;
    (await listed(at)).refuse(403, 'Forbidden', 'pods is forbidden: User "viewer" cannot watch resource "pods"');
    await at.sleepsFor(225_000);
    expect((await at.server.next()).isWatch).toBe(false);
    expect(at.states.at(-1)).toEqual({ phase: 'refused', why: 'cannot watch pods: pods is forbidden: User "viewer" cannot watch resource "pods"' });
  });

  it('drops a line that is too long without keeping it, and goes on', async () => {
    const at = await reflecting();
    const watch = (await listed(at)).begin().event('ADDED', thing('b', '11'));
    for (let i = 0; i < 6; i++) watch.send('x'.repeat(1024 * 1024));
    watch.send('\n').event('ADDED', thing('c', '13'));
    await at.hears('put c');
    expect(at.told.all).toEqual([...LISTED, 'put b', 'put c', 'too long 1']);
  });

  it('with a line that is no JSON goes on from where it was', async () => {
    const at = await reflecting();
    (await listed(at)).begin().event('ADDED', thing('b', '11')).send('garbage\n');
    await at.sleepsFor(400);
    expect((await at.server.next()).query.get('resourceVersion')).toBe('11');
  });
});

describe('how far the watch has told', () => {
  const created = (name: string, version: string, time: string): object => thing(name, version, { creationTimestamp: time });

  it('is as far as the latest moment that an event speaks of', async () => {
    const at = await reflecting();
    const watch = (await listed(at)).begin();
    at.clock.advance(60_000);
    watch.event('ADDED', created('b', '11', '2026-03-02T12:00:40Z')).event('ADDED', created('c', '12', '2026-03-02T12:00:30Z'));
    await at.hears('put c');
    expect(at.told.reachedTime).toBe(START + 40_000);
  });

  it('is not moved by moments of the future: clocks differ', async () => {
    const at = await reflecting();
    const watch = (await listed(at)).begin();
    at.clock.advance(5_000);
    watch.event('ADDED', created('b', '11', '2027-01-01T00:00:00Z'));
    await at.hears('put b');
    expect(at.told.reachedTime).toBe(START + 5_000);
  });

  it('is moved by a bookmark to a second before it came, also by one that brings no new version', async () => {
    const at = await reflecting();
    const watch = (await listed(at)).begin();
    at.clock.advance(60_000);
    watch.bookmark('10');
    await eventually(() => at.told.reachedTime !== START, 'the bookmark counts');
    expect(at.told.reachedTime).toBe(START + 59_000);
  });

  it('is moved by an old bookmark not at all', async () => {
    const at = await reflecting();
    const watch = (await listed(at)).begin();
    at.clock.advance(60_000);
    watch.bookmark('9').event('ADDED', thing('b', '11'));
    await at.hears('put b');
    expect(at.told.reachedTime).toBe(START);
  });

  it('is moved by a short watch that came to its end, for whoever cannot wait for a bookmark', async () => {
    const at = await reflecting();
    const long = (await listed(at)).begin();
    await eventually(() => at.states.length === 2, 'it watches');
    at.clock.advance(60_000);
    at.reflector.hurry();
    await eventually(() => long.isOver, 'the long watch is given up');
    const short = await at.server.next();
    expect([short.query.get('timeoutSeconds'), short.query.get('resourceVersion')]).toEqual(['1', '10']);
    short.begin();
    at.clock.advance(1_000);
    short.end();
    expect(Number((await at.server.next()).query.get('timeoutSeconds'))).toBeGreaterThan(200);
    expect(at.told.reachedTime).toBe(START + 59_000);
    expect(at.told.all).toEqual(LISTED);
  });

  it('is not moved by a short watch that was cut off before its time', async () => {
    const at = await reflecting();
    (await listed(at)).begin();
    await eventually(() => at.states.length === 2, 'it watches');
    at.clock.advance(60_000);
    at.reflector.hurry();
    const short = (await at.server.next()).begin();
    at.clock.advance(900);
    short.end();
    await at.sleepsFor(400);
    await at.server.next();
    expect(at.told.reachedTime).toBe(START);
  });

  it('hurries once more after a short watch if somebody still waits, and never doubles one', async () => {
    const at = await reflecting();
    (await listed(at)).begin();
    await eventually(() => at.states.length === 2, 'it watches');
    at.reflector.hurry();
    const short = (await at.server.next()).begin();
    at.reflector.hurry();
    at.reflector.hurry();
    expect(short.isOver).toBe(false);
    at.clock.advance(1_000);
    short.end();
    const second = (await at.server.next()).begin();
    expect(second.query.get('timeoutSeconds')).toBe('1');
    at.clock.advance(1_000);
    second.end();
    expect(Number((await at.server.next()).query.get('timeoutSeconds'))).toBeGreaterThan(200);
  });
});

describe('a reflector', () => {
  it('ends when it is told to, in the middle of a watch', async () => {
    const at = await reflecting();
    const watch = (await listed(at)).begin();
    await eventually(() => at.states.length === 2, 'it watches');
    at.stop();
    await expect(at.run).resolves.toBeUndefined();
    await eventually(() => watch.isOver, 'the connection is closed');
  });

  it('ends when it is told to, in the middle of a pause', async () => {
    const at = await reflecting();
    (await at.server.next()).refuse(403, 'Forbidden', 'no');
    await eventually(() => at.clock.sleeping.includes(150_000), 'it waits');
    at.stop();
    await expect(at.run).resolves.toBeUndefined();
  });

  it('ends with what its receiver throws: that is nothing that trying again would help', async () => {
    const at = await reflecting();
    at.told.onPut = () => {
      throw new TypeError('a bug');
    };
    (await at.server.next()).list([thing('a', '5')], '10');
    await expect(at.run).rejects.toThrow('a bug');
  });

  it('survives a server that is away and comes back', async () => {
    const at = await reflecting();
    (await listed(at)).reset();
    await at.sleepsFor(400);
    (await at.server.next()).reset();
    await at.sleepsFor(800);
    (await at.server.next()).begin().event('ADDED', thing('b', '11'));
    await at.hears('put b');
    expect(at.states.map(({ phase }) => phase)).toEqual(['listing', 'waiting', 'watching']);
  });
});
