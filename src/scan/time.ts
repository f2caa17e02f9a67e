/**
 * Reads RFC 3339 times (`2026-03-01T12:00:00.123456789Z`, any number of digits after the second, or an offset) to whole
 * milliseconds. The minute is remembered: records of one log mostly share it.
 */
export class TimeReader {
  readonly #minute = Buffer.alloc(16);
  #minuteMs = Number.NaN;

  /** Milliseconds since 1970, or NaN if the bytes are no time. */
  read(b: Buffer, start: number, end: number): number {
    if (end - start < 20) return Number.NaN;
    for (let i = 0; i < 16; i++) {
      if (b[start + i] !== this.#minute[i]) {
        this.#minuteMs = readMinute(b, start);
        b.copy(this.#minute, 0, start, start + 16);
        break;
      }
    }
    const seconds = twoDigits(b, start + 17);
    if (b[start + 16] !== 0x3a || seconds < 0 || seconds > 60) return Number.NaN;
    let p = start + 19;
    let fraction = 0;
    if (b[p] === 0x2e) {
      p++;
      let scale = 100;
      const first = p;
      while (p < end && b[p]! >= 0x30 && b[p]! <= 0x39) {
        if (scale >= 1) fraction += (b[p]! - 0x30) * scale;
        scale /= 10;
        p++;
      }
      if (p === first) return Number.NaN;
    }
    const offset = readOffset(b, p, end);
    return this.#minuteMs + seconds * 1000 + fraction - offset;
  }
}

function twoDigits(b: Buffer, p: number): number {
  const tens = b[p]! - 0x30;
  const ones = b[p + 1]! - 0x30;
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones;
}

/** `2026-03-01T12:00` to milliseconds; NaN for a date that does not exist. */
function readMinute(b: Buffer, start: number): number {
  const year = twoDigits(b, start) * 100 + twoDigits(b, start + 2);
  const month = twoDigits(b, start + 5);
  const day = twoDigits(b, start + 8);
  const hour = twoDigits(b, start + 11);
  const minute = twoDigits(b, start + 14);
  const separator = b[start + 10];
  const shaped =
    b[start + 4] === 0x2d && b[start + 7] === 0x2d && b[start + 13] === 0x3a && (separator === 0x54 || separator === 0x74 || separator === 0x20);
  if (!shaped || twoDigits(b, start) < 0 || twoDigits(b, start + 2) < 0) return Number.NaN;
  if (year < 1970 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59) return Number.NaN;
  const ms = Date.UTC(year, month - 1, day, hour, minute);
  return new Date(ms).getUTCDate() === day ? ms : Number.NaN;
}

/** `Z` or `+02:00` that ends exactly at `end`, in milliseconds; else NaN. */
function readOffset(b: Buffer, p: number, end: number): number {
  const sign = b[p];
  if ((sign === 0x5a || sign === 0x7a) && p + 1 === end) return 0;
  if ((sign !== 0x2b && sign !== 0x2d) || p + 6 !== end || b[p + 3] !== 0x3a) return Number.NaN;
  const hours = twoDigits(b, p + 1);
  const minutes = twoDigits(b, p + 4);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return Number.NaN;
  return (sign === 0x2b ? 1 : -1) * (hours * 60 + minutes) * 60_000;
}
