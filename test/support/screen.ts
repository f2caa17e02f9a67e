import { PassThrough, Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Outside } from '../../src/cli/context.ts';
import { run } from '../../src/cli/program.ts';
import { NOW } from './cli.ts';

/** What a terminal shows of what is written to it: the sequences that a full screen needs, and no others. */
export class TerminalScreen extends Writable {
  readonly isTTY = true;
  columns: number;
  rows: number;
  /** Modes that were switched on and not off again: `?1049`, `?25`. */
  readonly modes = new Map<string, boolean>();
  /** All that was ever written. */
  written = '';
  #lines: string[] = [];
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const text = chunk.toString();
    this.written += text;
    // oxlint-disable-next-line no-control-regex
    for (const [part] of text.matchAll(/\u001b\[[?0-9;]*[A-Za-z]|\r|\n|[^\u001b\r\n]+|\u001b/g)) this.#take(part);
    done();
  }

  #take(part: string): void {
    if (part === '\r') this.#column = 0;
    else if (part === '\n') this.#row++;
    else if (!part.startsWith('\u001b')) this.#put(part);
    else if (part === '\u001b[H') [this.#row, this.#column] = [0, 0];
    else if (part === '\u001b[J') this.#lines = [...this.#lines.slice(0, this.#row), (this.#lines[this.#row] ?? '').slice(0, this.#column)];
    else if (/^\u001b\[\?\d+[hl]$/.test(part)) this.modes.set(part.slice(2, -1), part.endsWith('h'));
    else if (!/^\u001b\[[0-9;]*m$/.test(part)) throw new Error(`a sequence that this terminal does not know: ${JSON.stringify(part)}`);
  }

  /** Without wrapping: what is beyond the last column is lost. */
  #put(text: string): void {
    const line = (this.#lines[this.#row] ?? '').padEnd(this.#column);
    this.#lines[this.#row] = (line.slice(0, this.#column) + text + line.slice(this.#column + text.length)).slice(0, this.columns);
    this.#column = Math.min(this.columns - 1, this.#column + text.length);
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.emit('resize');
  }

  get shown(): string {
    return `${this.#lines.map((line) => line.trimEnd()).join('\n').trimEnd()}\n`;
  }
}

export interface Sitting {
  readonly screen: TerminalScreen;
  readonly raw: readonly boolean[];
  /** Types this, and waits until what it opens is worked out. */
  type(text: string): Promise<string>;
  /** What signals the program heeds. */
  signal(name: 'SIGTERM' | 'SIGINT' | 'SIGHUP'): void;
  hangUp(): void;
  /** Waits for the program's end. */
  end(): Promise<{ readonly status: number; readonly err: string }>;
}

/** Somebody at a terminal, in front of one command. */
export async function sitDown(args: readonly string[], { columns = 80, rows = 40, env = {} }: { readonly columns?: number; readonly rows?: number; readonly env?: Record<string, string> } = {}): Promise<Sitting> {
  const screen = new TerminalScreen(columns, rows);
  const raw: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => void raw.push(on) });
  let err = '';
  const stderr = Object.assign(new Writable({ write: (chunk: Buffer, _, done) => { err += chunk.toString(); done(); } }), { isTTY: true });
  const handlers = new Map<string, () => void>();
  const given: Outside = {
    env: { USER: 'tester', NO_COLOR: '1', ...env },
    pid: 1,
    stdin,
    stdout: screen,
    stderr,
    now: () => NOW,
    onSignal: (name, handler) => {
      handlers.set(name, handler);
      return () => void handlers.delete(name);
    },
  };
  const done = { is: false };
  const ended = run(args, given).finally(() => (done.is = true));
  const settle = async (): Promise<string> => {
    // A key is heeded, and its screen drawn, in the turn of the loop in which it comes; only an item's outlook follows later.
    do await nextTurn();
    while (!done.is && (screen.written === '' || screen.shown.includes('working out')));
    return screen.shown;
  };
  await settle();
  return {
    screen,
    raw,
    type: (text) => {
      stdin.write(text);
      return settle();
    },
    signal: (name) => handlers.get(name)?.(),
    hangUp: () => void stdin.end(),
    end: async () => ({ status: await ended, err }),
  };
}
