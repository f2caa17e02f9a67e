import { RetriableError } from '../errors.ts';
import { get, integer, text } from './object.ts';

/** What the API server said instead of an answer: by its HTTP status, or by an ERROR event in a watch. */
export class ApiError extends RetriableError {
  readonly status: number;
  /** `Expired`, `Forbidden`, …; '' where it said none. */
  readonly reason: string;
  /** Milliseconds that it asks to be left alone; null where it does not. */
  readonly retryAfter: number | null;

  constructor(status: number, reason: string, message: string, retryAfter: number | null = null) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.retryAfter = retryAfter;
  }
}

/** Nothing came for so long that the connection is taken for dead. */
export class SilenceError extends RetriableError {}

/** The resourceVersion or the continue token is too old: the only way on is a new list. */
export function isGone(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 410 || error.reason === 'Expired' || error.reason === 'Gone');
}

/** From a Status object, or from whatever else a proxy in between sent as its body. */
export function apiErrorOf(status: number, body: string, retryAfterHeader: string | undefined): ApiError {
  const parsed = parse(body);
  const message = text(get(parsed, 'message')) ?? (body.trim().split('\n', 1)[0] ?? '').slice(0, 200);
  const seconds = integer(retryAfterHeader) ?? integer(get(parsed, 'details', 'retryAfterSeconds'));
  return new ApiError(status, text(get(parsed, 'reason')) ?? '', message === '' ? `HTTP status ${status}` : message, seconds === null ? null : Math.max(0, seconds) * 1_000);
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
