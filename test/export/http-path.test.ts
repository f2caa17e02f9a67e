import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathPattern } from '../../src/export/http-path.ts';
import { pathTemplate } from '../../src/scan/path.ts';

const matches = (template: string, path: string): boolean => new RegExp(`^(?:${pathPattern(template)})$`).test(path);

describe('a path template as a regular expression', () => {
  it.each([
    ['/', '/(;[^/?]*)?(\\?.*)?'],
    ['/reviews/{id}', '/reviews(;[^/?]*)?/[^/?]+(\\?.*)?'],
    ['/v1.0/a+b', '/v1\\.0(;[^/?]*)?/a\\+b(;[^/?]*)?(\\?.*)?'],
    ['*', '\\*'],
  ])('%s is %s', (template, pattern) => expect(pathPattern(template)).toBe(pattern));

  it.each([
    ['/cart', '/cart'],
    ['/cart', '/cart?fresh=1'],
    ['/cart', '/cart;jsessionid=A1?x=/y'],
    ['/cart/{id}', '/cart/4711'],
    ['/cart/{id}/items', '/cart/a@b;v=1/items'],
    ['/a/{more}', '/a/b/c?d'],
    [`/${'a'.repeat(199)}{more}`, `/${'a'.repeat(230)}/b`],
    ['/a/{i{more}', '/a/b/c'],
    ['/a/{id}{more}', '/a/b/c'],
  ])('%s matches %s', (template, path) => expect(matches(template, path)).toBe(true));

  it.each([
    ['/cart', '/carts'],
    ['/cart', '/cart/4711'],
    ['/cart', '/x/cart'],
    ['/cart/{id}', '/cart/'],
    ['/cart/{id}', '/cart/1/2'],
    ['/cart/{id}', '/cart/?x'],
    ['/v1.0', '/v1x0'],
    ['/a/{more}', '/b/c'],
    ['*', '/x'],
  ])('%s does not match %s', (template, path) => expect(matches(template, path)).toBe(false));

  it('matches every path that the template was made of', () => {
    const segment = fc.oneof(fc.constantFrom('cart', 'v1.0', '4711', 'a+b', 'x;y=1', '', '$(id)', 'a@b', 'd41d8cd98f00b204e9800998ecf8427e', '%2e', 'ü', '{id}', 'a'.repeat(70)), fc.string({ unit: fc.constantFrom(...'ab.+*(){}[]|^$\\;:@=%-_~1'), maxLength: 6 }));
    const path = fc.tuple(fc.array(segment, { maxLength: 22 }), fc.option(fc.string({ unit: fc.constantFrom(...'a/?=&#;'), maxLength: 6 }), { nil: null })).map(([segments, query]) => `/${segments.join('/')}${query === null ? '' : `?${query}`}`);
    fc.assert(
      fc.property(path, (text) => {
        const template = pathTemplate(text);
        expect(template === null || matches(template, text)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
