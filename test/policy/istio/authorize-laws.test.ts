import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { envoyAccessLog } from '../../../collectors/envoy-access-log/index.ts';
import { istio } from '../../../src/export/istio.ts';
import type { Graph } from '../../../src/learn/graph.ts';
import type { AuthorizationPolicy } from '../../../src/model/authorization.ts';
import type { Authorizations } from '../../../src/model/proposal.ts';
import type { PodEnd } from '../../../src/policy/evaluate/evaluate.ts';
import { authorize, type AuthorizeOptions } from '../../../src/policy/istio/authorize.ts';
import { AuthorizationSet } from '../../../src/policy/istio/evaluate.ts';
import type { MeshRequest } from '../../../src/policy/istio/request.ts';
import { validateAuthorization } from '../../../src/policy/istio/validate.ts';
import { propose } from '../../../src/policy/propose/propose.ts';
import { Roster } from '../../../src/policy/roster.ts';
import { istioJson } from '../../support/envoy-formats.ts';
import { Learner } from '../../support/graph.ts';
import { T0 } from '../../support/hubble.ts';
import { serviceObject } from '../../support/inventory.ts';
import { meshed, waypoint } from '../../support/mesh.ts';
import { used } from '../../support/proposals.ts';
import { policySet } from '../../support/rendering.ts';

/** A small mesh, and who talks to whom in it. */
interface Mesh {
  readonly modes: readonly ('none' | 'sidecar' | 'ambient')[];
  readonly accounts: readonly string[];
  /** Whether the Service of a workload has a waypoint. */
  readonly waypoints: readonly boolean[];
  readonly edges: readonly Edge[];
}

interface Edge {
  readonly from: number;
  readonly to: number;
  readonly port: number;
  /** The server's proxy shows certificates; else the network alone saw it. */
  readonly logged: boolean;
  readonly operation: { readonly method: string; readonly path: string } | null;
}

const SIZE = 5;
const PORTS = [8080, 9090] as const;
const DOMAIN = 'prod.example.com';
const indices = fc.nat(SIZE - 1);

const edge: fc.Arbitrary<Edge> = fc.record({
  from: indices,
  to: indices,
  port: fc.constantFrom(...PORTS),
  logged: fc.boolean(),
  operation: fc.constantFrom(null, { method: 'GET', path: '/items/{id}' }, { method: 'POST', path: '/items' }),
});

const mesh: fc.Arbitrary<Mesh> = fc.record({
  modes: fc.array(fc.constantFrom('none', 'sidecar', 'sidecar', 'ambient', 'ambient'), { minLength: SIZE, maxLength: SIZE }),
  accounts: fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), { minLength: SIZE, maxLength: SIZE }),
  waypoints: fc.array(fc.boolean(), { minLength: SIZE, maxLength: SIZE }),
  edges: fc.uniqueArray(edge.filter(({ from, to }) => from !== to), { minLength: 1, maxLength: 8, selector: ({ from, to, port }) => `${from} ${to} ${port}` }),
});

const nameOf = (i: number): string => `w${i}`;
const ipOf = (i: number): string => `10.0.0.${i + 1}`;
const principalOf = (account: string): string => `${DOMAIN}/ns/shop/sa/${account}`;

/** A sidecar's log says who came; of ambient pods nothing but the network does. */
const isLogged = ({ modes }: Mesh, { to, logged }: Edge): boolean => logged && modes[to] === 'sidecar';
/** An ambient client of an ambient Service with a waypoint goes through it. */
const isBehind = ({ modes, waypoints }: Mesh, from: number, to: number): boolean => modes[from] === 'ambient' && modes[to] === 'ambient' && waypoints[to] === true;

function learn(world: Mesh): Graph {
  const { modes, accounts, waypoints, edges } = world;
  const workloads = modes.map((mode, i) => meshed(`shop/${nameOf(i)}`, ipOf(i), mode, { pod: { account: accounts[i] ?? '' } }));
  const services = waypoints.map((uses, i) =>
    serviceObject('shop', nameOf(i), `10.96.0.${i + 1}`, { app: nameOf(i) }, PORTS.map((port) => ({ name: `p${port}`, port: port - 8000, targetPort: port })), 'ClusterIP', uses ? { 'istio.io/use-waypoint': 'waypoint' } : {}),
  );
  const learner = new Learner().know(...workloads.flatMap(({ objects }) => objects), ...services, ...waypoint('shop/waypoint', '10.0.0.99').objects);
  learner.read(edges.filter((one) => !isLogged(world, one)).flatMap(({ from, to, port }) => used({ from: workloads[from]!.end, to: workloads[to]!.end, port })));
  const logs = edges.filter((one) => isLogged(world, one)).flatMap((one) => accessLines(one, modes[one.from] === 'none' ? '-' : `spiffe://${principalOf(accounts[one.from] ?? '')}`));
  return learner.read(logs, envoyAccessLog).graph();
}

