import { parseCidr } from '../model/address.ts';
import type { Edge } from '../model/edge.ts';
import { peerKey, peerName } from '../model/peer.ts';
import type { PolicyPort } from '../model/policy.ts';
import { PLAINTEXT } from '../model/principal.ts';
import type { ProposedRule, RulePeer } from '../model/proposal.ts';
import { inRanges } from '../policy/propose/classes.ts';
import { pathPattern } from './http-path.ts';

/** Both are regular expressions, and match only as a whole. */
export interface HttpRule {
  readonly method: string;
  readonly path: string;
}

export interface Requests {
  /** Null where the port stays open for all requests. */
  readonly http: readonly HttpRule[] | null;
  /** Why it does, though requests were seen. */
  readonly notes: readonly string[];
}

const OPEN: Requests = { http: null, notes: [] };

/**
 * What a client was seen to ask of a single port. Only where Cilium can read it: what the proxies of a mesh encrypt before Cilium sees
 * it, a rule for requests would cut off.
 */
export function requestsOf(client: RulePeer, { port, protocol = 'TCP' }: PolicyPort, rule: ProposedRule, edges: ReadonlyMap<string, Edge>): Requests {
  if (protocol !== 'TCP' || typeof port !== 'number') return OPEN;
  const isAsked = (edge: Edge): boolean => edge.protocol === 'TCP' && edge.port === port && isOf(edge, client);
  const own = rule.edges.flatMap((id) => edges.get(id) ?? []).filter(isAsked);
  if (!own.some(({ evidence }) => evidence.operations.length > 0)) return OPEN;
  const unread = own.filter((edge) => edge.evidence.operations.length === 0 || !isReadable(edge));
  if (unread.length > 0) return { http: null, notes: unread.map((edge) => `requests from ${peerName(edge.source)} at port ${edge.port} stay open: nothing shows that Cilium can read all of them, and where a mesh encrypts them it cannot`) };
  const rules = own.flatMap(({ evidence }) => evidence.operations.map(({ method, path }): HttpRule => ({ method, path: pathPattern(path) })));
  const distinct = new Map(rules.map((one) => [`${one.path} ${one.method}`, one]));
  return { http: [...distinct].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one), notes: [] };
}

function isOf({ source }: Edge, client: RulePeer): boolean {
  switch (client.type) {
    case 'workload':
      return peerKey(source) === peerKey(client.workload);
    case 'namespace':
      return source.type === 'workload' && source.namespace === client.namespace;
    case 'addresses': {
      if (client.of !== 'external') return source.type === client.of;
      const ranges = client.blocks.map(({ cidr }) => parseCidr(cidr)).filter((range) => range !== null);
      return source.type === 'external' && inRanges(source.address, ranges);
    }
  }
}

/** Cilium read it when it was seen, or the server's proxy saw it come without a certificate. */
function isReadable({ evidence: { witnesses, principals } }: Edge): boolean {
  if ([...witnesses.values()].some(({ witness }) => witness.collector === 'hubble' && witness.point === 'l7')) return true;
  return principals.size > 0 && [...principals].every((principal) => principal === PLAINTEXT);
}
