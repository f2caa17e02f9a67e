import { UsageError } from '../../errors.ts';
import type { Define } from '../command.ts';

export const define: Define = (command, run) => {
  command
    .command('check')
    .argument('[file]', 'the file (default: --config or FOOTPATH_CONFIG)')
    .description('whether a configuration file is right')
    .action((file: string | undefined) =>
      run(async (context) => {
        const path = file ?? context.options.config ?? context.env['FOOTPATH_CONFIG'];
        if (path === undefined) throw new UsageError('name the file: footpath config check footpath.yaml');
        const [{ readConfig }, { checkConfig }] = await Promise.all([import('../../config.ts'), import('../check-config.ts')]);
        const what = checkConfig(context, readConfig(path));
        context.say(`${path}: right${what === '' ? '' : `: ${what}`}`);
        return 0;
      }),
    );
  command
    .command('print-default')
    .description('every key with its default, and what it is for')
    .action(() =>
      run(async (context) => {
        const { configReference } = await import('../../config-reference.ts');
        context.print(configReference());
        return 0;
      }),
    );
  command
    .command('schema')
    .description('the JSON Schema of the file, for editors')
    .action(() =>
      run(async (context) => {
        const { jsonSchema } = await import('../../config.ts');
        context.print(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
        return 0;
      }),
    );
};
