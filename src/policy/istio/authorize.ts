import { peerKey, peerName, type WorkloadPeer } from '../../model/peer.ts';
import { DEFAULT_DENY, type Authorizations, type Proposal, type ProposedAuthorization } from '../../model/proposal.ts';
import type { AuthorizationPolicy, AuthorizationSpec } from '../../model/authorization.ts';
import type { LabelSelector } from '../../model/selector.ts';
import type { Graph } from '../../learn/graph.ts';
import { shortList } from '../propose/comment.ts';
import { freeName, policyNames } from '../propose/names.ts';
import { makesRule } from '../propose/propose.ts';
import { Roster, type Member } from '../roster.ts';
import { waysOf } from '../propose/wire.ts';
import { accessesOf, type Entry, type PodAccess, type ServiceAccess } from './access.ts';
import { Identities } from './identities.ts';
import { keptOpen } from './kept-open.ts';
import { proveAuthorization, type Asked } from './proof.ts';
import { authorizationRules, type MadeRule } from './rules.ts';

export interface AuthorizeOptions {
  readonly includeObserved?: boolean;
  /** With the methods and paths that were seen, where a proxy of HTTP stands before. */
  readonly l7?: boolean;
  /** Opens the ports of clients that show no certificate to anybody; without it their servers get no policy. */
  readonly byPort?: boolean;
  /** The mesh's, where no certificate tells it. */
  readonly trustDomain?: string;
}

const MAX_RULES = 512;

interface Drafting {
  readonly graph: Graph;
  readonly roster: Roster;
  readonly identities: Identities;
  readonly options: AuthorizeOptions;
}

/**
 * The mesh's policies for what was proposed, from the same edges: one for the pods of each workload that a proxy of the mesh stands before, and one
 * for each Service that a waypoint does. Pure and in a fixed order.
 */
export function authorize(graph: Graph, proposals: readonly Proposal[], options: AuthorizeOptions = {}): Authorizations {
  const roster = new Roster(graph);
  const edges = graph.edges.filter((edge) => makesRule(edge, options.includeObserved === true));
  const identities = new Identities(edges, roster, options.trustDomain ?? null);
  const { pods, services } = accessesOf(edges, waysOf(graph, roster), { graph, roster, identities });
  const names = authorizationNames(roster, services);
  const drafting = { graph, roster, identities, options };
  const made: ProposedAuthorization[] = [];
  const none: { readonly workload: WorkloadPeer; readonly reason: string }[] = [];
  for (const proposal of proposals) {
    const { workload, policy } = proposal;
    const access = pods.get(peerKey(workload));
    if (access === undefined || policy.spec.policyTypes?.includes('Ingress') !== true) continue;
    const member = roster.member(workload);
    const result = member === null ? 'it is not known' : forPods(proposal, member, access, names.pods.get(peerKey(workload)) ?? '', drafting);
    if (typeof result === 'string') none.push({ workload, reason: result });
    else made.push(result);
  }
  const proposed = new Set(proposals.map(({ workload }) => peerKey(workload)));
  for (const access of services) {
    const first = access.behind.find((workload) => proposed.has(peerKey(workload)));
    if (first === undefined) continue;
    const result = forService(access, names.services.get(`${access.service.namespace}/${access.service.name}`) ?? '', drafting);
    if (typeof result === 'string') none.push({ workload: first, reason: `its Service ${access.service.name}: ${result}` });
    else made.push(result);
  }
  const order = ({ policy: { metadata } }: ProposedAuthorization): string => `${metadata.namespace}/${metadata.name}`;
  return { proposals: made.toSorted((a, b) => (order(a) < order(b) ? -1 : 1)), none, keptOpen: keptOpen(pods, roster), denyAll: names.denyAll };
}

interface Names {
  readonly pods: ReadonlyMap<string, string>;
  readonly services: ReadonlyMap<string, string>;
  readonly denyAll: ReadonlyMap<string, string>;
}

