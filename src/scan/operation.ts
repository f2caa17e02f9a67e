import type { Operation } from '../model/flow.ts';
import { findByte } from './find.ts';
import { hashSpan, Interner } from './intern.ts';
import { pathTemplate } from './path.ts';

const MAX_OPERATIONS = 1 << 14;
const METHOD = /^[A-Z][A-Z-]{0,15}$/;

/** Turns method and path, as bytes, into an operation; the same object for the same bytes while it is remembered. */
export class OperationReader {
  readonly #seen = new Interner<Operation | null>(2, { entries: 1 << 14, bytes: 4 << 20 });
  readonly #operations = new Map<string, Operation>();
  readonly #spans = new Int32Array(4);

  /** Null if the two are no HTTP request. The query is cut before anything is remembered. */
  read(b: Buffer, methodStart: number, methodEnd: number, pathStart: number, pathEnd: number): Operation | null {
    const query = findByte(b, 0x3f, pathStart, pathEnd);
    const end = query < 0 ? pathEnd : query;
    const spans = this.#spans;
    spans[0] = methodStart;
    spans[1] = methodEnd;
    spans[2] = pathStart;
    spans[3] = end;
    const hash = hashSpan(hashSpan(0, b, methodStart, methodEnd), b, pathStart, end);
    const known = this.#seen.find(hash, b, spans);
    if (known !== undefined) return known;
    const operation = this.#one(readOperation(b.toString('latin1', methodStart, methodEnd), b.toString('utf8', pathStart, end)));
    this.#seen.add(hash, b, spans, operation);
    return operation;
  }

  /** Many paths are one template, and one template is one object. */
  #one(operation: Operation | null): Operation | null {
    if (operation === null) return null;
    const key = `${operation.method} ${operation.path}`;
    const known = this.#operations.get(key);
    if (known !== undefined) return known;
    if (this.#operations.size >= MAX_OPERATIONS) this.#operations.clear();
    this.#operations.set(key, operation);
    return operation;
  }
}

export function readOperation(method: string, path: string): Operation | null {
  if (!METHOD.test(method)) return null;
  const template = pathTemplate(path);
  return template === null ? null : { method, path: template };
}

/** Statuses that say the server did not perform what was asked for: they make no operation, though the connection is real. */
export function performed(status: number): boolean {
  return status !== 401 && status !== 403 && status !== 404 && status !== 405;
}
