import type { Define } from '../command.ts';
import { UsageError } from '../../errors.ts';

const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;

export const define: Define = (command, run) => {
  command
    .argument('<shell>', SHELLS.join(', '))
    .addHelpText(
      'after',
      `
  bash:  source <(footpath completion bash)       # in ~/.bashrc
  zsh:   source <(footpath completion zsh)        # in ~/.zshrc, after compinit
  fish:  footpath completion fish | source        # in ~/.config/fish/config.fish

As a plug-in of kubectl, footpath is completed by kubectl's own completion: kubectl_complete-footpath is installed with it.`,
    )
    .action((shell: string) =>
      run(async () => {
        if (!SHELLS.some((known) => known === shell)) throw new UsageError(`${shell}: no such shell (${SHELLS.join(', ')})`);
        const { script } = await import('@bomb.sh/tab');
        script(shell, 'footpath', 'footpath');
        return 0;
      }),
    );
};
