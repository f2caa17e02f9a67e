/** Rules of the form "these peers, at these ports": the fewest that together say exactly which peer may use which port. */

export interface Rectangle<Row, Column> {
  readonly rows: readonly Row[];
  readonly columns: readonly Column[];
}

/** Candidates and steps of the exact search; beyond them the plain answers must do. */
const MAX_CANDIDATES = 200;
const MAX_STEPS = 20_000;

/**
 * Covers the filled cells of a table, and no other, with as few rectangles as there can be (a biclique cover; the least is
 * searched for up to a bound, beyond it each peer stands in one rule, or each port, whichever are fewer). `cells` gives the
 * columns of each row; rows and columns of the answer are in the order of the table.
 */
export function factor<Row, Column>(cells: ReadonlyMap<Row, ReadonlySet<Column>>): readonly Rectangle<Row, Column>[] {
  const columns = [...new Set([...cells.values()].flatMap((own) => [...own]))];
  const bitOf = new Map(columns.map((column, i) => [column, 1n << BigInt(i)]));
  // Rows that are filled alike are one, whatever the cover.
  const alike = new Map<bigint, Row[]>();
  for (const [row, own] of cells) {
    let mask = 0n;
    for (const column of own) mask |= bitOf.get(column) ?? 0n;
    const known = alike.get(mask);
    if (known === undefined) alike.set(mask, [row]);
    else known.push(row);
  }
  const masks = [...alike.keys()];
  const columnsIn = (mask: bigint): readonly Column[] => columns.filter((column) => ((bitOf.get(column) ?? 0n) & mask) !== 0n);
  const rowsWith = (mask: bigint): readonly Row[] => {
    const all = new Set(masks.filter((own) => (own & mask) === mask).flatMap((own) => alike.get(own) ?? []));
    return [...cells.keys()].filter((row) => all.has(row));
  };
  const byColumns = new Set(columns.map((column) => masks.filter((mask) => (mask & (bitOf.get(column) ?? 0n)) !== 0n).join()));
  const plain = Math.min(masks.length, byColumns.size);
  const fewer = plain > 2 ? searchCover(masks, plain - 1) : null;
  if (fewer !== null) return fewer.map((mask) => ({ rows: rowsWith(mask), columns: columnsIn(mask) }));
  if (masks.length <= byColumns.size) return [...alike].map(([mask, rows]) => ({ rows, columns: columnsIn(mask) }));
  return [...byColumns].map((key) => {
    const own = columns.filter((column) => masks.filter((mask) => (mask & (bitOf.get(column) ?? 0n)) !== 0n).join() === key);
    const mask = own.reduce((sum, column) => sum | (bitOf.get(column) ?? 0n), 0n);
    return { rows: rowsWith(mask), columns: own };
  });
}

/** Column sets of at most `limit` rectangles that cover all rows, fewest first; null if there are none, or finding them takes too long. */
function searchCover(masks: readonly bigint[], limit: number): readonly bigint[] | null {
  const candidates = maximalColumnSets(masks);
  if (candidates === null) return null;
  let steps = 0;
  // `left` holds what each row still needs; the first that needs anything is served next.
  const cover = (left: readonly bigint[], rectangles: number): readonly bigint[] | null => {
    const row = left.findIndex((mask) => mask !== 0n);
    if (row < 0) return [];
    if (rectangles === 0 || ++steps > MAX_STEPS) return null;
    const need = left[row] ?? 0n;
    const lowest = need & -need;
    for (const candidate of candidates) {
      if ((candidate & lowest) === 0n || ((masks[row] ?? 0n) & candidate) !== candidate) continue;
      const rest = cover(left.map((mask, i) => (((masks[i] ?? 0n) & candidate) === candidate ? mask & ~candidate : mask)), rectangles - 1);
      if (rest !== null) return [candidate, ...rest];
    }
    return null;
  };
  for (let rectangles = 1; rectangles <= limit; rectangles++) {
    const found = cover(masks, rectangles);
    if (found !== null) return found;
    if (steps > MAX_STEPS) return null;
  }
  return null;
}

/** Sets of columns that some rows have in common: only these can be the columns of a largest rectangle. */
function maximalColumnSets(masks: readonly bigint[]): readonly bigint[] | null {
  const sets = new Set<bigint>();
  for (const mask of masks) {
    for (const known of sets) if ((known & mask) !== 0n) sets.add(known & mask);
    sets.add(mask);
    if (sets.size > MAX_CANDIDATES) return null;
  }
  return [...sets];
}
