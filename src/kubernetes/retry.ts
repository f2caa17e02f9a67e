import { ApiError } from './api-error.ts';

const FIRST = 800;
const LONGEST = 30_000;
/** Rights and resource kinds change seldom. */
const AFTER_REFUSAL = 300_000;
/** A server that asks for more is asked again anyway. */
const LONGEST_ASKED = 300_000;

/** Without rights (403), or where no such resource is served (404): trying again soon would not help. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 403 || error.status === 404);
}

/** Milliseconds to wait after so many earlier failures in a row; `chance` is from 0 to 1, and keeps many clients apart. */
export function delayAfter(error: unknown, failures: number, chance: number): number {
  const longest = isRefusal(error) ? AFTER_REFUSAL : Math.min(LONGEST, FIRST * 2 ** Math.min(failures, 16));
  const delay = longest * (0.5 + chance / 2);
  const asked = error instanceof ApiError ? (error.retryAfter ?? 0) : 0;
  // Never sooner than the server asks.
  return Math.max(delay, Math.min(asked, LONGEST_ASKED) * (1 + chance / 2));
}
