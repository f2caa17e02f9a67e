import type { Context } from './context.ts';
import { count, styleFor } from './text.ts';

/** Shorter work is over before anybody wonders. */
const PATIENCE_MS = 2_000;
const REDRAW_MS = 120;

export interface Progress {
  advance(bytes: number, records: number): void;
  done(): void;
}

/** A line on a terminal that says how far reading has come; nothing in a pipe. */
export function progressBar(context: Context, files: number, totalBytes: number): Progress {
  const { stderr, now } = context;
  if (stderr.isTTY !== true || context.options.quiet === true) return { advance: () => undefined, done: () => undefined };
  const style = styleFor(stderr, context.env);
  const started = now();
  let drawn = started;
  let bytes = 0;
  let records = 0;
  let shown = false;
  const draw = (): void => {
    const elapsed = (now() - started) / 1000;
    const share = totalBytes > 0 ? Math.min(1, bytes / totalBytes) : 0;
    const width = 28;
    const full = Math.round(width * share);
    const bar = `${style.green('━'.repeat(full))}${style.dim('━'.repeat(width - full))}`;
    const left = share > 0.01 && share < 1 ? `${clock(elapsed / share - elapsed)} left` : '';
    const size = bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(0)} MB`;
    const text = `reading ${files} ${files === 1 ? 'file' : 'files'}  ${bar}  ${(share * 100).toFixed(0)} %  ${size}  ${count(records)} records  ${count(Math.round(records / Math.max(elapsed, 0.001)))}/s  ${left}`;
    stderr.write(`\r\u001b[K${text}`);
    shown = true;
  };
  return {
    advance(moreBytes, moreRecords) {
      bytes += moreBytes;
      records += moreRecords;
      const time = now();
      if (time - started < PATIENCE_MS || time - drawn < REDRAW_MS) return;
      drawn = time;
      draw();
    },
    done() {
      if (shown) stderr.write('\r\u001b[K');
    },
  };
}

/** Of a source, as far as a line on a terminal says it. */
interface Shown {
  readonly up: boolean;
  readonly caughtUp: number;
}

export interface StatusLine {
  draw(tally: { readonly totals: ReadonlyMap<string, number> }, elapsedMs: number, sources: readonly Shown[]): void;
  /** Before anything else is written to the terminal. */
  clear(): void;
}

/** A line on a terminal about reading that has no end; nothing in a pipe. */
export function statusLine(context: Context): StatusLine {
  const { stderr, now } = context;
  if (stderr.isTTY !== true || context.options.quiet === true) return { draw: () => undefined, clear: () => undefined };
  let shown = false;
  return {
    draw({ totals }, elapsedMs, sources) {
      const [records, flows] = [totals.get('records') ?? 0, totals.get('flows') ?? 0];
      const behind = Math.max(0, ...sources.map(({ caughtUp }) => now() - caughtUp));
      const lost = sources.filter(({ up }) => !up).length;
      const state = lost > 0 ? `${lost} of ${sources.length} sources lost` : behind < 2_000 ? 'up to date' : `${clock(behind / 1000)} behind`;
      stderr.write(`\r\u001b[Kfollowing  ${clock(elapsedMs / 1000)}  ${count(records)} records  ${count(flows)} flows  ${state}  (Ctrl-C ends it)`);
      shown = true;
    },
    clear() {
      if (shown) stderr.write('\r\u001b[K');
      shown = false;
    },
  };
}

function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
