import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathTemplate } from '../../src/scan/path.ts';
import { anyText } from '../support/any-text.ts';

describe('path templates: what stays', () => {
  it.each([
    '/',
    '*',
    '/productpage',
    '/api/v1/orders',
    '/api/v2beta1/items',
    '/index.html',
    '/static/main.css',
    '/.well-known/openid-configuration',
    '/hipstershop.CurrencyService/GetSupportedCurrencies',
    '/users:batchGet',
    '/a_b/c-d/e.f/~g',
    '/Items/List',
    '/a//b/',
  ])('%s', (path) => {
    expect(pathTemplate(path)).toBe(path);
  });
});

describe('path templates: what goes', () => {
  it.each([
    ['a query', '/login?user=alice&password=hunter2', '/login'],
    ['an empty query', '/login?', '/login'],
    ['a question in the query', '/a?b?c', '/a'],
    ['a slash in the query', '/a?next=/secret/path', '/a'],
    ['a fragment', '/a#top/secret', '/a'],
    ['a scheme and host', 'http://reviews:9080/a', '/a'],
    ['whatever the case of the scheme', 'HTTPS://reviews/a', '/a'],
    ['a user and password', 'http://alice:hunter2@reviews/a', '/a'],
    ['a user and password without a path', 'http://alice:hunter2@reviews', '/'],
    ['a user and password without a scheme', '//alice:hunter2@reviews/a', '//{id}/a'],
    ['parameters of a segment', '/cart;jsessionid=8A7D9F0011AABBCC;x=1/items;y=2', '/cart/items'],
    ['control characters', '/a\u0000b/c', '/{id}/c'],
    ['a line end', '/a\nb/c', '/{id}/c'],
    ['escape sequences', '/\u001b]0;x\u0007/c', '/{id}/c'],
    ['spaces', '/a b/c', '/{id}/c'],
    ['quotes and braces', '/a"b/{id}/<c>', '/{id}/{id}/{id}'],
    ['text that turns round', '/a\u202eb', '/{id}'],
    ['letters beyond ASCII', '/caf\u00e9/\u4e2d', '/{id}/{id}'],
    ['backslashes', '/a\\b', '/{id}'],
    ['back quotes', '/`id`', '/{id}'],
  ])('%s', (_, path, template) => {
    expect(pathTemplate(path)).toBe(template);
  });

  it.each(['', '-', '?', '#', 'a', 'a/b', 'reviews:443', '../a', 'javascript:alert(1)', 'mailto:alice@example.com', ' /a', '**'])('%j is no path', (path) => {
    expect(pathTemplate(path)).toBeNull();
  });
});

