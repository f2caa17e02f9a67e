import { existsSync } from 'node:fs';
import { setTimeout as tick } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { diskOf, NO_DISK, type Disk } from '../support/disk.ts';
import { HttpTarget, status } from '../support/http-target.ts';
import { podObject } from '../support/inventory.ts';
import { kubeconfigOf } from '../support/kubeconfig.ts';
import { connection, pod, settledTraffic, T0 } from '../support/hubble.ts';
import { MAIN } from '../support/killed.ts';
import { ListingApi } from '../support/listing-api.ts';
import { append, clientLine, repeatedLines } from '../support/many-clients.ts';
import { OnDisk } from '../support/on-disk.ts';
import type { Serving } from '../support/serving.ts';

const MB = 1 << 20;
const isCi = (process.env['CI'] ?? '') !== '';

const clients = (from: number, to: number): readonly string[] => Array.from({ length: to - from }, (_, i) => clientLine(from + i));
const full = (subject: string, { database }: OnDisk): string => `${subject}: ${database}: database or disk is full: the disk is full; make room, nothing is lost: reading goes on from where it was committed\n`;

/** Asks until it is not ready for this reason. */
const untilFull = async (serving: Serving, reason: string): Promise<string> => serving.until(`it says: ${reason}`, async () => (await serving.get('/readyz')).includes(reason) ? reason : null);
const untilReady = async (serving: Serving): Promise<boolean> => serving.until('it is ready again', async () => (await serving.get('/readyz')) === 'ready\n');