function accessLines({ from, to, port, operation }: Edge, san: string): readonly string[] {
  return [0, 1].map((minute) => {
    const server = `${ipOf(to)}:${port}`;
    const request = operation === null ? { method: '-', path: '-', protocol: '-' } : { method: operation.method, path: operation.path.replace('{id}', String(minute + 1)) };
    const line = istioJson({ ...request, time: T0 + minute * 60_000, cluster: `inbound|${port}||`, host: server, upstreamLocal: '127.0.0.6:41000', downstreamLocal: server, downstreamRemote: `${ipOf(from)}:${41_000 + minute}` });
    return JSON.stringify({ ...line, downstream_peer_uri_san: san });
  });
}

function mine(graph: Graph, options: AuthorizeOptions = {}): Authorizations {
  return authorize(graph, propose(graph).proposals, { trustDomain: DOMAIN, ...options });
}

/** The policies of the mesh as they are written and read again. */
function written(graph: Graph, authorizations: Authorizations): readonly AuthorizationPolicy[] {
  return istio.render(policySet(propose(graph).proposals, [], { authorizations })).flatMap(({ content }) => {
    const object = parse(content) as { readonly kind: string };
    if (object.kind !== 'AuthorizationPolicy') return [];
    const { policy, problems, warnings } = validateAuthorization(object);
    expect([...problems, ...warnings]).toEqual([]);
    return policy === null ? [] : [policy];
  });
}

/** Asks about connections as they arrive: at the waypoint first, where there is one, and with its certificate at the pod. */
class Asking {
  readonly #world: Mesh;
  readonly #pods: readonly PodEnd[];
  readonly #waypoint: PodEnd;
  readonly #set: AuthorizationSet;

  constructor(world: Mesh, graph: Graph, policies: readonly AuthorizationPolicy[]) {
    this.#world = world;
    const roster = new Roster(graph);
    const podOf = (name: string): PodEnd => roster.local().find(({ peer }) => peer.name === name)!.standIns[0]!;
    this.#pods = world.modes.map((_, i) => podOf(nameOf(i)));
    this.#waypoint = podOf('waypoint');
    this.#set = new AuthorizationSet(policies, { rootNamespace: 'istio-system', trustDomains: [DOMAIN] });
  }

