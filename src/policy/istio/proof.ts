import { parseAddress, parseCidr, addressText, type Address } from '../../model/address.ts';
import type { AuthorizationPolicy } from '../../model/authorization.ts';
import { peerName } from '../../model/peer.ts';
import type { IpBlock, ProposedAuthorization } from '../../model/proposal.ts';
import type { Proxy } from './attach.ts';
import type { Entry } from './access.ts';
import { AuthorizationSet } from './evaluate.ts';
import type { MeshRequest } from './request.ts';
import type { MadeRule } from './rules.ts';
import { validateAuthorization } from './validate.ts';

/** A proxy that is asked, and the address that it stands for. */
export interface Asked {
  readonly proxy: Proxy;
  readonly address: Address | null;
}

/** How much of the excess is listed; the count is exact. */
const LISTED = 50;

/** Nobody has it. */
const STRANGER = 'stranger.invalid/ns/nowhere/sa/nobody';

/**
 * Proves a policy by the project's own evaluator: it admits every client that it is for, at every stand-in, and nobody else's certificate. Returns what it admits
 * beyond them, or a sentence that says what is wrong.
 */
export function proveAuthorization(policy: AuthorizationPolicy, entries: readonly Entry[], rules: readonly MadeRule[], asked: readonly Asked[], trustDomain: string): ProposedAuthorization['proof'] | string {
  const { problems, warnings } = validateAuthorization(policy);
  const [problem] = [...problems, ...warnings];
  if (problem !== undefined) return `${problem.field} ${problem.message}`;
  const set = new AuthorizationSet([policy], { rootNamespace: 'istio-system', trustDomains: [trustDomain] });
  for (const { proxy, address } of asked) {
    const admits = (request: MeshRequest): boolean => set.evaluate(proxy, { ...request, destination: address }).allowed === true;
    for (const entry of entries) {
      const requests = requestsOf(entry);
      if (!requests.every(admits)) return `${peerName(entry.client)} -> ${proxy.workload.namespace}/${proxy.workload.name} ${entry.port}/TCP would be denied`;
      const isOpen = entries.some(({ port, identity }) => port === entry.port && identity.by === 'nothing');
      const strangers = requests.flatMap((request) => [{ ...request, principal: STRANGER, ip: null }, { ...request, principal: null, ip: null }]);
      if (!isOpen && strangers.some(admits)) return `anybody would be admitted to ${entry.port}/TCP`;
    }
  }
  const excess = [...new Set(rules.flatMap(({ said }) => said.widenings.map(({ reason, beyond }) => `${reason}: ${beyond}`)))].toSorted();
  return { acceptedEdges: new Set(rules.flatMap(({ said }) => said.edges)).size, excess: excess.slice(0, LISTED), excessCount: excess.length };
}

/** What a client was seen to do: from each of its certificates or addresses, a connection or the requests themselves. */
function requestsOf({ port, edges, identity }: Entry): readonly MeshRequest[] {
  const plain: MeshRequest = { port, protocol: 'TCP', principal: null, ip: null, host: null, method: null, path: null, headers: new Map(), sni: null, destination: null };
  const operations = edges.flatMap(({ evidence }) => evidence.operations);
  const seen = operations.length === 0 ? [plain] : operations.map(({ method, path }): MeshRequest => ({ ...plain, protocol: 'HTTP', method, path: path.replaceAll('{id}', '7').replaceAll('{more}', '') }));
  return seen.flatMap((request) => {
    if ('principals' in identity) return identity.principals.map((principal) => ({ ...request, principal }));
    if (identity.by === 'nothing') return [request];
    return addressesOf(identity.blocks, edges).map((ip) => ({ ...request, ip }));
  });
}

/** Of single addresses themselves, of the whole world those that were seen. */
function addressesOf(blocks: readonly IpBlock[], edges: Entry['edges']): readonly Address[] {
  const seen = edges.flatMap(({ evidence }) => [...evidence.addresses].map(parseAddress)).filter((address) => address !== null);
  return blocks.flatMap(({ cidr }) => {
    const range = parseCidr(cidr);
    if (range === null) return [];
    if (range.bits === 0) return seen.filter(({ family }) => family === range.family);
    return [parseAddress(addressText(range.family, range.base))].filter((address) => address !== null);
  });
}
