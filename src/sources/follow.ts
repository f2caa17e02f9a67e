import { readFileSync } from 'node:fs';
import { setImmediate as others } from 'node:timers/promises';
import { OperationError } from '../errors.ts';
import type { Batch, Source } from '../source.ts';
import { searchPaths } from './expand.ts';
import { unreadable, type FileOptions } from './file.ts';
import { Followed, keyOf } from './followed.ts';

/** How often files are looked at, and paths searched for new ones, in milliseconds. */
const LOOK_EVERY = 250;
const LOOKS_A_SEARCH = 8;
/** Of files that have not grown for a while so many are looked at each time: ten thousand of them keep no core busy. */
const QUIET_A_LOOK = 1_000;
/** After so many files everything else gets its turn. */
const FILES_A_TURN = 100;

export interface FollowOptions extends FileOptions {
  /** Waits so many milliseconds, or until the signal aborts. Never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Why a file cannot be read; null once it can. Said once each. */
  readonly onUnreadable: (path: string, error: OperationError | null) => void;
  /** Everything that was there a moment ago has been read. */
  readonly onCaughtUp?: () => void;
  /** How many files may stay open; half of what the system gives the process, if it is not said. */
  readonly mayOpen?: number;
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
          if (look % LOOKS_A_SEARCH === 0 || follower.hasRotation()) follower.search();
          yield* follower.read(look, signal);
          options.onCaughtUp?.();
          await options.sleep(LOOK_EVERY, signal);
        }
      } finally {
        follower.close();
      }
    },
  };
}

class Follower {
  readonly #paths: readonly string[];
  readonly #options: FollowOptions;
  readonly #mayOpen: number;
  readonly #files = new Map<string, Followed>();
  /** Those that are open, the ones that grew last at the end. */
  readonly #open = new Set<Followed>();
  readonly #unreadable = new Set<string>();

  constructor(paths: readonly string[], options: FollowOptions) {
    this.#paths = paths;
    this.#options = options;
    this.#mayOpen = options.mayOpen ?? Math.floor(descriptors() / 2);
  }

  /** The name of a file that grew until now leads elsewhere: what is written goes on in another file. */
  hasRotation(): boolean {
    for (const file of this.#files.values()) if (file.hasLostItsName()) return true;
    return false;
  }

  /** Finds files that are new, and those whose name is gone or another file's by now. */
  search(): void {
    const there = new Set<string>();
    const found = searchPaths(this.#paths);
    const paths = new Set(this.#unreadable.size === 0 ? [] : found.map(({ path }) => path));
    // A file that is gone keeps nobody from anything.
    for (const path of this.#unreadable) if (!paths.has(path)) this.#readable(path);
    for (const { path, stats } of found) {
      const key = keyOf(stats);
      if (there.has(key)) continue;
      try {
        const known = this.#files.get(key);
        if (known === undefined) this.#add(path, there);
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
  #add(path: string, there: Set<string>): void {
    const file = new Followed(path);
    there.add(file.key);
    if (this.#files.has(file.key)) {
      file.rest();
      return;
    }
    this.#files.set(file.key, file);
    this.#hold(file);
  }

  /** Everything that has come since the last look. */
  async *read(look: number, signal: AbortSignal): AsyncGenerator<Batch> {
    const turns = Math.ceil(this.#files.size / QUIET_A_LOOK);
    let n = 0;
    let looks = 0;
    for (const [key, file] of this.#files) {
      if (signal.aborted) return;
      if (n++ % turns !== look % turns && !file.isLively) continue;
      if (++looks % FILES_A_TURN === 0) await others();
      try {
        yield* file.look(this.#options);
      } catch (error) {
        this.#notReadable(file.path, error);
      }
      if (file.isOver) {
        this.#files.delete(key);
        this.#open.delete(file);
        file.rest();
      } else if (file.hasGrown) this.#hold(file);
    }
  }

  /** Those that have not grown for the longest time rest. One that is gone could not be opened again. */
  #hold(file: Followed): void {
    this.#open.delete(file);
    if (file.isOpen) this.#open.add(file);
    for (const other of this.#open) {
      if (this.#open.size <= this.#mayOpen) return;
      if (other.isGone) continue;
      this.#open.delete(other);
      other.rest();
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

  close(): void {
    for (const file of this.#open) file.rest();
  }
}

/** How many files the process may have open at once. */
function descriptors(): number {
  try {
    return Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? FEW_DESCRIPTORS);
  } catch {
    return FEW_DESCRIPTORS;
  }
}

/** Of systems that do not say how many there are. */
const FEW_DESCRIPTORS = 1_024;
