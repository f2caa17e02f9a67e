import { UsageError } from '../errors.ts';
import type { WorkloadPeer } from '../model/peer.ts';

/** `--workload NS/NAME` as a question; null if it was not given. */
export function workloadOption(text: string | undefined): ((workload: Pick<WorkloadPeer, 'namespace' | 'name'>) => boolean) | null {
  if (text === undefined) return null;
  const [namespace = '', name = '', ...rest] = text.split('/');
  if (namespace === '' || name === '' || rest.length > 0) throw new UsageError(`--workload ${text}: write it as namespace/name`);
  return (workload) => workload.namespace === namespace && workload.name === name;
}
