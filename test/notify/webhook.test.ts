import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { webhookConfig } from '../../src/notify/config.ts';
import { webhook } from '../../src/notify/webhook.ts';
import { notification } from '../support/alerts.ts';
import { scratch } from '../support/cli.ts';
import { HttpTarget } from '../support/http-target.ts';
import { T0 } from '../support/hubble.ts';
import { outsideOf } from '../support/outside.ts';

const never = new AbortController().signal;

function hook(target: HttpTarget, more: object = {}) {
  const [notifier] = webhook.create('hook', webhookConfig.parse({ url: `${target.origin}/in?key=k`, ...more }), outsideOf());
  return notifier!;
}

/** As a receiver checks it: https://www.standardwebhooks.com. */
function verified({ headers, body }: HttpTarget['received'][number], key: Buffer): boolean {
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  return headers['webhook-signature'] === `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}

describe('a webhook', () => {
  it('receives a CloudEvent', async () => {
    const target = await HttpTarget.start();
    await hook(target).notify([notification({ at: T0 + 5_000 })], never);
    expect(target.received[0]).toMatchObject({ path: '/in?key=k', headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' } });
    expect(target.bodies).toEqual([
      {
        specversion: '1.0', id: 'a1.x.1', source: '/footpath/east', type: 'footpath.alert.firing', subject: 'a1', time: new Date(T0 + 5_000).toISOString(), datacontenttype: 'application/json',
        data: {
          id: 'a1', kind: 'new-edge', class: 'cross-namespace', severity: 'high', state: 'firing',
          source: { kind: 'workload', cluster: 'east', namespace: 'shop', workload: 'web', workloadKind: 'Deployment' },
          destination: { kind: 'workload', cluster: 'east', namespace: 'shop', workload: 'db', workloadKind: 'Deployment' },
          port: 5432, protocol: 'TCP', firstSeen: new Date(T0).toISOString(), lastSeen: new Date(T0 + 1_000).toISOString(), count: 2,
          reason: 'shop/web -> shop/db 5432/TCP: never seen in 3 days of learning', evidence: ['2 connections'],
        },
      },
    ]);
  });

  it('learns why something is over, and names of outside addresses', async () => {
    const target = await HttpTarget.start();
    await hook(target).notify([notification({ event: 'resolved', alert: { destination: { type: 'external', address: '198.51.100.1' }, destinationName: 'api.example.com' } })], never);
    expect(target.bodies).toMatchObject([{ type: 'footpath.alert.resolved', data: { state: 'accepted', over: 'accepted', destination: { kind: 'external', ip: '198.51.100.1', name: 'api.example.com' } } }]);
  });

  it.each([
    ['any text', 'a secret of some length\n', Buffer.from('a secret of some length')],
    ['whsec_ and base64', `whsec_${Buffer.from([1, 2, 3, 250]).toString('base64')}`, Buffer.from([1, 2, 3, 250])],
  ])('can verify what it receives, with a secret that is %s', async (_, text, key) => {
    const target = await HttpTarget.start();
    const secretFile = join(scratch(), 'hook.key');
    writeFileSync(secretFile, text);
    await hook(target, { secretFile }).notify([notification()], never);
    const [received] = target.received;
    expect(received?.headers).toMatchObject({ 'webhook-id': 'a1.x.1', 'webhook-timestamp': String((T0 + 3_600_000) / 1_000) });
    expect(verified(received!, key)).toBe(true);
    expect(verified({ ...received!, body: received!.body.replace('high', 'low') }, key)).toBe(false);
    expect(verified({ ...received!, headers: { ...received!.headers, 'webhook-timestamp': '1' } }, key)).toBe(false);
  });

  it('receives nothing unsigned where there should be a secret', async () => {
    const target = await HttpTarget.start();
    const secretFile = join(scratch(), 'hook.key');
    await expect(hook(target, { secretFile }).notify([notification()], never)).rejects.toThrow(`${secretFile}: cannot be read: ENOENT`);
    writeFileSync(secretFile, ' \n');
    await expect(hook(target, { secretFile }).notify([notification()], never)).rejects.toThrow(`${secretFile}: is empty`);
    expect(target.connections).toBe(0);
  });

  it('is shown to people without its path', async () => {
    const target = await HttpTarget.start();
    expect(hook(target).where).toBe(target.origin);
  });
});
