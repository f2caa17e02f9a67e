import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BreakingDisk, breaks, diskOf, NO_DISK } from '../support/disk.ts';
import { MAIN } from '../support/killed.ts';
import { append, clientLine } from '../support/many-clients.ts';
import { OnDisk } from '../support/on-disk.ts';
import type { Serving } from '../support/serving.ts';

const isCi = (process.env['CI'] ?? '') !== '';
const hasLimits = spawnSync('prlimit', ['--version']).status === 0;

const clients = (from: number, to: number): readonly string[] => Array.from({ length: to - from }, (_, i) => clientLine(from + i));
const why = ({ database }: OnDisk): string => `database: ${database}: disk I/O error: the disk reported an error: it may have become read-only, or be broken; the log of the system says more\n`;
const untilRefused = async (serving: Serving, place: OnDisk): Promise<string> => serving.until('it says why', async () => ((await serving.get('/readyz')).includes(why(place)) ? why(place) : null));

describe.skipIf(!existsSync(MAIN) && !isCi)('footpath serve, where nothing can be written', () => {
  // Every write of the process fails with an error of the system's, as on a disk that has become read-only.
  it.skipIf(!hasLimits && !isCi)('says why, and waits; goes on by itself when it can be again, with nothing lost', async () => {
    const place = new OnDisk();
    append(place.log, clients(0, 50));
    const serving = place.serve();
    await serving.flows(50);
    const limit = (bytes: string): void => expect(spawnSync('prlimit', ['--pid', String(serving.child.pid), `--fsize=${bytes}:unlimited`]).status).toBe(0);
    limit('0');
    append(place.log, clients(50, 200));
    await untilRefused(serving, place);
    expect(await serving.get('/healthz')).toBe('ok\n');
    expect(place.look((store) => store.check())).toEqual([]);
    limit('unlimited');
    await serving.flows(200);
    await serving.until('it is ready again', async () => (await serving.get('/readyz')) === 'ready\n');
    expect(await serving.end()).toBe(0);
    expect(await place.wrong()).toEqual([]);
  });

  // Not everybody may make such a disk; what the process is told by it is what it is told above.
  it.each(breaks ? ['ext4'] : [])('because its file system (%s) has become read-only, says why, and ends when it is told to; what is missing is read again', async () => {
    const disk = new BreakingDisk();
    const place = new OnDisk(disk);
    append(place.log, clients(0, 50));
    const serving = place.serve();
    await serving.flows(50);
    disk.break();
    append(place.log, clients(50, 200));
    await untilRefused(serving, place);
    expect(await serving.end()).toBe(1);
    expect(serving.err.trimEnd().split('\n').at(-1)).toBe(`footpath: ${why(place).slice('database: '.length, -1)}`);
    disk.mend();
    const next = place.serve();
    await next.flows(150);
    expect(await next.end()).toBe(0);
    expect(await place.wrong()).toEqual([]);
  });

  it('at its start, says so in one line', async ({ skip }) => {
    const disk = await diskOf(4 << 10);
    skip(disk === null && !isCi, NO_DISK);
    if (disk === null) throw new Error(NO_DISK);
    const place = new OnDisk(disk);
    append(place.log, clients(0, 5));
    expect(disk.footpath('observe', place.log, '--db', place.database).status).toBe(0);
    disk.readOnly();
    const serving = place.serve();
    expect(await serving.ended).toBe(1);
    expect(serving.err).toMatch(/^footpath: [^\n]*footpath\.db: [^\n]*it cannot be opened; check the path and its rights\n$/);
    place.place({ database: `${disk.folder}/new.db` });
    const other = place.serve();
    expect(await other.ended).toBe(1);
    expect(other.err).toMatch(/^footpath: [^\n]*new\.db: cannot open the database: [^\n]*check the path and its rights, or name another with --db\n$/);
    expect(await place.wrong()).toEqual([]);
  });
});
