import type { AuthorizationOperation, AuthorizationRule, AuthorizationSource } from '../../model/authorization.ts';
import { groupBy } from '../../model/group.ts';
import { peerKey, peerName, type WorkloadPeer } from '../../model/peer.ts';
import type { IpBlock, ProposedAuthorization, Widening } from '../../model/proposal.ts';
import { ruleComment, shortList } from '../propose/comment.ts';
import type { Entry } from './access.ts';
import type { Identities } from './identities.ts';
import { operationsOf } from './operations.ts';

/** A rule with what is said of it. */
export interface MadeRule {
  readonly rule: AuthorizationRule;
  readonly said: ProposedAuthorization['rules'][number];
}

/** A client with what it may do, as far as one rule can say it. */
interface Client {
  readonly entries: readonly Entry[];
  readonly to: readonly AuthorizationOperation[];
  readonly widenings: readonly Widening[];
}

/** One rule for all clients that may do the same and are told in the same way; in a fixed order. `l7`: with methods and paths. */
export function authorizationRules(entries: readonly Entry[], server: WorkloadPeer, l7: boolean, identities: Identities): readonly MadeRule[] {
  const clients = [...groupBy(entries, (entry) => `${howTold(entry)} ${peerKey(entry.client)}`).values()].flatMap((own) => clientsOf(own, l7));
  return [...groupBy(clients, ({ entries: [first], to }) => JSON.stringify([first === undefined ? '' : howTold(first), to])).values()]
    .map((own) => ruleOf(own, server, identities))
    .map((made) => ({ made, order: JSON.stringify(made.rule) }))
    .toSorted((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ made }) => made);
}

function howTold({ identity: { by } }: Entry): string {
  return by === 'certificate' || by === 'account' ? 'principals' : by;
}

/** Connections and requests apart: of a rule that asks for HTTP, a proxy of other protocols leaves out the whole. */
function clientsOf(entries: readonly Entry[], l7: boolean): readonly Client[] {
  const seen = entries.map((entry) => ({ entry, requests: l7 ? operationsOf(entry.port, entry.edges.flatMap(({ evidence }) => evidence.operations)) : null }));
  const open = seen.filter(({ requests }) => requests === null).map(({ entry }) => entry);
  const asked = seen.flatMap(({ entry, requests }) => (requests === null ? [] : [{ entry, ...requests }])).toSorted((a, b) => a.entry.port - b.entry.port);
  const ports = [...new Set(open.map(({ port }) => port))].toSorted((a, b) => a - b);
  const anyRequest = l7 ? ports.map((port): Widening => ({ reason: 'any-request', beyond: `TCP ${port}` })) : [];
  return [
    ...(open.length > 0 ? [{ entries: open, to: [{ ports: ports.map(String) }], widenings: anyRequest }] : []),
    ...(asked.length > 0 ? [{ entries: asked.map(({ entry }) => entry), to: asked.flatMap(({ operations }) => operations), widenings: asked.flatMap(({ widenings }) => widenings) }] : []),
  ];
}

function ruleOf(clients: readonly Client[], server: WorkloadPeer, identities: Identities): MadeRule {
  const entries = clients.flatMap((client) => client.entries);
  const to = (clients[0]?.to ?? []).map((operation) => ({ operation }));
  const from = sourcesOf(entries).map((source) => ({ source }));
  const widenings = distinct([...entries.flatMap((entry) => [...entry.widenings, ...widened(entry)]), ...clients.flatMap((client) => client.widenings), ...sharedAccounts(entries, server, identities)]);
  const edges = [...new Set(entries.flatMap((entry) => entry.edges))];
  return {
    rule: { ...(from.length > 0 ? { from } : {}), to },
    said: { edges: [...new Set(edges.map(({ id }) => id))].toSorted(), widenings, comment: ruleComment('ingress', edges, [], widenings) },
  };
}

/** None for a client that nothing tells: the rule is for anybody. */
function sourcesOf(entries: readonly Entry[]): readonly AuthorizationSource[] {
  const principals = new Set(entries.flatMap(({ identity }) => ('principals' in identity ? identity.principals : [])));
  const blocks = new Map<string, IpBlock>(entries.flatMap(({ identity }) => (identity.by === 'addresses' ? identity.blocks : []).map((block) => [JSON.stringify(block), block])));
  const [whole, holed] = [[...blocks.values()].filter(({ except = [] }) => except.length === 0), [...blocks.values()].filter(({ except = [] }) => except.length > 0)];
  return [
    ...(principals.size > 0 ? [{ principals: [...principals].toSorted() }] : []),
    ...(whole.length > 0 ? [{ ipBlocks: whole.map(({ cidr }) => cidr).toSorted() }] : []),
    ...holed.map(({ cidr, except = [] }) => ({ ipBlocks: [cidr], notIpBlocks: except })),
  ];
}

function widened({ identity, port }: Entry): readonly Widening[] {
  if (identity.by === 'addresses') return identity.widenings;
  return identity.by === 'nothing' ? [{ reason: 'no-certificate', beyond: `TCP ${port}: ${identity.reason}` }] : [];
}

/** Workloads that nobody saw as clients, with a certificate that a client has, too. */
function sharedAccounts(entries: readonly Entry[], server: WorkloadPeer, identities: Identities): readonly Widening[] {
  const meant = new Set([peerKey(server), ...entries.map(({ client }) => peerKey(client))]);
  const principals = new Set(entries.flatMap(({ identity }) => ('principals' in identity ? identity.principals : [])));
  return [...principals].flatMap((principal): readonly Widening[] => {
    const others = identities.holders(principal).filter((holder) => !meant.has(peerKey(holder)));
    if (others.length === 0) return [];
    // A whole namespace may run under one account.
    return [{ reason: 'shared-account', beyond: `${shortList(others.map(peerName).toSorted())} as ${principal}` }];
  });
}

function distinct(widenings: readonly Widening[]): readonly Widening[] {
  const all = new Map(widenings.map((one) => [`${one.reason} ${one.beyond}`, one]));
  return [...all].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}
