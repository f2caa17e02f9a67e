import { lookOf, outputOf } from '../context.ts';
import type { Define } from '../command.ts';
import { table } from '../text.ts';

export const define: Define = (command, run) => {
  command.action(() =>
    run(async (context) => {
      const form = outputOf(context, ['table', 'json', 'name']);
      const { collectors } = await import('../../../collectors/index.ts');
      if (form === 'json') context.print(`${JSON.stringify(collectors.map(({ name, description, carries, lacks }) => ({ name, description, carries, lacks })), null, 2)}\n`);
      else if (form === 'name') context.print(collectors.map(({ name }) => `${name}\n`).join(''));
      else {
        const columns = [
          { heading: 'NAME', value: ({ name }: { readonly name: string }) => name },
          { heading: 'WHAT', value: ({ description }: { readonly description: string }) => description },
        ];
        context.print(table(collectors, columns, lookOf(context)));
        for (const { name, carries, lacks } of collectors) context.print(`\n${name}\n  carries: ${carries.join(', ')}\n  lacks:   ${lacks.join(', ')}\n`);
      }
      return 0;
    }),
  );
};
