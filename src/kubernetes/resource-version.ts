const DECIMAL = /^(0|[1-9][0-9]*)$/;

/** Over 0 if a resourceVersion is later than another, under 0 if it is older. They are decimal numbers without a bound; null where one is not, and nothing is known. */
export function compareVersions(a: string, b: string): number | null {
  if (!DECIMAL.test(a) || !DECIMAL.test(b)) return null;
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
