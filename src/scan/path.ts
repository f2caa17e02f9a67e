/**
 * Turns a request's path into a template that can be stored: query, fragment, matrix parameters and user info are dropped,
 * and segments that identify something (or could be a secret) become `{id}`.
 */

const MAX_SEGMENTS = 16;
const MAX_LENGTH = 200;

/** `path` is a path or a whole URL. Null if nothing of it can be kept. */
export function pathTemplate(path: string): string | null {
  // The query goes first: what looks like a path in it may be a secret.
  const cut = path.search(/[?#]/);
  let text = cut < 0 ? path : path.slice(0, cut);
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text);
  if (scheme !== null) {
    const slash = text.indexOf('/', scheme[0].length);
    text = slash < 0 ? '/' : text.slice(slash);
  }
  if (text === '*') return '*';
  if (!text.startsWith('/')) return null;
  const segments = text.slice(1).split('/');
  const kept = segments.slice(0, MAX_SEGMENTS).map(segmentTemplate);
  if (segments.length > MAX_SEGMENTS) kept.push('{more}');
  const template = `/${kept.join('/')}`;
  return template.length > MAX_LENGTH ? `${template.slice(0, MAX_LENGTH)}{more}` : template;
}

function segmentTemplate(segment: string): string {
  const semicolon = segment.indexOf(';');
  const text = semicolon < 0 ? segment : segment.slice(0, semicolon);
  return identifies(text) ? '{id}' : text;
}

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** Numbers, UUIDs, long hex, tokens, addresses of people, and whatever is no plain path text. */
function identifies(text: string): boolean {
  if (text.length > 64) return true;
  if (/^[0-9][0-9.,:_-]*$/.test(text)) return true;
  if (UUID.test(text)) return true;
  if (text.length >= 16 && /^[0-9a-f]+$/i.test(text)) return true;
  if (text.length >= 8 && /^[0-9a-f]+$/.test(text) && /[0-9]/.test(text) && /[a-f]/.test(text)) return true;
  if (/[@=]|%(?:40|3d)/i.test(text) || (text.includes(':') && /[0-9]/.test(text)) || /[0-9]{13}/.test(text)) return true;
  // Codes that are read out in groups: 4F7K-9XQ2-LM3P.
  if (text.split(/[._-]/).filter((piece) => /[0-9]/.test(piece) && /[A-Za-z]/.test(piece) && !VERSION.test(piece)).length >= 3) return true;
  if (text.length >= 12 && /[a-z]/.test(text) && /[A-Z]/.test(text) && (text.match(/[0-9]/g)?.length ?? 0) >= 3) return true;
  // Not printable ASCII, or able to act on a terminal, a shell or YAML.
  if (!/^[A-Za-z0-9._~!$&'()*+,=:%-]*$/.test(text)) return true;
  if (text.length < 20) return false;
  return !text.split(/[._-]/).every(isWord);
}

/** `v1`, `v1alpha`, `v2beta3`: versions of APIs. */
const VERSION = /^v[0-9]{1,3}(?:(?:alpha|beta|p)[0-9]{0,2})?$/;

/** Words keep one case or are CamelCase; tokens mix case and digits. Short pieces (`v1`, `es2`, `js`) say nothing. */
function isWord(text: string): boolean {
  if (text.length <= 4 || VERSION.test(text)) return true;
  if (text.length > 40 || !/^[A-Z]?[a-z]+(?:[A-Z][a-z]+)*$/.test(text)) return false;
  return text.replace(/[a-z]/g, '').length * 3 <= text.length;
}
