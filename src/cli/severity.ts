import { SEVERITIES, type Severity } from '../model/alert.ts';
import { UsageError } from '../errors.ts';
import { suggestion } from './context.ts';

/** What a flag names, or null if it was not given. */
export function severityOf(text: string | undefined, flag: string): Severity | null {
  if (text === undefined) return null;
  const found = SEVERITIES.find((severity) => severity === text);
  if (found === undefined) throw new UsageError(`${flag} ${text}: no such severity${suggestion(text, SEVERITIES)}`);
  return found;
}
