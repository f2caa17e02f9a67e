import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { OperationError, UsageError } from './errors.ts';

/** What a file of YAML or JSON holds, null if nothing. Errors are one line: the file, and what is wrong with it. */
export function readYaml(path: string, { mapAsMap = false }: { readonly mapAsMap?: boolean } = {}): unknown {
  const text = readText(path);
  try {
    const document = parseDocument(text, { version: '1.2' });
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS({ mapAsMap });
  } catch (error) {
    const [first = ''] = (error as Error).message.split('\n', 1);
    throw new UsageError(`${path}: is no valid YAML: ${first.replace(/:$/, '')}`, { cause: error });
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new OperationError(`${path}: cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, { cause: error });
  }
}
