import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEVERITIES } from '../../src/model/alert.ts';
import { EVENTS, type Notification } from '../../src/notifier.ts';
import { messageOf } from '../../src/notify/slack-message.ts';
import { slack } from '../../src/notify/slack.ts';
import { notification } from '../support/alerts.ts';
import { anyText } from '../support/any-text.ts';
import { scratch } from '../support/cli.ts';
import { HttpTarget, status } from '../support/http-target.ts';
import { outsideOf } from '../support/outside.ts';

const never = new AbortController().signal;
const several = (n: number): readonly Notification[] => Array.from({ length: n }, (_, i) => notification({ alert: { id: `a${i}`, reason: `reason ${i}` } }));
const textOf = (all: readonly Notification[]): string => messageOf(all).blocks.map(({ text }) => text.text).join('\n');

describe('a message', () => {
  it('of one alert says what, why, and what to do', () => {
    const { text, blocks } = messageOf([notification()]);
    expect(text).toBe('🟠 high new-edge: shop/web -&gt; shop/db 5432/TCP: never seen in 3 days of learning');
    expect(blocks.map((block) => block.text)).toEqual([
      { type: 'mrkdwn', text: '🟠 *high* · new-edge · cross-namespace\n`footpath alerts accept|reject|ack|mute a1`', verbatim: true },
      { type: 'plain_text', text: 'shop/web -> shop/db 5432/TCP: never seen in 3 days of learning\n2 connections', emoji: false },
    ]);
  });

  it('of an end says why, and asks for nothing', () => {
    const said = textOf([notification({ event: 'resolved' })]);
    expect(said).toContain('*over* · new-edge');
    expect(said).toContain('accepted');
    expect(said).not.toContain('footpath alerts');
  });

  it('of up to three has all of them, of more a digest with the worst first', () => {
    expect(messageOf(several(3)).blocks).toHaveLength(6);
    const many = [...several(30), notification({ alert: { severity: 'critical', reason: 'the worst' } }), notification({ event: 'resolved', alert: { severity: 'critical', reason: 'gone' } })];
    const { text, blocks } = messageOf(many);
    expect(text).toBe('32 alerts: 31 firing, 1 resolved');
    expect(blocks).toHaveLength(2);
    const lines = blocks[1]!.text.text.split('\n');
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([21, '🔴 critical new-edge: the worst', 'and 12 more: footpath alerts']);
  });

  it('keeps within Slack’s limits, and lets no text out of its place', () => {
    const hostile = fc.oneof(anyText(200), fc.constantFrom('<!channel> <@U1> <https://evil.test|click>', '*bold* `code` _x_', '@here &lt;!here&gt;', 'x'.repeat(1_000), '🔴'.repeat(400)));
    const one = fc.record({ event: fc.constantFrom(...EVENTS), reason: hostile, evidence: fc.array(hostile, { maxLength: 12 }), severity: fc.constantFrom(...SEVERITIES), over: hostile });
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 120 }), (all) => {
        const message = messageOf(all.map(({ event, ...alert }, i) => notification({ event, alert: { id: `a${i}`, ...alert } })));
        expect(message.blocks.length).toBeLessThanOrEqual(50);
        for (const { text } of message.blocks) {
          expect(text.text.length).toBeLessThanOrEqual(3_000);
          expect(text.text.length).toBeGreaterThan(0);
          expect(text.text).not.toMatch(/\p{Surrogate}/u);
          // What is formatted is our own words alone.
          if (text.type === 'mrkdwn') expect(text.text).toMatch(/^[\w ·*`|:,\-\n🔴🟠🟡⚪]+$/u);
        }
        expect(message.text.length).toBeLessThanOrEqual(12_000);
        expect(message.text).not.toMatch(/[<>]/);
      }),
      { numRuns: 150 },
    );
  });
});

describe('Slack', () => {
  it('takes many alerts in one message, at the address in the file', async () => {
    const target = await HttpTarget.start();
    const urlFile = join(scratch(), 'slack.url');
    writeFileSync(urlFile, `${target.origin}/services/T0/B0/xyz\n`);
    const [notifier] = slack.create('chat', { urlFile }, outsideOf());
    await notifier!.notify(several(40), never);
    expect(target.received).toMatchObject([{ path: '/services/T0/B0/xyz', headers: { 'content-type': 'application/json' } }]);
    expect(target.bodies[0]).toEqual(JSON.parse(JSON.stringify(messageOf(several(40)))));
  });

  it('never has its address in a message to people', async () => {
    const target = await HttpTarget.start();
    const urlFile = join(scratch(), 'slack.url');
    writeFileSync(urlFile, `${target.origin}/services/T0/B0/xyz`);
    const [notifier] = slack.create('chat', { urlFile }, outsideOf());
    target.always = status(404, 'no_service');
    await expect(notifier!.notify(several(1), never)).rejects.toThrow(`127.0.0.1:${target.port}: HTTP 404: no_service`);
    expect(notifier!.where).not.toContain('xyz');
    for (const text of ['xyz-secret', 'ftp://slack.test/xyz']) {
      writeFileSync(urlFile, text);
      await expect(notifier!.notify(several(1), never)).rejects.toThrow(`${urlFile}: holds no https:// address`);
    }
  });
});