/** Names that no other policy of the namespace has, be it of this kind or not: files are called by them. */
function authorizationNames(roster: Roster, services: readonly ServiceAccess[]): Names {
  const local = roster.local().map(({ peer }) => peer).toSorted((a, b) => (peerKey(a) < peerKey(b) ? -1 : 1));
  const own = policyNames(local);
  const taken = new Map<string, Set<string>>();
  for (const peer of local) taken.set(peer.namespace, (taken.get(peer.namespace) ?? new Set([DEFAULT_DENY])).add(own.get(peerKey(peer)) ?? ''));
  const give = (namespace: string, name: string, suffix: string): string => {
    const known = taken.get(namespace) ?? new Set();
    const free = freeName(name, suffix, known);
    taken.set(namespace, known.add(free));
    return free;
  };
  // Where no pod takes part in the mesh there is nothing to close.
  const meshed = new Set(roster.local().filter(({ mesh }) => mesh.has('sidecar') || mesh.has('ambient') || mesh.has('gateway')).map(({ peer }) => peer.namespace));
  const denyAll = new Map([...meshed].toSorted().map((namespace) => [namespace, give(namespace, DEFAULT_DENY, 'authorization')]));
  const pods = new Map(local.map((peer) => [peerKey(peer), give(peer.namespace, own.get(peerKey(peer)) ?? '', 'authorization')]));
  const keys = services.map(({ service }) => service).toSorted((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1));
  return { pods, services: new Map(keys.map(({ namespace, name }) => [`${namespace}/${name}`, give(namespace, name, 'waypoint')])), denyAll };
}

function forPods(proposal: Proposal, { mesh, standIns }: Member, access: PodAccess, name: string, drafting: Drafting): ProposedAuthorization | string {
  const { workload, policy } = proposal;
  const isProxied = access.entries.some(({ edges }) => edges.some(({ evidence }) => evidence.principals.size > 0));
  if (mesh.size === 0 && !isProxied) return 'nobody knows whether it is in the mesh: no proxy of it told of a certificate, and no pod of it is in the inventory';
  if (mesh.size === 1 && mesh.has('none')) return 'it is not in the mesh';
  if (mesh.has('waypoint')) return 'it is a waypoint: policies are for the Services behind it';
  if (access.problem !== null) return access.problem;
  if (access.entries.length === 0) return 'nothing that the mesh carries leads to it';
  const labels = labelsOnly(policy.spec.podSelector);
  if (labels === null) return 'its selector has expressions, which an AuthorizationPolicy cannot have';
  const isAmbient = mesh.has('ambient');
  const notes = [
    ...access.notes,
    ...(mesh.has('none') ? ['some of its pods are not in the mesh yet: for them this policy is not in force'] : []),
    ...(isAmbient && drafting.options.l7 === true ? ['methods and paths are left to a waypoint: ztunnel knows neither, and a rule that asks for them would admit nothing'] : []),
    ...identityNotes(access.entries, drafting.identities),
  ];
  const asked = standIns.map((pod): Asked => ({ proxy: { plane: isAmbient ? 'ztunnel' : 'sidecar', workload: pod, service: null, gateway: null }, address: pod.addresses[0] ?? null }));
  const l7 = !isAmbient && drafting.options.l7 === true;
  return draft(name, workload.namespace, { selector: { matchLabels: labels } }, access.entries, { workload, l7, notes, asked }, drafting);
}

function forService({ service, waypoint, entries }: ServiceAccess, name: string, drafting: Drafting): ProposedAuthorization | string {
  const { namespace, selector } = service;
  const notes = [`for whoever comes to the Service ${service.name} through the waypoint ${peerName(waypoint)}; the port is the Service’s`, ...identityNotes(entries, drafting.identities)];
  const meshService = { kind: 'Service', ...service, selector, hosts: [] } as const;
  const pods = drafting.roster.member(waypoint)?.standIns ?? [];
  const asked = pods.map((pod): Asked => ({ proxy: { plane: 'waypoint', workload: pod, service: meshService, gateway: null }, address: null }));
  return draft(name, namespace, { targetRefs: [{ group: '', kind: 'Service', name: service.name }] }, entries, { workload: waypoint, l7: drafting.options.l7 === true, notes, asked }, drafting);
}

