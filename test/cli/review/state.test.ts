import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Key } from '../../../src/cli/review/keys.ts';
import { beginReview, step, tallyOf, type ReviewEffect, type ReviewState } from '../../../src/cli/review/state.ts';
import type { ReviewItem, Word } from '../../../src/policy/review/review.ts';

/** Three edges of their own, and a rule of two more. */
const ITEMS: readonly ReviewItem[] = [
  { kind: 'rule', id: 'R', edges: ['r1', 'r2'] } as unknown as ReviewItem,
  { kind: 'edge', id: 'x', edges: ['x'] },
  { kind: 'edge', id: 'y', edges: ['y'] },
  { kind: 'edge', id: 'z', edges: ['z'] },
];

const NAMED: Readonly<Record<string, Key['name']>> = { Enter: 'enter', Esc: 'escape', Back: 'backspace', Erase: 'erase', Left: 'left', Right: 'right', Up: 'up', Down: 'down', PageDown: 'pagedown', PageUp: 'pageup', Stop: 'interrupt', Gone: 'end', Odd: 'other' };

function keyOf(word: string): Key {
  const name = NAMED[word];
  if (name !== undefined) return { name, text: '' };
  return word.startsWith('paste:') ? { name: 'paste', text: word.slice('paste:'.length) } : { name: 'text', text: word };
}

interface Run {
  state: ReviewState;
  readonly effects: ReviewEffect[];
}

/** Types these, and does what is asked for as the world would: words that are given hold, and are taken back. */
function run(keys: readonly string[], state = beginReview(ITEMS, new Map())): Run {
  const result: Run = { state, effects: [] };
  for (const word of keys) {
    let next = step(result.state, { type: 'key', key: keyOf(word), pageHeight: 10 });
    if (next.effect !== null) result.effects.push(next.effect);
    const { effect } = next;
    if (effect?.type === 'decide') {
      const item = result.state.items[effect.at]!;
      const edges = item.edges.filter((id) => next.state.words.get(id) !== effect.action);
      const words = new Map<string, Word>([...next.state.words, ...edges.map((id) => [id, effect.action] as const)]);
      const decided = { revision: 1, settled: [], edges: edges.map((id) => ({ edge: { id }, before: result.state.words.get(id) ?? null })) } as never;
      next = step(next.state, { type: 'decided', made: { at: effect.at, action: effect.action, decided }, words });
    } else if (effect?.type === 'take-back') {
      const words = new Map(next.state.words);
      for (const { edge, before } of effect.made.decided.edges as unknown as readonly { readonly edge: { readonly id: string }; readonly before: Word | null }[]) {
        if (before === null) words.delete(edge.id);
        else words.set(edge.id, before);
      }
      next = step(next.state, { type: 'taken-back', words });
    }
    result.state = next.state;
  }
  return result;
}

const after = (...keys: readonly string[]): ReviewState => run(keys).state;
const shown = (state: ReviewState): string => state.items[state.at]?.id ?? 'end';

describe('a review', () => {
  it('begins with the first item that is open', () => {
    expect(shown(beginReview(ITEMS, new Map()))).toBe('R');
    expect(shown(beginReview(ITEMS, new Map([['r1', 'accept'], ['r2', 'reject'], ['x', 'accept']])))).toBe('y');
    expect(shown(beginReview(ITEMS, new Map([['r1', 'accept']])))).toBe('R');
    expect(shown(beginReview([], new Map()))).toBe('end');
  });

  it.each<[string, readonly string[], string]>([
    ['accepting goes on', ['a'], 'x'],
    ['skipping goes on', ['s', 's'], 'y'],
    ['the next item is the next, decided or not', ['a', 'p', 'n'], 'x'],
    ['the one before', ['s', 's', 'Left'], 'x'],
    ['never before the first', ['Left', 'Left'], 'R'],
    ['never beyond the end', ['Right', 'Right', 'Right', 'Right', 'Right', 'Right'], 'end'],
    ['after the last comes the first that is open and was not skipped', ['Right', 'a', 'a', 'a'], 'R'],
    ['after all, the end', ['a', 'a', 's', 'a'], 'end'],
    ['from the end, n goes to what was skipped', ['a', 'a', 's', 'a', 'n'], 'y'],
    ['from the end, s does so too', ['s', 's', 's', 's', 's'], 'R'],
    ['from the end, p goes back', ['a', 'a', 'a', 'a', 'p'], 'z'],
    ['undo goes back to what was decided', ['a', 's', 's', 'u'], 'R'],
  ])('%s', (_, keys, expected) => {
    expect(shown(after(...keys))).toBe(expected);
  });

  it('says at the end that nothing is left', () => {
    expect(after('a', 'a', 'a', 'a', 'n').note).toBe('nothing is left');
  });
});

