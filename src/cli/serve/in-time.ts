import { OperationError } from '../../errors.ts';
import { sleep } from '../sleep.ts';

/** How long the end may take, in milliseconds: what is read is committed, what cannot be is read again next time. */
const END_WITHIN = 9_000;

/** Once the end was asked for, the work has so long to come to it. */
export async function inTime(work: Promise<void>, end: AbortSignal): Promise<void> {
  const finished = new AbortController();
  const late = async (): Promise<never> => {
    await new Promise<void>((resolve) => {
      if (end.aborted) resolve();
      else end.addEventListener('abort', () => resolve(), { once: true });
    });
    await sleep(END_WITHIN, finished.signal);
    throw new OperationError('the end took too long; what was not committed is read again at the next start');
  };
  try {
    await Promise.race([work, late()]);
  } finally {
    finished.abort();
  }
}
