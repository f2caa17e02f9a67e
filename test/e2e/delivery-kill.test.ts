import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as tick } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { Store } from '../../src/store/store.ts';
import { scratch } from '../support/cli.ts';
import { HttpTarget } from '../support/http-target.ts';
import { MAIN } from '../support/killed.ts';

const SCRIPT = resolve(import.meta.dirname, '../support/deliver-process.mjs');
const DIST = resolve(MAIN, '../..');
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Delivers so many alerts until it is killed, once `moment` has come. */
async function killed(db: string, target: HttpTarget, alerts: number, moment: (committed: () => boolean) => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, [SCRIPT, DIST, db, target.origin, String(alerts)], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  await moment(() => out.includes('committed'));
  expect(child.exitCode).toBeNull();
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function until(look: () => boolean): Promise<void> {
  for (let i = 0; i < 4_000 && !look(); i++) await tick(5);
}

const alertsOf = (target: HttpTarget): readonly string[] => (target.bodies as readonly { readonly subject: string }[]).map(({ subject }) => subject);

function waiting(db: string): number {
  const store = new Store(db, { create: false });
  try {
    return store.outbox.state('webhook-1').waiting;
  } finally {
    store.close();
  }
}

describe.skipIf(!existsSync(MAIN) && (process.env['CI'] ?? '') === '')('a process that is killed', () => {
  it('between commit and delivery loses no alert', async () => {
    const db = join(scratch(), 'footpath.db');
    const target = await HttpTarget.start();
    target.always = () => {};
    await killed(db, target, 5, (committed) => until(committed));
    expect(waiting(db)).toBe(5);
    target.always = (response) => void response.end();
    await killed(db, target, 5, () => until(() => new Set(alertsOf(target)).size === 5));
    expect(alertsOf(target).toSorted()).toEqual(expect.arrayContaining(['a0', 'a1', 'a2', 'a3', 'a4']));
  });

  it('again and again while it delivers has delivered each at least once, under one id', async () => {
    const db = join(scratch(), 'footpath.db');
    const target = await HttpTarget.start();
    const alerts = 30;
    for (let kill = 0; kill < 6; kill++) {
      const before = target.received.length;
      // As it is being answered, and a moment later.
      await killed(db, target, alerts, async () => {
        await until(() => target.received.length >= before + 2 + kill);
        await tick(kill % 3);
      });
    }
    await killed(db, target, alerts, (committed) => until(() => committed() && waiting(db) === 0));
    const ids = new Map<string, Set<string>>();
    for (const { id, subject } of target.bodies as readonly { readonly id: string; readonly subject: string }[]) ids.set(subject, (ids.get(subject) ?? new Set()).add(id));
    expect(ids.size).toBe(alerts);
    for (const own of ids.values()) expect(own.size).toBe(1);
    // One at a time is on its way: a kill makes one twice at most.
    expect(target.received.length).toBeLessThanOrEqual(alerts + 6);
  });
});
