import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileTimeFormat } from '../../../collectors/envoy-access-log/start-time.ts';

/** Reads a time under a format, with other bytes around it; null if the format is not understood. */
function read(format: string, text: string): number | null {
  const reader = compileTimeFormat(format);
  const bytes = Buffer.from(`7${text}7`);
  return reader === null ? null : reader(bytes, 1, bytes.length - 1);
}

const NOON = Date.UTC(2026, 2, 2, 12);

describe('START_TIME', () => {
  it.each([
    ['', '2026-03-02T12:00:00.000Z', NOON],
    ['%s', '1772452800', NOON],
    ['%s.%3f', '1772452800.123', NOON + 123],
    ['%s.%6f', '1772452800.123456', NOON + 123],
    ['%s.%9f', '1772452800.123456789', NOON + 123],
    ['%Y-%m-%dT%H:%M:%S.%3fZ', '2026-03-02T12:00:00.123Z', NOON + 123],
    ['%Y/%m/%dT%H:%M:%S%z', '2026/03/02T13:00:00+0100', NOON],
    ['%Y-%m-%d %H:%M:%S%z', '2026-03-02 10:30:00-01:30', NOON],
    ['%Y-%m-%dT%H:%M:%S%z', '2026-03-02T12:00:00Z', NOON],
    ['%Y-%m-%d %H:%M:%S %Z', '2026-03-02 12:00:00 UTC', NOON],
    ['%d/%b/%Y:%H:%M:%S %z', '02/Mar/2026:12:00:00 +0000', NOON],
    ['%b %e %H:%M:%S %Y', 'Mar  2 12:00:00 2026', NOON],
    ['%F %T', '2026-03-02 12:00:00', NOON],
    ['%FT%TZ', '2026-03-02T12:00:00Z', NOON],
    ['%Y-%m-%d %H:%M:%E3S', '2026-03-02 12:00:00.123', NOON + 123],
    ['%Y%m%d%H%M%S', '20260302120000', NOON],
    ['%Y-%m-%d %H', '2026-03-02 12', NOON],
    ['(%s) [*]', '(1772452800) [*]', NOON],
    ['%%%s', '%1772452800', NOON],
    ['%Y-%m-%d %H:%M:%S', '2024-02-29 00:00:00', Date.UTC(2024, 1, 29)],
  ])('%j reads %j', (format, text, expected) => {
    expect(read(format, text)).toBe(expected);
  });

  it.each([
    ['%Y-%m-%d %H:%M:%S', '2026-02-30 12:00:00'],
    ['%Y-%m-%d %H:%M:%S', '2026-13-02 12:00:00'],
    ['%Y-%m-%d %H:%M:%S', '2026-00-02 12:00:00'],
    ['%Y-%m-%d %H:%M:%S', '2026-03-02 25:00:00'],
    ['%Y-%m-%d %H:%M:%S', '2026-03-02 12:00'],
    ['%Y-%m-%d %H:%M:%S', '2026-03-02T12:00:00'],
    ['%Y-%m-%d %H:%M:%S', ' 2026-03-02 12:00:00'],
    ['%b %e %H:%M:%S %Y', 'Mrz  2 12:00:00 2026'],
    ['%Y-%m-%d %H:%M:%S%z', '2026-03-02 12:00:00+24:00'],
    ['%Y-%m-%d %H:%M:%S%z', '2026-03-02 12:00:00+01:60'],
    ['%s', '17724528x0'],
    ['%s', ''],
    ['%s', '-1'],
    ['%s.%3f', '1772452800x123'],
    ['%s', '1'.repeat(100)],
    ['', '1772452800'],
  ])('%j refuses %j', (format, text) => {
    expect(read(format, text)).toBeNaN();
  });

  it.each(['%H:%M:%S', '%Y-%m', '%f', '%j', '%c', '%D', '%Y-%m-%d', '%s %s', '%d %e %b %Y %H', '%s.%3f %6f', '%q', '%'])('does not understand %j', (format) => {
    expect(compileTimeFormat(format)).toBeNull();
  });

  it('reads every millisecond back, as text and as seconds', () => {
    const long = compileTimeFormat('%Y-%m-%d %H:%M:%S.%3f');
    const short = compileTimeFormat('%s.%3f');
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('2199-12-31'), noInvalidDate: true }), (date) => {
        const text = Buffer.from(date.toISOString().replace('T', ' ').replace('Z', ''));
        expect(long?.(text, 0, text.length)).toBe(date.getTime());
        const seconds = Buffer.from(`${Math.floor(date.getTime() / 1000)}.${String(date.getTime() % 1000).padStart(3, '0')}`);
        expect(short?.(seconds, 0, seconds.length)).toBe(date.getTime());
      }),
      { numRuns: 1000 },
    );
  });

  it('a format is a text to find, never a pattern to run', () => {
    expect(read('.*%s', 'xx1772452800')).toBeNaN();
    expect(read('(a+)+$%s', '(a+)+$1772452800')).toBe(NOON);
    expect(read('[^]{9}%s', '[^]{9}1772452800')).toBe(NOON);
  });
});
