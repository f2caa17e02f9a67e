import { hasPorts } from '../model/flow.ts';
import { peerKey, peerName, type WorkloadPeer } from '../model/peer.ts';
import type { NetworkPolicy } from '../model/policy.ts';
import type { Direction, Proof, ProposedRule } from '../model/proposal.ts';
import type { GraphEdge } from '../learn/graph.ts';
import { PolicySet, type End, type PodEnd, type PolicyProtocol } from './evaluate.ts';
import type { Roster } from './roster.ts';

/** The edges that a policy is for, by the direction that it closes them in: one between two pods of the workload is in both. */
export type EdgesByDirection = ReadonlyMap<Direction, readonly GraphEdge[]>;

/**
 * Proves a policy by the project's own evaluator: every edge that it is for stays allowed, from every stand-in to every
 * stand-in. Returns what is allowed beyond them, or a sentence that says which edge would break.
 */
export function prove(policy: NetworkPolicy, workload: WorkloadPeer, edges: EdgesByDirection, rules: readonly ProposedRule[], roster: Roster): Proof | string {
  const policies = new PolicySet([policy], roster.namespaces);
  const own = roster.member(workload)?.standIns ?? [];
  if (own.length === 0) return 'no pod is known that it could select';
  const proved = new Set<string>();
  for (const [direction, all] of edges) {
    for (const edge of all) {
      if (!hasPorts(edge.protocol) || edge.port <= 0) continue;
      const peer = direction === 'ingress' ? edge.source : edge.destination;
      const others = roster.endsOf(peer, edge.evidence.addresses);
      if (others.length === 0) return `nothing stands for ${peerName(peer)}`;
      for (const self of own) {
        for (const other of others) {
          const answer = ask(policies, direction, self, other, edge.port, edge.protocol);
          if (!answer) return `${peerName(edge.source)} -> ${peerName(edge.destination)} ${edge.port}/${edge.protocol} would be denied`;
        }
      }
      proved.add(edge.id);
    }
  }
  return { acceptedEdges: proved.size, excess: excess(policies, workload, own, [...edges.values()].flat(), rules, roster) };
}

function ask(policies: PolicySet, direction: Direction, self: PodEnd, other: End, port: number, protocol: PolicyProtocol): boolean {
  // Only this policy is in the set: an end that is no pod of the workload is closed by nothing.
  const answer = direction === 'ingress' ? policies.evaluateBetween(other, self, port, protocol) : policies.evaluateBetween(self, other, port, protocol);
  return answer.allowed !== false;
}

/** Workloads that the policy lets through on one of its ports without an edge, and its stated widenings. */
function excess(policies: PolicySet, workload: WorkloadPeer, own: readonly PodEnd[], edges: readonly GraphEdge[], rules: readonly ProposedRule[], roster: Roster): readonly string[] {
  const beyond = new Set<string>(rules.flatMap(({ widenings }) => widenings.map(({ reason, beyond: what }) => `${reason}: ${what}`)));
  const known = new Set(edges.map(({ source, destination, port, protocol }) => `${peerKey(source)}>${peerKey(destination)}:${port}/${protocol}`));
  for (const direction of ['ingress', 'egress'] as const) {
    const ports = new Map(rules.filter((rule) => rule.direction === direction).flatMap((rule) => rule.ports.map((port) => [`${port.port}/${port.protocol}`, port] as const)));
    if (ports.size === 0) continue;
    for (const member of roster.local()) {
      if (member.hostNetwork || peerKey(member.peer) === peerKey(workload)) continue;
      for (const { port, protocol = 'TCP' } of ports.values()) {
        const [from, to] = direction === 'ingress' ? [member.peer, workload] : [workload, member.peer];
        if (known.has(`${peerKey(from)}>${peerKey(to)}:${port}/${protocol}`)) continue;
        const open = own.some((self) => member.standIns.some((other) => ask(policies, direction, self, other, Number(port), protocol)));
        if (open && !statedFor(rules, direction, Number(port))) beyond.add(`${peerName(from)} -> ${peerName(to)} ${port}/${protocol}`);
      }
    }
  }
  return [...beyond].toSorted();
}

/** A DNS widening says itself what it opens. */
function statedFor(rules: readonly ProposedRule[], direction: Direction, port: number): boolean {
  return rules.some(
    (rule) => rule.direction === direction && rule.ports.some((known) => known.port === port) && rule.widenings.some(({ reason }) => reason === 'dns-unseen' || reason === 'dns-protocol'),
  );
}
