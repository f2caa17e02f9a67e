import type { Define } from '../command.ts';
import { outputOf, type Context } from '../context.ts';
import { addReadingOptions, type ReadingOptions } from '../reading-options.ts';

export const define: Define = (command, run) => {
  addReadingOptions(command)
    .addHelpText('after', '\nStores nothing; who somebody is, the records and --inventory tell.')
    .action((paths: readonly string[], options: ReadingOptions) => run((context) => showFlows(context, paths, options)));
};

async function showFlows(context: Context, paths: readonly string[], options: ReadingOptions): Promise<number> {
  const form = outputOf(context, ['table', 'json']);
  const { readWithoutStoring } = await import('../showing.ts');
  return readWithoutStoring(context, paths, options, form);
}
