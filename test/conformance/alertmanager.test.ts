import { setTimeout as tick } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { deliver } from '../../src/alert/deliver.ts';
import { tell } from '../../src/alert/outbox.ts';
import { HOUR } from '../../src/model/edge.ts';
import { PUBLIC, workloadPeer } from '../../src/model/peer.ts';
import type { Alert } from '../../src/model/alert.ts';
import { alertsConfig } from '../../src/notify/config.ts';
import { notifiersOf, type Target } from '../../src/notify/index.ts';
import { alertOf } from '../support/alerts.ts';
import { Alertmanager, hasAlertmanager } from '../support/alertmanager.ts';
import { scratch } from '../support/cli.ts';
import { HttpTarget } from '../support/http-target.ts';
import { outsideOf } from '../support/outside.ts';
import { storeOf } from '../support/stores.ts';

/** What Debian's Alertmanager makes of what it is told. Its clock is the real one, and so is ours here. */

const running: Alertmanager[] = [];
const ending: AbortController[] = [];
afterEach(async () => {
  for (const end of ending.splice(0)) end.abort();
  await Promise.all(running.splice(0).map((each) => each.kill()));
});

async function manager(receiver = 'http://127.0.0.1:9/'): Promise<Alertmanager> {
  const made = await Alertmanager.at(scratch(), receiver);
  running.push(made);
  return made;
}

const clock = { now: () => Date.now(), random: () => 0, sleep: (ms: number, signal: AbortSignal) => tick(ms, undefined, { signal }).catch(() => {}) };

class World {
  readonly store = storeOf();
  readonly targets: readonly Target[];
  readonly end = new AbortController();

  constructor(...urls: readonly string[]) {
    this.targets = notifiersOf(alertsConfig.parse({ targets: [{ alertmanager: { urls, labels: { team: 'net' } } }] }).targets, outsideOf({ now: clock.now }));
    ending.push(this.end);
    const { store } = this;
    void deliver(this.targets.map(({ notifier }) => notifier), { outbox: store.outbox, transaction: (work) => store.transaction(work), clock }, this.end.signal);
  }

  tell(...alerts: readonly Alert[]): void {
    const terms = this.targets.map(({ notifier: { name }, minSeverity }) => ({ name, minSeverity }));
    this.store.transaction(() => tell(this.store.outbox, terms, { alerts, now: clock.now(), nameOf: () => null }));
  }
}

async function until<T>(what: string, look: () => Promise<T | null | false>): Promise<T> {
  for (let i = 0; i < 600; i++) {
    const found = await look().catch(() => null);
    if (found !== null && found !== false) return found;
    await tick(50);
  }
  throw new Error(`it never came to be that ${what}`);
}

const shop = (name: string): Alert['source'] => workloadPeer({ cluster: 'east', namespace: 'shop', kind: 'Deployment', name });

/** One of each sort, with text that wants care. */
const KINDS: readonly Alert[] = [
  alertOf({ id: 'edge', reason: 'shop/web -> "shop"/db\n\\ <b>&{{ .Labels }} 世界 🔴' }),
  alertOf({ id: 'outside', destination: { type: 'external', address: '2001:db8::1' }, class: 'new-external', port: 443 }),
  alertOf({ id: 'node', destination: { type: 'node', cluster: 'east' }, port: 10_250 }),
  alertOf({ id: 'many', port: -1 }),
  alertOf({ id: 'icmp', protocol: 'ICMP', port: 0 }),
  alertOf({ id: 'entry', kind: 'new-public-entry', class: null, destination: null, port: 80 }),
  alertOf({ id: 'scan', kind: 'scan', class: null, destination: null, protocol: null, port: 0 }),
  alertOf({ id: 'rejected', source: PUBLIC, state: 'firing' }),
  alertOf({ id: 'ahead', source: shop('ahead'), firstSeen: Date.now() + 3 * HOUR, lastSeen: Date.now() + 3 * HOUR }),
];

if (!hasAlertmanager && (process.env['FOOTPATH_CI'] ?? '') === '') it.skip('a real Alertmanager: apt-get install prometheus-alertmanager');
else {
  describe('a real Alertmanager', () => {
    it('holds each alert by itself, with its labels, and what is known of it', async () => {
      const am = await manager();
      await am.start();
      new World(am.origin).tell(...KINDS);
      const held = await until('it holds all', async () => (await am.held()).length === KINDS.length && am.held());
      expect(held.map(({ annotations }) => annotations['id'] ?? '').toSorted()).toEqual(KINDS.map(({ id }) => id).toSorted());
      const edge = held.find(({ annotations }) => annotations['id'] === 'edge');
      expect(edge?.labels).toEqual({ alertname: 'FootpathNewEdge', kind: 'new-edge', cluster: 'east', source: 'shop/web', source_kind: 'Deployment', destination: 'shop/db', destination_kind: 'Deployment', port: '5432', protocol: 'TCP', team: 'net' });
      expect(edge?.annotations['summary']).toBe(KINDS[0]?.reason);
      const left = Date.parse(edge?.endsAt ?? '') - Date.now();
      expect(left).toBeGreaterThan(3 * 60_000);
      expect(left).toBeLessThanOrEqual(4 * 60_000);
    });

    it('that was down holds the alert afterwards, after its restart too, and resolves it once the edge is accepted', async () => {
      const receiver = await HttpTarget.start();
      const am = await manager(receiver.origin);
      const world = new World(am.origin);
      world.tell(alertOf());
      await tick(1_500);
      await am.start();
      await until('it holds the alert', async () => (await am.held()).length === 1);
      await until('it notifies', () => Promise.resolve(receiver.received.length > 0));
      // What it does not keep on its disk is told to it again.
      await am.kill();
      await am.start();
      world.tell(alertOf(), alertOf({ id: 'a2', port: 1 }));
      await until('it holds both', async () => (await am.held()).length === 2);
      world.tell(alertOf({ state: 'accepted' }), alertOf({ id: 'a2', port: 1 }));
      await until('it holds the other alone', async () => {
        const held = await am.held();
        return held.length === 1 && held[0]?.annotations['id'] === 'a2';
      });
      const resolved = await until('it notifies of the end', () => Promise.resolve((receiver.bodies as readonly { readonly status: string; readonly alerts: readonly { readonly annotations: object }[] }[]).find(({ status }) => status === 'resolved') ?? null));
      expect(resolved.alerts[0]?.annotations).toMatchObject({ id: 'a1', over: 'accepted', state: 'accepted' });
    });

    it('knows an alert that becomes worse as the one that it held', async () => {
      const am = await manager();
      await am.start();
      const world = new World(am.origin);
      world.tell(alertOf({ severity: 'low' }));
      await until('it holds it', async () => (await am.held()).length === 1);
      world.tell(alertOf({ severity: 'critical', class: 'metadata' }));
      await until('it is critical', async () => (await am.held())[0]?.annotations['severity'] === 'critical');
      expect(await am.held()).toHaveLength(1);
    });

    it('takes it again when it fires again', async () => {
      const am = await manager();
      await am.start();
      const world = new World(am.origin);
      for (const [state, n] of [['firing', 1], ['muted', 0], ['firing', 1]] as const) {
        world.tell(alertOf({ state }));
        await until(`it is ${state}`, async () => (await am.held()).length === n);
      }
    });

    it('is each of two that do not know each other', async () => {
      const [one, other] = [await manager(), await manager()];
      await one.start();
      const world = new World(one.origin, other.origin);
      world.tell(alertOf());
      await until('one holds it', async () => (await one.held()).length === 1);
      await other.start();
      await until('the other holds it', async () => (await other.held()).length === 1);
    });
  });
}
