/** Labels of a pod: sorted by key, so that equal sets have equal text. */
export type Labels = ReadonlyMap<string, string>;

export const NO_LABELS: Labels = new Map();

export function sortedLabels(entries: Iterable<readonly [string, string]>): Labels {
  return new Map([...entries].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** Canonical text: `app=web,tier=front`. Neither keys nor values can hold `=` or `,`. */
export function formatLabels(labels: Labels): string {
  return [...labels].map(([key, value]) => `${key}=${value}`).join(',');
}

/** The inverse of `formatLabels`. */
export function parseLabels(text: string): Labels {
  if (text === '') return NO_LABELS;
  return new Map(
    text.split(',').map((pair): [string, string] => {
      const equals = pair.indexOf('=');
      return [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}

export function sameLabels(a: Labels, b: Labels): boolean {
  return formatLabels(a) === formatLabels(b);
}
