import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathTemplate } from '../../src/scan/path.ts';
import { KernelReader, plan } from '../support/kernel-reading.ts';

const reader = new KernelReader(plan([{ path: ['path'], slot: 0, keep: 'path', group: 0 }, { path: ['time'], slot: 1, keep: 'time', group: 0 }]));

/** What the kernel keeps of a path. */
function kept(path: string): string {
  const read = reader.one(`{"path":"${path}","time":"2026-03-02T12:00:00Z"}`);
  return Buffer.from(read?.values[0]?.[1] ?? 'unsure', 'latin1').toString();
}

const UUID = '550e8400-e29b-41d4-a716-446655440000';

describe('what the kernel keeps of a path', () => {
  it.each([
    ['/items/7', '/items/0'],
    ['/items/7/?q=8', '/items/0/'],
    [`/a/${UUID}/b/${UUID.toUpperCase()}`, '/a/0/b/0'],
    ['/a/9b74c9897bac770f/deadbeef1', '/a/0/0'],
    ['/a/9B74C9897BAC770F', '/a/0'],
    ['/a/ghp_16C7e42F292c6912E7710c838347Ae178B4a', '/a/0'],
    ['/a/jane.doe@example.com/x=1/10.0.0.1:80/1.2.3', '/a/0/0/0/0'],
    [`/a/${'x'.repeat(65)}/é`, '/a/0/0'],
    ['/api/v1/pods/reviews-v1', '/api/v1/pods/reviews-v1'],
    ['/deadbeef/facade/1a', '/deadbeef/facade/1a'],
    ['/7;v=1/8#9/10', '/7;v=1/8#9/0'],
    ['http://12345678:80/x', 'http://0/x'],
    ['h2c1://7/x', 'h2c1://0/x'],
    ['12345678', '12345678'],
    ['?q', ''],
    ['*', '*'],
    ['', ''],
  ])('%j: %j', (path, expected) => {
    expect(kept(path)).toBe(expected);
    expect(pathTemplate(kept(path))).toBe(pathTemplate(path));
  });

  const word = fc.oneof(
    fc.constantFrom('', 'api', 'v1', 'items', 'http:', 'h2c1:', 'reviews-v1', UUID, UUID.replaceAll('-', ''), 'DEADBEEF00112233', '4F7K-9XQ2-LM3P', '1.2.3', '-1', 'a1b2c3d4', 'x'.repeat(64), '1'.repeat(65)),
    fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEFgzGZ-_.,:;@=%#!$&\'()*+~ |^<>[]{}`'), maxLength: 40 }),
    fc.string({ unit: 'binary', maxLength: 30 }).map((text) => text.replaceAll(/["\\\p{Cc}\p{Cs}]/gu, '')),
    fc.stringMatching(/^[0-9a-f]{6,40}$/),
    fc.stringMatching(/^[0-9A-Za-z]{8,66}$/),
  );

  it('makes the template of the whole path, whatever the path', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 20 }), fc.constantFrom('/', '', '//'), fc.constantFrom('', '?a=/7/8', '#x/1', '/'), (words, first, last) => {
        const path = `${first}${words.join('/')}${last}`;
        expect(pathTemplate(kept(path))).toBe(pathTemplate(path));
      }),
      { numRuns: 3000 },
    );
  });
});
