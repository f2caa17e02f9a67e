import { UsageError } from '../errors.ts';
import type { Context } from './context.ts';
import { linesOf, TOO_LONG } from './input-lines.ts';
import { plain } from './text.ts';

/**
 * Answers what standard input asks, one JSON object a line: `{"id","allowed"}` a line, in the order of the input. A line that
 * cannot be answered is said on stderr, and makes the exit status 1; the others are answered.
 */
export async function answerLines(context: Context, what: string, answer: (asked: Readonly<Record<string, unknown>>) => boolean | null): Promise<number> {
  let failed = 0;
  let out = '';
  for await (const line of linesOf(context.stdin)) {
    if (line === null) {
      failed++;
      context.say(`footpath: a ${what} ${TOO_LONG}`);
      continue;
    }
    if (line.trim() === '') continue;
    try {
      const asked: unknown = JSON.parse(line);
      if (typeof asked !== 'object' || asked === null) throw new UsageError('is no JSON object');
      const named = asked as Readonly<Record<string, unknown>>;
      out += `${JSON.stringify({ id: named['id'], allowed: answer(named) })}\n`;
    } catch (error) {
      failed++;
      context.say(`footpath: ${what} ${plain(line.slice(0, 120))}: ${error instanceof Error ? plain(error.message) : 'is no JSON object'}`);
    }
    if (out.length > 1 << 16) {
      context.print(out);
      out = '';
    }
  }
  context.print(out);
  return failed > 0 ? 1 : 0;
}
