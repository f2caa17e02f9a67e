import { Document, stringify } from 'yaml';

/** One way to write YAML: two spaces, no line folding, and everything quoted that YAML 1.1 would take for something else. */
const STYLE = { lineWidth: 0, indentSeq: false } as const;

export function toYaml(value: unknown): string {
  return stringify(value, { version: '1.1', ...STYLE });
}

/** A document whose nodes can be given comments. */
export function yamlDocument(value: unknown): Document {
  return new Document(value, { version: '1.1' });
}

export function printDocument(document: Document): string {
  return document.toString(STYLE);
}
