import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { alertmanager } from '../../src/notify/alertmanager.ts';
import { alertmanagerConfig } from '../../src/notify/config.ts';
import { notification } from '../support/alerts.ts';
import { scratch } from '../support/cli.ts';
import { HttpTarget } from '../support/http-target.ts';
import { T0 } from '../support/hubble.ts';
import { outsideOf } from '../support/outside.ts';

const never = new AbortController().signal;
const NOW = T0 + 3_600_000;
const iso = (ms: number): string => new Date(ms).toISOString();

interface Posted {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}

async function posted(given: Parameters<typeof notification>[0] = {}, more: object = {}): Promise<Posted> {
  const target = await HttpTarget.start();
  const [member] = alertmanager.create('am', alertmanagerConfig.parse({ urls: [target.origin], ...more }), outsideOf());
  await member!.notify([notification(given)], never);
  return (target.bodies[0] as readonly Posted[])[0]!;
}

describe('Alertmanager', () => {
  it('is told what fires until four minutes from now, since it was first seen', async () => {
    expect(await posted()).toMatchObject({ startsAt: iso(T0), endsAt: iso(NOW + 4 * 60_000) });
  });

  it('is told what is over with the time at which it was, however often', async () => {
    expect(await posted({ event: 'resolved', at: T0 + 90_000 })).toMatchObject({ startsAt: iso(T0), endsAt: iso(T0 + 90_000), annotations: { over: 'accepted', state: 'accepted' } });
  });

  it('is told no end before the beginning, whatever clocks say', async () => {
    const { startsAt, endsAt } = await posted({ event: 'resolved', since: T0, at: T0, alert: { firstSeen: T0 + 86_400_000 } });
    expect([startsAt, endsAt]).toEqual([iso(T0), iso(T0 + 1)]);
  });

  it('has counts, times and severity in annotations, with what the operator adds in labels', async () => {
    const { labels, annotations } = await posted({ alert: { count: 12, severity: 'critical', evidence: ['one', 'two'] } }, { labels: { team: 'shop' } });
    expect(annotations).toMatchObject({ id: 'a1', severity: 'critical', severity_level: '4', class: 'cross-namespace', count: '12', summary: expect.stringContaining('shop/web -> shop/db'), description: expect.stringMatching(/one\ntwo$/) });
    expect(labels).toMatchObject({ alertname: 'FootpathNewEdge', team: 'shop' });
    expect(JSON.stringify(labels)).not.toContain('critical');
  });

  it('is each member of its cluster by itself, under a path if it has one', async () => {
    const [one, other] = [await HttpTarget.start(), await HttpTarget.start()];
    const members = alertmanager.create('am', alertmanagerConfig.parse({ urls: [one.origin, `${other.origin}/alerts/`] }), outsideOf());
    expect(members.map(({ name }) => name)).toEqual([`am@127.0.0.1:${one.port}`, `am@127.0.0.1:${other.port}/alerts/`]);
    for (const member of members) await member.notify([notification(), notification({ alert: { id: 'a2' } })], never);
    expect([one.received[0]?.path, other.received[0]?.path]).toEqual(['/api/v2/alerts', '/alerts/api/v2/alerts']);
    expect(one.bodies).toEqual(other.bodies);
    expect(one.bodies[0]).toHaveLength(2);
  });

  it('is shown a token or a password, as they are in their files now', async () => {
    const target = await HttpTarget.start();
    const secret = join(scratch(), 'secret');
    const [bearer] = alertmanager.create('am', alertmanagerConfig.parse({ urls: [target.origin], bearerTokenFile: secret }), outsideOf());
    const [basic] = alertmanager.create('am', alertmanagerConfig.parse({ urls: [target.origin], basicAuth: { username: 'fp', passwordFile: secret } }), outsideOf());
    for (const text of ['one\n', 'two']) {
      writeFileSync(secret, text);
      await bearer!.notify([notification()], never);
    }
    await basic!.notify([notification()], never);
    expect(target.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer one', 'Bearer two', `Basic ${Buffer.from('fp:two').toString('base64')}`]);
  });
});