describe('a decision', () => {
  it('of an edge is made by one key, with the comment that was typed before', () => {
    expect(run(['n', 'r']).effects).toEqual([{ type: 'decide', at: 1, action: 'reject', comment: null }]);
    expect(run(['n', 'c', 'n', 'o', 'Enter', 'r']).effects).toEqual([{ type: 'decide', at: 1, action: 'reject', comment: 'no' }]);
  });

  it('against a rule asks for a reason first, that may be none', () => {
    const { state, effects } = run(['r']);
    expect([state.typing, effects]).toEqual([{ text: '', rejects: true }, []]);
    expect(run(['r', 'w', 'h', 'y', 'Enter']).effects).toEqual([{ type: 'decide', at: 0, action: 'reject', comment: 'why' }]);
    expect(run(['r', 'Enter']).effects).toEqual([{ type: 'decide', at: 0, action: 'reject', comment: null }]);
    expect(run(['c', 'w', 'Enter', 'r']).effects).toEqual([{ type: 'decide', at: 0, action: 'reject', comment: 'w' }]);
  });

  it('against a rule is not made where the reason is left', () => {
    const { state, effects } = run(['r', 'w', 'Esc']);
    expect([state.typing, shown(state), effects]).toEqual([null, 'R', []]);
  });

  it('that holds already is none', () => {
    const { state, effects } = run(['a', 'p', 'a']);
    expect([effects.length, state.note]).toEqual([1, 'accepted already']);
  });

  it('may be turned round', () => {
    expect(run(['n', 'a', 'p', 'r']).state.words.get('x')).toBe('reject');
  });

  it('that somebody else overtook is said, and the item stays', () => {
    const { state } = step(beginReview(ITEMS, new Map()), { type: 'overtaken', words: new Map([['r1', 'reject'], ['r2', 'reject']]), note: 'bob was faster' });
    expect([shown(state), state.note, state.made]).toEqual(['R', 'bob was faster', []]);
  });

  it('leaves no comment for the next item', () => {
    expect(after('c', 'w', 'Enter', 'a').comment).toBeNull();
    expect(after('c', 'w', 'Enter', 's').comment).toBeNull();
    expect(after('c', 'w', 'Enter').comment).toBe('w');
  });
});

describe('undo', () => {
  it('has nothing to take back before anything was decided', () => {
    const { state, effects } = run(['u']);
    expect([effects, state.note]).toEqual([[], 'nothing to take back: no decision of this run is left']);
  });

  it('takes the last decision back, then the one before it', () => {
    expect([...after('a', 'a', 'u').words.keys()]).toEqual(['r1', 'r2']);
    expect(after('a', 'a', 'u', 'u').words.size).toBe(0);
    expect(after('a', 'a', 'u', 'u', 'u').note).toMatch(/^nothing to take back/);
  });

  it('says what it was', () => {
    expect(after('n', 'r', 'u').note).toBe('taken back: it was rejected');
  });
});

describe('typing', () => {
  it.each<[string, readonly string[], string | null]>([
    ['letters that are commands elsewhere', ['q', 'a', 'u', 'Enter'], 'qau'],
    ['what is pasted', ['paste:as agreed', 'Enter'], 'as agreed'],
    ['the last letter taken away, however many units it has', ['a', '😀', 'Back', 'Enter'], 'a'],
    ['all of it erased', ['a', 'b', 'Erase', 'c', 'Enter'], 'c'],
    ['spaces alone are nothing', [' ', ' ', 'Enter'], null],
    ['keys that write nothing', ['Up', 'Odd', 'a', 'Enter'], 'a'],
  ])('%s', (_, keys, expected) => {
    expect(after('c', ...keys).comment).toBe(expected);
  });

  it('can be left, and taken up again', () => {
    expect(after('c', 'a', 'Enter', 'c', 'b', 'Esc').comment).toBe('a');
    expect(after('c', 'a', 'Enter', 'c').typing?.text).toBe('a');
  });

  it('has an end', () => {
    expect(after('c', `paste:${'x'.repeat(9_000)}`, 'Enter').comment).toHaveLength(2_000);
  });
});

