import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sortedLabels } from '../../src/model/labels.ts';
import { isEmptySelector, selectorMatches, type LabelSelector, type SelectorExpression } from '../../src/model/selector.ts';

const labelled = (labels: Readonly<Record<string, string>>): ReturnType<typeof sortedLabels> => sortedLabels(Object.entries(labels));
const expression = (operator: SelectorExpression['operator'], ...values: readonly string[]): LabelSelector => ({
  matchExpressions: [{ key: 'tier', operator, values }],
});

describe('a selector', () => {
  it.each<[string, LabelSelector, Readonly<Record<string, string>>, boolean]>([
    ['empty, and no labels', {}, {}, true],
    ['empty, and labels', {}, { app: 'web' }, true],
    ['empty lists', { matchLabels: {}, matchExpressions: [] }, { app: 'web' }, true],
    ['a label', { matchLabels: { app: 'web' } }, { app: 'web', tier: 'x' }, true],
    ['another value', { matchLabels: { app: 'web' } }, { app: 'Web' }, false],
    ['no such label', { matchLabels: { app: 'web' } }, {}, false],
    ['two labels, one of them there', { matchLabels: { app: 'web', tier: 'a' } }, { app: 'web' }, false],
    ['an empty value', { matchLabels: { app: '' } }, { app: '' }, true],
    ['an empty value, absent', { matchLabels: { app: '' } }, {}, false],
    ['In', expression('In', 'a', 'b'), { tier: 'b' }, true],
    ['In, another', expression('In', 'a', 'b'), { tier: 'c' }, false],
    ['In, absent', expression('In', 'a'), {}, false],
    ['In nothing', expression('In'), { tier: 'a' }, false],
    ['NotIn', expression('NotIn', 'a'), { tier: 'b' }, true],
    ['NotIn, but in', expression('NotIn', 'a', 'b'), { tier: 'b' }, false],
    ['NotIn, absent', expression('NotIn', 'a'), {}, true],
    ['Exists', expression('Exists'), { tier: '' }, true],
    ['Exists, absent', expression('Exists'), { app: 'web' }, false],
    ['DoesNotExist', expression('DoesNotExist'), { app: 'web' }, true],
    ['DoesNotExist, but does', expression('DoesNotExist'), { tier: '' }, false],
    ['labels and expressions', { matchLabels: { app: 'web' }, ...expression('Exists') }, { app: 'web' }, false],
    ['a name that every object has', { matchLabels: { constructor: 'x' } }, {}, false],
  ])('%s', (_, selector, labels, expected) => {
    expect(selectorMatches(selector, labelled(labels))).toBe(expected);
  });

  it('of another condition more never matches more', () => {
    const key = fc.constantFrom('app', 'tier');
    const value = fc.constantFrom('a', 'b', '');
    const anyExpression = fc.record({
      key,
      operator: fc.constantFrom('In' as const, 'NotIn' as const, 'Exists' as const, 'DoesNotExist' as const),
      values: fc.array(value),
    });
    const labels = fc.dictionary(key, value).map(labelled);
    fc.assert(
      fc.property(fc.array(anyExpression, { maxLength: 3 }), anyExpression, labels, (some, more, own) => {
        const all = selectorMatches({ matchExpressions: [...some, more] }, own);
        expect(all).toBe(selectorMatches({ matchExpressions: some }, own) && selectorMatches({ matchExpressions: [more] }, own));
      }),
    );
  });

  it('is empty if it has no condition at all', () => {
    expect(isEmptySelector({})).toBe(true);
    expect(isEmptySelector({ matchLabels: {}, matchExpressions: [] })).toBe(true);
    expect(isEmptySelector({ matchLabels: { app: 'web' } })).toBe(false);
    expect(isEmptySelector(expression('Exists'))).toBe(false);
  });
});
