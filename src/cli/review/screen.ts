import type { Outlook } from '../../policy/review/outlook.ts';
import { standingOf } from '../../policy/review/review.ts';
import { count, plain, plural, shorten, type Style } from '../text.ts';
import { evidencePage, itemLines, type Surroundings } from './item-text.ts';
import { fit, type Line } from './lines.ts';
import { tallyOf, type ReviewState, type Tally } from './state.ts';

export interface ScreenLook {
  readonly columns: number;
  readonly rows: number;
  readonly style: Style;
}

export interface ScreenFacts {
  readonly around: Surroundings;
  /** Of the item that is shown; null while it is worked out. */
  readonly outlook: Outlook | null;
  readonly dryRun: boolean;
}

export interface Screen {
  /** At most `rows` of them. */
  readonly lines: readonly string[];
  /** The state's own, within what there is to scroll. */
  readonly scroll: number;
  /** Lines of the page that are seen at once. */
  readonly pageHeight: number;
}

/** Draws a state: what is shown of the item in the middle, how far one is above it, and what can be done below. Pure. */
export function draw(state: ReviewState, facts: ScreenFacts, { columns, rows, style }: ScreenLook): Screen {
  const head = fit([{ text: headline(state, facts.dryRun), tone: 'title' }, { text: '' }], columns, style);
  const body = fit(pageLines(state, facts), columns, style);
  const foot = footLines(state, columns, style);
  const pageHeight = Math.max(1, rows - head.length - foot.length - 1);
  const scroll = Math.max(0, Math.min(state.scroll, body.length - pageHeight));
  const below = body.length - scroll - pageHeight;
  const marks = [scroll > 0 ? `${plural(scroll, 'line')} above (up)` : '', below > 0 ? `${plural(below, 'line')} below (space)` : ''].filter((text) => text !== '');
  const lines = [...head, ...body.slice(scroll, scroll + pageHeight), style.dim(marks.join(' · ')), ...foot];
  return { lines: lines.slice(0, rows), scroll, pageHeight };
}

function headline(state: ReviewState, dryRun: boolean): string {
  const item = state.items[state.at];
  const standing = item === undefined ? 'open' : standingOf(item, state.words);
  const own = standing === 'open' ? (item !== undefined && state.skipped.has(item.id) ? ', skipped' : '') : `, ${standing}`;
  const place = item === undefined ? `all ${count(state.items.length)}` : `${count(state.at + 1)} of ${count(state.items.length)}${own}`;
  const { accepted, rejected, skipped, left } = tallyOf(state);
  const done = `${count(accepted)} accepted, ${count(rejected)} rejected, ${count(skipped)} skipped, ${count(left)} left`;
  return `footpath review${dryRun ? ' (dry run)' : ''}   ${place}   ${done}`;
}

/** `2 accepted (5 edges), 1 rejected (1 edge), 0 skipped, 14 left`. */
export function tallyText({ accepted, acceptedEdges, rejected, rejectedEdges, skipped, left }: Tally): string {
  const edges = (n: number): string => (n === 0 ? '' : ` (${plural(n, 'edge')})`);
  return `${count(accepted)} accepted${edges(acceptedEdges)}, ${count(rejected)} rejected${edges(rejectedEdges)}, ${count(skipped)} skipped, ${count(left)} left`;
}

function pageLines(state: ReviewState, { around, outlook }: ScreenFacts): readonly Line[] {
  if (state.page === 'help') return HELP;
  const item = state.items[state.at];
  if (item === undefined) return endLines(tallyOf(state));
  return state.page === 'evidence' ? evidencePage(item, around) : itemLines(item, outlook, around);
}

function endLines({ skipped, left }: Tally): readonly Line[] {
  const lines: Line[] = [{ text: skipped + left === 0 ? 'nothing is left to decide' : 'gone through all of them', indent: 1, tone: 'title' }];
  if (skipped > 0) lines.push({ text: `${plural(skipped, 'item')} skipped: n goes through ${skipped === 1 ? 'it' : 'them'} again; the next run begins with ${skipped === 1 ? 'it' : 'them'}`, indent: 3 });
  return [...lines, { text: 'what was decided is written already: q quits, u takes the last decision back', indent: 3 }];
}

function footLines({ typing, comment, note, items, at, page }: ReviewState, columns: number, style: Style): readonly string[] {
  if (typing !== null) {
    const item = items[at];
    const asks = typing.rejects ? `reason for rejecting ${plural(item?.edges.length ?? 0, 'edge')}` : 'comment on the next decision';
    const question = shorten(`${asks} (Enter: ${typing.rejects ? 'reject' : 'keep'}, Esc: leave): `, columns);
    const text = plain(typing.text);
    const room = Math.max(1, columns - 1);
    return [style.bold(question.trimEnd()), text.length > room ? `…${text.slice(text.length - room + 1)}` : text];
  }
  const told = note ?? (comment === null ? null : `comment: ${comment}`);
  const keys = items[at] === undefined && page === 'item' ? KEYS_AT_END : KEYS;
  return [...(told === null ? [] : [style.yellow(shorten(plain(told), columns))]), ...fit([{ text: keys }], columns, style)];
}

const KEYS = 'a accept · r reject · s skip · c comment · u undo · e evidence · ? help · q quit';
const KEYS_AT_END = 'n skipped ones again · p back · u undo · ? help · q quit';

const HELP: readonly Line[] = [
  { text: 'keys', indent: 1, tone: 'title' },
  ...[
    'a       accept: all edges of the item are your word, and their rules are proposed',
    'r       reject: remembered, no rule, an alert in every mode; of a rule: all its edges',
    's       skip: nothing is decided; the next run begins with it',
    'c       comment: why, written with the next decision',
    'u       undo: takes the last decision of this run back; the log keeps both',
    'e       evidence: everything that is known of the edges, and back',
    'n p     next and previous item, whether decided or not (also right and left)',
    'space   scrolls (also up and down, j and k, page up and page down)',
    '?       this, and back (also Esc)',
    'q       quit (also Ctrl-C): each decision was written when it was made',
  ].map((text): Line => ({ text, indent: 3 })),
  { text: '' },
  { text: 'what there is', indent: 1, tone: 'title' },
  ...[
    'A rule of a proposed policy, with the edges that make it: they were accepted while learning, as nothing about them was suspicious.',
    'An edge that no rule comes of: held back by a flag, seen while watching, or one that no NetworkPolicy can name.',
    'An edge has two ends, and so a rule at each: who decides on one has decided on the other.',
  ].map((text): Line => ({ text, indent: 3 })),
];
