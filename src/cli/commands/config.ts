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
        const [{ readConfig }, { settingsOf }] = await Promise.all([import('../../config.ts'), import('../inputs.ts')]);
        settingsOf({}, readConfig(path));
        context.say(`${path}: right`);
        return 0;
      }),
    );
  command
    .command('print-default')
    .description('every key with its default')
    .action(() =>
      run(async (context) => {
        const [{ DEFAULT_CONFIG }, { toYaml }] = await Promise.all([import('../../config.ts'), import('../../export/yaml.ts')]);
        context.print(toYaml(DEFAULT_CONFIG));
        return 0;
      }),
    );
};
