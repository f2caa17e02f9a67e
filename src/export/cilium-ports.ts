import { hasPorts } from '../model/flow.ts';
import { peerKey } from '../model/peer.ts';
import type { PolicyPort } from '../model/policy.ts';
import type { ProposedRule } from '../model/proposal.ts';
import type { PolicySet } from '../exporter.ts';
import type { HttpRule } from './cilium-http.ts';

/** A list of ports that are open alike: for everything, for lookups through Cilium's DNS proxy, or for some requests. */
export interface PortRule {
  readonly ports: readonly { readonly port: string; readonly endPort?: number; readonly protocol: string }[];
  readonly rules?: { readonly dns: readonly { readonly matchPattern: string }[] } | { readonly http: readonly HttpRule[] };
}

/** Cilium takes no more in one list. */
const MAX_PORTS = 40;

/** Each port with its own protocol, never every port with every protocol. */
export function portRules(ports: readonly PolicyPort[], rules?: PortRule['rules']): readonly PortRule[] {
  const all = ports.map(({ port, endPort, protocol = 'TCP' }) => {
    // A protocol without a port is all its ports.
    if (port === undefined) return { port: '1', endPort: 65_535, protocol };
    return { port: String(port), ...(endPort === undefined ? {} : { endPort }), protocol };
  });
  return Array.from({ length: Math.ceil(all.length / MAX_PORTS) }, (_, i) => ({ ports: all.slice(i * MAX_PORTS, (i + 1) * MAX_PORTS), ...(rules === undefined ? {} : { rules }) }));
}

/**
 * A rule without names of ports, where it leads out: Cilium resolves those over all pods, and to nothing where they differ. The
 * numbers that were seen stand for them.
 */
export function numbered(rule: ProposedRule, edges: PolicySet['edges']): ProposedRule {
  const names = rule.ports.filter(({ port }) => typeof port === 'string');
  if (rule.direction === 'ingress' || names.length === 0) return rule;
  const plain = rule.ports.filter(({ port }) => typeof port !== 'string');
  const isPlain = (number: number, wanted: string): boolean => plain.some(({ port = 0, endPort, protocol = 'TCP' }) => protocol === wanted && number >= Number(port) && number <= (endPort ?? Number(port)));
  const seen = new Map<string, PolicyPort>();
  for (const { port, protocol } of rule.edges.flatMap((id) => edges.get(id) ?? [])) {
    if (hasPorts(protocol) && port > 0 && !isPlain(port, protocol)) seen.set(`${port}/${protocol}`, { port, protocol });
  }
  return seen.size === 0 ? rule : { ...rule, ports: [...plain, ...seen.values()].toSorted((a, b) => Number(a.port) - Number(b.port) || ((a.protocol ?? '') < (b.protocol ?? '') ? -1 : 1)) };
}

/** Whether names are asked for at this port of the rule's peers. */
export function isDnsPort({ port, protocol }: PolicyPort, { direction, whom }: ProposedRule, resolvers: PolicySet['resolvers']): boolean {
  if (direction !== 'egress' || protocol === 'SCTP') return false;
  if (port === 53) return true;
  return whom.every((peer) => peer.type === 'workload' && resolvers.some((resolver) => resolver.port === port && peerKey(resolver.peer) === peerKey(peer.workload)));
}
