import type { Writable } from 'node:stream';
import pc from 'picocolors';

/** Colours for a stream: on terminals, or where FORCE_COLOR asks for them; NO_COLOR has the last word. Nothing is said by colour alone. */
export type Style = ReturnType<typeof pc.createColors>;

export function styleFor(stream: Writable & { readonly isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>): Style {
  const unwanted = (env['NO_COLOR'] ?? '') !== '';
  const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0';
  return pc.createColors(!unwanted && (forced || (env['TERM'] !== 'dumb' && stream.isTTY === true)));
}

/** Text from outside as it may be shown: control, bidirectional and invisible characters become visible escapes. */
export function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Shortened in the middle to `width` characters: both ends of a name tell more than its middle. */
export function shorten(text: string, width: number): string {
  if (text.length <= width) return text;
  const head = Math.ceil((width - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (width - 1 - head))}`;
}

export interface Column<T> {
  readonly heading: string;
  readonly value: (row: T) => string;
  readonly align?: 'left' | 'right';
  /** How narrow the column may become where a terminal has no room for all of it; without it never shortened. */
  readonly min?: number;
  readonly colour?: (text: string, row: T, style: Style) => string;
}

export interface TableLook {
  readonly headers: boolean;
  readonly style: Style;
  /** Characters of a line of the terminal; null in a pipe, where nothing is shortened. */
  readonly width: number | null;
}

const GAP = 2;

/** Columns that line up, two spaces apart, without trailing spaces. Values are shortened in the middle to fit a terminal. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[], { headers, style, width }: TableLook): string {
  const cells = rows.map((row) => columns.map(({ value }) => plain(value(row))));
  const full = columns.map(({ heading }, i) => cells.reduce((most, row) => Math.max(most, row[i]?.length ?? 0), headers ? heading.length : 0));
  const widths = fitted(full, columns, width);
  const line = (texts: readonly string[], colour: (text: string, i: number) => string): string =>
    texts
      .map((text, i) => {
        const shown = shorten(text, widths[i] ?? text.length);
        const padding = ' '.repeat(Math.max(0, (widths[i] ?? 0) - shown.length));
        return columns[i]?.align === 'right' ? padding + colour(shown, i) : colour(shown, i) + padding;
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  const lines = cells.map((texts, r) =>
    line(texts, (text, i) => {
      const row = rows[r];
      const paint = columns[i]?.colour;
      return paint === undefined || row === undefined ? text : paint(text, row, style);
    }),
  );
  if (headers) lines.unshift(line(columns.map(({ heading }) => heading), (text) => style.bold(text)));
  return lines.map((text) => `${text}\n`).join('');
}

/** Takes what is too much from the widest column that may be narrower, until all fit or none may. */
function fitted<T>(full: readonly number[], columns: readonly Column<T>[], width: number | null): readonly number[] {
  if (width === null) return full;
  const widths = [...full];
  const total = (): number => widths.reduce((sum, one) => sum + one + GAP, -GAP);
  while (total() > width) {
    const shrinkable = widths.map((one, i) => (one > (columns[i]?.min ?? Number.POSITIVE_INFINITY) ? one : 0));
    const most = Math.max(...shrinkable);
    if (most === 0) break;
    const widest = shrinkable.indexOf(most);
    widths[widest] = most - 1;
  }
  return widths;
}

export function count(n: number): string {
  return n.toLocaleString('en-US');
}

/** `1 edge`, `3 edges`. */
export function plural(n: number, noun: string, many = `${noun}s`): string {
  return `${count(n)} ${n === 1 ? noun : many}`;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** kubectl's way to write an age: the largest unit that fits. */
export function age(ms: number): string {
  for (const [unit, size] of UNITS) if (ms >= size) return `${Math.floor(ms / size)}${unit}`;
  return '0s';
}

export function percent(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0 %';
  const value = (100 * part) / whole;
  return value < 0.1 ? '<0.1 %' : `${value.toFixed(1)} %`;
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
