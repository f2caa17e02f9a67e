import { ABSENT, ARRAY, ESCAPED, FALSE, JsonFields, NULL, OBJECT, TRUE } from '../../src/scan/json.ts';
import type { JsonFormat } from './format.ts';
import type { Line } from './line.ts';
import { fieldsOf, type Operator } from './operators.ts';
import { compileTimeFormat, type ReadTime } from './start-time.ts';
import { TextMatcher, type Match } from './text.ts';

/** How the value of one key is read: one operator, or a text with several. */
type Leaf = { readonly operator: Operator; readonly readTime: ReadTime | null } | { readonly matcher: TextMatcher };

/** Matches lines that a JSON template wrote. Keys may come in any order, be missing, and hold numbers, strings or null. */
export class JsonMatcher {
  readonly #fields: JsonFields;
  readonly #leaves: readonly Leaf[];
  readonly #written: number;

  constructor({ leaves }: JsonFormat) {
    const wanted = leaves.filter(({ format }) => format.operators.some(({ field }) => field !== null));
    this.#written = fieldsOf(leaves.flatMap(({ format }) => format.operators));
    this.#fields = new JsonFields(wanted.map(({ path }) => path));
    this.#leaves = wanted.map(({ format }): Leaf => {
      const [operator, ...more] = format.operators;
      const alone = operator !== undefined && more.length === 0 && format.literals.every(({ length }) => length === 0);
      return alone ? { operator, readTime: operator.field === 'time' ? compileTimeFormat(operator.timeFormat) : null } : { matcher: new TextMatcher(format) };
    });
  }

  match(b: Buffer, start: number, end: number, line: Line): Match {
    const fields = this.#fields;
    if (!fields.scan(b, start, end)) return 'no';
    line.written = this.#written;
    let known = 0;
    for (const [slot, leaf] of this.#leaves.entries()) {
      const kind = fields.kinds[slot];
      if (kind === ABSENT) continue;
      known++;
      if (kind === NULL) continue;
      if (kind === OBJECT || kind === ARRAY || kind === TRUE || kind === FALSE) return 'near';
      const escaped = kind === ESCAPED ? Buffer.from(fields.text(b, slot) ?? '') : null;
      const [bytes, from, to] = escaped === null ? [b, fields.starts[slot]!, fields.ends[slot]!] : [escaped, 0, escaped.length];
      if (!read(leaf, bytes, from, to, line)) return 'near';
    }
    line.written = this.#written;
    line.isSure = true;
    if (Number.isNaN(line.time)) return 'no';
    return known >= 2 ? 'yes' : 'no';
  }
}

function read(leaf: Leaf, b: Buffer, start: number, end: number, line: Line): boolean {
  if ('matcher' in leaf) return leaf.matcher.match(b, start, end, line) === 'yes';
  const { field } = leaf.operator;
  if (field === null) return true;
  if (field !== 'time') {
    line.set(field, b, start, end);
    return true;
  }
  line.time = leaf.readTime === null ? Number.NaN : leaf.readTime(b, start, end);
  return !Number.isNaN(line.time);
}