  /** From a workload, or from somebody with this certificate. */
  connects(from: number | string | null, to: number, port: number, operation: Edge['operation'] = null): boolean {
    const { modes, accounts } = this.#world;
    const principal = typeof from === 'number' ? (modes[from] === 'none' ? null : principalOf(accounts[from] ?? '')) : from;
    const request: MeshRequest = {
      port,
      protocol: operation === null ? 'TCP' : 'HTTP',
      principal,
      ip: null,
      host: null,
      method: operation?.method ?? null,
      path: operation?.path.replace('{id}', '7') ?? null,
      headers: new Map(),
      sni: null,
      destination: null,
    };
    const plane = modes[to] === 'ambient' ? 'ztunnel' : 'sidecar';
    const atPod = (own: MeshRequest): boolean => this.#set.evaluate({ plane, workload: this.#pods[to]!, service: null, gateway: null }, own).allowed === true;
    if (typeof from !== 'number' || !isBehind(this.#world, from, to)) return atPod(request);
    const service = { kind: 'Service', namespace: 'shop', name: nameOf(to), addresses: [], selector: null, ports: [], hosts: [] } as const;
    const atWaypoint = this.#set.evaluate({ plane: 'waypoint', workload: this.#waypoint, service, gateway: null }, { ...request, port: port - 8000 }).allowed === true;
    return atWaypoint && atPod({ ...request, principal: principalOf('waypoint') });
  }
}

const has = ({ edges }: Mesh, from: number, to: number, port: number): boolean => edges.some((one) => one.from === from && one.to === to && one.port === port);

/** Whom certificates do not tell from a client that may come, by the same way. */
function isTaken(world: Mesh, from: number, to: number, port: number): boolean {
  const { accounts, modes } = world;
  const isTwin = (other: number): boolean => modes[from] !== 'none' && modes[other] !== 'none' && accounts[other] === accounts[from] && isBehind(world, other, to) === isBehind(world, from, to);
  return world.modes.some((_, other) => has(world, other, to, port) && (other === from || isTwin(other)));
}

/** The pods that a policy is for. */
function isGuarded(policies: readonly AuthorizationPolicy[], to: number): boolean {
  return policies.some(({ spec }) => spec.selector?.matchLabels?.['app'] === nameOf(to));
}

const RUNS = { numRuns: 60 };

describe('the policies of a mesh, evaluated', () => {
  it('let through what was seen, and nothing else but whom a certificate cannot tell apart', () => {
    fc.assert(
      fc.property(mesh, (world) => {
        const graph = learn(world);
        const policies = written(graph, mine(graph));
        const asking = new Asking(world, graph, policies);
        for (let to = 0; to < SIZE; to++) {
          if (!isGuarded(policies, to)) continue;
          for (const port of [...PORTS, 8111]) {
            for (let from = 0; from < SIZE; from++) {
              if (from !== to) expect([from, to, port, asking.connects(from, to, port)]).toEqual([from, to, port, isTaken(world, from, to, port)]);
            }
            for (const stranger of [null, principalOf('nobody'), 'elsewhere.example.com/ns/shop/sa/a']) expect(asking.connects(stranger, to, port)).toBe(false);
          }
        }
      }),
      RUNS,
    );
  });

  it('are there for every workload of the mesh whose clients all have certificates, and else it is said why not', () => {
    fc.assert(
      fc.property(mesh, (world) => {
        const graph = learn(world);
        const authorizations = mine(graph);
        const policies = written(graph, authorizations);
        const unguarded = new Map(authorizations.none.map(({ workload, reason }) => [workload.name, reason]));
        for (const [to, mode] of world.modes.entries()) {
          const clients = world.edges.filter((one) => one.to === to).map(({ from }) => from);
          if (clients.length === 0) continue;
          const hasOutsiders = clients.some((from) => world.modes[from] === 'none');
          expect([to, isGuarded(policies, to)]).toEqual([to, mode !== 'none' && !hasOutsiders]);
          if (mode === 'none') expect(unguarded.get(nameOf(to))).toBe('it is not in the mesh');
          else if (hasOutsiders) expect(unguarded.get(nameOf(to))).toMatch(/without a certificate|is not in the mesh and has no certificate/);
        }
      }),
      RUNS,
    );
  });

  it('open the port of a client without a certificate to anybody if that is asked for, and say so', () => {
    fc.assert(
      fc.property(mesh, (world) => {
        const graph = learn(world);
        const authorizations = mine(graph, { byPort: true });
        const policies = written(graph, authorizations);
        const asking = new Asking(world, graph, policies);
        for (let to = 0; to < SIZE; to++) {
          if (!isGuarded(policies, to)) continue;
          for (const port of PORTS) {
            const isOpen = world.edges.some((one) => one.to === to && one.port === port && world.modes[one.from] === 'none');
            expect([to, port, asking.connects(principalOf('nobody'), to, port)]).toEqual([to, port, isOpen]);
            const said = authorizations.proposals.filter(({ policy }) => policy.spec.selector?.matchLabels?.['app'] === nameOf(to)).flatMap(({ proof }) => proof.excess);
            expect(said.some((text) => text.startsWith(`no-certificate: TCP ${port}`))).toBe(isOpen);
          }
        }
      }),
      RUNS,
    );
  });

  it('admit with --l7 the requests that were seen, where a proxy of HTTP can tell them', () => {
    fc.assert(
      fc.property(mesh, (world) => {
        const graph = learn(world);
        const authorizations = mine(graph, { l7: true });
        expect(authorizations.none.filter(({ reason }) => reason.includes('proof'))).toEqual([]);
        const policies = written(graph, authorizations);
        const asking = new Asking(world, graph, policies);
        for (const one of world.edges) {
          if (!isGuarded(policies, one.to)) continue;
          expect([one, asking.connects(one.from, one.to, one.port, one.operation)]).toEqual([one, true]);
          const twins = world.edges.filter(({ from, to, port }) => to === one.to && port === one.port && world.accounts[from] === world.accounts[one.from]);
          // What was seen of somebody with the same certificate is seen of him.
          const isTold = twins.every((twin) => isLogged(world, twin) && twin.operation !== null) && one.operation !== null;
          const other = { method: 'DELETE', path: '/items/{id}' };
          expect([one, asking.connects(one.from, one.to, one.port, other)]).toEqual([one, !isTold]);
        }
      }),
      RUNS,
    );
  });

  it('do not depend on whom else is proposed for, nor on the order of what was seen', () => {
    fc.assert(
      fc.property(mesh, indices, (world, wanted) => {
        const graph = learn(world);
        const all = mine(graph).proposals.map(({ policy }) => policy);
        const only = propose(graph, { wants: ({ name }) => name === nameOf(wanted) }).proposals;
        for (const { policy } of authorize(graph, only, { trustDomain: DOMAIN }).proposals) expect(all).toContainEqual(policy);
        const shuffled = learn({ ...world, edges: world.edges.toReversed() });
        expect(mine(shuffled)).toEqual(mine(graph));
      }),
      { numRuns: 30 },
    );
  });
});