describe('path templates: what identifies something', () => {
  it.each([
    ['a number', '0'],
    ['a long number', '9007199254740993'],
    ['a date', '2026-03-02'],
    ['a version of three numbers', '1.2.3'],
    ['a list of numbers', '1,2,3'],
    ['a range', '10-20'],
    ['a card’s number', '4111111111111111'],
    ['a card’s number with hyphens', '4111-1111-1111-1111'],
    ['a card’s number with spaces', '4111%201111%201111%201111'],
    ['a UUID', '7f3a9c2e-1b2c-4d5e-8f90-123456789abc'],
    ['a UUID in capitals', '7F3A9C2E-1B2C-4D5E-8F90-123456789ABC'],
    ['a UUID without hyphens', '7f3a9c2e1b2c4d5e8f90123456789abc'],
    ['a short hash', '3f2a9c2e'],
    ['a Git commit', '5f4dcc3b5aa765d61d8327deb882cf99a0b1c2d3'],
    ['16 hexadecimal letters', 'deadbeefdeadbeef'],
    ['an object id', '507f1f77bcf86cd799439011'],
    ['a ULID', '01ARZ3NDEKTSV4RRFFQ69G5FAV'],
    ['a JWT', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N'],
    ['a token of GitHub', 'ghp_16C7e42F292c6912E7710c838347Ae178B4a'],
    ['an access key of AWS', 'AKIAIOSFODNN7EXAMPLE'],
    ['base64', 'dGhpcyBpcyBhIHNlY3JldA=='],
    ['base64 of one case', 'abcdefghijklmnopqrst1234567'],
    ['an address of a person', 'alice@example.com'],
    ['an escaped address of a person', 'alice%40example.com'],
    ['an escaped secret', '%73%65%63%72%65%74%73%65%63'],
    ['very long text', 'a'.repeat(65)],
    ['many words', 'some-words-'.repeat(6)],
    ['a file named by its hash', 'logo-1234567890abcdef.png'],
  ])('%s becomes {id}', (_, segment) => {
    expect(pathTemplate(`/x/${segment}/y`)).toBe('/x/{id}/y');
    expect(pathTemplate(`http://host/${segment}`)).toBe('/{id}');
  });

  it.each(['v1', 'deadbeef', 'cafe', 'search-results', 'internationalization', 'GetProductRecommendations', 'list_recommended_products', 'a1b2', 'oauth2', 'base64', 'x'.repeat(19)])('%s is a word', (segment) => {
    expect(pathTemplate(`/x/${segment}`)).toBe(`/x/${segment}`);
  });
});

describe('path templates: bounds and laws', () => {
  it('at most 16 segments are kept', () => {
    expect(pathTemplate(`/${'a/'.repeat(15)}a`)).toBe(`/${'a/'.repeat(15)}a`);
    expect(pathTemplate(`/${'a/'.repeat(16)}a`)).toBe(`/${'a/'.repeat(16)}{more}`);
  });

  it('a template has at most 200 characters, and its mark', () => {
    const long = `/${Array.from({ length: 16 }, () => 'some-words-here').join('/')}`;
    expect(pathTemplate(long)).toBe(`${long.slice(0, 200)}{more}`);
    const fits = `/${'some-words-here/'.repeat(11)}abcdefghijklmnopqrstuvw`;
    expect([fits.length, pathTemplate(fits)]).toEqual([200, fits]);
    expect(pathTemplate(`${fits}x`)).toBe(`${fits}{more}`);
  });

  it('nothing behind a question mark or a hash of a path is kept, and nothing before changes with it', () => {
    const path = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '/', '-', '1', '%'), maxLength: 8 }), { maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
    fc.assert(
      fc.property(path, fc.constantFrom('?', '#'), anyText(40), (own, mark, rest) => {
        expect(pathTemplate(`${own}${mark}${rest}`)).toBe(pathTemplate(own));
      }),
      { numRuns: 200 },
    );
  });

  it('whatever host, user and password stand before it, the path is the same', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'B', '1', '-', '.', '%', ':'), minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(word, word, word, fc.constantFrom('/', '/a', '/a/1'), (user, password, host, path) => {
        expect(pathTemplate(`https://${user}:${password}@${host}${path}`)).toBe(pathTemplate(path));
      }),
    );
  });

  it('segments are judged one by one', () => {
    const segment = fc.constantFrom('a', '7', 'alice@example.com', 'v1', 'x y', '3f2a9c2e', '');
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 8 }), (segments) => {
        const single = segments.map((own) => (pathTemplate(`/${own}`) ?? '').slice(1));
        expect(pathTemplate(`/${segments.join('/')}`)).toBe(`/${single.join('/')}`);
      }),
    );
  });

  it('random secrets of 20 or more characters never stay', () => {
    const alphabets = ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', '0123456789abcdef', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'];
    const secret = fc.oneof(...alphabets.map((alphabet) => fc.array(fc.constantFrom(...alphabet), { minLength: 32, maxLength: 64 }).map((letters) => letters.join(''))));
    fc.assert(
      fc.property(secret, (own) => {
        // Random letters that happen to be words are not what tokens look like.
        fc.pre(/[0-9]/.test(own) && new Set(own).size > 8);
        expect(pathTemplate(`/token/${own}`)).toBe('/token/{id}');
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a template of a URL or of a gRPC method', () => {
  it('holds nothing of the query of a URL without a path', () => {
    expect(pathTemplate('http://host?next=/hunter2')).toBe('/');
    expect(pathTemplate('http://host#/hunter2')).toBe('/');
  });
  it('keeps versions in the names of gRPC services', () => {
    expect(pathTemplate('/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo')).toBe('/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo');
  });
});
