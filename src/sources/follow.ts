import { stat } from 'node:fs/promises';
import { OperationError } from '../errors.ts';
import type { Batch, Source } from '../source.ts';
import { expandPaths, type LogFile } from './expand.ts';
import { fileSource, unreadable, type FileOptions } from './file.ts';
import { Followed } from './followed.ts';

/** How often files are looked at, and paths searched for new ones, in milliseconds. */
const LOOK_EVERY = 250;
const LOOKS_A_SEARCH = 8;

export interface FollowOptions extends FileOptions {
  /** Waits so many milliseconds, or until the signal aborts. Never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Why a file cannot be read; null once it can. Said once each. */
  readonly onUnreadable: (path: string, error: OperationError | null) => void;
  /** Everything that was there a moment ago has been read. */
  readonly onCaughtUp?: () => void;
}

/**
 * Files that grow, are rotated (by rename, or by copying and truncating), deleted and made anew, found by `paths` again and
 * again. A file is known by its inode while it is open, else by its content (see `FilePosition`); each line is read once.
 */
export function followSource(name: string, paths: readonly string[], options: FollowOptions): Source {
  return {
    name,
    async *open(signal) {
      const follower = new Follower(paths, options);
      try {
        for (let look = 0; !signal.aborted; look++) {
          if (look % LOOKS_A_SEARCH === 0) await follower.search();
          yield* follower.read(signal);
          options.onCaughtUp?.();
          await options.sleep(LOOK_EVERY, signal);
        }
      } finally {
        await follower.close();
      }
    },
  };
}

class Follower {
  readonly #paths: readonly string[];
  readonly #options: FollowOptions;
  readonly #files = new Map<string, Followed>();
  /** Compressed files, by path: read once they stand still, and again if they have changed. */
  readonly #compressed = new Map<string, { readonly size: number; readonly mtimeMs: number; readonly isRead: boolean }>();
  readonly #unreadable = new Set<string>();

  constructor(paths: readonly string[], options: FollowOptions) {
    this.#paths = paths;
    this.#options = options;
  }

  /** Finds files that are new, and those whose name is gone or another file's by now. */
  async search(): Promise<void> {
    const there = new Set<string>();
    const found = this.#expand();
    const paths = new Set(found.map(({ path }) => path));
    // A file that is gone keeps nobody from anything.
    for (const path of this.#unreadable) if (!paths.has(path)) this.#readable(path);
    for (const { path } of found) {
      try {
        const key = keyOf(await stat(path));
        const known = this.#files.get(key);
        if (known === undefined) await this.#open(path, there);
        else {
          known.path = path;
          there.add(key);
        }
        this.#readable(path);
      } catch (error) {
        this.#notReadable(path, error);
      }
    }
    for (const [key, file] of this.#files) file.isGone = !there.has(key);
  }

  /** Its name may have become another file's since it was found: what was opened counts. */
  async #open(path: string, there: Set<string>): Promise<void> {
    const file = await Followed.open(path);
    const key = keyOf(await file.stat());
    there.add(key);
    if (this.#files.has(key)) await file.close();
    else this.#files.set(key, file);
  }

  #expand(): readonly LogFile[] {
    return this.#paths.flatMap((path) => {
      try {
        return expandPaths([path]).filter(({ isRegular }) => isRegular);
      } catch {
        // Not there yet, or not any more.
        return [];
      }
    });
  }

  /** Everything that has come since the last look. */
  async *read(signal: AbortSignal): AsyncGenerator<Batch> {
    for (const [key, file] of this.#files) {
      if (signal.aborted) return;
      try {
        if (file.isCompressed) yield* this.#readCompressed(file.path, signal);
        else yield* file.read(this.#options.known);
      } catch (error) {
        this.#notReadable(file.path, error);
      }
      if (!file.isOver) continue;
      this.#files.delete(key);
      await file.close();
    }
  }

  async *#readCompressed(path: string, signal: AbortSignal): AsyncGenerator<Batch> {
    const { size, mtimeMs } = await stat(path);
    const before = this.#compressed.get(path);
    const isStill = before?.size === size && before.mtimeMs === mtimeMs;
    this.#compressed.set(path, { size, mtimeMs, isRead: isStill });
    if (!isStill || before.isRead) return;
    for await (const batch of fileSource({ path, size, isRegular: true, named: false }, this.#options).open(signal)) {
      if (batch.position !== null) this.#options.known.note(batch.position);
      yield batch;
    }
  }

  #readable(path: string): void {
    if (this.#unreadable.delete(path)) this.#options.onUnreadable(path, null);
  }

  #notReadable(path: string, error: unknown): void {
    const code = (error as NodeJS.ErrnoException).code;
    // Deleted or renamed between the search and this moment: the next search knows more.
    if (code === 'ENOENT' || this.#unreadable.has(path)) return;
    this.#unreadable.add(path);
    this.#options.onUnreadable(path, error instanceof OperationError ? error : unreadable(path, error));
  }

  async close(): Promise<void> {
    for (const file of this.#files.values()) await file.close();
  }
}

function keyOf({ dev, ino }: { readonly dev: number; readonly ino: number }): string {
  return `${dev}:${ino}`;
}
