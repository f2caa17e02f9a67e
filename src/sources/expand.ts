import { readdirSync, realpathSync, statSync, type Stats } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { globSync, isDynamicPattern } from 'tinyglobby';
import { OperationError } from '../errors.ts';

export interface LogFile {
  readonly path: string;
  readonly size: number;
  /** A pipe has no positions: it is read once, as it comes. */
  readonly isRegular: boolean;
  /** Named by the user, not found in a folder or by a pattern: then an unknown format is an error. */
  readonly named: boolean;
}

/**
 * The files that arguments mean, in their order: files, folders (searched whole, in order of names) and glob patterns. A file
 * that is reached twice, through a link or another pattern, is read once; kubelet's half-written `.tmp` files are not read.
 */
export function expandPaths(args: readonly string[]): readonly LogFile[] {
  const seen = new Set<string>();
  const files: LogFile[] = [];
  for (const arg of args) {
    eachFile(arg, (path, stats, named) => {
      // Only a pipe or a device that was named: reading one that lies in a folder may never end.
      const isLog = stats.isFile() || (named && (stats.isFIFO() || stats.isCharacterDevice()));
      if (!isLog && named) throw new OperationError(`${path}: is no file; name files, folders or patterns`);
      if (!isLog) return;
      const real = realpathSync.native(path);
      if (seen.has(real)) return;
      seen.add(real);
      files.push({ path, size: stats.size, isRegular: stats.isFile(), named });
    });
  }
  return files;
}

export interface FoundFile {
  readonly path: string;
  readonly stats: Stats;
}

/** The regular files that arguments mean now, by each of their names. What is not there is no error: it may come. */
export function searchPaths(args: readonly string[]): readonly FoundFile[] {
  const files: FoundFile[] = [];
  for (const arg of args) {
    try {
      eachFile(arg, (path, stats) => {
        if (stats.isFile()) files.push({ path, stats });
      });
    } catch {
      // Not there yet, or not any more.
    }
  }
  return files;
}

function eachFile(arg: string, onFile: (path: string, stats: Stats, named: boolean) => void): void {
  const entered = new Set<string>();
  const add = (path: string, named: boolean): void => {
    // What a folder holds may be gone by now, or lead nowhere: that is no reason to read nothing.
    const stats = named ? statOf(path) : statIfAny(path);
    if (stats === undefined) return;
    if (!stats.isDirectory()) {
      onFile(path, stats, named);
      return;
    }
    const real = realpathSync(path);
    if (entered.has(real)) return;
    entered.add(real);
    for (const name of readdirSync(path).toSorted()) if (!name.startsWith('.') && !isHalfWritten(name)) add(join(path, name), false);
  };
  if (!isDynamicPattern(arg) || exists(arg)) {
    add(arg, true);
    return;
  }
  const matches = globSync(arg, { onlyFiles: false, expandDirectories: false, followSymbolicLinks: true, dot: false, absolute: isAbsolute(arg) }).toSorted();
  if (matches.length === 0) throw new OperationError(`${arg}: matches no file`);
  for (const match of matches) if (isHalfWritten(arg) || !isHalfWritten(match)) add(match, false);
}

/** Kubelet's name for a compressed log while it is written. */
function isHalfWritten(path: string): boolean {
  return path.endsWith('.tmp');
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

export function statIfAny(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // A link to itself, a folder that may not be entered.
    return undefined;
  }
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new OperationError(`${path}: ${code === 'ENOENT' ? 'no such file' : `cannot be read: ${String(code)}`}`, { cause: error });
  }
}
