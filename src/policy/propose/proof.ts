import { hasPorts } from '../../model/flow.ts';
import { peerKey, peerName, type WorkloadPeer } from '../../model/peer.ts';
import type { NetworkPolicy } from '../../model/policy.ts';
import type { Direction, Proof, ProposedRule } from '../../model/proposal.ts';
import type { GraphEdge } from '../../learn/graph.ts';
import { PolicySet, type End, type PodEnd, type PolicyProtocol } from '../evaluate/evaluate.ts';
import { serving } from './named-port.ts';
import { rulePeerKey } from './peers.ts';
import type { Roster } from '../roster.ts';
import { unitPorts } from './rules.ts';

/** The edges that a policy is for, by the direction that it closes them in: one between two pods of the workload is in both. */
export type EdgesByDirection = ReadonlyMap<Direction, readonly GraphEdge[]>;

/** How much of the excess is listed; the count is exact. */
const LISTED = 50;

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
      const [selves, theirs] = direction === 'ingress' ? [serving(own, edge.port, edge.protocol), others] : [own, serving(others, edge.port, edge.protocol)];
      for (const self of selves) {
        for (const other of theirs) {
          const answer = ask(policies, direction, self, other, edge.port, edge.protocol);
          if (!answer) return `${peerName(edge.source)} -> ${peerName(edge.destination)} ${edge.port}/${edge.protocol} would be denied`;
        }
      }
      proved.add(edge.id);
    }
  }
  const beyond = excess(policies, workload, own, edges, rules, roster);
  return { acceptedEdges: proved.size, rules: rules.length, isolates: [...edges.keys()], excess: beyond.slice(0, LISTED), excessCount: beyond.length };
}

function ask(policies: PolicySet, direction: Direction, self: End, other: End, port: number, protocol: PolicyProtocol): boolean {
  // Only this policy is in the set: an end that is no pod of the workload is closed by nothing.
  const answer = direction === 'ingress' ? policies.evaluateBetween(other, self, port, protocol) : policies.evaluateBetween(self, other, port, protocol);
  return answer.allowed !== false;
}

/** Workloads that the policy lets through where no rule was made for them, and its stated widenings. */
function excess(policies: PolicySet, workload: WorkloadPeer, own: readonly PodEnd[], edges: EdgesByDirection, rules: readonly ProposedRule[], roster: Roster): readonly string[] {
  const beyond = new Set<string>(rules.flatMap(({ widenings }) => widenings.map(({ reason, beyond: what }) => `${reason}: ${what}`)));
  for (const direction of ['ingress', 'egress'] as const) {
    const open = rules.filter((rule) => rule.direction === direction);
    const seen = (edges.get(direction) ?? []).map(({ source, destination, port, protocol }) => `${peerKey(direction === 'ingress' ? source : destination)} ${port}/${protocol}`);
    // Every peer of a rule was seen at every port of it, or a widening says so.
    const meant = new Set(seen);
    for (const { whom, ports } of open) {
      for (const one of whom) {
        const others = one.type === 'workload' ? (roster.member(one.workload)?.standIns ?? []) : [];
        for (const { port, protocol } of unitPorts(ports, direction === 'ingress' ? own : others)) meant.add(`${rulePeerKey(one)} ${port}/${protocol}`);
      }
    }
    const matched = new Set(open.flatMap(({ peers }) => peers.flatMap((peer) => [...roster.matching.matched(peer, workload.namespace)])));
    for (const member of matched) {
      const key = peerKey(member.peer);
      if (key === peerKey(workload)) continue;
      const units = new Map(open.flatMap(({ ports }) => unitPorts(ports, direction === 'ingress' ? own : member.standIns)).map((unit) => [`${unit.port}/${unit.protocol}`, unit]));
      for (const [text, { port, protocol }] of units) {
        if (meant.has(`${key} ${text}`) || meant.has(`${rulePeerKey({ type: 'namespace', namespace: member.peer.namespace })} ${text}`)) continue;
        const isOpen = own.some((self) => member.standIns.some((other) => ask(policies, direction, self, other, port, protocol)));
        const [from, to] = direction === 'ingress' ? [member.peer, workload] : [workload, member.peer];
        if (isOpen) beyond.add(`${peerName(from)} -> ${peerName(to)} ${text}`);
      }
    }
  }
  return [...beyond].toSorted();
}
