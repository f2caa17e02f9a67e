import { emitKeypressEvents, type Key as Keypress } from 'node:readline';
import type { Readable } from 'node:stream';

/** What a person did at the keyboard. `text` is what a printable key or a paste says. */
export interface Key {
  readonly name: 'text' | 'paste' | 'enter' | 'escape' | 'backspace' | 'erase' | 'up' | 'down' | 'left' | 'right' | 'pageup' | 'pagedown' | 'interrupt' | 'end' | 'other';
  readonly text: string;
}

const NAMED: ReadonlyMap<string, Key['name']> = new Map([
  ['return', 'enter'],
  ['enter', 'enter'],
  ['escape', 'escape'],
  ['backspace', 'backspace'],
  ['up', 'up'],
  ['down', 'down'],
  ['left', 'left'],
  ['right', 'right'],
  ['pageup', 'pageup'],
  ['pagedown', 'pagedown'],
]);

const WITH_CONTROL: ReadonlyMap<string, Key['name']> = new Map([
  ['c', 'interrupt'],
  ['d', 'end'],
  ['u', 'erase'],
  ['h', 'backspace'],
]);

/** Calls `heed` with each key of a stream, and with `end` when the stream is over; returns what takes that back. */
export function listen(stdin: Readable, heed: (key: Key) => void): () => void {
  let pasted: string | null = null;
  const onKeypress = (character: string | undefined, key: Keypress): void => {
    // What is pasted is text, never a row of commands.
    if (key.name === 'paste-start') pasted = '';
    else if (key.name === 'paste-end') {
      if (pasted !== null && pasted !== '') heed({ name: 'paste', text: pasted });
      pasted = null;
    } else if (pasted !== null) pasted += (character ?? '').slice(0, 4_000 - pasted.length);
    else heed(keyOf(character, key));
  };
  const onEnd = (): void => heed({ name: 'end', text: '' });
  emitKeypressEvents(stdin);
  stdin.on('keypress', onKeypress);
  stdin.on('end', onEnd);
  stdin.on('error', onEnd);
  stdin.resume();
  return () => {
    stdin.off('keypress', onKeypress);
    stdin.off('end', onEnd);
    stdin.off('error', onEnd);
    stdin.pause();
  };
}

function keyOf(character: string | undefined, { name = '', ctrl, meta }: Keypress): Key {
  if (ctrl === true) return { name: WITH_CONTROL.get(name) ?? 'other', text: '' };
  const known = NAMED.get(name);
  if (known !== undefined) return { name: known, text: '' };
  if (meta === true || character === undefined || isControl(character)) return { name: 'other', text: '' };
  return { name: 'text', text: character };
}

function isControl(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x20 || (code >= 0x7f && code < 0xa0);
}
