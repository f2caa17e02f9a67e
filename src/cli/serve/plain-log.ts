import type { Log, LogLevel } from '../../telemetry/log.ts';
import type { Context } from '../context.ts';

/** The log of a process that somebody sits before: sentences on stderr; what is only for the curious with -v. */
export function plainLog(context: Context, clear: () => void): Log {
  const at =
    (level: LogLevel) =>
    (first: object | string, second?: string): void => {
      const isShown = level === 'warn' || level === 'error' || (context.options.verbose === true && level === 'info');
      if (!isShown) return;
      const { error, ...rest } = (typeof first === 'string' ? {} : first) as Readonly<Record<string, string | number>>;
      const details = Object.entries(rest).map(([key, value]) => `${key} ${value}`);
      const sentence = typeof first === 'string' ? first : (second ?? '');
      clear();
      context.say(`footpath: ${sentence}${error === undefined ? '' : `: ${error}`}${details.length === 0 ? '' : ` (${details.join(', ')})`}`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
