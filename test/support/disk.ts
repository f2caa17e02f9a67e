import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, rmSync, statfsSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach } from 'vitest';
import { scratch } from './cli.ts';
import { MAIN } from './killed.ts';

export const NO_DISK = 'nobody here may mount a file system: neither root nor, with unshare, another user';

const ending: (() => Promise<void>)[] = [];

// Before the folders of the test are removed: hooks run last to first.
afterEach(async () => {
  for (const end of ending.splice(0).toReversed()) await end();
});

/** Small file systems, which a test fills, takes away and gives back. Null where none may be mounted. */
export async function diskOf(kilobytes: number): Promise<Disk | null> {
  const folder = join(scratch(), 'disk');
  mkdirSync(folder);
  const mount = ['mount', '-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'none', folder];
  if (spawnSync(mount[0]!, mount.slice(1)).status === 0) {
    ending.push(async () => void spawnSync('umount', ['--lazy', folder]));
    return new Disk(folder, folder, []);
  }
  // Whoever is not root is it in a user namespace, and sees the file system there; the others look through its door.
  const holder = spawn('unshare', ['-rm', 'sh', '-c', `${mount.join(' ')} && echo mounted && exec sleep 600`], { stdio: ['ignore', 'pipe', 'ignore'] });
  ending.push(() => ended(holder));
  const [line] = (await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit'), once(holder, 'error')])) as [unknown];
  if (String(line) !== 'mounted\n') return null;
  return new Disk(folder, `/proc/${holder.pid}/root${folder}`, ['nsenter', '-t', String(holder.pid), '-U', '-m', '--preserve-credentials']);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

export class Disk {
  /** As processes on it name it: those that are run `through` this. */
  readonly folder: string;
  readonly through: readonly string[];
  /** As this process names it. */
  readonly #door: string;

  constructor(folder: string, door: string, through: readonly string[]) {
    this.folder = folder;
    this.#door = door;
    this.through = through;
  }

  /** The path of its file for this process. */
  path(name: string): string {
    return join(this.#door, name);
  }

  /** Runs a command of the system on it. */
  run(...command: readonly string[]): string {
    const [program = '', ...args] = [...this.through, ...command];
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Whatever is open on it must be open for reading alone. */
  readOnly(): void {
    this.run('mount', '-o', 'remount,bind,ro', this.folder);
  }

  /** One command line of Footpath. */
  footpath(...args: readonly string[]): { readonly status: number | null; readonly out: string; readonly err: string } {
    const [program = '', ...rest] = [...this.through, process.execPath, MAIN, ...args];
    const { status, stdout, stderr } = spawnSync(program, rest, { encoding: 'utf8' });
    return { status, out: stdout, err: stderr };
  }

  get free(): number {
    const { bavail, bsize } = statfsSync(this.#door);
    return bavail * bsize;
  }

  /** Leaves so many bytes of it. */
  fill(leaving = 0): void {
    const file = openSync(this.path('filler'), 'a');
    try {
      for (let left = this.free - leaving; left > 0; left = this.free - leaving) writeSync(file, Buffer.alloc(Math.min(left, 1 << 20)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  /** Takes the filling away. */
  clear(): void {
    truncateSync(this.path('filler'));
    rmSync(this.path('filler'));
  }
}

/** Whether a disk can be made that breaks: an image with a file system that becomes read-only at its first error. */
export const breaks = process.getuid?.() === 0 && existsSync('/dev/loop-control') && spawnSync('mkfs.ext4', ['-V']).status === 0;

/** A disk that can be broken, and mended. */
export class BreakingDisk extends Disk {
  readonly #image: string;

  constructor() {
    const folder = join(scratch(), 'disk');
    super(folder, folder, []);
    this.#image = `${folder}.image`;
    mkdirSync(folder);
    writeFileSync(this.#image, '');
    truncateSync(this.#image, 16 << 20);
    this.run('mkfs.ext4', '-q', '-F', this.#image);
    this.#mount();
    ending.push(async () => void spawnSync('umount', ['--lazy', folder]));
  }

  #mount(): void {
    this.run('mount', '-o', 'loop,errors=remount-ro', this.#image, this.folder);
  }

  /** Whatever is open on it stays so; nothing can be written any more. */
  break(): void {
    const device = this.run('findmnt', '-no', 'SOURCE', this.folder).trim();
    writeFileSync(`/sys/fs/ext4/${basename(device)}/trigger_fs_error`, '1');
  }

  /** Nobody may use it meanwhile. */
  mend(): void {
    this.run('umount', this.folder);
    // 1: errors were found and corrected.
    spawnSync('e2fsck', ['-p', this.#image]);
    this.#mount();
  }
}
