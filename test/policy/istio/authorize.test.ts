import { describe, expect, it } from 'vitest';
import { envoyAccessLog } from '../../../collectors/envoy-access-log/index.ts';
import type { Graph } from '../../../src/learn/graph.ts';
import type { AuthorizationRule } from '../../../src/model/authorization.ts';
import type { Authorizations, ProposedAuthorization } from '../../../src/model/proposal.ts';
import { authorize, type AuthorizeOptions } from '../../../src/policy/istio/authorize.ts';
import { propose } from '../../../src/policy/propose/propose.ts';
import { istioJson } from '../../support/envoy-formats.ts';
import { Learner, type LearnerOptions } from '../../support/graph.ts';
import { T0, WORLD, type HubbleFlow } from '../../support/hubble.ts';
import { nodeObject, podObject, serviceObject } from '../../support/inventory.ts';
import { istioProblems } from '../../support/istio-schema.ts';
import { meshed, waypoint } from '../../support/mesh.ts';
import { deployed, used, type Deployed } from '../../support/proposals.ts';

/** A request that a server's sidecar logged, with the client's certificate or `-`. */
interface Request {
  readonly from: Deployed;
  readonly to: Deployed;
  readonly port?: number;
  readonly san?: string;
  readonly method?: string;
  readonly path?: string;
}

function logged({ from, to, port = 8080, san, method = 'GET', path = '/' }: Request): readonly string[] {
  return [0, 1].map((minute) => {
    const server = `${to.end.ip}:${port}`;
    const line = istioJson({ method, path, time: T0 + minute * 60_000, cluster: `inbound|${port}||`, host: server, upstreamLocal: '127.0.0.6:41000', downstreamLocal: server, downstreamRemote: `${from.end.ip}:${41_000 + minute}` });
    return JSON.stringify(san === undefined ? line : { ...line, downstream_peer_uri_san: san === '-' ? '-' : `spiffe://${san}` });
  });
}

function known(everybody: readonly Deployed[], { flows = [], requests = [], more = [], options = {} }: { readonly flows?: readonly HubbleFlow[]; readonly requests?: readonly Request[]; readonly more?: readonly object[]; readonly options?: LearnerOptions }): Graph {
  const learner = new Learner(options).know(...everybody.flatMap(({ objects }) => objects), ...more);
  return learner.read(flows.flatMap(used)).read(requests.flatMap(logged), envoyAccessLog).graph();
}

function authorized(graph: Graph, options: AuthorizeOptions = {}): Authorizations {
  const authorizations = authorize(graph, propose(graph, options).proposals, options);
  for (const { policy } of authorizations.proposals) expect(istioProblems(policy)).toEqual([]);
  return authorizations;
}

/** `[who] to [ports methods paths]`, one a rule. */
function lines({ policy }: ProposedAuthorization): readonly string[] {
  const from = ({ from: sources = [] }: AuthorizationRule): string => sources.map(({ source }) => Object.entries(source).map(([field, values]) => `${field === 'principals' ? '' : `${field} `}${values.join(' ')}`).join(' ')).join(' | ') || 'ANYBODY';
  const to = ({ to: operations = [] }: AuthorizationRule): string => operations.map(({ operation }) => Object.values(operation).map((values) => values.join(',')).join(' ')).join(' | ');
  return (policy.spec.rules ?? []).map((rule) => `${from(rule)} to ${to(rule)}`);
}

const all = (graph: Graph, options: AuthorizeOptions = {}): Readonly<Record<string, readonly string[]>> => Object.fromEntries(authorized(graph, options).proposals.map((one) => [`${one.policy.metadata.namespace}/${one.policy.metadata.name}`, lines(one)]));
const reasons = (graph: Graph, options: AuthorizeOptions = {}): Readonly<Record<string, string>> => Object.fromEntries(authorized(graph, options).none.map(({ workload, reason }) => [`${workload.namespace}/${workload.name}`, reason]));