describe.skipIf(!existsSync(MAIN) && !isCi)('footpath serve, on a disk that is full', () => {
  let disk: Disk;
  let place: OnDisk;
  beforeEach(async ({ skip }) => {
    const made = await diskOf(16 << 10);
    skip(made === null && !isCi, NO_DISK);
    if (made === null) throw new Error(NO_DISK);
    disk = made;
    place = new OnDisk(disk);
  });

  /** It has read some lines, and cannot commit the next ones. */
  async function blocked(): Promise<Serving> {
    const serving = place.serve();
    append(place.log, clients(0, 100));
    await serving.flows(100);
    disk.fill(100_000);
    append(place.log, clients(100, 1_000));
    await untilFull(serving, full('database', place));
    return serving;
  }

  it('says so and waits, in bounded memory, also when it reads its configuration again; once there is room, all is counted once', async () => {
    const serving = await blocked();
    expect(await serving.get('/healthz')).toBe('ok\n');
    const before = serving.memory;
    const more = repeatedLines(4 * MB);
    let most = 0;
    for (let megabytes = 0; megabytes < 40; megabytes += 4) {
      append(place.log, more);
      await tick(100);
      most = Math.max(most, serving.memory);
    }
    expect(most - before).toBeLessThan(24 * MB);
    expect(await serving.get('/readyz')).toContain(full('database', place));
    expect(place.look((store) => store.check())).toEqual([]);
    serving.child.kill('SIGHUP');
    await serving.says('configuration read again');
    await untilFull(serving, full('database', place));
    disk.clear();
    await serving.flows(1_000 + 10 * more.length);
    await untilReady(serving);
    expect(await serving.end()).toBe(0);
    expect(await place.wrong()).toEqual([]);
  });

  it('fills it up by itself, with its write-ahead log too, and goes on when there is room', async () => {
    disk.fill(1_400_000);
    const serving = place.serve();
    append(place.log, clients(0, 4_000));
    await untilFull(serving, full('database', place));
    expect(disk.free).toBeLessThan(100_000);
    disk.clear();
    await serving.flows(4_000);
    await untilReady(serving);
    expect(await serving.end()).toBe(0);
    expect(await place.wrong()).toEqual([]);
  });

  it('gives the room of its write-ahead log back before it says that there is none', async () => {
    const first = place.serve();
    append(place.log, clients(0, 500));
    await first.flows(500);
    expect(await first.end()).toBe(0);
    const second = place.serve();
    await second.says('serving');
    // What is rewritten again and again fits several times in the log alone.
    disk.fill(250_000);
    for (let round = 1; round <= 4; round++) {
      append(place.log, clients(0, 500));
      await second.flows(round * 500);
    }
    expect(await second.get('/readyz')).toBe('ready\n');
    expect(second.log.filter(({ level }) => level === 'error')).toEqual([]);
    expect(await second.end()).toBe(0);
    disk.clear();
    expect(await place.wrong()).toEqual([]);
  });

  it('killed, and told to end, waits again when it is started again, and counts all once there is room', async () => {
    const first = await blocked();
    expect(await first.end('SIGKILL')).toBe('SIGKILL');
    disk.fill();
    expect(place.look((store) => store.check())).toEqual([]);
    const second = place.serve();
    await untilFull(second, full('database', place));
    const asked = Date.now();
    expect(await second.end('SIGTERM')).toBe(1);
    expect(Date.now() - asked).toBeLessThan(8_000);
    expect(second.err).toMatch(/\nfootpath: [^\n]*footpath\.db: database or disk is full: [^\n]*\n$/);
    expect(second.log.filter(({ msg }) => msg === 'a source is lost; it is tried again')).toEqual([]);
    expect(place.look((store) => store.check())).toEqual([]);
    const third = place.serve();
    await untilFull(third, full('database', place));
    disk.clear();
    await third.flows(900);
    await untilReady(third);
    expect(await third.end()).toBe(0);
    expect(await place.wrong()).toEqual([]);
  });

  it('does not begin where there is no room for a database, or for using one, and says so in one line', async () => {
    disk.fill();
    const none = place.serve();
    expect(await none.ended).toBe(1);
    expect(none.err).toBe(`footpath: ${full('', place).slice(2)}`);
    disk.clear();
    append(place.log, clients(0, 10));
    const first = place.serve();
    await first.flows(10);
    expect(await first.end()).toBe(0);
    disk.fill();
    const second = place.serve();
    expect(await second.ended).toBe(1);
    expect(second.err).toMatch(/^footpath: [^\n]*footpath\.db: [^\n]*the disk is full, or reported an error; make room, [^\n]*\n$/);
    expect(await place.wrong()).toEqual([]);
  });

  it('tells of alerts once there is room, and does not tell again and again what was taken meanwhile', async () => {
    const web = pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.11', { app: 'web' });
    const cart = pod('shop', 'cart-0', '10.0.0.12', { app: 'cart' });
    const [first, second] = [await HttpTarget.start(), await HttpTarget.start()];
    const targets = (...all: readonly HttpTarget[]): object => ({ alerts: { targets: all.map(({ origin }) => ({ webhook: { url: origin } })) } });
    first.always = status(503);
    place.place(targets(first));
    append(place.log, settledTraffic({ from: web, to: cart }));
    const serving = place.serve();
    await serving.until('the edge is learned', async () => (await serving.metric('footpath_edges{state="accepted"}')) === 1);
    expect(disk.footpath('watch', '-A', '--db', place.database).status).toBe(0);
    append(place.log, [0, 1, 2].flatMap((n) => connection({ from: cart, to: web, port: 9080, clientPort: 41_000 + n, time: T0 + 40 * 3_600_000 + n })));
    await serving.says('alert');
    await serving.says('alerts were not delivered');
    disk.fill();
    first.received.length = 0;
    first.always = status(204);
    // A target that is new has to be told of what fires.
    place.place(targets(first, second));
    serving.child.kill('SIGHUP');
    await untilFull(serving, full('alerts', place));
    await serving.until('the first target has it', () => first.received.length > 0);
    await tick(2_000);
    expect(first.received).toHaveLength(1);
    expect(await serving.metric('footpath_outbox_waiting{target="webhook-1"}')).toBe(1);
    expect(second.received).toEqual([]);
    disk.clear();
    await serving.until('the second target has it', () => second.received.length > 0);
    await serving.until('nothing waits', async () => (await serving.metric('footpath_outbox_waiting{target="webhook-1"}')) === 0);
    await untilReady(serving);
    expect(first.received).toHaveLength(1);
    expect(second.bodies).toMatchObject([{ data: { id: (await serving.says('alert'))['alert'] } }]);
    expect(await serving.end()).toBe(0);
    expect(place.look((store) => store.check())).toEqual([]);
  });

  it('keeps the inventory once there is room', async () => {
    const api = new ListingApi({ pods: [podObject({ namespace: 'shop', name: 'web-0', ip: '10.0.0.11', owner: ['StatefulSet', 'web'] })] });
    const server = await api.listen();
    await api.leave();
    try {
      place.place({ inventory: { kubernetes: true, kubeconfig: kubeconfigOf(server) } });
      const serving = place.serve();
      await serving.says('the cluster’s API does not give all');
      disk.fill();
      await api.listen();
      await untilFull(serving, full('inventory', place));
      disk.clear();
      await untilReady(serving);
      expect(place.look(({ inventory }) => inventory.read().pods.map(({ name }) => name))).toEqual(['web-0']);
      expect(await serving.end()).toBe(0);
    } finally {
      api.close();
    }
  });
});
