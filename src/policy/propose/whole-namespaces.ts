import { groupBy } from '../../model/group.ts';
import { peerKey, type WorkloadPeer } from '../../model/peer.ts';
import type { Direction } from '../../model/proposal.ts';
import { counted, figure } from './figures.ts';
import { mergedByPort, portText, type Need } from './need.ts';
import type { Roster } from '../roster.ts';

/** Where `atLeast` workloads of a namespace need the same port, the namespace has it instead of each of them: what is open then, is counted. */
export function wholeNamespaces(direction: Direction, needs: readonly Need[], atLeast: number, roster: Roster): readonly Need[] {
  const placed = needs.map((need) => ({ need, workload: widenable(direction, need) }));
  const others = placed.filter(({ workload }) => workload === null).map(({ need }) => need);
  const cells = groupBy(placed.flatMap(({ need, workload }) => (workload === null ? [] : [{ need, workload }])), ({ need, workload }) => `${workload.namespace} ${portText(need)}`);
  return [
    ...others,
    ...[...cells.values()].flatMap((cell) => {
      const own = cell.map(({ need }) => need);
      const [first] = cell;
      if (first === undefined || own.length < atLeast) return own;
      const { workload } = first;
      const seen = new Set(cell.filter((one) => one.need.edges.length > 0).map((one) => peerKey(one.workload)));
      // Selectors match nobody on the host's network, and whoever is gone has no pods.
      const opened = roster.neighbours(workload).filter(({ peer, hostNetwork, gone }) => !hostNetwork && !gone && !seen.has(peerKey(peer)));
      const what = `${direction === 'ingress' ? 'from' : 'to'} ${workload.namespace}: ${counted(opened.length, 'workload', 'workloads')} beyond the ${figure(seen.size)} seen`;
      return mergedByPort({ type: 'namespace', namespace: workload.namespace }, own, (port) => [{ reason: 'whole-namespace', beyond: `${port} ${what}` }]);
    }),
  ];
}

/** A port's name means what each destination calls so: of a whole namespace nobody knows what that is. */
function widenable(direction: Direction, { whom, port }: Need): WorkloadPeer | null {
  return whom.type === 'workload' && (direction === 'ingress' || typeof port === 'number') ? whom.workload : null;
}
