import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Session } from '../../support/cli.ts';
import { books, cart, database, few, HOUR, LATER, learnedShop, ledger, METADATA, must, onlyAlert, probes, refused, sessionIn, usualTraffic, watchedShop, web } from '../../support/shop.ts';

/** A critical, a high, a medium and a low alert, in that order. */
const four = (): Promise<Session> =>
  sessionIn('four alerts', async (session) => {
    await session.observe(usualTraffic());
    await must(session, 'watch', '-A');
    await session.observe([
      ...few(4, { from: cart, to: METADATA, port: 80 }),
      ...few(3, { from: cart, to: books, port: 9000, time: LATER + HOUR }),
      ...few(2, { from: web, to: database, port: 5432, time: LATER + 2 * HOUR }),
      ...few(1, { from: ledger, to: books, port: 22, time: LATER + 3 * HOUR }, refused),
    ]);
  });

const severities = async (session: Session, ...args: readonly string[]): Promise<string> => (await session.alerts(...args)).map(({ severity }) => severity).join(' ');

describe('the list of alerts', () => {
  it.each([
    [[], 'critical high medium low'],
    [['--severity', 'low'], 'critical high medium low'],
    [['--severity', 'high'], 'critical high'],
    [['--severity', 'critical'], 'critical'],
    [['-n', 'pay'], 'high low'],
    [['-n', 'shop', '--severity', 'high'], 'critical high'],
    [['-n', 'nowhere'], ''],
    [['-A'], 'critical high medium low'],
    [['--since', '2h'], 'high medium low'],
    [['--since', '2026-03-12T14:00:00Z'], 'medium low'],
    [['--state', 'firing'], 'critical high medium low'],
    [['--state', 'accepted'], ''],
  ])('%j', async (args, expected) => {
    expect(await severities(await four(), ...args)).toBe(expected);
  });

  it('holds all of them without --state, whatever was said of them, and those of one state with it', async () => {
    const session = await four();
    const [critical, high, medium] = await session.alerts();
    await must(session, 'alerts', 'accept', critical!.id);
    await must(session, 'alerts', 'reject', high!.id);
    await must(session, 'alerts', 'ack', medium!.id);
    expect(await session.alerts()).toHaveLength(4);
    for (const [state, n] of [['accepted', 1], ['rejected', 1], ['acknowledged', 1], ['firing', 1], ['muted', 0], ['resolved', 0]] as const) {
      const listed = await session.alerts('--state', state);
      expect(listed.map((alert) => alert.state)).toEqual(Array(n).fill(state));
    }
  });

  it('leaves out what a scan folded', async () => {
    const session = await watchedShop();
    await session.observe(probes(12));
    expect(await session.alerts()).toHaveLength(1);
    expect(await session.alerts('--state', 'resolved')).toEqual([]);
  });

  it('comes in every form', async () => {
    const session = await four();
    const alerts = await session.alerts();
    expect(parse((await session.run('alerts', '-o', 'yaml')).out)).toEqual(alerts);
    expect((await session.run('alerts', '-o', 'name')).out).toBe(alerts.map(({ id }) => `${id}\n`).join(''));
    const wide = (await session.run('alerts', '-o', 'wide')).out.trimEnd().split('\n');
    expect(wide.slice(1).map((line) => line.split(/\s+/).at(-1))).toEqual(alerts.map(({ id }) => id));
  });

  it('is a table that tells what happened', async () => {
    const session = await four();
    const [critical, high, medium, low] = (await session.alerts()).map(({ id }) => id.slice(0, 7));
    expect((await session.run('alerts')).out).toBe(
      [
        'SEVERITY  STATE   AGE  KIND      WHAT                                                    COUNT  ID',
        `critical  firing  2h   new-edge  shop/cart -> metadata 169.254.169.254 80/TCP, metadata      4  ${critical}`,
        `high      firing  1h   new-edge  shop/cart -> pay/books 9000/TCP, cross-namespace            3  ${high}`,
        `medium    firing  59m  new-edge  shop/web -> shop/db 5432/TCP, same-namespace                2  ${medium}`,
        `low       firing  0s   new-edge  pay/ledger -> pay/books 22/TCP, new-port                    1  ${low}`,
        '',
      ].join('\n'),
    );
  });

  it('says that there are none, on stderr', async () => {
    expect(await (await watchedShop()).run('alerts')).toMatchObject({ status: 0, out: '', err: 'no alerts\n' });
    expect((await (await learnedShop()).run('alerts', '-o', 'json')).out).toBe('[]\n');
  });
});

