import { Document, isMap, isScalar, type Node } from 'yaml';
import { DEFAULT_CONFIG, describedKey } from './config.ts';

/** Every key of the configuration with its default, and above it what it is for. It is a configuration itself. */
export function configReference(): string {
  const document = new Document(DEFAULT_CONFIG);
  explain(document.contents, []);
  return document.toString({ lineWidth: 0 });
}

function explain(node: Node | null, path: readonly string[]): void {
  if (!isMap(node)) return;
  for (const { key, value } of node.items) {
    if (!isScalar(key)) continue;
    const own = [...path, String(key.value)];
    const text = describedKey(own);
    if (text !== null) key.commentBefore = text.replace(/^/gm, ' ');
    explain(value as Node | null, own);
  }
}
