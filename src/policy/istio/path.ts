import { textTest, type TextTest } from './text-match.ts';

/** Paths as the proxy compares them, and what `paths` of a policy can say of them. */

/**
 * As Istio has proxies normalise by default (BASE, RFC 3986): dot segments are resolved, also escaped ones, `\` is `/`, escaped letters,
 * digits, `-`, `.`, `_` and `~` stand for themselves, and the path begins with `/`. Slashes are not merged, `%2f` stays as it is. The query
 * is kept. Null for what a proxy refuses.
 */
export function normalisePath(path: string): string | null {
  const end = path.search(/[?#]/);
  const raw = end < 0 ? path : path.slice(0, end);
  // oxlint-disable-next-line no-control-regex
  if (/\u0000|%00/.test(raw)) return null;
  const unescaped = raw
    .replace(/%([0-9a-fA-F]{2})/g, (escaped, hex: string) => {
      const character = String.fromCharCode(Number.parseInt(hex, 16));
      return /[A-Za-z0-9\-._~]/.test(character) ? character : escaped;
    })
    .replaceAll('\\', '/');
  const kept: string[] = [];
  const segments = (unescaped.startsWith('/') ? unescaped.slice(1) : unescaped).split('/');
  for (const [i, segment] of segments.entries()) {
    const isDot = segment === '.' || segment === '..';
    if (segment === '..') kept.pop();
    if (!isDot) kept.push(segment);
    else if (i === segments.length - 1) kept.push('');
  }
  return `/${kept.join('/')}${end < 0 ? '' : path.slice(end)}`;
}

/** What a value of `paths` means, of paths without their query. */
export function pathTest(value: string): TextTest {
  const test = isTemplate(value) ? templateTest(value) : textTest(value);
  return (path) => test(path.replace(/[?#].*$/s, ''));
}

/** Whether a value of `paths` is a template. */
export function isTemplate(value: string): boolean {
  return value.includes(ONE) || value.includes(ANY);
}

const ONE = '{*}';
const ANY = '{**}';

/** What an operator of a template takes for a part of a path: Envoy's `pchar`, which has neither `=` nor `*`. */
const SEGMENT = /^[A-Za-z0-9\-._~%!$&'()+,;:@]*$/;

/** `{*}` is one segment that is not empty; `{**}`, behind which stand no further operators, any number of segments between its slashes. */
function templateTest(template: string): TextTest {
  if (!template.startsWith('/')) return () => false;
  const parts = template.split('/');
  const any = parts.indexOf(ANY);
  const head = any < 0 ? parts : parts.slice(0, any);
  const tail = any < 0 ? [] : parts.slice(any + 1);
  const fits = (part: string | undefined, segment: string | undefined): boolean => (part === ONE ? segment !== undefined && segment !== '' && SEGMENT.test(segment) : part === segment);
  return (path) => {
    const segments = path.split('/');
    const middle = segments.length - head.length - tail.length;
    if (any < 0 ? middle !== 0 : middle < 1) return false;
    return (
      head.every((part, i) => fits(part, segments[i])) &&
      tail.every((part, i) => part === segments[head.length + middle + i]) &&
      segments.slice(head.length, head.length + middle).every((segment) => SEGMENT.test(segment))
    );
  };
}

const LITERAL = /^[A-Za-z0-9\-._~%!$&'()+,;:@=]+$/;

/** Why Istio refuses a value of `paths`, or null. */
export function pathFault(value: string): string | null {
  let anySeen = false;
  for (const part of value.replace(/^\/+/, '').replace(/\/+$/, '').split('/')) {
    if (part === ONE || part === ANY) {
      if (anySeen) return `may have no operator behind ${ANY}`;
      anySeen = part === ANY;
    } else if (/[{}]/.test(part)) return `may have braces in ${ONE} and ${ANY} alone, each a segment of its own`;
    else if (isTemplate(value) && !LITERAL.test(part)) return `is a template: its segment ${JSON.stringify(part)} may hold neither * nor what a path has to escape`;
  }
  return null;
}
