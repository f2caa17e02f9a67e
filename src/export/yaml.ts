import { Document, isMap, isScalar, parse, Scalar, visit } from 'yaml';

/** One way to write YAML: two spaces, no line folding, and everything quoted that a reader of YAML 1.1 or 1.2 would take for something else. */
const STYLE = { lineWidth: 0, indentSeq: false } as const;

export function toYaml(value: unknown): string {
  return printDocument(yamlDocument(value));
}

/** A document whose nodes can be given comments. Maps under these keys are sorted. */
export function yamlDocument(value: unknown, sorted: ReadonlySet<string> = new Set()): Document {
  // Parts that are one object are written out each time: a reader of one rule need not look for another.
  const document = new Document(value, { version: '1.1', aliasDuplicateObjects: false });
  visit(document, {
    Pair: (_, { key, value: map }) => {
      if (isScalar(key) && sorted.has(String(key.value)) && isMap(map)) map.items.sort((a, b) => (String(a.key) < String(b.key) ? -1 : 1));
    },
    Scalar: (_, node) => {
      if (isScalar(node) && typeof node.value === 'string' && !isPlain(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document;
}

/** Numbers of Go's reader that are none to the library. */
const OTHER_NUMBERS = /^[-+]?0[box]/i;

/** Names come again and again; what was found out about them stays true. */
const known = new Map<string, boolean>();
const REMEMBERED = 100_000;

/** Whether a text that is not quoted by force is read as itself in both versions of YAML. */
function isPlain(text: string): boolean {
  let plain = known.get(text);
  if (plain === undefined) {
    const printed = new Document({ text, [text]: 0 }, { version: '1.1' }).toString(STYLE);
    plain = !OTHER_NUMBERS.test(text) && (['1.1', '1.2'] as const).every((version) => readsAs(printed, version, text));
    if (known.size < REMEMBERED) known.set(text, plain);
  }
  return plain;
}

function readsAs(printed: string, version: '1.1' | '1.2', text: string): boolean {
  const read = parse(printed, { version }) as Readonly<Record<string, unknown>>;
  return text === 'text' || (read['text'] === text && read[text] === 0);
}

export function printDocument(document: Document): string {
  return document.toString(STYLE);
}
