import { readFileSync } from 'node:fs';

/** What `assembly/index.ts` exports. Constants are globals. */
export interface Exports {
  readonly memory: WebAssembly.Memory;
  decode(from: number, count: number, origin: number, named: boolean): number;
  forget(): void;
  countRow(i: number): boolean;
  setLeavesEmpty(leaves: boolean): void;
  newJsonPlan(): void;
  newTextPlan(quotes: number): number;
  addColumn(p: number, length: number, what: number, slot: number, group: number, rank: number, shape: number): number;
  addSegment(from: number, to: number, firstWild: number, lastWild: number, quote: number, quoteAt: number, p: number, length: number): number;
  addNode(parent: number, p: number, length: number, what: number, slot: number, group: number, rank: number): number;
  readonly why: WebAssembly.Global;
  readonly unsure: WebAssembly.Global;
  readonly rows: WebAssembly.Global;
  readonly forms: WebAssembly.Global;
}

const CONSTANTS = ['WINDOW', 'WINDOW_SIZE', 'MAX_RECORDS', 'STARTS', 'ENDS', 'UNSURE', 'ROWS', 'ROW_SIZE', 'FORMS', 'FORM_SIZE', 'SUMS', 'COUNTS', 'COUNT_SIZE', 'MAX_NODE_PARTS', 'MAX_OUTCOMES', 'VALUES', 'VALUE_SIZE', 'ASKED'] as const;
export type Constants = Readonly<Record<(typeof CONSTANTS)[number], number>>;

/** Null where WebAssembly cannot run (it may be switched off, and SIMD is not everywhere): then records are decoded without it. */
export function compileKernel(file: URL = new URL('kernel.wasm', import.meta.url)): WebAssembly.Module | null {
  if (typeof WebAssembly === 'undefined') return null;
  const bytes = readFileSync(file);
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
}

/** A kernel of its own, with memory of its own. */
export function instantiate(module: WebAssembly.Module): { readonly exports: Exports; readonly constants: Constants } {
  const exports = new WebAssembly.Instance(module).exports as unknown as Exports & Readonly<Record<string, WebAssembly.Global>>;
  return { exports, constants: Object.fromEntries(CONSTANTS.map((name) => [name, exports[name]?.value as number])) as Constants };
}
