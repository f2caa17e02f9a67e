import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globTest, textTest } from '../../../src/policy/istio/text-match.ts';

const text = fc.array(fc.constantFrom('a', 'b', '/'), { maxLength: 8 }).map((parts) => parts.join(''));
const pattern = fc.array(fc.constantFrom('a', 'b', '/', '*'), { maxLength: 6 }).map((parts) => parts.join(''));

describe('the four forms of a value', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['abc', ['abc'], ['', 'ab', 'abcd', 'ABC']],
    ['abc*', ['abc', 'abcd'], ['xabc', 'ab', '']],
    ['*abc', ['abc', 'xabc'], ['abcd', 'bc', '']],
    ['*', ['a', '*'], ['']],
    ['a*c', ['a*c'], ['abc', 'ac']],
    ['*a*', ['a*', 'xa*'], ['a', 'xax']],
  ])('%s', (value, matching, others) => {
    const test = textTest(value);
    expect([matching.every(test), others.some(test)]).toEqual([true, false]);
  });
});

describe('any number of asterisks', () => {
  it('mean what a regular expression does', () => {
    fc.assert(
      fc.property(pattern, text, (own, asked) => {
        expect(globTest(own)(asked)).toBe(new RegExp(`^${own.replaceAll('*', '.*')}$`).test(asked));
      }),
      { numRuns: 5_000 },
    );
  });

  it('are matched in no more than linear time for each', () => {
    expect(globTest(`${'a*'.repeat(50)}b`)('a'.repeat(200_000))).toBe(false);
  });
});
