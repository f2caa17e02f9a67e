import { readFileSync } from 'node:fs';
import { OperationError } from '../errors.ts';

/** A secret is read whenever it is needed: whoever writes the file may replace it. Its value is in no message. */
export function readSecret(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new OperationError(`${path}: cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, { cause: error });
  }
  if (text === '') throw new OperationError(`${path}: is empty`);
  return text;
}
