import { Readable, Writable } from 'node:stream';
import { run } from '../../src/cli/program.ts';
import { NOW } from './cli.ts';

class Screen extends Writable {
  readonly isTTY = true;
  readonly columns: number;
  text = '';

  constructor(columns: number) {
    super();
    this.columns = columns;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

export interface Shown {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line as on a terminal of so many columns. */
export async function onTerminal(args: readonly string[], options: { readonly columns?: number; readonly env?: Record<string, string> } = {}): Promise<Shown> {
  const columns = options.columns ?? 100;
  const [stdout, stderr] = [new Screen(columns), new Screen(columns)];
  const status = await run(args, { env: { USER: 'tester', ...options.env }, pid: 1, stdin: Readable.from([]), stdout, stderr, now: () => NOW, onSignal: () => () => undefined });
  return { status, out: stdout.text, err: stderr.text };
}

/** Without the colours. */
export function uncoloured(text: string): string {
  return text.replace(/\u001b\[[0-9;]*m/g, '');
}
