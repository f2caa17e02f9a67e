import { Document, isScalar, Scalar, visit } from 'yaml';

/** One way to write YAML: two spaces, no line folding, and everything quoted that a reader of YAML 1.1 or 1.2 would take for something else. */
const STYLE = { lineWidth: 0, indentSeq: false } as const;

export function toYaml(value: unknown): string {
  return printDocument(yamlDocument(value));
}

/** A document whose nodes can be given comments. */
export function yamlDocument(value: unknown): Document {
  const document = new Document(value, { version: '1.1' });
  visit(document, {
    Scalar: (_, node) => {
      if (isScalar(node) && typeof node.value === 'string' && OTHER_NUMBERS.test(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document;
}

/** Numbers of YAML 1.2, and of Go's reader, that are none in YAML 1.1. */
const OTHER_NUMBERS = /^[-+]?0[box]/i;

export function printDocument(document: Document): string {
  return document.toString(STYLE);
}
