import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationOf, sinceOf, untilOf } from '../../src/cli/when.ts';
import { few, HABITS, HOUR, LATER, learnedShop } from '../support/shop.ts';

const NOON = Date.UTC(2026, 2, 1, 12);

describe('a duration', () => {
  it.each([
    ['30s', 30_000], ['5m', 300_000], ['2h', 7_200_000], ['7d', 604_800_000], ['2w', 1_209_600_000], ['1h30m', 5_400_000], ['0s', 0],
  ])('%s is %i ms', (text, ms) => {
    expect(durationOf(text)).toBe(ms);
  });

  it.each(['', '2', 'h', '2 h', '-2h', '1.5h', '2H', '2h ', '2hours', 'P2D', '2h-', '٢h'])('%j is none', (text) => {
    expect(durationOf(text)).toBeNull();
  });

  it('is the sum of its parts', () => {
    const part = fc.tuple(fc.integer({ min: 0, max: 9_999 }), fc.constantFrom('s', 'm', 'h', 'd', 'w'));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
        const sum = parts.reduce((total, [n, unit]) => total + (durationOf(`${n}${unit}`) ?? Number.NaN), 0);
        expect(durationOf(parts.map(([n, unit]) => `${n}${unit}`).join(''))).toBe(sum);
      }),
    );
  });
});

describe('a moment', () => {
  it.each([
    ['2026-03-01T12:00:00Z', NOON],
    ['2026-03-01T13:00:00+01:00', NOON],
    ['2026-03-01T12:00:00.250Z', NOON + 250],
    ['2026-03-01t12:00:00z', NOON],
    ['2026-03-01', Date.UTC(2026, 2, 1)],
  ])('%s is the same for since and until', (text, expected) => {
    expect([sinceOf(text, 0), untilOf(text, 0)]).toEqual([expected, expected]);
  });

  it('is what a date prints itself as', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date(Date.UTC(9999, 11, 31)), noInvalidDate: true }), (date) => {
        expect(sinceOf(date.toISOString(), 0)).toBe(date.getTime());
        expect(sinceOf(date.toISOString().slice(0, 10), 0)).toBe(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()));
      }),
    );
  });

  it('since counts back, until counts on', () => {
    expect([sinceOf('2h', NOON), untilOf('2h', NOON)]).toEqual([NOON - 2 * HOUR, NOON + 2 * HOUR]);
  });

  it.each(['', 'yesterday', 'now', '12:00', '1772366400', '2026', '2026-13-01', '2026-03-01T25:00:00Z', '01/03/2026', 'Mar 1, 2026',
    '2026-02-31', '2026-02-30T10:00:00Z', '2026-03-01 (x)', '2026-03-01 GMT-11', '2026-03-01T12:00:00', '2026-03-01 12:00', '2026-03-01T12:00Z', '2026-3-1', '2026-03-01T12:00:00Z '
  ])('%j is none', (text) => {
    for (const read of [sinceOf, untilOf]) expect(() => read(text, NOON)).toThrow(`${text}: is no time; write 2h, 7d, or 2026-03-01T12:00:00Z`);
  });
});

describe('--since of a list', () => {
  it('counts back from the newest record, not from the clock', async () => {
    const session = await learnedShop();
    await session.observe(few(2, { ...HABITS[0]!, time: LATER }));
    for (const [since, ports] of [['1h', [8080]], ['30d', [5432, 5432, 443, 8080]], ['0s', [8080]], [new Date(LATER + 1_001).toISOString(), []], [new Date(LATER).toISOString(), [8080]]] as const) {
      expect((await session.edges('--since', since)).map(({ port }) => port)).toEqual(ports);
    }
  });
});
