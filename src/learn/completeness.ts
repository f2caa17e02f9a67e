/**
 * How complete a sample of edges is, by incidence in equal units of time (Chao and Jost 2012, Chao et al. 2014, Colwell et al.
 * 2012): `incidences` holds, for each edge, in how many of the `units` it was seen.
 */
export interface Completeness {
  /** Share of traffic's edges that the sample covers, 0 to 1; null while too little is known. */
  readonly coverage: number | null;
  /** Edges that exist and were not seen, at least. */
  readonly unseen: number;
  /** Expected number of edges that the next `more` units show for the first time; null beyond what the sample can tell. */
  readonly expectedNew: (more: number) => number | null;
}

export function completeness(incidences: readonly number[], units: number): Completeness {
  const once = incidences.filter((n) => n === 1).length;
  const twice = incidences.filter((n) => n === 2).length;
  const all = incidences.reduce((sum, n) => sum + n, 0);
  const known = units >= 2 && all > 0;
  const unseen = units === 0 ? 0 : ((units - 1) / units) * (twice > 0 ? (once * once) / (2 * twice) : (once * (once - 1)) / 2);
  return {
    coverage: known ? coverageOf(once, twice, all, units) : null,
    unseen,
    expectedNew: (more) => (known && more <= units ? expectedNew(once, unseen, units, more) : null),
  };
}

function coverageOf(once: number, twice: number, all: number, units: number): number {
  if (once === 0) return 1;
  const t = units - 1;
  const rate = twice > 0 ? (t * once) / (t * once + 2 * twice) : (t * (once - 1)) / (t * (once - 1) + 2);
  return 1 - (once / all) * rate;
}

function expectedNew(once: number, unseen: number, units: number, more: number): number {
  if (once === 0) return 0;
  if (unseen === 0) return (more * once) / units;
  return unseen * (1 - (1 - once / (units * unseen + once)) ** more);
}
