import { standingOf, type ReviewItem, type Word } from '../../policy/review/review.ts';
import type { Decided } from '../deciding.ts';
import type { Key } from './keys.ts';

/** One run of a review: what is gone through, and how far. Plain data; `step` gives the next one. */
export interface ReviewState {
  readonly items: readonly ReviewItem[];
  /** Words that hold on edges, by their ids. */
  readonly words: ReadonlyMap<string, Word>;
  /** Which item is shown; beyond the last, the end is. */
  readonly at: number;
  readonly skipped: ReadonlySet<string>;
  /** Decisions of this run that were not taken back, the latest last. */
  readonly made: readonly Made[];
  readonly page: 'item' | 'evidence' | 'help';
  /** Lines that the page is scrolled by. */
  readonly scroll: number;
  /** Goes with the next decision. */
  readonly comment: string | null;
  /** What is being typed, and whether a rejection waits for it. */
  readonly typing: { readonly text: string; readonly rejects: boolean } | null;
  /** What came of the last key, where that is not seen. */
  readonly note: string | null;
}

export interface Made {
  readonly at: number;
  readonly action: Word;
  readonly decided: Decided;
}

export type ReviewEvent =
  | { readonly type: 'key'; readonly key: Key; readonly pageHeight: number }
  | { readonly type: 'decided'; readonly made: Made; readonly words: ReadonlyMap<string, Word> }
  | { readonly type: 'taken-back'; readonly words: ReadonlyMap<string, Word> }
  /** Somebody else decided something, so that what was asked for was not done. */
  | { readonly type: 'overtaken'; readonly words: ReadonlyMap<string, Word>; readonly note: string };

/** What is to be done outside; its event follows. */
export type ReviewEffect =
  | { readonly type: 'decide'; readonly at: number; readonly action: Word; readonly comment: string | null }
  | { readonly type: 'take-back'; readonly made: Made }
  | { readonly type: 'quit' };

export interface Step {
  readonly state: ReviewState;
  readonly effect: ReviewEffect | null;
}

export function beginReview(items: readonly ReviewItem[], words: ReadonlyMap<string, Word>): ReviewState {
  const state: ReviewState = { items, words, at: 0, skipped: new Set(), made: [], page: 'item', scroll: 0, comment: null, typing: null, note: null };
  return { ...state, at: nextOpen(state, -1) };
}

/** What an event makes of the state, and what is to be done for it. Pure. */
export function step(state: ReviewState, event: ReviewEvent): Step {
  switch (event.type) {
    case 'key':
      return state.typing === null ? command({ ...state, note: null }, event.key, event.pageHeight) : type(state, state.typing, event.key);
    case 'decided': {
      const decided = { ...state, words: event.words, made: [...state.made, event.made], comment: null };
      return still(goTo(decided, nextOpen(decided, event.made.at)));
    }
    case 'taken-back': {
      const last = state.made.at(-1);
      const undone = { ...state, words: event.words, made: state.made.slice(0, -1) };
      return still({ ...goTo(undone, last?.at ?? state.at), note: last === undefined ? null : `taken back: it was ${last.action}ed` });
    }
    case 'overtaken':
      return still({ ...state, words: event.words, note: event.note });
  }
}

const still = (state: ReviewState): Step => ({ state, effect: null });
const doing = (state: ReviewState, effect: ReviewEffect): Step => ({ state, effect });

function command(state: ReviewState, { name, text }: Key, pageHeight: number): Step {
  switch (name) {
    case 'up':
    case 'down':
      return still({ ...state, scroll: Math.max(0, state.scroll + (name === 'up' ? -1 : 1)) });
    case 'pageup':
    case 'pagedown':
      return still({ ...state, scroll: Math.max(0, state.scroll + (name === 'pageup' ? -pageHeight : pageHeight)) });
    case 'left':
      return still(goTo(state, Math.max(0, state.at - 1)));
    case 'right':
      return still(goTo(state, Math.min(state.items.length, state.at + 1)));
    case 'escape':
      return still(turnTo(state, 'item'));
    case 'interrupt':
    case 'end':
      return doing(state, { type: 'quit' });
    case 'text':
      return letter(state, text, pageHeight);
    default:
      return still(state);
  }
}

function letter(state: ReviewState, text: string, pageHeight: number): Step {
  switch (text) {
    case 'q':
      return doing(state, { type: 'quit' });
    case '?':
    case 'h':
      return still(turnTo(state, state.page === 'help' ? 'item' : 'help'));
    case 'u': {
      const last = state.made.at(-1);
      return last === undefined ? still({ ...state, note: 'nothing to take back: no decision of this run is left' }) : doing(state, { type: 'take-back', made: last });
    }
    case 'p':
      return command(state, { name: 'left', text: '' }, pageHeight);
    case ' ':
      return command(state, { name: 'pagedown', text: '' }, pageHeight);
    case 'k':
    case 'j':
      return command(state, { name: text === 'k' ? 'up' : 'down', text: '' }, pageHeight);
    case 'n':
      return state.at < state.items.length ? command(state, { name: 'right', text: '' }, pageHeight) : still(anew(state));
    default:
      return ofItem(state, text);
  }
}