const web = meshed('shop/web', '10.0.0.1', 'sidecar');
const cart = meshed('shop/cart', '10.0.0.2', 'sidecar');
const WEB = 'cluster.local/ns/shop/sa/web';

describe('whom a policy of the mesh names', () => {
  it('the certificates that clients showed, whatever account the inventory tells', () => {
    const graph = known([web, cart], { requests: [{ from: web, to: cart, san: 'td.example.com/ns/shop/sa/other' }] });
    expect(all(graph)).toEqual({ 'shop/cart-authorization': ['td.example.com/ns/shop/sa/other to 8080'] });
    expect(authorized(graph).proposals[0]?.notes).toEqual(['shop/web showed td.example.com/ns/shop/sa/other, though its pods run under another account: make sure that it may']);
  });

  it('those that they showed elsewhere, and say so', () => {
    const db = meshed('shop/db', '10.0.0.3', 'sidecar');
    const graph = known([web, cart, db], { requests: [{ from: web, to: cart, san: WEB }], flows: [{ from: web.end, to: db.end, port: 5432 }] });
    expect(all(graph)['shop/db-authorization']).toEqual([`${WEB} to 5432`]);
    expect(authorized(graph).proposals.find(({ policy }) => policy.metadata.name === 'db-authorization')?.notes).toEqual(['shop/web showed its certificate on other connections']);
  });

  it('else the account of the inventory, in the domain that other certificates tell', () => {
    const job = meshed('shop/job', '10.0.0.3', 'sidecar');
    const graph = known([web, cart, job], { requests: [{ from: web, to: cart, san: 'td.example.com/ns/shop/sa/web' }], flows: [{ from: job.end, to: cart.end, port: 8080 }] });
    expect(all(graph)['shop/cart-authorization']).toEqual(['td.example.com/ns/shop/sa/job td.example.com/ns/shop/sa/web to 8080']);
    expect(authorized(graph).proposals[0]?.notes).toEqual(['no certificate was seen of shop/job: what stands for it is the inventory’s service account in the trust domain td.example.com']);
  });

  it('in the domain that a person names, where none was seen', () => {
    const graph = known([web, cart], { flows: [{ from: web.end, to: cart.end, port: 8080 }] });
    expect(all(graph, { trustDomain: 'td.example.com' })['shop/cart-authorization']).toEqual(['td.example.com/ns/shop/sa/web to 8080']);
    expect(authorized(graph, { trustDomain: 'td.example.com' }).proposals[0]?.notes.join()).not.toContain('--trust-domain');
    expect(authorized(graph).proposals[0]?.notes.join()).toContain('cluster.local is Istio’s default, which ztunnel takes by the letter');
  });

  it('none that was shown on a connection that nobody accepted', () => {
    const db = meshed('shop/db', '10.0.0.3', 'sidecar');
    // Once within an hour is suspicious.
    const stolen = logged({ from: web, to: cart, port: 9090, san: 'cluster.local/ns/shop/sa/stolen' }).slice(0, 1);
    const learner = new Learner().know(...[web, cart, db].flatMap(({ objects }) => objects)).read(used({ from: web.end, to: db.end, port: 5432 }));
    expect(all(learner.read(stolen, envoyAccessLog).graph())['shop/db-authorization']).toEqual([`${WEB} to 5432`]);
  });

  it('nobody who came with a certificate and was turned away', () => {
    const denied = logged({ from: web, to: cart, san: 'cluster.local/ns/shop/sa/thief' }).map((line) => line.replace('"response_code":"200"', '"response_code":"403"').replace('via_upstream', 'rbac_access_denied_matched_policy[none]'));
    const graph = new Learner().know(...web.objects, ...cart.objects).read([...denied, ...logged({ from: web, to: cart, san: WEB })], envoyAccessLog).graph();
    expect(all(graph)).toEqual({ 'shop/cart-authorization': [`${WEB} to 8080`] });
  });

  it('warns of a client that was seen without one, too', () => {
    const graph = known([web, cart], { requests: [{ from: web, to: cart, san: WEB }, { from: web, to: cart, san: '-' }] });
    expect(authorized(graph).proposals[0]?.notes).toEqual(['shop/web was seen with and without a certificate: what comes without is denied']);
  });

  it('clients with the same rights in one rule, others in their own', () => {
    const [a, b] = [meshed('shop/a', '10.0.0.3', 'sidecar'), meshed('other/b', '10.0.0.4', 'sidecar')];
    const from = (one: Deployed, account: string, port: number): Request => ({ from: one, to: cart, port, san: `cluster.local/ns/${account}` });
    const graph = known([web, cart, a, b], { requests: [from(web, 'shop/sa/web', 8080), from(a, 'shop/sa/a', 8080), from(b, 'other/sa/b', 8080), from(b, 'other/sa/b', 9090)] });
    expect(all(graph)['shop/cart-authorization']).toEqual(['cluster.local/ns/other/sa/b to 8080,9090', `cluster.local/ns/shop/sa/a ${WEB} to 8080`]);
  });

  it('addresses of those outside, with the holes of the pods’ ranges', () => {
    const gateway = meshed('shop/gateway', '10.0.0.5', 'gateway');
    const service = serviceObject('shop', 'gateway', '10.96.0.5', { app: 'gateway' }, [{ port: 443, targetPort: 8443 }], 'LoadBalancer');
    const flows = [{ from: WORLD('198.51.100.7'), to: gateway.end, port: 8443 }, { from: WORLD('198.51.100.8'), to: gateway.end, port: 15_021 }];
    const graph = known([gateway], { flows, more: [service, nodeObject('node-a', '192.168.0.1', '10.0.0.0/24')] });
    expect(all(graph)['shop/gateway-authorization']).toEqual(['ipBlocks 0.0.0.0/0 notIpBlocks 10.0.0.0/24 to 8443']);
    const [own] = authorized(graph).proposals;
    expect(own?.proof.excess).toEqual(['public-entry: 0.0.0.0/0']);
    expect(own?.notes).toEqual([
      'TCP 15021 from external 198.51.100.8 is a port of the sidecar itself, which no policy of the mesh sees: the NetworkPolicy alone is for it',
      'clients outside the mesh are told by their addresses, which no certificate proves',
    ]);
  });
});

