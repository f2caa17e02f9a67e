import { describe, expect, it } from 'vitest';
import { createLog } from '../../src/telemetry/log.ts';

describe('the log', () => {
  it('is lines of JSON with time, level and message, from its level on', () => {
    const lines: string[] = [];
    const log = createLog('info', { write: (line: string) => void lines.push(line) });
    log.debug('nothing to see');
    log.info({ source: 'hubble' }, 'reading');
    log.warn('slow');
    const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(parsed.map(({ level, msg, source }) => [level, msg, source])).toEqual([
      ['info', 'reading', 'hubble'],
      ['warn', 'slow', undefined],
    ]);
    expect(parsed[0]?.['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(Object.keys(parsed[1] ?? {}).toSorted()).toEqual(['level', 'msg', 'time']);
  });

  it('keeps text from acting: line ends and control characters are escaped', () => {
    const lines: string[] = [];
    createLog('info', { write: (line: string) => void lines.push(line) }).info({ source: 'a\u001b[31m\nb' }, 'x');
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('\u001b');
  });
});