describe('pages', () => {
  it.each<[readonly string[], ReviewState['page']]>([
    [['e'], 'evidence'],
    [['e', 'e'], 'item'],
    [['?'], 'help'],
    [['?', '?'], 'item'],
    [['e', 'Esc'], 'item'],
    [['e', '?', 'Esc'], 'item'],
    [['e', 's'], 'item'],
    [['e', 'a'], 'item'],
  ])('%j', (keys, page) => {
    expect(after(...keys).page).toBe(page);
  });

  it.each<[readonly string[], number]>([
    [['j', 'j', 'k'], 1],
    [['k'], 0],
    [[' '], 10],
    [['PageDown', 'PageUp', 'Down'], 1],
    [[' ', 'e'], 0],
    [[' ', 's'], 0],
  ])('%j scrolls by %i', (keys, scroll) => {
    expect(after(...keys).scroll).toBe(scroll);
  });
});

describe('other keys', () => {
  it.each([['q'], ['Stop'], ['Gone']])('%s quits', (key) => {
    expect(run([key]).effects).toEqual([{ type: 'quit' }]);
    expect(run(['a', 'e', key]).effects.at(-1)).toEqual({ type: 'quit' });
  });

  it.each([['Stop'], ['Gone']])('%s quits while something is typed, and decides nothing', (key) => {
    expect(run(['r', 'x', key]).effects).toEqual([{ type: 'quit' }]);
  });

  it.each([['x'], ['Z'], ['1'], ['é']])('%s is none, and says so', (key) => {
    const { state, effects } = run([key]);
    expect([state.note, effects, shown(state)]).toEqual(['no such key: ? lists them', [], 'R']);
  });

  it('what is pasted is no row of commands', () => {
    expect(run(['paste:aaaa']).effects).toEqual([]);
  });
});

describe('the tally', () => {
  it('counts items, and the edges that were written', () => {
    expect(tallyOf(after('a', 'r', 's'))).toEqual({ accepted: 1, acceptedEdges: 2, rejected: 1, rejectedEdges: 1, skipped: 1, left: 1 });
  });

  it('counts what was skipped and then decided once', () => {
    expect(tallyOf(after('s', 'p', 'a'))).toMatchObject({ accepted: 1, skipped: 0 });
  });
});

describe('for every row of keys', () => {
  const keys = fc.array(fc.constantFrom('a', 'r', 's', 'c', 'u', 'e', 'n', 'p', '?', 'j', 'k', ' ', 'w', 'Enter', 'Esc', 'Back', 'Left', 'Right', 'PageDown', 'PageUp', 'Odd', 'paste:ar'), { maxLength: 40 });

  it('something that there is is shown, and the words are those of the decisions that were not taken back', () => {
    fc.assert(
      fc.property(keys, (typed) => {
        const { state } = run(typed);
        expect(state.at).toBeGreaterThanOrEqual(0);
        expect(state.at).toBeLessThanOrEqual(ITEMS.length);
        expect(state.scroll).toBeGreaterThanOrEqual(0);
        const words = new Map<string, Word>();
        for (const { at, action } of state.made) for (const id of ITEMS[at]!.edges) words.set(id, action);
        expect(state.words).toEqual(words);
      }),
      { numRuns: 500 },
    );
  });

  it('undo to the last leaves nothing decided', () => {
    fc.assert(
      fc.property(keys, (typed) => {
        const { state } = run(typed);
        const undone = run(['Esc', ...state.made.map(() => 'u')], state);
        expect([undone.state.words.size, undone.state.made]).toEqual([0, []]);
      }),
      { numRuns: 300 },
    );
  });

  it('without a, r or a reason nothing is ever decided', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('s', 'u', 'e', 'n', 'p', '?', ' ', 'Enter', 'Esc', 'paste:aar', 'Odd'), { maxLength: 40 }), (typed) => {
        expect(run(typed).state.words.size).toBe(0);
      }),
    );
  });
});
