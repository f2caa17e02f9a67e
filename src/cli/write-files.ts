import { closeSync, constants, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OperationError } from '../errors.ts';

/** Names by the Kubernetes grammar, `namespace__name.yaml`: none of them can leave the folder. */
const FILE_NAME = /^(?:[a-z0-9][a-z0-9.-]*__[a-z0-9][a-z0-9.-]*|kustomization)\.yaml$/;

/** Writes files into one folder: each new beside the old one, then over it, so that a crash of ours leaves the one or the other. */
export function writeFiles(folder: string, files: readonly { readonly name: string; readonly content: string }[]): void {
  try {
    mkdirSync(folder, { recursive: true });
    for (const { name, content } of files) {
      if (!FILE_NAME.test(name)) throw new Error(`not a file name of ours: ${name}`);
      const target = join(folder, name);
      const fresh = `${target}.new`;
      rmSync(fresh, { force: true });
      const fd = openSync(fresh, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o644);
      try {
        // All of it, however often the disk takes but a part.
        writeFileSync(fd, content);
      } finally {
        closeSync(fd);
      }
      renameSync(fresh, target);
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === undefined) throw error;
    throw new OperationError(`${folder}: cannot be written: ${code}; check the folder and its rights`, { cause: error });
  }
}

/** Policies in a folder that Footpath once wrote, and that are not among these names; sorted. */
export function leftovers(folder: string, names: ReadonlySet<string>): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    // Nothing but files is ours: what a link leads to, or a pipe, need not have an end.
    .flatMap((entry) => (entry.isFile() && FILE_NAME.test(entry.name) && entry.name.includes('__') && !names.has(entry.name) ? [entry.name] : []))
    .filter((name) => readFileSync(join(folder, name), 'utf8').includes('app.kubernetes.io/managed-by: footpath'))
    .toSorted();
}