describe('a certificate that several have', () => {
  it('is a stated widening, by whom it lets in beside', () => {
    const twin = meshed('shop/twin', '10.0.0.3', 'sidecar', { pod: { account: 'web' } });
    const outsider = meshed('shop/outsider', '10.0.0.4', 'none', { pod: { account: 'web' } });
    const [own] = authorized(known([web, cart, twin, outsider], { requests: [{ from: web, to: cart, san: WEB }] })).proposals;
    expect(own?.proof.excess).toEqual([`shared-account: shop/twin as ${WEB}`]);
    expect(own?.rules[0]?.comment).toContain('widening shared-account');
  });

  it('is none if all of them are clients', () => {
    const twin = meshed('shop/twin', '10.0.0.3', 'sidecar', { pod: { account: 'web' } });
    const requests = [{ from: web, to: cart, san: WEB }, { from: twin, to: cart, san: WEB }];
    expect(authorized(known([web, cart, twin], { requests })).proposals[0]?.proof.excess).toEqual([]);
  });
});

describe('a workload that gets no policy of the mesh', () => {
  const legacy = deployed('shop/legacy', '10.0.0.7');
  const withoutPods = (one: Deployed): readonly object[] => one.objects.filter((object) => (object as { readonly kind: string }).kind !== 'Pod');

  it.each<[string, Graph, string]>([
    ['outside the mesh', known([web, legacy], { flows: [{ from: web.end, to: legacy.end, port: 80 }] }), 'it is not in the mesh'],
    ['whose client came without a certificate', known([legacy, cart], { requests: [{ from: legacy, to: cart, san: '-' }] }), 'shop/legacy comes without a certificate (TCP 8080): a policy would cut that off: bring such clients into the mesh, or open their ports to anybody with --by-port'],
    ['whose client is not in the mesh', known([legacy, cart], { flows: [{ from: legacy.end, to: cart.end, port: 80 }] }), 'shop/legacy is not in the mesh and has no certificate (TCP 80)'],
    ['whose client nobody knows', known([cart], { flows: [{ from: legacy.end, to: cart.end, port: 80 }] }), 'nobody knows whether shop/legacy is in the mesh'],
    ['that nobody knows', known([], { flows: [{ from: web.end, to: legacy.end, port: 80 }] }), 'nobody knows whether it is in the mesh'],
    ['that was reached by UDP alone', known([web, cart], { flows: [{ from: web.end, to: cart.end, port: 8125, protocol: 'UDP' }] }), 'nothing that the mesh carries leads to it'],
    ['that was seen in the tunnel alone', known([meshed('shop/a', '10.0.0.8', 'ambient'), meshed('shop/legacy', '10.0.0.7', 'ambient')], { flows: [{ from: meshed('shop/a', '10.0.0.8', 'ambient').end, to: meshed('shop/legacy', '10.0.0.7', 'ambient').end, port: 15_008 }] }), 'shop/a was seen in the mesh’s tunnel alone: access logs of the server’s side tell the ports'],
  ])('%s', (_, graph, expected) => {
    expect(all(graph)).toEqual({});
    expect(Object.values(reasons(graph)).join()).toContain(expected);
  });

  it('has a selector that only a NetworkPolicy can have', () => {
    const picky = meshed('shop/picky', '10.0.0.9', 'sidecar', { selector: { matchLabels: { app: 'picky' }, matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['x'] }] } });
    expect(reasons(known([web, picky], { flows: [{ from: web.end, to: picky.end, port: 80 }] }))['shop/picky']).toBe('its selector has expressions, which an AuthorizationPolicy cannot have');
    const plain = meshed('shop/plain', '10.0.0.9', 'sidecar', { selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['plain'] }] } });
    const graph = known([web, plain], { flows: [{ from: web.end, to: plain.end, port: 80 }] });
    expect(authorized(graph).proposals[0]?.policy.spec.selector).toEqual({ matchLabels: { app: 'plain' } });
  });

  it('has a client some of whose pods are still outside', () => {
    const moving = podObject({ namespace: 'shop', name: 'web-1', ip: '10.0.0.10', labels: { app: 'web' }, owner: ['StatefulSet', 'web'] });
    const graph = known([web, cart], { flows: [{ from: web.end, to: cart.end, port: 8080 }], more: [moving] });
    expect(reasons(graph)['shop/cart']).toContain('some pods of shop/web are not in the mesh yet and have no certificate');
    expect(all(graph, { byPort: true })['shop/cart-authorization']).toEqual(['ANYBODY to 8080']);
  });

  it('would need more rules than one policy may have', () => {
    const clients = Array.from({ length: 513 }, (_, i) => meshed(`shop/c${i}`, `10.0.${1 + (i >> 8)}.${i & 255}`, 'sidecar'));
    const everybody = [...clients, cart];
    const requests = clients.map((from, i): Request => ({ from, to: cart, port: 8080, san: `cluster.local/ns/shop/sa/c${i}`, path: `/p/x${'abcdefghij'.charAt(i % 10)}${'abcdefghij'.charAt(Math.floor(i / 10) % 10)}${'abcdefghij'.charAt(Math.floor(i / 100))}` }));
    const graph = known(everybody, { requests, options: { limits: { pathsPerService: 1_000 } } });
    expect(reasons(graph, { l7: true })['shop/cart']).toBe('it would need 513 rules, and one policy takes 512');
    expect(all(graph)['shop/cart-authorization']).toHaveLength(1);
  });

  it('is served by pods that nobody runs, but its proxy told of certificates', () => {
    const graph = new Learner().know(...withoutPods(deployed('shop/cart', '10.0.0.2'))).read(logged({ from: web, to: cart, san: WEB }), envoyAccessLog, { source: 'x', owner: { namespace: 'shop', pod: 'cart-0', container: 'istio-proxy' } });
    const told = graph.read(used({ from: web.end, to: cart.end, port: 8080 })).graph();
    expect(all(told)).toEqual({ 'shop/cart-authorization': [`${WEB} to 8080`] });
  });
});

