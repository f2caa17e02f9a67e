/**
 * A path template as a regular expression (RE2, matched against the whole of what the request line has, query and all):
 * `/reviews/{id}` is `/reviews(;[^/?]*)?/[^/?]+(\?.*)?`. Templates have lost queries and matrix parameters, so both may stand
 * where they stood; `{id}` is one segment, `{more}` whatever else follows.
 */
export function pathPattern(template: string): string {
  if (template === '*') return String.raw`\*`;
  // Segments hold no brace of their own. A template that was too long may be cut within its last {id}.
  const cut = /\{(?!id\})/.exec(template);
  if (cut === null) return `${pattern(template.split('/'), MATRIX)}${QUERY}`;
  const kept = template.slice(0, cut.index).split('/');
  return `${pattern(kept.slice(0, -1), MATRIX)}/${pattern(kept.slice(-1), '')}.*`;
}

const MATRIX = '(;[^/?]*)?';
const QUERY = String.raw`(\?.*)?`;
const ANY_SEGMENT = '[^/?]+';

/** What stands before the first slash is empty. */
function pattern(segments: readonly string[], end: string): string {
  return segments.map((segment, i) => (segment === '{id}' ? ANY_SEGMENT : `${literal(segment)}${i === 0 && segment === '' ? '' : end}`)).join('/');
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
