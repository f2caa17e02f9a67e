import { pino, stdTimeFunctions, type DestinationStream } from 'pino';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A sentence, and what it is about. */
export interface Say {
  (fields: object, sentence: string): void;
  (sentence: string): void;
}

export type Log = Readonly<Record<LogLevel, Say>>;

/** JSON lines with the field's usual names: time (RFC 3339), level, msg. */
export function createLog(level: LogLevel, to: DestinationStream): Log {
  return pino({ level, base: null, timestamp: stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } }, to);
}