describe('methods and paths', () => {
  const requests: readonly Request[] = [
    { from: web, to: cart, san: WEB, path: '/items/7' },
    { from: web, to: cart, san: WEB, path: '/items/8' },
    { from: web, to: cart, san: WEB, method: 'POST', path: '/items' },
  ];

  it('are left out unless they are asked for', () => {
    expect(all(known([web, cart], { requests }))['shop/cart-authorization']).toEqual([`${WEB} to 8080`]);
    expect(all(known([web, cart], { requests }), { l7: true })['shop/cart-authorization']).toEqual([`${WEB} to 8080 GET /items/{*} | 8080 POST /items`]);
  });

  it('are left out of a port where none were seen, and that is said', () => {
    const graph = known([web, cart], { requests, flows: [{ from: web.end, to: cart.end, port: 9090 }] });
    const [own] = authorized(graph, { l7: true }).proposals;
    expect(own === undefined ? [] : lines(own)).toEqual([`${WEB} to 8080 GET /items/{*} | 8080 POST /items`, `${WEB} to 9090`]);
    expect(own?.proof.excess).toEqual(['any-request: TCP 9090']);
  });

  it('are left out where one cannot be written', () => {
    const [own] = authorized(known([web, cart], { requests: [...requests, { from: web, to: cart, san: WEB, path: '/files/*' }] }), { l7: true }).proposals;
    expect(own === undefined ? [] : lines(own)).toEqual([`${WEB} to 8080`]);
  });

  it('are never in the policy of an ambient workload’s pods', () => {
    const [a, b] = [meshed('shop/web', '10.0.0.1', 'ambient'), meshed('shop/cart', '10.0.0.2', 'ambient')];
    const graph = known([a, b], { requests: requests.map((one) => ({ ...one, from: a, to: b })) });
    const [own] = authorized(graph, { l7: true }).proposals;
    expect(own === undefined ? [] : lines(own)).toEqual([`${WEB} to 8080`]);
    expect(own?.notes).toContain('methods and paths are left to a waypoint: ztunnel knows neither, and a rule that asks for them would admit nothing');
  });
});

