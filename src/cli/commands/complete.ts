import type { Define } from '../command.ts';
import type { Context } from '../context.ts';
import { plain } from '../text.ts';

/** What follows the values, for the shells' scripts: leave files out, or offer them (Cobra's protocol, which kubectl speaks too). */
const NO_FILES = 4;
const FILES = 0;

/** Asked by the shells: `footpath complete -- alerts show 4`. */
export const define: Define = (command, run) => {
  command.argument('[words...]').action((words: readonly string[]) =>
    run(async (context) => {
      const [{ suggestionsFor, knownIn }, { Store }, { databasePath, loadConfig }] = await Promise.all([
        import('../complete.ts'),
        import('../../store/store.ts'),
        import('../session.ts'),
      ]);
      const program = command.parent ?? command;
      let store: InstanceType<typeof Store> | null = null;
      const known = knownIn(async () => {
        const named = withDatabase(context, words);
        return (store ??= new Store(databasePath(named, await loadConfig(named)), { create: false }));
      });
      try {
        const { values, files } = await suggestionsFor(program, words, known);
        for (const { value, about } of values) context.print(`${plain(value)}${about === '' ? '' : `\t${plain(about)}`}\n`);
        context.print(`:${files ? FILES : NO_FILES}\n`);
      } finally {
        (store as InstanceType<typeof Store> | null)?.close();
      }
      return 0;
    }),
  );
};

/** The database that the unfinished command line names. */
function withDatabase(context: Context, words: readonly string[]): Context {
  const at = words.lastIndexOf('--db');
  const db = at < 0 ? undefined : words[at + 1];
  return db === undefined || db === '' ? context : { ...context, options: { ...context.options, db } };
}
