/** No line that is asked or answered with is longer by far. */
const MAX_LINE = 1 << 20;

export const TOO_LONG = `is longer than ${MAX_LINE} bytes`;

/**
 * Lines of a stream, without their ends and a byte order mark; null stands for one over a mebibyte, which is let go as it comes. Unlike
 * readline it ends a line nowhere but at a line feed: JSON may hold the other ends of Unicode within its texts.
 */
export async function* linesOf(stream: AsyncIterable<unknown>): AsyncGenerator<string | null> {
  let parts: Buffer[] = [];
  let length = 0;
  let isFirst = true;
  const keep = (part: Buffer): void => {
    length += part.length;
    if (length > MAX_LINE) parts = [];
    else parts.push(part);
  };
  const line = (): string | null => {
    const text = length > MAX_LINE ? null : Buffer.concat(parts).toString('utf8').replace(/\r$/, '');
    [parts, length] = [[], 0];
    const whole = isFirst ? (text?.replace(/^\ufeff/, '') ?? null) : text;
    isFirst = false;
    return whole;
  };
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer);
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      keep(bytes.subarray(start, end));
      start = end + 1;
      yield line();
    }
    keep(bytes.subarray(start));
  }
  if (length > 0) yield line();
}
