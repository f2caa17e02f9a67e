import { existsSync } from 'node:fs';
import { setTimeout as tick } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { MAIN } from '../support/killed.ts';
import { append, clientLine } from '../support/many-clients.ts';
import { OnDisk } from '../support/on-disk.ts';
import type { Serving } from '../support/serving.ts';

/** What Kubernetes gives a probe unless it is told otherwise, in milliseconds. */
const PROBE = 1_000;

const holding: Sqlite.Database[] = [];
afterEach(() => {
  for (const other of holding.splice(0)) other.close();
});

/** Another process would hold it just so: a transaction of another connection. */
function hold({ db }: OnDisk, kind: 'IMMEDIATE' | 'EXCLUSIVE' = 'IMMEDIATE'): () => void {
  const other = new Sqlite(db);
  holding.push(other);
  other.exec(`BEGIN ${kind}`);
  return () => void other.exec('ROLLBACK');
}

/** Probes it for so long; the longest that an answer took, and what it answered last. */
async function probed(serving: Serving, ms: number, meanwhile: () => void): Promise<{ readonly longest: number; readonly ready: string }> {
  let longest = 0;
  let ready = '';
  for (const end = Date.now() + ms; Date.now() < end; await tick(50)) {
    meanwhile();
    for (const path of ['/healthz', '/readyz']) {
      const asked = performance.now();
      ready = await serving.get(path);
      longest = Math.max(longest, performance.now() - asked);
    }
  }
  return { longest, ready };
}

describe.skipIf(!existsSync(MAIN) && (process.env['CI'] ?? '') === '')('footpath serve, while another process holds the database', () => {
  it('answers probes all the time, says why it is not ready, and counts all afterwards', async () => {
    const place = new OnDisk();
    let n = 0;
    const write = (): void => append(place.log, [clientLine(n++)]);
    write();
    const serving = place.serve();
    await serving.flows(1);
    const letGo = hold(place, 'EXCLUSIVE');
    const { longest, ready } = await probed(serving, 7_000, write);
    expect(longest).toBeLessThan(PROBE / 2);
    expect(ready).toContain(`database: ${place.db}: database is locked: another process is writing to it; try again in a moment\n`);
    letGo();
    await serving.flows(n);
    await serving.until('it is ready again', async () => (await serving.get('/readyz')) === 'ready\n');
    expect(await serving.end()).toBe(0);
    expect(await place.wrong()).toEqual([]);
  });

  it('for a moment, is as ready as before: it is no news', async () => {
    const place = new OnDisk();
    append(place.log, [clientLine(0)]);
    const serving = place.serve();
    await serving.flows(1);
    const letGo = hold(place);
    append(place.log, [clientLine(1)]);
    const { longest, ready } = await probed(serving, 2_500, () => {});
    expect([longest < PROBE / 2, ready]).toEqual([true, 'ready\n']);
    serving.child.kill('SIGHUP');
    await tick(500);
    letGo();
    await serving.says('configuration read again');
    await serving.flows(2);
    expect(serving.log.filter(({ level }) => level === 'error')).toEqual([]);
    expect(await serving.end()).toBe(0);
    expect(await place.wrong()).toEqual([]);
  });

  it('ends in time when it is told to: at once if it is let go, else with an error; what is missing is read again', async () => {
    const place = new OnDisk();
    append(place.log, [clientLine(0)]);
    const first = place.serve();
    await first.flows(1);
    const letGo = hold(place);
    append(place.log, [clientLine(1)]);
    await tick(1_000);
    const asked = Date.now();
    expect(await first.end()).toBe(1);
    expect(Date.now() - asked).toBeLessThan(9_000);
    expect(first.err).toMatch(/\nfootpath: [^\n]*database is locked: another process is writing to it; [^\n]*\n$/);
    letGo();
    const second = place.serve();
    await second.flows(1);
    const again = hold(place);
    append(place.log, [clientLine(2)]);
    await tick(1_500);
    const ending = second.end();
    await tick(1_000);
    again();
    expect(await ending).toBe(0);
    expect(await place.wrong()).toEqual([]);
  });
});
