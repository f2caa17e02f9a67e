import { TimeReader } from '../../src/scan/time.ts';

/** Reads a START_TIME as its format writes it; NaN if it is not so. */
export type ReadTime = (bytes: Buffer, start: number, end: number) => number;

const PARTS: Readonly<Record<string, string>> = {
  Y: '(?<Y>\\d{4})',
  m: '(?<m>\\d{2})',
  d: '(?<d>\\d{2})',
  e: '\\s?(?<d>\\d{1,2})',
  H: '(?<H>\\d{2})',
  M: '(?<M>\\d{2})',
  S: '(?<S>\\d{2})',
  s: '(?<s>\\d{1,12})',
  f: '(?<f>\\d{1,9})',
  z: '(?<z>Z|[+-]\\d{2}:?\\d{2})',
  Z: '(?:UTC|GMT)',
  b: '(?<b>[A-Z][a-z]{2})',
};

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** '' is Envoy's default, RFC 3339. Null if the format uses what is not understood, or lacks a part of the date. */
export function compileTimeFormat(format: string): ReadTime | null {
  if (format === '') {
    const reader = new TimeReader();
    return (bytes, start, end) => reader.read(bytes, start, end);
  }
  const expanded = format.replaceAll('%T', '%H:%M:%S').replaceAll('%F', '%Y-%m-%d').replaceAll('%D', '%m/%d/%y').replace(/%E(\d)S/g, '%S.%$1f');
  let pattern = '';
  for (let i = 0; i < expanded.length; i++) {
    const c = expanded[i] ?? '';
    if (c !== '%') {
      pattern += c.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
      continue;
    }
    const letter = /^([1-9])?([A-Za-z%])/.exec(expanded.slice(i + 1));
    const part = letter === null ? undefined : partOf(letter[2] ?? '', letter[1]);
    if (letter === null || part === undefined) return null;
    // A name can be given once: whatever comes twice in a format says the same.
    const [name] = /\(\?<.>/.exec(part) ?? [];
    if (name !== undefined && pattern.includes(name)) return null;
    pattern += part;
    i += letter[0].length;
  }
  const hasDate = /\(\?<Y>/.test(pattern) && /\(\?<[mb]>/.test(pattern) && /\(\?<d>/.test(pattern) && /\(\?<H>/.test(pattern);
  if (!hasDate && !pattern.includes('(?<s>')) return null;
  const whole = new RegExp(`^${pattern}$`);
  return (bytes, start, end) => (end - start > 64 ? Number.NaN : timeOf(whole.exec(bytes.toString('latin1', start, end))?.groups));
}

/** `%3f` are three digits, `%f` as many as there are. */
function partOf(letter: string, digits: string | undefined): string | undefined {
  if (letter === '%') return '%';
  if (letter === 'f' && digits !== undefined) return `(?<f>\\d{${digits}})`;
  return Object.hasOwn(PARTS, letter) ? PARTS[letter] : undefined;
}

function timeOf(parts: Readonly<Record<string, string | undefined>> | undefined): number {
  if (parts === undefined) return Number.NaN;
  const fraction = Math.floor(Number(`0.${parts['f'] ?? '0'}`) * 1000);
  if (parts['s'] !== undefined) return Number(parts['s']) * 1000 + fraction;
  const month = parts['b'] === undefined ? Number(parts['m']) - 1 : MONTHS.indexOf(parts['b']);
  const [year, day, hour, minute, second] = [parts['Y'], parts['d'], parts['H'], parts['M'] ?? '0', parts['S'] ?? '0'].map(Number);
  const isTime = (year ?? 0) >= 1970 && (hour ?? 0) < 24 && (minute ?? 0) < 60 && (second ?? 0) <= 60;
  const ms = Date.UTC(year ?? Number.NaN, month, day, hour, minute, second);
  if (!isTime || month < 0 || month > 11 || new Date(ms).getUTCDate() !== day) return Number.NaN;
  const zone = /^([+-])(\d{2}):?(\d{2})$/.exec(parts['z'] ?? '');
  const [hours, minutes] = [Number(zone?.[2] ?? 0), Number(zone?.[3] ?? 0)];
  if (hours > 23 || minutes > 59) return Number.NaN;
  const offset = (zone?.[1] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000;
  return ms + fraction - offset;
}