describe('behind a waypoint', () => {
  const [client, v1, v2] = [meshed('shop/web', '10.0.0.1', 'ambient'), meshed('shop/v1', '10.0.0.2', 'ambient', { labels: { app: 'reviews', track: 'v1' } }), meshed('shop/v2', '10.0.0.3', 'ambient', { labels: { app: 'reviews', track: 'v2' } })];
  const gateway = meshed('shop/gateway', '10.0.0.4', 'gateway');
  const way = waypoint('shop/waypoint', '10.0.0.5');
  const service = serviceObject('shop', 'reviews', '10.96.0.2', { app: 'reviews' }, [{ port: 80, targetPort: 9080 }], 'ClusterIP', { 'istio.io/use-waypoint': 'waypoint' });
  const flows = [client, gateway].flatMap((from) => [v1, v2].map((to) => ({ from: from.end, to: to.end, port: 9080 })));

  it('one policy is for the Service, whichever workload is asked for, and gateways go past it', () => {
    const graph = known([client, v1, v2, gateway, way], { flows, more: [service] });
    const expected = {
      'shop/reviews-waypoint': [`${WEB} to 80`],
      'shop/v1-authorization': ['cluster.local/ns/shop/sa/gateway cluster.local/ns/shop/sa/waypoint to 9080'],
      'shop/v2-authorization': ['cluster.local/ns/shop/sa/gateway cluster.local/ns/shop/sa/waypoint to 9080'],
    };
    expect(all(graph)).toEqual(expected);
    const only = authorize(graph, propose(graph, { wants: ({ name }) => name === 'v2' }).proposals).proposals;
    expect(only.map(({ policy }) => policy.metadata.name)).toEqual(['reviews-waypoint', 'v2-authorization']);
    expect(only.find(({ policy }) => policy.metadata.name === 'reviews-waypoint')?.policy.spec.targetRefs).toEqual([{ group: '', kind: 'Service', name: 'reviews' }]);
  });

  it('certificates that its log hands on are its clients’, not its own', () => {
    const told = logged({ from: client, to: v1, port: 9080, san: 'td.example.com/ns/shop/sa/web' }).map((line) => line.replace('inbound|9080||', 'inbound-vip|80|http|reviews.shop.svc.cluster.local'));
    const learner = new Learner().know(...[client, v1, way].flatMap(({ objects }) => objects), service);
    expect(all(learner.read(told, envoyAccessLog).graph())).toEqual({
      'shop/reviews-waypoint': ['td.example.com/ns/shop/sa/web to 80'],
      'shop/v1-authorization': ['td.example.com/ns/shop/sa/waypoint to 9080'],
    });
  });

  it('what the tunnel shows between them is no port of its own', () => {
    const tunnel = [{ from: client.end, to: way.end, port: 15_008 }, { from: way.end, to: v1.end, port: 15_008 }];
    const graph = known([client, v1, way], { flows: [...tunnel, { from: client.end, to: v1.end, port: 9080 }], more: [service] });
    expect(all(graph)).toEqual({ 'shop/reviews-waypoint': [`${WEB} to 80`], 'shop/v1-authorization': ['cluster.local/ns/shop/sa/waypoint to 9080'] });
    expect(reasons(graph)).toEqual({ 'shop/waypoint': 'it is a waypoint: policies are for the Services behind it' });
  });
});

