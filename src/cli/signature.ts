import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import type { Signature } from '../model/decision.ts';
import type { Context } from './context.ts';
import { plain } from './text.ts';

export interface SignatureOptions {
  readonly by?: string;
  readonly comment?: string;
}

/** Options of every command that decides something: who, and why. */
export function addSignatureOptions(command: Command): Command {
  return command.option('--comment <text>', 'why, for whoever reads it later').option('--by <name>', 'who decides (default: the user that runs the command)');
}

export function signatureOf(context: Context, { by, comment }: SignatureOptions): Signature {
  return { by: plain(by ?? context.env['FOOTPATH_USER'] ?? context.env['USER'] ?? loginName()).slice(0, 200), at: context.now(), comment: comment === undefined ? null : plain(comment).slice(0, 2_000) };
}

function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}

/** The one thing whose id begins so. */
export function byId<T extends { readonly id: string }>(things: readonly T[], prefix: string, what: string): T {
  const found = things.filter(({ id }) => id.startsWith(prefix.toLowerCase()));
  const [first] = found;
  if (first === undefined || !/^[0-9a-f]{2,16}$/i.test(prefix)) throw new UsageError(`${plain(prefix)}: no ${what} has this id; footpath ${what}s -o name lists them`);
  if (found.length > 1) throw new UsageError(`${prefix}: ${found.length} ${what}s begin so; give more digits (${found.slice(0, 3).map(({ id }) => id).join(', ')})`);
  return first;
}
