import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { operationsOf, pathPattern } from '../../../src/policy/istio/operations.ts';
import { normalisePath, pathFault, pathTest } from '../../../src/policy/istio/path.ts';
import { pathTemplate } from '../../../src/scan/path.ts';

describe('a stored path as Istio writes it', () => {
  it.each([
    ['/', '/'],
    ['/reviews', '/reviews'],
    ['/reviews/{id}', '/reviews/{*}'],
    ['/reviews/{id}/comments/{id}', '/reviews/{*}/comments/{*}'],
    ['/reviews/', '/reviews/'],
    ['/a.b_c~d-e/v1', '/a.b_c~d-e/v1'],
    ['/a/%41', '/a/A'],
    ['/a/./b/../c', '/a/c'],
    ['/a/b/{more}', '/a/b/{**}'],
    ['/a/{id}/b{more}', '/a/{*}/{**}'],
    ['/a/b/{i{more}', '/a/b/{**}'],
  ])('%s is %s', (template, expected) => {
    expect(pathPattern(template)).toBe(expected);
    expect(pathFault(expected)).toBeNull();
  });

  it.each([
    ['no path', '*'],
    ['an asterisk that would mean anything', '/files/*'],
    ['an asterisk beside a template', '/files/*/{id}'],
    ['an empty segment beside a template', '/a//{id}'],
  ])('cannot be written: %s', (_, template) => {
    expect(pathPattern(template)).toBeNull();
  });

  it('means the path that it was made of', () => {
    const segment = fc.oneof(fc.constantFrom('a', 'reviews', 'v1', '7', '0b6d1f6e-7c2b-4a53-9f0c-0a4d5e8f1a2b', 'deadbeef01234567', 'x.y', 'a%20b', '..'), fc.stringMatching(/^[a-zA-Z0-9._~-]{1,70}$/));
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 20 }), (segments) => {
        const path = `/${segments.join('/')}`;
        const template = pathTemplate(path);
        const pattern = template === null ? null : pathPattern(template);
        fc.pre(pattern !== null);
        expect(pathFault(pattern ?? '')).toBeNull();
        expect([path, pattern, pathTest(pattern ?? '')(normalisePath(path) ?? '')]).toEqual([path, pattern, true]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('operations of a port', () => {
  it('are those that were seen, and no other pair of method and path', () => {
    const seen = [
      { method: 'GET', path: '/a' },
      { method: 'POST', path: '/a' },
      { method: 'GET', path: '/b' },
      { method: 'POST', path: '/c/{id}' },
      { method: 'GET', path: '/c/{id}' },
    ];
    expect(operationsOf(80, seen)).toEqual({
      operations: [
        { ports: ['80'], methods: ['GET'], paths: ['/b'] },
        { ports: ['80'], methods: ['GET', 'POST'], paths: ['/a', '/c/{*}'] },
      ],
      widenings: [],
    });
    expect(operationsOf(80, seen.toReversed())).toEqual(operationsOf(80, seen));
  });

  it('say that they go further where the end of a path was not kept', () => {
    expect(operationsOf(80, [{ method: 'GET', path: '/a/{more}' }])?.widenings).toEqual([{ reason: 'paths-below', beyond: '/a/{**}' }]);
  });

  it('are none if one of them cannot be written, or none was seen', () => {
    expect(operationsOf(80, [{ method: 'GET', path: '/a' }, { method: 'OPTIONS', path: '*' }])).toBeNull();
    expect(operationsOf(80, [])).toBeNull();
  });
});
