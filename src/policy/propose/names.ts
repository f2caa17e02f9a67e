import { groupBy } from '../../model/group.ts';
import { peerKey, type WorkloadPeer } from '../../model/peer.ts';
import { DEFAULT_DENY } from '../../model/proposal.ts';

/** The API server takes 253 characters; file systems take 255 bytes for `<namespace>__<name>.yaml.new`, with a namespace of 63. */
const MAX_NAME = 181;

/**
 * The name of each workload's policy, by the key of the workload: the workload's own, where no other of its namespace has it (and it is not
 * too long for a file), else with its kind, else numbered. Equal workloads get equal names, in whatever order they come.
 */
export function policyNames(workloads: readonly WorkloadPeer[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const neighbours of groupBy(workloads, ({ namespace }) => namespace).values()) {
    const taken = new Set([DEFAULT_DENY]);
    const namesakes: WorkloadPeer[] = [];
    const give = (workload: WorkloadPeer, name: string): void => {
      taken.add(name);
      names.set(peerKey(workload), name);
    };
    for (const own of groupBy(neighbours, ({ name }) => name).values()) {
      const [first] = own;
      if (first !== undefined && own.length === 1 && first.name !== DEFAULT_DENY && first.name.length <= MAX_NAME) give(first, first.name);
      else namesakes.push(...own);
    }
    for (const workload of namesakes.toSorted((a, b) => (peerKey(a) < peerKey(b) ? -1 : 1))) give(workload, freeName(workload.name, workload.kind.toLowerCase(), taken));
  }
  return names;
}

/** `name-suffix`, numbered where that is taken, and short enough for a file. */
export function freeName(name: string, suffix: string, taken: ReadonlySet<string>): string {
  for (let n = 1; ; n++) {
    const candidate = withSuffix(name, `-${suffix}${n === 1 ? '' : `-${n}`}`);
    if (!taken.has(candidate)) return candidate;
  }
}

function withSuffix(name: string, suffix: string): string {
  return `${name.slice(0, MAX_NAME - suffix.length).replace(/[.-]+$/, '')}${suffix}`;
}
