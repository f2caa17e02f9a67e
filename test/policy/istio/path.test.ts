import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTemplate, normalisePath, pathFault, pathTest } from '../../../src/policy/istio/path.ts';
import { templateExpression } from '../../support/naive-authorization.ts';

describe('a path as a proxy compares it', () => {
  it.each<[string, string | null]>([
    ['/', '/'],
    ['/x/y/z', '/x/y/z'],
    ['/x/y/', '/x/y/'],
    ['/a/b/../c', '/a/c'],
    ['/a/b/./c', '/a/b/c'],
    ['a/b/../c', '/a/c'],
    ['/a/b/../../../../c', '/c'],
    ['/a/..\\c', '/c'],
    ['\\a\\b', '/a/b'],
    ['/%c0%af', '/%c0%af'],
    ['/%5c%25', '/%5c%25'],
    ['/a/b/%2E%2E/c', '/a/c'],
    ['/a/b/%2e./c', '/a/c'],
    ['/a/b/%2E/c', '/a/b/c'],
    ['..', '/'],
    ['/../a/b', '/a/b'],
    ['/./a/b', '/a/b'],
    ['/a/..', '/'],
    ['/a/b/..', '/a/'],
    ['/a/.', '/a/'],
    ['/a/...', '/a/...'],
    ['/a/%2F%2f/c', '/a/%2F%2f/c'],
    ['/A/B/C', '/A/B/C'],
    ['/%41%7e%2d%5F', '/A~-_'],
    ['/%4', '/%4'],
    ['/%zz', '/%zz'],
    ['//a//b', '//a//b'],
    ['/a//../b', '/a/b'],
    ['', '/'],
    ['/a?x=/../b', '/a?x=/../b'],
    ['/a/../b#c/../d', '/b#c/../d'],
    ['/a%00b', null],
    ['/xyz/%00.%00./abc', null],
    ['/a\u0000', null],
    ['/a?b=%00', '/a?b=%00'],
  ])('%j is %j', (path, expected) => {
    expect(normalisePath(path)).toBe(expected);
  });

  const path = fc.array(fc.constantFrom('/', '.', '..', '%2e', '\\', 'a', 'b', '%41', '%2f', '?', 'x'), { maxLength: 12 }).map((parts) => parts.join(''));

  it('is one that stays as it is, begins with a slash, and has no dot segments', () => {
    fc.assert(
      fc.property(path, (raw) => {
        const once = normalisePath(raw) ?? '';
        expect(normalisePath(once)).toBe(once);
        expect(once.startsWith('/')).toBe(true);
        expect(once.replace(/[?#].*$/s, '').split('/').filter((part) => part === '.' || part === '..')).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('what a value of paths means', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['/a', ['/a', '/a?b', '/a#b', '/a?'], ['/a/', '/ab', '/A', '/b?/a']],
    ['/a*', ['/a', '/ab', '/a/b'], ['/b', '/']],
    ['*a', ['/a', '/x/a', '/a?b'], ['/b?a', '/a/']],
    ['*', ['/', '/a'], ['', '?a']],
    ['/a*b', ['/a*b'], ['/ab', '/axb']],
    ['/{*}', ['/a', '/%20'], ['/', '/a/b', '/a/']],
    ['/{*}/', ['/a/'], ['/a', '//']],
    ['/{**}', ['/', '/a', '/a/b', '//'], ['a', '/*']],
    ['/a/{**}/b/c', ['/a/x/b/c', '/a//b/c', '/a/b/c/b/c'], ['/a/b/c', '/a/x/b', '/a/x/b/c/']],
    ['/a/{*}/b/{**}', ['/a/1/b/', '/a/1/b/2/3'], ['/a/1/b', '/a/1/2/b/3']],
    ['{*}/a', [], ['/x/a', 'x/a', '/a']],
  ])('%s', (value, matching, others) => {
    const test = pathTest(value);
    expect(matching.filter((path) => !test(path))).toEqual([]);
    expect(others.filter((path) => test(path))).toEqual([]);
  });

  it('a template means what its regular expression does', () => {
    const part = fc.constantFrom('a', 'b', '', '{*}');
    const template = fc
      .tuple(fc.array(part, { maxLength: 3 }), fc.constantFrom<readonly string[]>([], ['{**}'], ['{**}', 'a'], ['{**}', '']))
      .map(([head, tail]) => `/${[...head, ...tail].join('/')}`)
      .filter(isTemplate);
    const path = fc.array(fc.constantFrom('a', 'b', '/', '*', '=', '%41', 'ä'), { maxLength: 8 }).map((parts) => `/${parts.join('')}`);
    fc.assert(
      fc.property(template, path, (own, asked) => {
        expect(pathTest(own)(asked)).toBe(templateExpression(own).test(asked));
      }),
      { numRuns: 5_000 },
    );
  });

  it('is told in a time that grows with the path alone', () => {
    const long = `/${'a/'.repeat(100_000)}`;
    const tests = ['/{**}/b', `/${'{*}/'.repeat(1_000)}{**}/b`, '*b', '/a*'].map(pathTest);
    expect(tests.map((test) => test(long))).toEqual([false, false, false, true]);
  });
});

describe('what Istio refuses as a value of paths', () => {
  it.each<[string, boolean]>([
    ['/a/*', true],
    ['*', true],
    ['/foo/{*}/bar/', true],
    ['/foo/{**}/bar', true],
    ['/{*}/{**}', true],
    ['/{*}/a.b_c-d~e%20!$&()+,;:@=', true],
    ["/{*}/it's", true],
    ['/a b', true],
    ['/foo/{**}/bar/{*}', false],
    ['/foo/{**}/{**}', false],
    ['/foo/{**}buzz/bar', false],
    ['/{*}/foo/{}/bar', false],
    ['/foo/{bar}', false],
    ['/foo/{name=*}/x', false],
    ['/foo/{*}/bar/*', false],
    ['/foo/{*}/**', false],
    ['/{*}//a', false],
    ['/{*}/a b', false],
    ['/{*', false],
  ])('%s: %s', (value, isTaken) => {
    expect(pathFault(value) === null).toBe(isTaken);
  });
});
