import type { Alert } from '../../model/alert.ts';
import { outlookOn, type Outlook } from '../../policy/review/outlook.ts';
import type { Widen } from '../../policy/propose/propose.ts';
import { wordsOn, type ReviewItem } from '../../policy/review/review.ts';
import type { Context } from '../context.ts';
import { namesOf } from '../names.ts';
import { styleFor } from '../text.ts';
import { newest } from '../when.ts';
import { scopeOf } from './answers.ts';
import type { Desk } from './desk.ts';
import { onFullScreen, paint, type Play } from './full-screen.ts';
import { EDGES_SHOWN, surroundingsOf } from './item-text.ts';
import { draw } from './screen.ts';
import { beginReview, step, type ReviewEffect, type ReviewEvent, type ReviewState } from './state.ts';

/** Long enough to skip through items without waiting for what is not read. */
const PAUSE_MS = 40;

/** Goes through items on a terminal until the person quits; returns the last state. */
export async function reviewOnTerminal(context: Context, desk: Desk, items: readonly ReviewItem[], { alerts, dryRun, widen }: { readonly alerts: readonly Alert[]; readonly dryRun: boolean; readonly widen: Widen }): Promise<ReviewState> {
  const { stdout } = context;
  const style = styleFor(stdout, context.env);
  let { graph } = desk;
  let state = beginReview(items, wordsOn(graph));
  let around = surroundingsOf(graph, { alerts, since: graph.revision, names: namesOf(graph), latest: newest(graph) });
  let outlooks = new Map<string, Outlook>();
  let pageHeight = 1;
  let waiting: NodeJS.Timeout | undefined;

  const show = (): boolean => {
    const outlook = outlooks.get(state.items[state.at]?.id ?? '') ?? null;
    const screen = draw(state, { around, outlook, dryRun }, { columns: stdout.columns ?? 80, rows: stdout.rows ?? 24, style });
    state = { ...state, scroll: screen.scroll };
    pageHeight = screen.pageHeight;
    paint(context, screen.lines);
    return true;
  };
  /** Decisions change what is proposed. */
  const takeIn = (): void => {
    if (desk.graph === graph) return;
    graph = desk.graph;
    around = surroundingsOf(graph, { ...around, alerts });
    outlooks = new Map();
  };
  await onFullScreen(context, (later): Play => {
    /** What an item opens takes a moment in a large cluster: keys come first. */
    const showAndWorkOut = (): boolean => {
      clearTimeout(waiting);
      const item = state.items[state.at];
      if (item !== undefined && !outlooks.has(item.id)) {
        waiting = later(() => {
          const edges = desk.edges(item.edges);
          outlooks.set(item.id, outlookOn(graph, edges, edges.slice(0, EDGES_SHOWN), widen));
          return show();
        }, PAUSE_MS);
      }
      return show();
    };
    return {
      begin: showAndWorkOut,
      resize: show,
      key: (key) => {
        for (let next: ReviewEvent | null = { type: 'key', key, pageHeight }; next !== null; ) {
          const { state: after, effect } = step(state, next);
          state = after;
          if (effect?.type === 'quit') return false;
          next = effect === null ? null : perform(effect, desk, state);
          takeIn();
        }
        return showAndWorkOut();
      },
    };
  }).finally(() => clearTimeout(waiting));
  return state;
}

/** Does what a step asks for; what came of it is the next event. */
function perform(effect: Exclude<ReviewEffect, { readonly type: 'quit' }>, desk: Desk, { items, words: shown }: ReviewState): ReviewEvent {
  if (effect.type === 'take-back') {
    const isDone = desk.takeBack(effect.made.decided);
    const words = wordsOn(desk.graph);
    return isDone ? { type: 'taken-back', words } : { type: 'overtaken', words, note: 'not taken back: somebody decided on it since' };
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
