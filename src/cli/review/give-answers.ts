import { createReadStream } from 'node:fs';
import { OperationError } from '../../errors.ts';
import type { Alert } from '../../model/alert.ts';
import type { Signature } from '../../model/decision.ts';
import type { Graph } from '../../learn/graph.ts';
import { standingOf, wordsOn, type ReviewItem, type Word } from '../../policy/review/review.ts';
import type { Store } from '../../store/store.ts';
import type { Context } from '../context.ts';
import { linesOf, TOO_LONG } from '../input-lines.ts';
import { plain, plural } from '../text.ts';
import { planAnswers, readAnswer, writePlan, type Answer, type Planned, type Problem } from './answers.ts';

/** Lines of a file of answers, `-` for standard input. */
export async function readAnswers(context: Context, path: string): Promise<readonly (Answer | Problem)[]> {
  const answers: (Answer | Problem)[] = [];
  let line = 0;
  try {
    for await (const text of linesOf(path === '-' ? context.stdin : createReadStream(path))) {
      line++;
      const answer = text === null ? { line, problem: TOO_LONG } : readAnswer(text, line);
      if (answer !== null) answers.push(answer);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OperationError(`--answers ${path}: ${code === 'ENOENT' ? 'no such file' : `cannot be read: ${String(code)}`}`, { cause: error });
  }
  return answers;
}

export interface GivenAnswers {
  readonly path: string;
  readonly lines: readonly (Answer | Problem)[];
  readonly graph: Graph;
  readonly alerts: readonly Alert[];
  readonly items: readonly ReviewItem[];
  readonly sign: (comment: string | null) => Signature;
  readonly dryRun: boolean;
}

/** Writes what the answers come to, and says so, with each line that could not be followed; returns the exit status. */
export function giveAnswers(context: Context, store: Store, { path, lines, graph, alerts, items, sign, dryRun }: GivenAnswers): number {
  const plan = planAnswers(graph, items, lines.filter((line) => 'answer' in line));
  const problems = [...lines.filter((line) => 'problem' in line), ...plan.problems].toSorted((a, b) => a.line - b.line);
  if (!dryRun) writePlan(store, { graph, alerts }, plan, sign);
  for (const { line, problem } of problems) context.say(`footpath: --answers ${path}: line ${line}: ${plain(problem)}`);
  const failed = problems.length === 0 ? '' : `; ${plural(problems.length, 'line')} not followed`;
  context.say(`${dryRun ? 'dry run, nothing was written: ' : ''}${planText(plan.planned, items, graph)}${failed}`);
  context.hint('next: footpath propose');
  return problems.length > 0 ? 1 : 0;
}

/** `3 accepted (14 edges), 1 rejected (2 edges), 0 skipped, 0 unchanged; 12 left`. */
function planText(planned: readonly Planned[], items: readonly ReviewItem[], graph: Graph): string {
  const last = new Map(planned.flatMap((one) => one.edges.map(({ id }) => [id, one] as const)));
  const words = new Map([...wordsOn(graph), ...[...last].map(([id, { answer }]) => [id, answer.answer as Word] as const)]);
  const effective = new Set(last.values());
  const done = (word: Word): string => {
    const edges = [...last.values()].filter(({ answer }) => answer.answer === word).length;
    return `${[...effective].filter(({ answer }) => answer.answer === word).length} ${word}ed${edges === 0 ? '' : ` (${plural(edges, 'edge')})`}`;
  };
  const skipped = planned.filter(({ answer }) => answer.answer === 'skip').length;
  const said = `${done('accept')}, ${done('reject')}, ${skipped} skipped, ${planned.length - skipped - effective.size} unchanged`;
  return `${said}; ${items.filter((item) => standingOf(item, words) === 'open').length} left`;
}
