import { describe, expect, it } from 'vitest';
import { jobsFor, jobsOf } from '../../src/cli/jobs.ts';
import type { LogFile } from '../../src/sources/expand.ts';

const MIB = 1 << 20;
const file = (size: number, isRegular = true): LogFile => ({ path: 'a.log', size, isRegular, named: true });

describe('--jobs', () => {
  it.each([
    ['1', 1],
    ['16', 16],
  ])('takes %s', (text, jobs) => {
    expect(jobsOf(text)).toBe(jobs);
  });

  it.each(['0', '-1', '1.5', 'two', '', '1e3', ' 2', '9999999'])('refuses %j in one line', (text) => {
    expect(() => jobsOf(text)).toThrow(`--jobs ${text}: is no number of cores; give 1 or more`);
  });
});

describe('as many cores are used', () => {
  it.each<[string, readonly (LogFile | '-')[], number | null, number, number]>([
    ['as were asked for', [file(1)], 3, 8, 3],
    ['as there are, if more were asked for', [file(1)], 16, 2, 2],
    ['one for small files, however many they are', [file(63 * MIB), file(63 * MIB)], null, 8, 1],
    ['four for a large one', [file(1), file(64 * MIB)], null, 4, 4],
    ['one where few would gain nothing', [file(900 * MIB)], null, 3, 1],
    ['not more than one thread can add up', [file(900 * MIB)], null, 64, 4],
    ['one where there is no other', [file(900 * MIB)], null, 1, 1],
    ['one for what comes once', ['-', file(0, false)], null, 8, 1],
  ])('%s', (_, inputs, asked, cores, expected) => {
    expect(jobsFor(inputs, asked, cores)).toBe(expected);
  });
});
