import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { footpath } from '../../support/cli.ts';

describe('the script for a shell', () => {
  const printed: string[] = [];

  // The library that makes the scripts prints them itself.
  beforeEach(() => {
    vi.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
  });
  afterEach(() => {
    printed.length = 0;
    vi.restoreAllMocks();
  });

  it.each([
    ['bash', 'complete '],
    ['zsh', '#compdef footpath'],
    ['fish', 'complete -c footpath'],
    ['powershell', 'Register-ArgumentCompleter'],
  ])('%s asks footpath what may follow', async (shell, mark) => {
    const { status, out, err } = await footpath(['completion', shell]);
    const script = `${out}${printed.join('\n')}`;
    expect([status, err]).toEqual([0, '']);
    expect(script).toContain(mark);
    expect(script).toMatch(/footpath complete ["']?--["']?/);
  });
});
