import type { Outside } from '../context.ts';
import { listen, type Key } from './keys.ts';

/** Another screen, no line that wraps by itself, no cursor, and pasted text told from keys; and all of that taken back. */
const ENTER = '\u001b[?1049h\u001b[?7l\u001b[?25l\u001b[?2004h';
const LEAVE = '\u001b[?2004l\u001b[?25h\u001b[?7h\u001b[?1049l';
const CLEAR = '\u001b[H\u001b[J';

export function paint({ stdout }: Pick<Outside, 'stdout'>, lines: readonly string[]): void {
  stdout.write(`${CLEAR}${lines.join('\r\n')}`);
}

/** What happens on a screen. Each says whether it goes on; what is thrown ends it too. */
export interface Play {
  readonly begin: () => boolean;
  readonly key: (key: Key) => boolean;
  readonly resize: () => boolean;
}

/**
 * Gives the whole terminal to `play` until that ends, or a signal or the end of the input ends it, and leaves it as it was found,
 * whatever happens. `later` runs work of the play between keys, which ends it as a key does.
 */
export async function onFullScreen({ stdin, stdout, onSignal }: Pick<Outside, 'stdin' | 'stdout' | 'onSignal'>, play: (later: (work: () => boolean, ms: number) => NodeJS.Timeout) => Play): Promise<void> {
  const takenBack: (() => void)[] = [];
  try {
    stdin.setRawMode?.(true);
    stdout.write(ENTER);
    await new Promise<void>((quit, fail) => {
      let isOver = false;
      const guarded = (work: () => boolean): void => {
        // What was typed after the key that ended it is nobody's command any more.
        if (isOver) return;
        try {
          isOver = !work();
          if (isOver) quit();
        } catch (error) {
          isOver = true;
          fail(error);
        }
      };
      const { begin, key, resize } = play((work, ms) => setTimeout(() => guarded(work), ms));
      const onResize = (): void => guarded(resize);
      stdout.on('resize', onResize);
      takenBack.push(
        () => void stdout.off('resize', onResize),
        listen(stdin, (typed) => guarded(() => key(typed))),
        ...(['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => onSignal(signal, () => guarded(() => false))),
      );
      guarded(begin);
    });
  } finally {
    for (const back of takenBack) back();
    stdout.write(LEAVE);
    stdin.setRawMode?.(false);
  }
}