describe('names of policies of the mesh', () => {
  it('are no other policy’s of the namespace', () => {
    const named = ['cart-authorization', 'cart', 'default-deny-authorization', 'reviews-waypoint'].map((name, i) => meshed(`shop/${name}`, `10.0.0.${10 + i}`, 'sidecar'));
    const graph = known([web, ...named], { flows: named.map(({ end }) => ({ from: web.end, to: end, port: 80 })) });
    const { proposals, denyAll } = authorized(graph);
    expect(proposals.map(({ policy }) => policy.metadata.name)).toEqual(['cart-authorization-2', 'cart-authorization-authorization', 'default-deny-authorization-authorization', 'reviews-waypoint-authorization']);
    expect(denyAll.get('shop')).toBe('default-deny-authorization-2');
  });
});

describe('whether all else may be denied in a namespace', () => {
  it('only if everybody who comes to one of its workloads has a principal', () => {
    const other = meshed('bank/ledger', '10.0.0.3', 'sidecar');
    const legacy = deployed('shop/legacy', '10.0.0.7');
    const graph = known([web, cart, other, legacy], { requests: [{ from: web, to: cart, san: WEB }, { from: web, to: other, san: WEB }, { from: legacy, to: cart, san: '-', port: 9090 }] });
    expect([...authorized(graph).keptOpen]).toEqual([['shop', 'shop/legacy comes to shop/cart (TCP 9090) without a principal']]);
    expect([...authorized(graph).denyAll.keys()]).toEqual(['bank', 'shop']);
  });

  it('not while a workload that is used is outside the mesh', () => {
    const legacy = deployed('shop/legacy', '10.0.0.7');
    expect([...authorized(known([web, cart, legacy], { flows: [{ from: web.end, to: legacy.end, port: 80 }] })).keptOpen]).toEqual([['shop', 'shop/legacy is not in the mesh']]);
  });
});
