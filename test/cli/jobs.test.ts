import { describe, expect, it } from 'vitest';
import { jobsOf } from '../../src/cli/jobs.ts';

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
