import { readFileSync } from 'node:fs';
import { isLoopback, parseListen } from '../../api/listen.ts';
import type { Config } from '../../config.ts';
import { OperationError, UsageError } from '../../errors.ts';

export interface Listening {
  readonly where: { readonly host: string; readonly port: number };
  /** What others must show; null where only this machine can ask. */
  readonly token: string | null;
}

/** Where it listens. What other machines can reach needs a token: a `UsageError` without one. */
export function listeningOf(text: string, { listenTokenFile }: Config): Listening {
  const where = parseListen(text);
  if (listenTokenFile === null) {
    if (!isLoopback(where.host)) throw new UsageError(`listen: others can reach ${where.host}; name a file with a token (listenTokenFile), or listen on 127.0.0.1`);
    return { where, token: null };
  }
  let token: string;
  try {
    token = readFileSync(listenTokenFile, 'utf8').trim();
  } catch (error) {
    throw new OperationError(`listenTokenFile: ${listenTokenFile}: cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, { cause: error });
  }
  if (token.length < 16) throw new UsageError(`listenTokenFile: ${listenTokenFile}: holds no token of at least 16 characters`);
  return { where, token };
}
