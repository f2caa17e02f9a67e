/** Text from outside on one line of at most so many characters, without control and invisible characters. */
export function plainLine(text: string, limit: number): string {
  return cut(
    text
      // oxlint-disable-next-line no-control-regex
      .replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g, ' ')
      .trim(),
    limit,
  );
}

/** Its beginning, if it is longer; never half a character. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
