import { appendFileSync, copyFileSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { textOf as text } from '../support/batches.ts';
import { scratch } from '../support/cli.ts';
import { gzip, zstd } from '../support/compressed.ts';
import { ALL_LOOKS, Following, fresh, Log } from '../support/following.ts';

const T = '2026-03-01T12:00:00.123456789Z';
const cri = (tag: string, content: string, stream = 'stdout'): string => `${T} ${stream} ${tag} ${content}\n`;
const docker = (content: string): string => `${JSON.stringify({ log: content, stream: 'stdout', time: T })}\n`;

/** Follows a log's folder; `kill` goes on as a new process that knows what was read. */
class Reader {
  readonly log = new Log();
  #following = new Following([this.log.pattern]);
  readonly #before: string[] = [];

  async read(looks = 20): Promise<readonly string[]> {
    await this.#following.look(looks);
    return [...this.#before, ...this.#following.records];
  }

  async kill(): Promise<void> {
    const known = await this.#following.end();
    this.#before.push(...this.#following.records);
    this.#following = new Following([this.log.pattern], known);
  }

  async end(): Promise<void> {
    await this.#following.end();
  }
}

async function following(work: (reader: Reader, log: Log) => Promise<void>): Promise<void> {
  const reader = new Reader();
  try {
    await work(reader, reader.log);
  } finally {
    await reader.end();
  }
}

describe('a record in parts', () => {
  it.each([
    ['CRI', cri('P', '{"a":'), cri('P', '"b",'), cri('F', '"c":1}'), '{"a":"b","c":1}'],
    ['CRI, the other stream between them', cri('P', '{"a":'), cri('P', '"b"'), cri('F', '}'), '{"a":"b"}'],
    ['docker', docker('{"a":'), docker('"b",'), docker('"c":1}\n'), '{"a":"b","c":1}'],
  ])('is whole once its last part has come, though each was read for itself: %s', (_, first, second, third, whole) =>
    following(async (reader, log) => {
      for (const part of [first, second]) {
        appendFileSync(log.path, part);
        expect(await reader.read()).toEqual([]);
      }
      appendFileSync(log.path, third);
      expect(await reader.read()).toEqual([whole]);
    }),
  );

  it.each([
    ['CRI', cri('F', 'one'), cri('P', 'two '), cri('F', 'and more')],
    ['docker', docker('one\n'), docker('two '), docker('and more\n')],
  ])('is whole though the process was started anew between its parts, and the log was rotated after them: %s', (_, before, first, second) =>
    following(async (reader, log) => {
      appendFileSync(log.path, before + first);
      expect(await reader.read()).toEqual(['one']);
      await reader.kill();
      expect(await reader.read()).toEqual(['one']);
      appendFileSync(log.path, second);
      renameSync(log.path, `${log.path}.1`);
      expect(await reader.read()).toEqual(['one', 'two and more']);
    }),
  );

  it('is cut within its own time, its tag and its text', () =>
    following(async (reader, log) => {
      const content = cri('P', 'a b ') + cri('F', 'c') + cri('F', 'd');
      for (let at = 0; at < content.length; at += 7) {
        appendFileSync(log.path, content.slice(at, at + 7));
        await reader.read(1);
      }
      expect(await reader.read()).toEqual(['a b c', 'd']);
    }),
  );

  it('of one stream is not joined with the other’s', () =>
    following(async (reader, log) => {
      appendFileSync(log.path, cri('P', 'out ') + cri('P', 'err ', 'stderr'));
      expect(await reader.read()).toEqual([]);
      appendFileSync(log.path, cri('F', '1') + cri('F', '2', 'stderr'));
      expect(await reader.read()).toEqual(['out 1', 'err 2']);
    }),
  );
});

describe('a character', () => {
  it('that two writes bring is one', () =>
    following(async (reader, log) => {
      const lines = ['é', '€', '😀', 'a😀b'].map((c, i) => `${i} ${c}`);
      const content = Buffer.from(text(lines));
      for (let at = 0; at < content.length; at++) {
        appendFileSync(log.path, content.subarray(at, at + 1));
        await reader.read(1);
      }
      expect(await reader.read()).toEqual(lines);
    }),
  );

  it('that lies at the edge of a read is one', () =>
    following(async (reader, log) => {
      const lines = Array.from({ length: 60_000 }, (_, i) => `${i} ${'é€😀'.repeat(i % 5)}`);
      writeFileSync(log.path, text(lines));
      expect(await reader.read()).toEqual(lines);
    }),
  );
});

describe('kubelet’s rotation', () => {
  /** A pod's log by kubelet's hand: it is rotated by name, and what was rotated before is compressed then. */
  class Kubelet {
    readonly folder = scratch();
    readonly #pod = join(this.folder, 'pods', 'shop_web-1_0a1b2c3d', 'app');
    readonly #log = join(this.#pod, '0.log');
    readonly #rotated: string[] = [];
    readonly written: string[] = [];

    constructor() {
      mkdirSync(this.#pod, { recursive: true });
      mkdirSync(join(this.folder, 'containers'));
      symlinkSync(this.#log, join(this.folder, 'containers', `web-1_shop_app-${'a'.repeat(64)}.log`));
      this.write(0);
    }

    write(n: number): void {
      const lines = fresh(n);
      this.written.push(...lines.map((line) => `shop/web-1/app: ${line}`));
      appendFileSync(this.#log, lines.map((line) => cri('F', line)).join(''));
    }

    async rotate(during: () => Promise<unknown>): Promise<void> {
      for (const log of this.#rotated.splice(0)) {
        const compressed = gzip(readFileSync(log));
        writeFileSync(`${log}.tmp`, compressed.subarray(0, compressed.length / 2));
        await during();
        appendFileSync(`${log}.tmp`, compressed.subarray(compressed.length / 2));
        await during();
        renameSync(`${log}.tmp`, `${log}.gz`);
        await during();
        rmSync(log);
        await during();
      }
      const name = `${this.#log}.20260302-12000${this.written.length % 10}${Math.random().toString().slice(2, 6)}`;
      renameSync(this.#log, name);
      this.#rotated.push(name);
      await during();
      writeFileSync(this.#log, '');
    }
  }

  it.each([
    ['followed through its links and its folders', ['containers/*.log', 'pods/*/*/*.log*']],
    ['followed through its folders', ['pods']],
  ])('loses nothing and gives nothing twice: %s', async (_, paths) => {
    for (const looks of [0, 1, 9]) {
      const kubelet = new Kubelet();
      const patterns = paths.map((path) => join(kubelet.folder, path));
      const reader = new Following(patterns);
      for (let round = 0; round < 4; round++) {
        kubelet.write(100);
        if (looks > 0) await reader.look(looks);
        kubelet.write(10);
        await kubelet.rotate(async () => (looks > 0 ? reader.look(looks) : undefined));
      }
      kubelet.write(5);
      expect((await reader.look(ALL_LOOKS)).toSorted()).toEqual(kubelet.written.toSorted());
      expect(reader.damage).toEqual([]);
      // Whoever starts anew knows all of it.
      const next = new Following(patterns, await reader.end());
      expect(await next.look(ALL_LOOKS)).toEqual([]);
      await next.end();
    }
  });

  it('reads of a .gz what was not read before it was compressed: nobody was there then', async () => {
    const kubelet = new Kubelet();
    const pattern = join(kubelet.folder, 'pods', '*', '*', '*.log*');
    kubelet.write(100);
    const first = new Following([pattern]);
    await first.look(9);
    const known = await first.end();
    kubelet.write(50);
    await kubelet.rotate(async () => undefined);
    kubelet.write(20);
    await kubelet.rotate(async () => undefined);
    kubelet.write(1);
    const second = new Following([pattern], known);
    expect((await second.look(ALL_LOOKS)).toSorted()).toEqual(kubelet.written.slice(100).toSorted());
    await second.end();
  });
});

describe('double rotation between two looks', () => {
  it('by names that move up: what was not read of each is read', () =>
    following(async (reader, log) => {
      log.write(100);
      await reader.read();
      for (let round = 0; round < 3; round++) {
        log.write(20);
        for (const n of [2, 1]) if (statSync(`${log.path}.${n}`, { throwIfNoEntry: false }) !== undefined) renameSync(`${log.path}.${n}`, `${log.path}.${n + 1}`);
        renameSync(log.path, `${log.path}.1`);
        log.write(20);
      }
      expect((await reader.read(ALL_LOOKS)).toSorted()).toEqual(log.written.toSorted());
    }),
  );
});

describe('another file under the same name', () => {
  it('that has its inode, too: it was written anew in place', () =>
    following(async (reader, log) => {
      log.write(10);
      await reader.read();
      writeFileSync(log.path, '');
      log.write(30);
      expect(await reader.read()).toEqual(log.written);
    }),
  );

  it.each([
    ['open', 100],
    ['resting', 0],
  ])('that got the inode of the one that was deleted, which was %s', async (_, mayOpen) => {
    const log = new Log();
    log.write(10);
    const reader = new Following([log.pattern], [], { mayOpen });
    await reader.look(9);
    for (let i = 0; i < 20; i++) {
      rmSync(log.path);
      log.write(1 + (i % 3));
      await reader.look(9);
    }
    expect((await reader.look(ALL_LOOKS)).toSorted()).toEqual(log.written.toSorted());
    await reader.end();
  });

  it.each([
    ['shorter', 3],
    ['longer', 300],
  ])('that begins with the same line and is %s', (_, n) =>
    following(async (reader, log) => {
      const [banner = ''] = fresh().map((line) => `${line} ${'-'.repeat(80)}`);
      const [first, second] = [[banner, ...fresh(100)], [banner, ...fresh(n)]];
      writeFileSync(log.path, text(first));
      expect(await reader.read()).toEqual(first);
      rmSync(log.path);
      writeFileSync(log.path, text(second));
      expect(await reader.read(ALL_LOOKS)).toEqual([...first, ...second]);
    }),
  );

  it('that holds what was read, and more, is the same one: it has grown', () =>
    following(async (reader, log) => {
      log.write(3);
      await reader.read();
      const content = readFileSync(log.path);
      rmSync(log.path);
      writeFileSync(log.path, content);
      log.write(2);
      expect(await reader.read()).toEqual(log.written);
    }),
  );
});

describe('a file that is shorter than what tells it from others', () => {
  it('is the same as it grows, whoever reads it', () =>
    following(async (reader, log) => {
      for (const n of [1, 1, 2, 20, 100, 100]) {
        log.write(n);
        expect(await reader.read()).toEqual(log.written);
        await reader.kill();
      }
      renameSync(log.path, `${log.path}.1`);
      expect(await reader.read()).toEqual(log.written);
    }),
  );

  it('is empty at first', () =>
    following(async (reader, log) => {
      writeFileSync(log.path, '');
      expect(await reader.read()).toEqual([]);
      await reader.kill();
      log.write();
      expect(await reader.read()).toEqual(log.written);
    }),
  );
});

describe('a log after a crash of its machine', () => {
  it('ends with NULs, behind which its writer goes on', () =>
    following(async (reader, log) => {
      log.write(3);
      appendFileSync(log.path, Buffer.alloc(5_000));
      expect(await reader.read()).toEqual(log.written);
      await reader.kill();
      log.write(3);
      expect(await reader.read()).toEqual(log.written);
    }),
  );

  it('begins with NULs: it was truncated, and its writer goes on where it was', () =>
    following(async (reader, log) => {
      log.write(200);
      await reader.read();
      const { size } = statSync(log.path);
      copyFileSync(log.path, `${log.path}.1`);
      truncateSync(log.path);
      truncateSync(log.path, size);
      log.write(3);
      expect((await reader.read(ALL_LOOKS)).toSorted()).toEqual(log.written.toSorted());
    }),
  );

  it('begins with more of them than a line may be long', () =>
    following(async (reader, log) => {
      writeFileSync(log.path, '');
      truncateSync(log.path, 5 << 20);
      log.write(3);
      expect(await reader.read()).toEqual(log.written);
      await reader.kill();
      log.write(2);
      expect(await reader.read()).toEqual(log.written);
    }),
  );
});

describe('a clock that was set back', () => {
  it('makes nothing of a log new or old', () =>
    following(async (reader, log) => {
      log.write(3);
      await reader.read();
      log.write(2);
      utimesSync(log.path, 1_000, 1_000);
      expect(await reader.read()).toEqual(log.written);
      utimesSync(log.path, 500, 500);
      expect(await reader.read()).toEqual(log.written);
      log.write(1);
      utimesSync(log.path, 500, 500);
      expect(await reader.read()).toEqual(log.written);
    }),
  );
});

describe('one file by two names that are its own', () => {
  it('is read once, and on under the name that is left', () =>
    following(async (reader, log) => {
      log.write(3);
      linkSync(log.path, `${log.path}.link`);
      expect(await reader.read()).toEqual(log.written);
      rmSync(log.path);
      await reader.read(ALL_LOOKS);
      appendFileSync(`${log.path}.link`, 'one more\n');
      expect(await reader.read()).toEqual([...log.written, 'one more']);
    }),
  );
});

describe('a compressed log', () => {
  const lines = fresh(30_000);
  const whole = gzip(text(lines));

  it('is read once it stands still; of what it has grown by, the rest', () =>
    following(async (reader, log) => {
      const path = `${log.path}.1.gz`;
      for (let at = 0; at < whole.length; at += Math.ceil(whole.length / 20)) {
        appendFileSync(path, whole.subarray(at, at + Math.ceil(whole.length / 20)));
        await reader.read(1);
      }
      expect(await reader.read()).toEqual(lines);
      appendFileSync(path, gzip('one more\n'));
      expect(await reader.read()).toEqual([...lines, 'one more']);
    }),
  );

  it.each([
    ['two members of gzip', Buffer.concat([gzip(text(lines.slice(0, 999))), gzip(text(lines.slice(999)))])],
    ['zstd', zstd(text(lines))],
  ])('is read whole: %s', (_, content) =>
    following(async (reader, log) => {
      writeFileSync(`${log.path}.1`, content);
      expect(await reader.read()).toEqual(lines);
      await reader.kill();
      renameSync(`${log.path}.1`, `${log.path}.2`);
      expect(await reader.read()).toEqual(lines);
    }),
  );

  it('that is deleted leaves its inode to a log that grows: that is followed as a log', async () => {
    const log = new Log();
    const reader = new Following([log.pattern]);
    const all = [...fresh(3)];
    writeFileSync(`${log.path}.0.gz`, gzip(text(all)));
    await reader.look(20);
    // In place, as whoever gets its inode would.
    writeFileSync(`${log.path}.0.gz`, '');
    for (let i = 0; i < 5; i++) {
      const more = fresh(2);
      appendFileSync(`${log.path}.0.gz`, text(more));
      all.push(...more);
      expect(await reader.look()).toEqual(all);
    }
    expect(reader.damage).toEqual([]);
    await reader.end();
  });

  it('that is cut gives what is there, and the rest once it is whole, to a new process too', async () => {
    const log = new Log();
    const path = `${log.path}.1.gz`;
    writeFileSync(path, whole.subarray(0, whole.length / 2));
    const first = new Following([log.pattern]);
    const part = [...(await first.look(20))];
    expect(part.length).toBeGreaterThan(1_000);
    expect(first.damage).toEqual([`${path}: cut`]);
    const second = new Following([log.pattern], await first.end());
    await second.look(20);
    writeFileSync(path, whole);
    expect([...part, ...(await second.look(20))]).toEqual(lines);
    await second.end();
  });
});

describe('a log that is read piece after piece', () => {
  const lines = fresh(80_000); // 3.5 MB

  it('may be deleted, and is read to its end', async () => {
    const log = new Log();
    writeFileSync(log.path, text(lines));
    const reader = new Following([log.pattern]);
    reader.onNextBatch(() => rmSync(log.path));
    expect(await reader.look()).toEqual(lines);
    await reader.end();
  });

  it('may be copied, truncated and longer than what was reached: what follows is not taken for its continuation', async () => {
    const log = new Log();
    writeFileSync(log.path, text(lines));
    const reader = new Following([log.pattern]);
    const after = fresh(100_000);
    reader.onNextBatch(() => {
      copyFileSync(log.path, `${log.path}.1`);
      writeFileSync(log.path, text(after));
    });
    expect((await reader.look(ALL_LOOKS)).toSorted()).toEqual([...lines, ...after].toSorted());
    await reader.end();
  });
});