/** Keys that need an item. */
function ofItem(state: ReviewState, text: string): Step {
  const item = state.items[state.at];
  if (item === undefined) return still(text === 's' ? anew(state) : state);
  switch (text) {
    case 'a':
    case 'r':
      return decide(state, item, text === 'a' ? 'accept' : 'reject');
    case 's': {
      const skipped = standingOf(item, state.words) === 'open' ? new Set([...state.skipped, item.id]) : state.skipped;
      const next = { ...state, skipped };
      return still(goTo(next, nextOpen(next, state.at)));
    }
    case 'c':
      return still({ ...state, typing: { text: state.comment ?? '', rejects: false } });
    case 'e':
      return still(turnTo(state, state.page === 'evidence' ? 'item' : 'evidence'));
    default:
      return still({ ...state, note: 'no such key: ? lists them' });
  }
}

function decide(state: ReviewState, item: ReviewItem, action: Word): Step {
  if (standingOf(item, state.words) === `${action}ed`) return still({ ...state, note: `${action}ed already` });
  // A rule is not rejected by one key: its edges are many, and whoever reads the log will ask why.
  if (action === 'reject' && item.kind === 'rule' && state.comment === null) return still({ ...state, typing: { text: '', rejects: true } });
  return doing(state, { type: 'decide', at: state.at, action, comment: state.comment });
}

function type(state: ReviewState, typing: NonNullable<ReviewState['typing']>, { name, text }: Key): Step {
  switch (name) {
    case 'text':
    case 'paste':
      return still({ ...state, typing: { ...typing, text: `${typing.text}${text}`.slice(0, MOST_TYPED) } });
    case 'backspace':
      return still({ ...state, typing: { ...typing, text: typing.text.replace(/.$/su, '') } });
    case 'erase':
      return still({ ...state, typing: { ...typing, text: '' } });
    case 'escape':
      return still({ ...state, typing: null });
    case 'interrupt':
    case 'end':
      return doing({ ...state, typing: null }, { type: 'quit' });
    case 'enter': {
      const comment = typing.text.trim() === '' ? null : typing.text.trim();
      const typed = { ...state, typing: null, comment };
      return typing.rejects ? doing(typed, { type: 'decide', at: state.at, action: 'reject', comment }) : still(typed);
    }
    default:
      return still(state);
  }
}

const MOST_TYPED = 2_000;

function turnTo(state: ReviewState, page: ReviewState['page']): ReviewState {
  return { ...state, page, scroll: 0 };
}

/** Another item: its own page from the top. A comment that was meant for the one before does not go with it. */
function goTo(state: ReviewState, at: number): ReviewState {
  return { ...turnTo(state, 'item'), at, comment: at === state.at ? state.comment : null };
}

/** The next item that is open and was not skipped, after `from` and then from the beginning; the end if there is none. */
function nextOpen({ items, words, skipped }: ReviewState, from: number): number {
  const isNext = (item: ReviewItem): boolean => !skipped.has(item.id) && standingOf(item, words) === 'open';
  const after = items.findIndex((item, i) => i > from && isNext(item));
  const found = after >= 0 ? after : items.findIndex(isNext);
  return found >= 0 ? found : items.length;
}

/** Goes through what was skipped once more. */
function anew(state: ReviewState): ReviewState {
  const again = { ...state, skipped: new Set<string>() };
  const at = nextOpen(again, -1);
  return at < state.items.length ? goTo(again, at) : { ...state, note: 'nothing is left' };
}

/** How far a run has come. */
export interface Tally {
  readonly accepted: number;
  readonly acceptedEdges: number;
  readonly rejected: number;
  readonly rejectedEdges: number;
  readonly skipped: number;
  /** Open, and not skipped. */
  readonly left: number;
}

export function tallyOf({ items, words, skipped, made }: ReviewState): Tally {
  const of = (word: Word): readonly Made[] => made.filter(({ action }) => action === word);
  const edges = (all: readonly Made[]): number => all.reduce((sum, { decided }) => sum + decided.edges.length, 0);
  const open = items.filter((item) => standingOf(item, words) === 'open');
  const [accepted, rejected] = [of('accept'), of('reject')];
  const put = open.filter(({ id }) => skipped.has(id)).length;
  return { accepted: accepted.length, acceptedEdges: edges(accepted), rejected: rejected.length, rejectedEdges: edges(rejected), skipped: put, left: open.length - put };
}
