import { plain, type Style } from '../text.ts';

/** What a line says, in one word; each is told by its text too, for terminals without colours. */
export type Tone = 'title' | 'added' | 'removed' | 'warning' | 'aside';

/** A line of a screen before it is fitted: its text may come from outside. */
export interface Line {
  readonly text: string;
  readonly tone?: Tone;
  /** Spaces before it, and before what is left of it on the next lines. */
  readonly indent?: number;
}

/** Fits lines to a width: broken at spaces, and within a word that is longer than a line. What comes from outside is shown as what it is. */
export function fit(lines: readonly Line[], width: number, style: Style): readonly string[] {
  return lines.flatMap(({ text, tone, indent = 0 }) => {
    const room = Math.max(8, width - indent);
    return broken(plain(text), room).map((part, i) => painted(`${' '.repeat(i > 0 ? indent + HANGING : indent)}${part}`.trimEnd(), tone, style));
  });
}

const HANGING = 2;

/** Parts of at most `room` characters; all but the first leave space to hang further in. */
function broken(text: string, room: number): readonly string[] {
  const parts: string[] = [];
  let rest = text;
  for (let most = room; rest.length > most; most = room - HANGING) {
    const space = rest.lastIndexOf(' ', most);
    // Spaces at the beginning are the line's own: it is YAML, or lined up.
    const at = space > rest.search(/[^ ]/) ? space : most;
    parts.push(rest.slice(0, at));
    rest = rest.slice(at).trimStart();
  }
  return [...parts, rest];
}

function painted(text: string, tone: Tone | undefined, style: Style): string {
  switch (tone) {
    case 'title':
      return style.bold(text);
    case 'added':
      return style.green(text);
    case 'removed':
      return style.red(text);
    case 'warning':
      return style.yellow(text);
    case 'aside':
      return style.dim(text);
    default:
      return text;
  }
}
