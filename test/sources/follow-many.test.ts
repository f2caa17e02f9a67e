import { appendFileSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratch } from '../support/cli.ts';
import { textOf as text } from '../support/batches.ts';
import { Following, fresh } from '../support/following.ts';

const openFiles = (): number => readdirSync('/proc/self/fd').length;

/** A folder of logs of a few lines each. */
class Logs {
  readonly folder = scratch();
  readonly written: string[] = [];

  constructor(readonly count: number) {
    for (let i = 0; i < count; i++) this.write(i, 1 + (i % 7));
  }

  path(i: number): string {
    return join(this.folder, `${i}.log`);
  }

  write(i: number, n = 1): void {
    const lines = fresh(n);
    this.written.push(...lines);
    appendFileSync(this.path(i), text(lines));
  }

  get pattern(): string {
    return join(this.folder, '*.log*');
  }
}

describe('ten thousand files', () => {
  it('are read once each with few descriptors, and cost little while they do not grow', async () => {
    const logs = new Logs(10_000);
    const before = openFiles();
    const following = new Following([logs.pattern], [], { mayOpen: 300 });
    expect((await following.look()).toSorted()).toEqual(logs.written.toSorted());
    expect(openFiles() - before).toBeLessThanOrEqual(302);
    // Every hundredth grows; ten looks are 2.5 seconds.
    await following.look(45);
    for (let i = 0; i < 10_000; i += 100) logs.write(i, 2);
    expect((await following.look(11)).toSorted()).toEqual(logs.written.toSorted());
    const cpu = process.cpuUsage();
    await following.look(40);
    const { user, system } = process.cpuUsage(cpu);
    expect((user + system) / 1e6, 'seconds of work in ten seconds').toBeLessThan(1.5);
    expect(following.unreadable).toEqual([]);
    // A new process knows them all.
    const next = new Following([logs.pattern], await following.end(), { mayOpen: 300 });
    expect(await next.look()).toEqual([]);
    logs.write(7);
    expect(await next.look(20)).toEqual(logs.written.slice(-1));
    await next.end();
  }, 60_000);
});

describe('more files than may stay open', () => {
  it('are renamed and grow while they rest: nothing is lost', async () => {
    const logs = new Logs(50);
    const following = new Following([logs.pattern], [], { mayOpen: 5 });
    await following.look(60);
    for (let i = 0; i < 50; i += 3) {
      logs.write(i, 2);
      renameSync(logs.path(i), `${logs.path(i)}.1`);
      logs.write(i, 3);
    }
    expect((await following.look(100)).toSorted()).toEqual(logs.written.toSorted());
    await following.end();
  });

  it('are deleted: those that grew last are read to their end', async () => {
    const logs = new Logs(50);
    const following = new Following([logs.pattern], [], { mayOpen: 5 });
    await following.look(60);
    for (const i of [3, 4, 5]) logs.write(i);
    await following.look();
    for (const i of [3, 4, 5]) {
      logs.write(i);
      rmSync(logs.path(i));
    }
    expect((await following.look(100)).toSorted()).toEqual(logs.written.toSorted());
    await following.end();
  });

  it('let go of what is deleted while it rests, though its inode is another file’s by then', async () => {
    const logs = new Logs(20);
    const before = openFiles();
    const following = new Following([logs.pattern], [], { mayOpen: 2 });
    await following.look(60);
    for (let i = 0; i < 20; i++) rmSync(logs.path(i));
    for (let i = 0; i < 20; i++) logs.write(i, 5);
    expect((await following.look(100)).toSorted()).toEqual(logs.written.toSorted());
    for (let i = 0; i < 20; i++) rmSync(logs.path(i));
    await following.look(100);
    expect(openFiles()).toBeLessThanOrEqual(before);
    await following.end();
  });
});

it('a folder that comes to hold logs later is searched', async () => {
  const folder = scratch();
  const following = new Following([join(folder, '**', '*.log'), join(folder, 'pods')]);
  await following.look(10);
  mkdirSync(join(folder, 'pods', 'a'), { recursive: true });
  const lines = fresh(3);
  writeFileSync(join(folder, 'pods', 'a', '0.log'), text(lines));
  expect(await following.look(10)).toEqual(lines);
  await following.end();
});
