import { readFileSync } from 'node:fs';

/** Footpath's version, from the package that it runs from. */
export function version(): string {
  const folder = new URL('../..', import.meta.url);
  const read = (path: string): string | null => {
    try {
      return (JSON.parse(readFileSync(new URL(path, folder), 'utf8')) as { readonly version: string }).version;
    } catch {
      return null;
    }
  };
  return read('package.json') ?? read('../package.json') ?? 'unknown';
}
