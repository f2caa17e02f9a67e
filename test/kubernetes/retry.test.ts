import { describe, expect, it } from 'vitest';
import { ApiError, apiErrorOf, isGone, SilenceError } from '../../src/kubernetes/api-error.ts';
import { compareVersions } from '../../src/kubernetes/resource-version.ts';
import { delayAfter, isRefusal } from '../../src/kubernetes/retry.ts';
import { RetriableError } from '../../src/errors.ts';

describe('what the server says against a request', () => {
  it.each([
    ['a Status', 403, '{"kind":"Status","reason":"Forbidden","message":"no"}', undefined, { status: 403, reason: 'Forbidden', message: 'no', retryAfter: null }],
    ['a Status that names a wait', 429, '{"message":"busy","details":{"retryAfterSeconds":3}}', undefined, { status: 429, message: 'busy', retryAfter: 3_000 }],
    ['a header that names a wait', 503, 'apiserver not ready\nat all', '5', { status: 503, reason: '', message: 'apiserver not ready', retryAfter: 5_000 }],
    ['a header with a date', 503, 'no', 'Mon, 02 Mar 2026 12:00:00 GMT', { retryAfter: null }],
    ['nothing', 502, '', undefined, { status: 502, message: 'HTTP status 502' }],
    ['something of another type', 500, '[1]', undefined, { status: 500, message: '[1]' }],
  ])('is read from %s', (_, status, body, header, expected) => {
    expect(apiErrorOf(status, body, header)).toMatchObject(expected);
  });

  it.each([
    [new ApiError(410, '', ''), true],
    [new ApiError(200, 'Expired', ''), true],
    [new ApiError(500, 'Gone', ''), true],
    [new ApiError(404, 'NotFound', ''), false],
    [new SilenceError(''), false],
  ])('means that a version is too old: %#', (error, gone) => {
    expect(isGone(error)).toBe(gone);
  });
});

describe('waiting after a failure', () => {
  const away = new RetriableError('away');

  it('doubles, between half of it and all of it by chance', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 1_000].map((failures) => delayAfter(away, failures, 0))).toEqual([400, 800, 1_600, 3_200, 6_400, 12_800, 15_000, 15_000]);
    expect([0, 1, 1_000].map((failures) => delayAfter(away, failures, 1))).toEqual([800, 1_600, 30_000]);
  });

  it('is never shorter than the server asks, nor much longer than five minutes whatever it asks', () => {
    expect(delayAfter(new ApiError(429, '', '', 10_000), 0, 0)).toBe(10_000);
    expect(delayAfter(new ApiError(429, '', '', 1), 3, 0)).toBe(3_200);
    expect(delayAfter(new ApiError(429, '', '', 1e12), 0, 1)).toBe(450_000);
  });

  it('takes minutes where rights or the resource are missing', () => {
    expect([403, 404, 401, 410, 500].map((status) => isRefusal(new ApiError(status, '', '')))).toEqual([true, true, false, false, false]);
    expect(delayAfter(new ApiError(403, '', ''), 0, 0)).toBe(150_000);
  });
});

describe('resource versions', () => {
  it.each([
    ['9', '10', -1],
    ['10', '9', 1],
    ['10', '10', 0],
    ['123456789012345678901', '123456789012345678902', -1],
    ['99999999999999999999', '100000000000000000000', -1],
    ['0', '1', -1],
    ['', '1', null],
    ['007', '1', null],
    ['1', 'v2', null],
  ])('%j against %j', (a, b, order) => {
    const compared = compareVersions(a, b);
    expect(compared === null ? null : Math.sign(compared)).toBe(order);
  });
});
