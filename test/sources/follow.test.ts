import { appendFileSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textOf as text } from '../support/batches.ts';
import { scratch } from '../support/cli.ts';
import { gzip } from '../support/compressed.ts';
import { ALL_LOOKS, Following, fresh, Log } from '../support/following.ts';

describe('a file that grows', () => {
  it('is read as it grows, and its last line once it has its end', async () => {
    const log = new Log();
    log.write(3);
    const following = new Following([log.path]);
    expect(await following.look()).toEqual(log.written);
    const [half = ''] = fresh();
    appendFileSync(log.path, half.slice(0, 10));
    expect(await following.look()).toEqual(log.written);
    appendFileSync(log.path, `${half.slice(10)}\n`);
    expect(await following.look()).toEqual([...log.written, half]);
    await following.end();
  });

  it('need not be there yet', async () => {
    const log = new Log();
    const following = new Following([log.path, join(log.folder, 'nothing', '*.log')]);
    expect(await following.look(10)).toEqual([]);
    log.write();
    expect(await following.look(10)).toEqual(log.written);
    await following.end();
  });

  it('goes on where it was left, in a new process', async () => {
    const log = new Log();
    log.write(5);
    const first = new Following([log.path]);
    await first.look();
    const known = await first.end();
    log.write(2);
    const second = new Following([log.path], known);
    expect(await second.look()).toEqual(log.written.slice(5));
    await second.end();
  });
});

describe('rotation', () => {
  it('by rename: what was written before and after it, though the new name is searched for too, is read once', async () => {
    const log = new Log();
    log.write(3);
    const following = new Following([log.pattern]);
    await following.look();
    log.write(2);
    renameSync(log.path, `${log.path}.1`);
    log.write(2);
    expect((await following.look(ALL_LOOKS)).toSorted()).toEqual(log.written.toSorted());
    await following.end();
  });

  it('by rename: what is written then is read at the next look already', async () => {
    const log = new Log();
    log.write(3);
    const following = new Following([log.pattern]);
    await following.look(2);
    for (let rotation = 1; rotation < 20; rotation++) {
      log.write(2);
      renameSync(log.path, `${log.path}.${rotation}`);
      log.write(2);
      expect((await following.look()).toSorted()).toEqual(log.written.toSorted());
    }
    await following.end();
  });

  it('twice between two looks, to names that nobody searches for', async () => {
    const log = new Log();
    log.write(3);
    const following = new Following([log.path]);
    await following.look();
    log.write(2);
    renameSync(log.path, join(log.folder, 'gone.2'));
    log.write(2);
    await following.look(ALL_LOOKS);
    expect(following.records.toSorted()).toEqual(log.written.toSorted());
    await following.end();
  });

  it('by copying and truncating, with a tail that was not read yet', async () => {
    const log = new Log();
    log.write(300);
    const following = new Following([log.pattern]);
    await following.look();
    log.write(20);
    copyFileSync(log.path, `${log.path}.1`);
    truncateSync(log.path);
    log.write(4);
    expect((await following.look(ALL_LOOKS)).toSorted()).toEqual(log.written.toSorted());
    await following.end();
  });

  it('by copying and truncating, and the log is longer again when it is looked at', async () => {
    const log = new Log();
    log.write(300);
    const following = new Following([log.pattern]);
    await following.look();
    copyFileSync(log.path, `${log.path}.1`);
    truncateSync(log.path);
    log.write(700);
    expect((await following.look(ALL_LOOKS)).toSorted()).toEqual(log.written.toSorted());
    await following.end();
  });

  it('and compression of what was read already gives nothing twice', async () => {
    const log = new Log();
    log.write(300);
    const following = new Following([log.pattern]);
    await following.look();
    writeFileSync(`${log.path}.1.gz`, gzip(text(log.written)));
    rmSync(log.path);
    log.write(3);
    expect((await following.look(ALL_LOOKS)).toSorted()).toEqual(log.written.toSorted());
    await following.end();
  });

  it('by copying, with lines that only the log had before it was truncated: the copy is not read again', async () => {
    const log = new Log();
    log.write(300);
    const following = new Following([log.pattern]);
    await following.look();
    copyFileSync(log.path, `${log.path}.1`);
    log.write(3);
    await following.look();
    truncateSync(log.path);
    log.write(4);
    expect((await following.look(ALL_LOOKS)).toSorted()).toEqual(log.written.toSorted());
    // Nor by the next process, nor once it is compressed.
    const next = new Following([log.pattern], await following.end());
    expect(await next.look(ALL_LOOKS)).toEqual([]);
    writeFileSync(`${log.path}.1.gz`, gzip(readFileSync(`${log.path}.1`)));
    rmSync(`${log.path}.1`);
    expect(await next.look(ALL_LOOKS)).toEqual([]);
    await next.end();
  });

  it('by copying that takes its time: what is copied so far is not read again', async () => {
    const log = new Log();
    log.write(1_000);
    const following = new Following([log.pattern]);
    await following.look();
    const content = readFileSync(log.path);
    for (let at = 0; at < content.length; at += 400) {
      appendFileSync(`${log.path}.1`, content.subarray(at, at + 400));
      await following.look();
    }
    truncateSync(log.path);
    log.write(4);
    expect((await following.look(ALL_LOOKS)).toSorted()).toEqual(log.written.toSorted());
    await following.end();
  });

  it('compressed at once is read from the compressed file', async () => {
    const log = new Log();
    const following = new Following([log.pattern]);
    await following.look();
    const lines = fresh(300);
    writeFileSync(`${log.path}.1.gz`, gzip(text(lines)));
    expect(await following.look(ALL_LOOKS)).toEqual(lines);
    await following.end();
  });
});

