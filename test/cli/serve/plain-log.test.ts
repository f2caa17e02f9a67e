import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/cli/context.ts';
import { plainLog } from '../../../src/cli/serve/plain-log.ts';

function logged(verbose: boolean): readonly string[] {
  const said: string[] = [];
  const log = plainLog({ options: { headers: true, verbose }, say: (text: string) => void said.push(text) } as unknown as Context, () => said.push('(cleared)'));
  log.debug({ source: 'a' }, 'the client says');
  log.info('the database takes what is read again');
  log.warn({ source: 'files', file: '/a.log' }, 'in no known format; left out');
  log.error({ source: 'kafka', error: 'topic t at a:1: ECONNREFUSED' }, 'a source is lost; it is tried again');
  return said;
}

const SAID = [
  '(cleared)',
  'footpath: in no known format; left out (source files, file /a.log)',
  '(cleared)',
  'footpath: a source is lost; it is tried again: topic t at a:1: ECONNREFUSED (source kafka)',
];

describe('the log of a process that somebody sits before', () => {
  it('is sentences about what went wrong, after the line on the terminal was wiped away', () => {
    expect(logged(false)).toEqual(SAID);
  });

  it('is more with -v', () => {
    expect(logged(true)).toEqual(['(cleared)', 'footpath: the database takes what is read again', ...SAID]);
  });
});
