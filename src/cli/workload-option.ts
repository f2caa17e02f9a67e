import { UsageError } from '../errors.ts';
import type { WorkloadPeer } from '../model/peer.ts';

/** A workload as NS/NAME as a question; null if it was not given. An error calls it as it was `written`. */
export function workloadOption(text: string | undefined, written = `--workload ${text}`): ((workload: Pick<WorkloadPeer, 'namespace' | 'name'>) => boolean) | null {
  if (text === undefined) return null;
  const [namespace = '', name = '', ...rest] = text.split('/');
  if (namespace === '' || name === '' || rest.length > 0) throw new UsageError(`${written}: write it as namespace/name`);
  return (workload) => workload.namespace === namespace && workload.name === name;
}
