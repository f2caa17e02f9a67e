import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as tick } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { deliver, type Delivery } from '../../src/alert/deliver.ts';
import { tell } from '../../src/alert/outbox.ts';
import type { Alert } from '../../src/model/alert.ts';
import { alertsConfig } from '../../src/notify/config.ts';
import { notifiersOf } from '../../src/notify/index.ts';
import { alertOf } from '../support/alerts.ts';
import { scratch } from '../support/cli.ts';
import { HandClock } from '../support/clock.ts';
import { halfAnswer, hangUp, HttpTarget, silence, status } from '../support/http-target.ts';
import { T0 } from '../support/hubble.ts';
import { outsideOf } from '../support/outside.ts';
import { storeOf } from '../support/stores.ts';

/** From the outbox to real servers that behave as servers do. */

const ending: AbortController[] = [];
afterEach(() => {
  for (const end of ending.splice(0)) end.abort();
});

class World {
  readonly clock = new HandClock(T0);
  readonly store = storeOf();
  readonly deliveries: Delivery[] = [];
  readonly targets;

  constructor(...targets: readonly object[]) {
    this.targets = notifiersOf(alertsConfig.parse({ targets }).targets, outsideOf({ now: this.clock.now }));
    const end = new AbortController();
    ending.push(end);
    const { store, clock } = this;
    void deliver(this.targets.map(({ notifier }) => notifier), { outbox: store.outbox, transaction: (work) => store.transaction(work), clock, onDelivery: (delivery) => this.deliveries.push(delivery) }, end.signal);
  }

  tell(...alerts: readonly Alert[]): void {
    const terms = this.targets.map(({ notifier: { name }, minSeverity }) => ({ name, minSeverity }));
    this.store.transaction(() => tell(this.store.outbox, terms, { alerts, now: this.clock.now(), nameOf: () => null }));
  }

  waiting(name?: string): number {
    return this.targets.filter(({ notifier }) => name === undefined || notifier.name === name).reduce((sum, { notifier }) => sum + this.store.outbox.state(notifier.name).waiting, 0);
  }

  /** Lets the clock run (a thousand times as fast as others) until it is so. */
  async until(what: string, look: () => boolean): Promise<void> {
    for (let i = 0; i < 4_000; i++) {
      if (look()) return;
      this.clock.advance(2_000);
      await tick(2);
    }
    throw new Error(`it never came to be that ${what}: ${JSON.stringify(this.deliveries.slice(-5))}`);
  }
}

const several = (n: number): readonly Alert[] => Array.from({ length: n }, (_, i) => alertOf({ id: `a${i}` }));
const idsOf = (target: HttpTarget): readonly string[] => (target.bodies as readonly { readonly id: string }[]).map(({ id }) => id);

describe('delivery over HTTP', () => {
  it('gets everything to a webhook that fails in every way first, each under one id', async () => {
    const target = await HttpTarget.start();
    target.replies.push(status(500), hangUp, halfAnswer, status(429, '', { 'retry-after': '7' }), silence, status(503), status(200), hangUp, halfAnswer);
    const world = new World({ webhook: { url: target.origin } });
    world.tell(...several(4));
    await world.until('all is delivered', () => world.waiting() === 0);
    world.tell();
    await world.until('all ends are delivered', () => world.waiting() === 0);
    const received = idsOf(target);
    expect(new Set(received).size).toBe(8);
    for (const id of new Set(received)) expect(new Set(target.received.filter(({ body }) => body.includes(`"${id}"`)).map(({ body }) => body)).size).toBe(1);
    // What was answered by halves came twice.
    expect(received.length).toBeGreaterThan(8);
    expect(received[0]).toMatch(/^a0\./);
  }, 20_000);

  it('waits for a target that is not there, and for no other', async () => {
    const [gone, good] = [await HttpTarget.start(), await HttpTarget.start()];
    const { port, origin } = gone;
    await gone.stop();
    const world = new World({ name: 'gone', webhook: { url: origin } }, { name: 'good', webhook: { url: good.origin } });
    world.tell(...several(3));
    await world.until('the good one has all', () => world.waiting('good') === 0);
    expect(idsOf(good)).toHaveLength(3);
    const start = world.clock.now();
    await world.until('ten minutes have passed', () => world.clock.now() > start + 600_000);
    expect(world.waiting('gone')).toBe(3);
    expect(world.store.outbox.state('gone').reason).toContain('ECONNREFUSED');
    const back = await HttpTarget.start(port);
    await world.until('the other has all', () => world.waiting('gone') === 0);
    expect(idsOf(back).map((id) => id.split('.')[0])).toEqual(expect.arrayContaining(['a0', 'a1', 'a2']));
    expect(idsOf(good)).toHaveLength(3);
  }, 20_000);

  it('tells an Alertmanager all but what it refuses, and buries that with what it said', async () => {
    const target = await HttpTarget.start();
    target.always = (response, { body }) => void (body.includes('poison') ? response.writeHead(400).end('invalid label set') : response.writeHead(200).end());
    const world = new World({ alertmanager: { urls: [target.origin] } });
    world.tell(...several(20), alertOf({ id: 'bad', reason: 'poison', port: 1 }));
    await world.until('nothing waits', () => world.waiting() === 0);
    expect(world.store.outbox.state('alertmanager-1')).toEqual({ waiting: 0, dead: 1, reason: `127.0.0.1:${target.port}: HTTP 400: invalid label set` });
    const before = target.received.length;
    await world.until('it is told again', () => target.received.length > before);
    expect(JSON.parse(target.received.at(-1)!.body)).toHaveLength(20);
  });

  it('tells each member of a cluster, whatever the other does', async () => {
    const [one, other] = [await HttpTarget.start(), await HttpTarget.start()];
    one.always = silence;
    const world = new World({ name: 'am', alertmanager: { urls: [one.origin, other.origin] } });
    world.tell(...several(2));
    await world.until('the other has both', () => world.waiting(`am@127.0.0.1:${other.port}`) === 0);
    one.always = status(200);
    await world.until('both have both', () => world.waiting() === 0);
    expect(JSON.parse(one.received.at(-1)!.body)).toHaveLength(2);
  }, 20_000);

  it('gathers many alerts in one message', async () => {
    const target = await HttpTarget.start();
    const urlFile = join(scratch(), 'slack.url');
    writeFileSync(urlFile, target.origin);
    const world = new World({ slack: { urlFile } });
    world.tell(...several(20));
    await world.until('nothing waits', () => world.waiting() === 0);
    expect(target.received).toHaveLength(1);
  });

  it('tells a target what is as severe as it wants', async () => {
    const target = await HttpTarget.start();
    const world = new World({ minSeverity: 'critical', webhook: { url: target.origin } });
    world.tell(...several(2), alertOf({ id: 'worst', severity: 'critical' }));
    await world.until('nothing waits', () => world.waiting() === 0);
    expect(idsOf(target).map((id) => id.split('.')[0])).toEqual(['worst']);
  });
});
