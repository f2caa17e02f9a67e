import { spawnSync } from 'node:child_process';
import { deploy, manifests, type Manifest } from './deploy.ts';

/** kustomize by itself where `FOOTPATH_KUSTOMIZE` names it (`.ci/run` builds it), else the one in kubectl. */
const own = process.env['FOOTPATH_KUSTOMIZE'] ?? '';
const [command, ...args] = own === '' ? (['kubectl', 'kustomize'] as const) : ([own, 'build'] as const);

export const hasKustomize = spawnSync(command, [...args, '--help']).status === 0;

/** The objects that a folder below `deploy/` stands for. */
export function render(...path: readonly string[]): readonly Manifest[] {
  const { status, stdout, stderr } = spawnSync(command, [...args, deploy(...path)], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ${path.join('/')}: ${stderr}`);
  return manifests(stdout);
}
