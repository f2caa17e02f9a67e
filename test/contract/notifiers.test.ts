import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alertsConfig, TARGET_KINDS, type TargetConfig, type TargetKind } from '../../src/notify/config.ts';
import { notifierKinds, notifiersOf } from '../../src/notify/index.ts';
import { EVENTS, RefusedError, type Notification, type Notifier } from '../../src/notifier.ts';
import { notification } from '../support/alerts.ts';
import { anyText } from '../support/any-text.ts';
import { scratch } from '../support/cli.ts';
import { halfAnswer, hangUp, HttpTarget, silence, status } from '../support/http-target.ts';
import { outsideOf } from '../support/outside.ts';

/** What every notifier owes: judged the moment it is listed. Apache Kafka itself is asked in test/conformance. */

const SECRET = 'k3y-of-somebody';
const never = new AbortController().signal;

/** A target of a kind, as a configuration has it, and what it received as text. */
interface Stand {
  readonly target: unknown;
  readonly received: () => string;
  readonly http: HttpTarget | null;
  readonly outside: ReturnType<typeof outsideOf>;
}

function secretFile(text: string): string {
  const path = join(scratch(), 'secret');
  writeFileSync(path, text);
  return path;
}

async function overHttp(targetOf: (http: HttpTarget) => unknown): Promise<Stand> {
  const http = await HttpTarget.start();
  return { target: targetOf(http), received: () => http.received.map(({ body }) => body).join('\n'), http, outside: outsideOf() };
}

/** Null for what needs a real peer. */
const STANDS: Readonly<Record<TargetKind, (() => Promise<Stand>) | null>> = {
  alertmanager: () => overHttp(({ origin }) => ({ alertmanager: { urls: [`${origin}/${SECRET}`], bearerTokenFile: secretFile(SECRET) } })),
  webhook: () => overHttp(({ origin }) => ({ webhook: { url: `${origin}/${SECRET}?key=${SECRET}`, secretFile: secretFile(SECRET) } })),
  slack: () => overHttp(({ origin }) => ({ slack: { urlFile: secretFile(`${origin}/services/${SECRET}`) } })),
  kafka: null,
  stdout: () => {
    const outside = outsideOf();
    return Promise.resolve({ target: { stdout: {} }, received: () => outside.written.join(''), http: null, outside });
  },
};

function configured(target: unknown): readonly TargetConfig[] {
  return alertsConfig.parse({ targets: [target] }).targets;
}

function notifierOf({ target, outside }: Stand): Notifier {
  const [first] = notifiersOf(configured(target), outside);
  return first!.notifier;
}

const several = (n: number): readonly Notification[] => Array.from({ length: n }, (_, i) => notification({ id: `id-${i}`, event: EVENTS[i % 3]!, alert: { id: `alert-${i}`, reason: `reason-${i} of it` } }));

it('every kind is listed, under its name', () => {
  expect(Object.keys(notifierKinds).toSorted()).toEqual(TARGET_KINDS.toSorted());
  for (const [name, kind] of Object.entries(notifierKinds)) {
    expect([kind.name, kind.description]).toEqual([name, expect.stringMatching(/\S/)]);
  }
});

const stands = TARGET_KINDS.flatMap((kind) => (STANDS[kind] === null ? [] : [[kind, STANDS[kind]] as const]));

describe.each(stands)('a target of the kind %s', (kind, standing) => {
  it('is called as the configuration says, or by kind and number', async () => {
    const stand = await standing();
    const names = (target: object): readonly string[] => notifiersOf(configured(target), stand.outside).map(({ notifier }) => notifier.name);
    expect([names(stand.target as object), names({ ...(stand.target as object), name: 'mine' })]).toEqual([[`${kind}-1`], ['mine']]);
    const notifier = notifierOf(stand);
    expect(notifier.kind).toBe(kind);
    expect(notifier.batch).toBeGreaterThanOrEqual(1);
    expect(notifier.spacing).toBeGreaterThanOrEqual(0);
  });

  it('receives every alert that it is handed, up to its batch, each the same when it comes again', async () => {
    const stand = await standing();
    const notifier = notifierOf(stand);
    const all = several(Math.min(notifier.batch, 3));
    await notifier.notify(all, never);
    const once = stand.received();
    for (const { alert } of all) expect(once).toContain(alert.reason);
    await notifier.notify(all, never);
    expect(stand.received().replaceAll('\n', '')).toBe(`${once}${once}`.replaceAll('\n', ''));
  });

  it('takes as many as it says', async () => {
    const stand = await standing();
    const notifier = notifierOf(stand);
    await notifier.notify(several(notifier.batch), never);
    expect(stand.received()).not.toBe('');
  });

  it('receives JSON, whatever text an alert holds', async () => {
    const stand = await standing();
    const notifier = notifierOf(stand);
    await fc.assert(
      fc.asyncProperty(anyText(60), anyText(60), anyText(20), async (reason, sentence, address) => {
        const before = stand.received().length;
        await notifier.notify([notification({ alert: { reason, evidence: [sentence], source: { type: 'external', address } } })], never);
        const lines = stand.received().slice(before).trim().split('\n');
        expect(lines).toHaveLength(1);
        expect(() => JSON.parse(lines[0]!) as unknown).not.toThrow();
      }),
      { numRuns: 40 },
    );
  });

  it('has no secret in what people see', async () => {
    const stand = await standing();
    const notifier = notifierOf(stand);
    expect(`${notifier.name} ${notifier.where}`).not.toContain(SECRET);
    if (stand.http === null) return;
    for (const reply of [status(500, 'no'), status(400, 'bad'), hangUp, status(302, '', { location: `/${SECRET}` })]) {
      stand.http.always = reply;
      await expect(notifier.notify(several(1), never)).rejects.toThrow(/^(?!.*k3y-of-somebody)/);
    }
    await stand.http.stop();
    await expect(notifier.notify(several(1), never)).rejects.toThrow(/^(?!.*k3y-of-somebody)/);
  });

  it('tells what it will never take from what it may take later', async () => {
    const stand = await standing();
    const { http } = stand;
    if (http === null) return;
    const notifier = notifierOf(stand);
    const outcome = async (reply: HttpTarget['always']): Promise<string> => {
      http.always = reply;
      return notifier.notify(several(1), never).then(
        () => 'taken',
        (error: unknown) => (error instanceof RefusedError ? 'refused' : 'later'),
      );
    };
    const outcomes: string[] = [];
    for (const reply of [status(200), status(202), status(400), status(413), status(401), status(404), status(429), status(500), status(503), status(301), hangUp, halfAnswer]) outcomes.push(await outcome(reply));
    expect(outcomes).toEqual(['taken', 'taken', 'refused', 'refused', 'later', 'later', 'later', 'later', 'later', 'later', 'later', 'later']);
  });

  it('ends at once when it is told to', async () => {
    const stand = await standing();
    if (stand.http === null) return;
    stand.http.always = silence;
    const end = new AbortController();
    const work = notifierOf(stand).notify(several(1), end.signal);
    setTimeout(() => end.abort(), 20);
    await expect(work).rejects.toThrow(/aborted/);
  });
});
