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
      const named = withOptions(context, words);
      const configuration = () => loadConfig(named);
      const known = knownIn(async () => (store ??= new Store(databasePath(named, await configuration()), { create: false })), configuration);
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

/** With the database and the configuration that the unfinished command line names. */
function withOptions(context: Context, words: readonly string[]): Context {
  const { db = context.options.db, config = context.options.config } = { db: valueOf(words, '--db'), config: valueOf(words, '--config') };
  return { ...context, options: { ...context.options, ...(db === undefined ? {} : { db }), ...(config === undefined ? {} : { config }) } };
}

/** The value of an option, as `--db FILE` or `--db=FILE`; the last one counts. */
function valueOf(words: readonly string[], option: string): string | undefined {
  const values = words.flatMap((word, i) => (word.startsWith(`${option}=`) ? [word.slice(option.length + 1)] : word === option ? [words[i + 1] ?? ''] : []));
  return values.findLast((value) => value !== '');
}