describe('a file that is deleted', () => {
  it('is read to its end, its last line too if that is whole', async () => {
    const log = new Log();
    log.write(2);
    const following = new Following([log.path]);
    await following.look();
    log.write(2);
    const [last = ''] = fresh();
    appendFileSync(log.path, last);
    rmSync(log.path);
    expect(await following.look(ALL_LOOKS)).toEqual([...log.written, last]);
    await following.end();
  });

  it('is closed then', async () => {
    const log = new Log();
    log.write(2);
    const following = new Following([log.path]);
    await following.look();
    const before = readdirSync('/proc/self/fd').length;
    rmSync(log.path);
    await following.look(ALL_LOOKS);
    expect(readdirSync('/proc/self/fd').length).toBeLessThan(before);
    await following.end();
  });
});

describe('a compressed file', () => {
  it('that is deleted is not kept open', async () => {
    const log = new Log();
    const before = readdirSync('/proc/self/fd').length;
    const following = new Following([log.pattern]);
    for (const i of [1, 2, 3]) writeFileSync(`${log.path}.${i}.gz`, gzip(text(fresh(3))));
    expect(await following.look(20)).toHaveLength(9);
    for (const i of [1, 2, 3]) rmSync(`${log.path}.${i}.gz`);
    await following.look(ALL_LOOKS);
    expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
    await following.end();
  });

  it('is half-written under kubelet’s name for it: left alone, by a pattern too', async () => {
    const log = new Log();
    const content = gzip(text(fresh(3_000)));
    writeFileSync(`${log.path}.20260302-120000.tmp`, content.subarray(0, content.length / 2));
    const following = new Following([log.pattern]);
    expect(await following.look(ALL_LOOKS)).toEqual([]);
    expect(following.damage).toEqual([]);
    await following.end();
  });
});

describe('one file by two names', () => {
  it('is read once: through a link, through two patterns', async () => {
    const log = new Log();
    symlinkSync(log.path, join(log.folder, 'link.log'));
    log.write(3);
    const following = new Following([log.pattern, log.path, join(log.folder, 'link.log')]);
    expect(await following.look(20)).toEqual(log.written);
    await following.end();
  });

  it('kubelet’s links lead to the next file after a rotation', async () => {
    const folder = scratch();
    const pod = join(folder, 'pods', 'shop_web-1_uid', 'app');
    mkdirSync(pod, { recursive: true });
    mkdirSync(join(folder, 'containers'));
    const link = join(folder, 'containers', 'web-1_shop_app-1.log');
    const [first, second] = [fresh(3), fresh(3)];
    writeFileSync(join(pod, '0.log'), text(first));
    symlinkSync(join(pod, '0.log'), link);
    const following = new Following([join(folder, 'containers', '*.log')]);
    await following.look();
    renameSync(join(pod, '0.log'), join(pod, '0.log.20260302-120000'));
    writeFileSync(join(pod, '0.log'), text(second));
    await following.look(ALL_LOOKS);
    expect(following.records.map((record) => record.replace(/^[^{]*/, '')).toSorted()).toEqual([...first, ...second].toSorted());
    await following.end();
  });
});

describe('whatever happens to logs', () => {
  const action = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('write' as const), n: fc.integer({ min: 1, max: 150 }) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('look' as const), n: fc.integer({ min: 1, max: 12 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('rename' as const), n: fc.constant(0) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('copy and truncate' as const), n: fc.constant(0) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), n: fc.constant(0) }) },
  );

  it('each line is read once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 3, maxLength: 14 }), async (actions) => {
        const log = new Log();
        log.write(150);
        const read: string[] = [];
        let following = new Following([log.pattern]);
        let rotations = 0;
        for (const { kind, n } of actions) {
          if (kind === 'write') log.write(n);
          else if (kind === 'look') await following.look(n);
          else if (kind === 'rename' && statSync(log.path, { throwIfNoEntry: false }) !== undefined) renameSync(log.path, `${log.path}.${++rotations}`);
          else if (kind === 'copy and truncate' && statSync(log.path, { throwIfNoEntry: false }) !== undefined) {
            copyFileSync(log.path, `${log.path}.${++rotations}`);
            truncateSync(log.path);
          } else if (kind === 'restart') {
            await following.look(1);
            const known = await following.end();
            read.push(...following.records);
            following = new Following([log.pattern], known);
          }
        }
        await following.look(ALL_LOOKS);
        await following.end();
        expect([...read, ...following.records].toSorted()).toEqual(log.written.toSorted());
      }),
      { numRuns: 20 },
    );
  }, 120_000);
});

/** Nobody may read it, root neither. */
const WRITE_ONLY = '/proc/sys/vm/drop_caches';

describe.skipIf(!existsSync(WRITE_ONLY))('a file that cannot be read', () => {
  it('is said to be so once, and to be no trouble any more once it is gone', async () => {
    const path = join(scratch(), 'app.log');
    symlinkSync(WRITE_ONLY, path);
    const following = new Following([path]);
    await following.look(ALL_LOOKS);
    expect(following.unreadable).toEqual([`${path}: cannot be read: EACCES`]);
    rmSync(path);
    await following.look(ALL_LOOKS);
    expect(following.unreadable).toEqual([`${path}: cannot be read: EACCES`, null]);
    await following.end();
  });

  it('is read once it can be', async () => {
    const path = join(scratch(), 'app.log');
    symlinkSync(WRITE_ONLY, path);
    const following = new Following([path]);
    await following.look(ALL_LOOKS);
    rmSync(path);
    const lines = fresh(3);
    writeFileSync(path, text(lines));
    expect(await following.look(ALL_LOOKS)).toEqual(lines);
    expect(following.unreadable).toEqual([`${path}: cannot be read: EACCES`, null]);
    await following.end();
  });
});
