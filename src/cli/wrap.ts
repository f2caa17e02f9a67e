import { plain } from './text.ts';

/** Lines of at most `width` characters, broken between words; those after the first begin with `indent`. */
export function wrapped(text: string, width: number, indent: string): string {
  const lines: string[] = [];
  let line = plain(text);
  while (line.length > width) {
    const at = line.lastIndexOf(' ', width);
    if (at < 0 || line.slice(0, at).trim() === '') break;
    lines.push(line.slice(0, at).trimEnd());
    line = `${indent}${line.slice(at + 1).trimStart()}`;
  }
  return [...lines, line].join('\n');
}