describe('--fail-on', () => {
  it.each([
    [['--fail-on', 'low'], 3],
    [['--fail-on', 'critical'], 3],
    [['--fail-on', 'critical', '-n', 'pay'], 0],
    [['--fail-on', 'medium', '--since', '30m'], 0],
    [[], 0],
  ])('%j exits with %i', async (args, status) => {
    expect((await (await four()).run('alerts', ...args)).status).toBe(status);
  });

  it.each([
    ['ack', 3],
    ['mute', 0],
    ['accept', 0],
    ['reject', 0],
  ])('knows what is still open: after %s it exits with %i', async (word, status) => {
    const session = await watchedShop();
    await session.observe(few(2, { from: cart, to: books, port: 9000 }));
    await must(session, 'alerts', word, (await onlyAlert(session)).id);
    expect((await session.run('alerts', '--fail-on', 'low')).status).toBe(status);
  });

  it.each([
    [[], 'muted until it is decided', 'muted by ada'],
    [['--until', '2h'], 'muted until 2026-04-01T02:00:00.000Z', 'muted until 2026-04-01T02:00:00.000Z by ada'],
  ])('says until when it is silent: mute %j', async (args, said, shown) => {
    const session = await watchedShop();
    await session.observe(few(2, { from: cart, to: books, port: 9000 }));
    const { id, reason } = await onlyAlert(session);
    expect((await session.run('alerts', 'mute', id, '--by', 'ada', ...args)).err).toBe(`${id.slice(0, 7)} ${said}: ${reason}\n`);
    expect((await session.run('alerts', 'show', id)).out).toContain(`\n  ${shown} at 2026-04-01T00:00:00.000Z\n`);
  });

  it('prints the list all the same', async () => {
    const result = await (await four()).run('alerts', '--fail-on', 'low', '-o', 'json');
    expect([result.status, (result.json() as unknown[]).length]).toEqual([3, 4]);
  });
});

describe('alerts show', () => {
  it('tells what happened, who saw it, and since when', async () => {
    const session = await four();
    const [{ id } = { id: '' }] = await session.alerts();
    const { status, out, err } = await session.run('alerts', 'show', id.slice(0, 6));
    expect([status, err]).toEqual([0, '']);
    expect(out.split('\n').slice(0, 5)).toEqual([
      expect.stringMatching(/^shop\/cart -> external 169\.254\.169\.254 80\/TCP: never seen in \d+ days of learning$/),
      '  critical new-edge, metadata: firing',
      '  first 2026-03-12T12:00:00.000Z, last 2026-03-12T12:00:03.000Z, count 4',
      '  4 connections in 1 hour: answered',
      '  from shop/cart-7d9f8b6c5d-x7x2l',
    ]);
  });

  it('is the alert of the list as JSON', async () => {
    const session = await four();
    for (const alert of await session.alerts()) expect((await session.run('alerts', 'show', alert.id, '-o', 'json')).json()).toEqual(alert);
  });

  it.each([['show', 'ffffffff'], ['show', 'zz'], ['ack', ''], ['mute', 'f']])('%s %s: no such alert, status 2, one line', async (word, id) => {
    const session = await watchedShop();
    const { status, out, err } = await session.run('alerts', word, id);
    expect([status, out, err]).toEqual([2, '', `footpath: ${id}: no alert has this id; footpath alerts -o name lists them\n`]);
  });

  it('refuses a time that is none before it says anything', async () => {
    const session = await four();
    const [{ id } = { id: '' }] = await session.alerts();
    expect(await session.run('alerts', 'mute', id, '--until', 'later')).toMatchObject({ status: 2, out: '', err: 'footpath: later: is no time; write 2h, 7d, or 2026-03-01T12:00:00Z\n' });
    expect(await session.alerts('--state', 'muted')).toEqual([]);
  });

  it('has words of its own: --until is for mute alone', async () => {
    const session = await four();
    expect((await session.run('alerts', 'ack', (await session.alerts())[0]!.id, '--until', '2h')).status).toBe(2);
  });
});
