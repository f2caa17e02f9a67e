import { statSync } from 'node:fs';
import { UsageError } from '../../errors.ts';
import { lookOf, outputOf } from '../context.ts';
import type { Define } from '../command.ts';
import { count, plain, table } from '../text.ts';

export const define: Define = (command, run) => {
  command
    .command('check')
    .description('whether the database is whole')
    .action(() =>
      run(async (context) => {
        const { withStore } = await import('../session.ts');
        return withStore(context, (store) => {
          const problems = store.check();
          for (const problem of problems) context.print(`${plain(problem)}\n`);
          if (problems.length === 0) context.say(`${store.path}: whole`);
          return problems.length === 0 ? 0 : 1;
        });
      }),
    );
  command
    .command('backup')
    .argument('<file>', 'where to; it must not exist yet')
    .description('copy the database while it is in use')
    .action((file: string) =>
      run(async (context) => {
        if (statSync(file, { throwIfNoEntry: false }) !== undefined) throw new UsageError(`${file}: exists; a backup never overwrites`);
        const { withStore } = await import('../session.ts');
        return withStore(context, async (store) => {
          await store.backup(file);
          context.say(`${store.path} copied to ${file}`);
          return 0;
        });
      }),
    );
  command
    .command('stats')
    .description('rows and bytes')
    .action(() =>
      run(async (context) => {
        const form = outputOf(context, ['table', 'json']);
        const { withStore } = await import('../session.ts');
        return withStore(context, (store) => {
          const rows = store.tableSizes();
          const size = store.path === ':memory:' ? 0 : (statSync(store.path, { throwIfNoEntry: false })?.size ?? 0);
          if (form === 'json') context.print(`${JSON.stringify({ bytes: size, tables: Object.fromEntries(rows.map(({ name, rows: n }) => [name, n])) }, null, 2)}\n`);
          else {
            context.print(`${plain(store.path)}: ${count(size)} bytes\n`);
            const columns = [
              { heading: 'TABLE', value: (row: (typeof rows)[number]) => row.name },
              { heading: 'ROWS', value: (row: (typeof rows)[number]) => count(row.rows), align: 'right' as const },
            ];
            context.print(table(rows, columns, lookOf(context)));
          }
          return 0;
        });
      }),
    );
};
