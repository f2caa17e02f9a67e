import type { Outside } from '../../src/notify/kind.ts';
import { T0 } from './hubble.ts';

/** What notifiers are given in tests, with what they wrote to standard output. */
export function outsideOf(given: Partial<Outside> = {}): Outside & { readonly written: string[] } {
  const written: string[] = [];
  return { now: () => T0 + 3_600_000, write: (text) => new Promise((resolve) => { written.push(text); resolve(); }), cluster: 'east', ...given, written };
}