interface Draft {
  readonly workload: WorkloadPeer;
  readonly l7: boolean;
  readonly notes: readonly string[];
  readonly asked: readonly Asked[];
}

function draft(name: string, namespace: string, whose: Pick<AuthorizationSpec, 'selector' | 'targetRefs'>, entries: readonly Entry[], { workload, l7, notes, asked }: Draft, { identities, options }: Drafting): ProposedAuthorization | string {
  const unknown = unidentified(entries);
  if (unknown.length > 0 && options.byPort !== true) return `${unknown.join('; ')}: a policy would cut that off: bring such clients into the mesh, or open their ports to anybody with --by-port`;
  const made: readonly MadeRule[] = authorizationRules(entries, workload, l7, identities);
  if (made.length > MAX_RULES) return `it would need ${made.length} rules, and one policy takes ${MAX_RULES}`;
  const policy: AuthorizationPolicy = {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'footpath' } },
    spec: { ...whose, action: 'ALLOW', rules: made.map(({ rule }) => rule) },
  };
  const proof = proveAuthorization(policy, entries, made, asked, identities.trustDomain);
  if (typeof proof === 'string') return `the policy failed its proof: ${proof}`;
  return { policy, rules: made.map(({ said }) => said), notes, proof };
}

/** What keeps a policy from naming everybody who comes, once each. */
function unidentified(entries: readonly Entry[]): readonly string[] {
  return [...new Set(entries.flatMap(({ identity, port }) => (identity.by === 'nothing' ? [`${identity.reason} (TCP ${port})`] : [])))].toSorted();
}

function identityNotes(entries: readonly Entry[], { trustDomain, isDomainAssumed }: Identities): readonly string[] {
  const identities = entries.map(({ identity }) => identity);
  const told = identities.flatMap((identity) => ('notes' in identity ? identity.notes : []));
  const byAddress = identities.some(({ by }) => by === 'addresses');
  const unseen = [...new Set(entries.flatMap(({ client, identity }) => (identity.by === 'account' ? [peerName(client)] : [])))].toSorted();
  const isAssumed = unseen.length > 0 && !identities.some(({ by }) => by === 'certificate');
  return [
    ...new Set([
      ...told.toSorted(),
      ...(unseen.length > 0 ? [`no certificate was seen of ${shortList(unseen)}: what stands for it is the inventory’s service account in the trust domain ${trustDomain}`] : []),
      ...(unseen.length > 0 && isDomainAssumed ? [`no certificate tells the mesh’s trust domain: ${trustDomain} is Istio’s default, which ztunnel takes by the letter (--trust-domain names another)`] : []),
      ...(isAssumed ? ['no client’s certificate was seen: whoever comes without one is denied, also where the mesh lets it through (PeerAuthentication PERMISSIVE)'] : []),
      ...(byAddress ? ['clients outside the mesh are told by their addresses, which no certificate proves'] : []),
    ]),
  ];
}

/** A selector as a policy of the mesh can have it; null if it cannot. */
function labelsOnly({ matchLabels = {}, matchExpressions = [] }: LabelSelector): Readonly<Record<string, string>> | null {
  const labels = new Map(Object.entries(matchLabels));
  for (const { key, operator, values = [] } of matchExpressions) {
    const [value] = values;
    if (operator !== 'In' || values.length !== 1 || value === undefined || (labels.get(key) ?? value) !== value) return null;
    labels.set(key, value);
  }
  return Object.fromEntries(labels);
}
