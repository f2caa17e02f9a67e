import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isScalar, parseDocument } from 'yaml';
import { faultOfJson, parserSays, survey, type Survey } from '../../src/kubernetes/survey.ts';

const surveyOf = (text: string): Survey => survey(parseDocument(text, { version: '1.1', uniqueKeys: false, logLevel: 'silent' }), text.length);
const keys = ({ repeated }: Survey): readonly unknown[] => repeated.map((key) => (isScalar(key) ? key.value : null));
const lines = (n: number, line: (i: number) => string): string => Array.from({ length: n }, (_, i) => `${line(i)}\n`).join('');

describe('a document is surveyed before values are made of it', () => {
  it.each<[string, string, string | null]>([
    ['nothing', '', null],
    ['an object', 'kind: A\nspec: {a: [1, 2]}\n', null],
    ['64 levels', `${'['.repeat(64)}1${']'.repeat(64)}`, null],
    ['more levels', `${'['.repeat(65)}1${']'.repeat(65)}`, 'is nested deeper than 64 levels, as no object of Kubernetes is'],
    ['levels that aliases add', lines(80, (i) => (i === 0 ? 'a0: &a0 [x]' : `a${i}: &a${i} [*a${i - 1}]`)), 'is nested deeper than 64 levels, as no object of Kubernetes is'],
    ['an alias within what it stands for', 'a: &a [*a]\n', 'is nested deeper than 64 levels, as no object of Kubernetes is'],
    ['some aliases', `a: &a {x: 1}\nall:\n${lines(500, () => '- *a')}`, null],
    ['an alias for nothing', 'a: *b\n', null],
    ['many aliases', `a: &a x\nall:\n${lines(10_001, () => '- *a')}`, 'has more than 10000 aliases: write out what they stand for'],
    ['aliases of aliases', lines(9, (i) => (i === 0 ? 'a0: &a0 [x]' : `a${i}: &a${i} [${Array(10).fill(`*a${i - 1}`).join(', ')}]`)), 'has aliases that stand for more than 100000 values: write out what is meant'],
    ['many merges of much', `a: &a {${Array.from({ length: 400 }, (_, i) => `k${i}: 1`).join(', ')}}\nall:\n${lines(400, () => '- {<<: *a}')}`, 'has aliases that stand for more than 100000 values: write out what is meant'],
  ])('%s', (_, text, fault) => {
    expect(surveyOf(text).fault).toBe(fault);
  });

  it('without aliases it may be as long as it likes', () => {
    expect(surveyOf(`a:\n${lines(30_000, (i) => `- ${i}`)}`).fault).toBeNull();
  });

  it.each<[string, string, readonly unknown[]]>([
    ['none', 'a: 1\nb: {a: 1}\n', []],
    ['two in one map', 'a: 1\nb: 2\na: 3\na: 4\n', ['a', 'a']],
    ['what is equal is one key', '1: a\n0x1: b\n"1": c\n', [1]],
    ['merges are no keys', 'x: &x {a: 1}\ny: {<<: *x, <<: *x, a: 2}\n', []],
    ['in a map that aliases stand for, once', 'x: &x {a: 1, a: 2}\ny: *x\nz: *x\n', ['a']],
    ['names of what every object has', 'constructor: 1\n__proto__: 2\ntoString: 3\n', []],
  ])('keys that stand twice: %s', (_, text, repeated) => {
    expect(keys(surveyOf(text))).toEqual(repeated);
  });

  it('finds one key among many as fast as among few', () => {
    const text = `${lines(20_000, (i) => `k${i}: v`)}k7: v\n`;
    expect(keys(surveyOf(text))).toEqual(['k7']);
  });
});

describe('JSON is told too deep by its brackets', () => {
  it('as deep as its values are', () => {
    const depthOf = (value: unknown): number => (typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0);
    const wrapped = fc.tuple(fc.json({ maxDepth: 5 }), fc.integer({ min: 55, max: 70 })).map(([inner, levels]) => `${'['.repeat(levels)}${inner}${']'.repeat(levels)}`);
    fc.assert(
      fc.property(wrapped, (text) => {
        expect(faultOfJson(text) !== null).toBe(depthOf(JSON.parse(text)) > 64);
      }),
    );
  });

  it('brackets within texts are none', () => {
    expect(faultOfJson(JSON.stringify({ a: `"${'['.repeat(100)}\\`, b: '{'.repeat(100) }))).toBeNull();
    expect(faultOfJson('['.repeat(100_000))).toMatch(/^is nested deeper/);
  });
});

it('a parser that ran out of room was led too deep', () => {
  expect(parserSays(new RangeError('Maximum call stack size exceeded at line 4, column 830:'))).toBe('is nested deeper than 64 levels, as no object of Kubernetes is');
  expect(parserSays(new Error('bad:\n at line 1'))).toBe('bad');
});
