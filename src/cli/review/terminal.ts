import type { Alert } from '../../model/alert.ts';
import { outlookOn, type Outlook } from '../../policy/outlook.ts';
import { wordsOn, type ReviewItem } from '../../policy/review.ts';
import type { Context } from '../context.ts';
import { namesOf } from '../names.ts';
import { styleFor } from '../text.ts';
import { newest } from '../when.ts';
import { scopeOf } from './answers.ts';
import type { Desk } from './desk.ts';
import { EDGES_SHOWN, surroundingsOf } from './item-text.ts';
import { listen, type Key } from './keys.ts';
import { draw } from './screen.ts';
import { beginReview, step, type ReviewEffect, type ReviewEvent, type ReviewState } from './state.ts';

/** Another screen, no line that wraps by itself, no cursor, and pasted text told from keys; and all of that taken back. */
const ENTER = '\u001b[?1049h\u001b[?7l\u001b[?25l\u001b[?2004h';
const LEAVE = '\u001b[?2004l\u001b[?25h\u001b[?7h\u001b[?1049l';
const CLEAR = '\u001b[H\u001b[J';

/** Long enough to skip through items without waiting for what is not read. */
const PAUSE_MS = 40;

/** Goes through items on a terminal until the person quits; returns the last state. The terminal is left as it was found, whatever happens. */
export async function reviewOnTerminal(context: Context, desk: Desk, items: readonly ReviewItem[], { alerts, dryRun }: { readonly alerts: readonly Alert[]; readonly dryRun: boolean }): Promise<ReviewState> {
  const { stdin, stdout } = context;
  const style = styleFor(stdout, context.env);
  let state = beginReview(items, wordsOn(desk.graph));
  let graph = desk.graph;
  let around = surroundingsOf(graph, { alerts, since: graph.revision, names: namesOf(graph), latest: newest(graph) });
  let outlooks = new Map<string, Outlook>();
  let pageHeight = 1;
  let waiting: NodeJS.Timeout | undefined;

  const show = (): void => {
    const item = state.items[state.at];
    const outlook = item === undefined ? null : (outlooks.get(item.id) ?? null);
    const screen = draw(state, { around, outlook, dryRun }, { columns: stdout.columns ?? 80, rows: stdout.rows ?? 24, style });
    state = { ...state, scroll: screen.scroll };
    pageHeight = screen.pageHeight;
    stdout.write(`${CLEAR}${screen.lines.join('\r\n')}`);
  };
  /** What an item opens takes a moment in a large cluster: keys come first. */
  const workOut = (fail: (error: unknown) => void): void => {
    clearTimeout(waiting);
    const item = state.items[state.at];
    if (item === undefined || outlooks.has(item.id)) return;
    waiting = setTimeout(() => {
      try {
        const edges = desk.edges(item.edges);
        outlooks.set(item.id, outlookOn(graph, edges, edges.slice(0, EDGES_SHOWN)));
        show();
      } catch (error) {
        fail(error);
      }
    }, PAUSE_MS);
  };
  /** Decisions change what is proposed. */
  const takeIn = (): void => {
    if (desk.graph === graph) return;
    graph = desk.graph;
    around = surroundingsOf(graph, { ...around, alerts });
    outlooks = new Map();
  };

  const takenBack: (() => void)[] = [];
  try {
    stdin.setRawMode?.(true);
    stdout.write(ENTER);
    await new Promise<void>((quit, fail) => {
      const heed = (key: Key): void => {
        try {
          let next: ReviewEvent | null = { type: 'key', key, pageHeight };
          while (next !== null) {
            const { state: after, effect } = step(state, next);
            state = after;
            if (effect?.type === 'quit') return quit();
            next = effect === null ? null : perform(effect, desk, state);
            takeIn();
          }
          show();
          workOut(fail);
        } catch (error) {
          fail(error);
        }
      };
      takenBack.push(listen(stdin, heed));
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) takenBack.push(context.onSignal(signal, quit));
      stdout.on('resize', show);
      takenBack.push(() => void stdout.off('resize', show));
      show();
      workOut(fail);
    });
  } finally {
    clearTimeout(waiting);
    for (const back of takenBack) back();
    stdout.write(LEAVE);
    stdin.setRawMode?.(false);
  }
  return state;
}

/** Does what a step asks for; what came of it is the next event. */
function perform(effect: Exclude<ReviewEffect, { readonly type: 'quit' }>, desk: Desk, { items, words: shown }: ReviewState): ReviewEvent {
  if (effect.type === 'take-back') {
    return desk.takeBack(effect.made.decided) ? { type: 'taken-back', words: wordsOn(desk.graph) } : { type: 'overtaken', words: wordsOn(desk.graph), note: 'not taken back: somebody decided on it since' };
  }
  const { at, action, comment } = effect;
  const item = items[at] as ReviewItem;
  const others = desk.refresh();
  const words = wordsOn(desk.graph);
  if (others && item.edges.some((id) => words.get(id) !== shown.get(id))) {
    return { type: 'overtaken', words, note: 'not written: somebody else decided on it meanwhile; look again' };
  }
  const decided = desk.decide(action, desk.edges(item.edges.filter((id) => words.get(id) !== action)), scopeOf(item.kind, item.id), comment);
  return { type: 'decided', made: { at, action, decided }, words: wordsOn(desk.graph) };
}
