import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cidrContains, parseCidr, type Address } from '../../../src/model/address.ts';
import type { Graph } from '../../../src/learn/graph.ts';
import type { Proposal } from '../../../src/model/proposal.ts';
import { addressCount, blockAddresses } from '../../../src/policy/diff/address-set.ts';
import { PolicySet, type PodEnd } from '../../../src/policy/evaluate/evaluate.ts';
import { NARROW, propose, type Widen } from '../../../src/policy/propose/propose.ts';
import { union } from '../../../src/policy/diff/ranges.ts';
import { validatePolicy } from '../../../src/policy/validate/validate.ts';
import { pod, WORLD, type HubbleFlow } from '../../support/hubble.ts';
import { nodeObject, serviceObject } from '../../support/inventory.ts';
import { addressEnd, namespaces, parsed, podEnd } from '../../support/policy.ts';
import { deployed, learned, workloadName } from '../../support/proposals.ts';
import { known, rejecting } from '../../support/widening.ts';

/** A cluster that lies in the midst of those outside whom it talks to, so that whatever is merged comes near it. */
const NAMES = ['web', 'cart', 'blog', 'pay'] as const;
const addressOf = (i: number): string => `198.51.100.${i + 1}`;
const SHOP = NAMES.map((name, i) => deployed(`shop/${name}`, addressOf(i)));
const OBJECTS = [
  ...SHOP.flatMap(({ objects }) => objects),
  nodeObject('node-a', '198.51.100.20', '198.51.100.0/29'),
  serviceObject('shop', 'web', '198.51.100.25', { app: 'web' }, [{ port: 80 }]),
];
const GROUP = '198.51.100.40/30';
const REJECTED = '198.51.100.50';
const CLOSED = ['198.51.100.0/29', '198.51.100.20/32', '198.51.100.25/32', `${REJECTED}/32`];
const PODS: readonly PodEnd[] = NAMES.map((name, i) => podEnd(`shop/${name}-0`, { app: name }, { ips: [addressOf(i)] }));

const outside = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 8, max: 63 }).filter((n) => n !== 20 && n !== 25 && n !== 50).map((n) => `198.51.100.${n}`) },
  { weight: 1, arbitrary: fc.nat(15).map((n) => `2001:db8::${n.toString(16)}`) },
);

interface Seen {
  readonly outside: readonly { readonly address: string; readonly port: number; readonly into: boolean }[];
  readonly clients: readonly { readonly client: number; readonly port: number }[];
  readonly widen: Widen;
}

const seen = (ports: readonly number[]): fc.Arbitrary<Seen> =>
  fc.record({
    outside: fc.uniqueArray(fc.record({ address: outside, port: fc.constantFrom(...ports), into: fc.integer({ min: 0, max: 4 }).map((n) => n === 0) }), { minLength: 1, maxLength: 14, selector: (one) => JSON.stringify(one) }),
    clients: fc.uniqueArray(fc.record({ client: fc.integer({ min: 1, max: 3 }), port: fc.constantFrom(...ports) }), { maxLength: 5, selector: (one) => JSON.stringify(one) }),
    widen: fc.record({
      ranges: fc.constantFrom(known({}), known({ cdn: [GROUP] })),
      maxRanges: fc.option(fc.integer({ min: 1, max: 6 }), { nil: null }),
      widenNamespaces: fc.option(fc.integer({ min: 1, max: 3 }), { nil: null }),
    }),
  });

const WEB = pod('shop', 'web-0', addressOf(0), { app: 'web' });

function flowsOf({ outside: addresses, clients }: Seen): readonly HubbleFlow[] {
  return [
    ...addresses.map(({ address, port, into }): HubbleFlow => (into ? { from: WORLD(address), to: WEB, port } : { from: WEB, to: WORLD(address), port })),
    ...clients.map(({ client, port }): HubbleFlow => ({ from: SHOP[client]!.end, to: WEB, port })),
  ];
}

const graphOf = (all: Seen): Graph => rejecting(learned([...flowsOf(all), { from: WEB, to: WORLD(REJECTED), port: 443 }], OBJECTS).graph(), `external|${REJECTED}`);

function proposalsOf(graph: Graph, widen: Widen): readonly Proposal[] {
  return propose(graph, { widen }).proposals;
}

const web = (proposals: readonly Proposal[]): Proposal | undefined => proposals.find(({ workload }) => workloadName(workload) === 'shop/web');
const policySetOf = (proposals: readonly Proposal[]): PolicySet => new PolicySet(proposals.map(({ policy }) => policy), namespaces({ shop: {} }));

/** Accepted edges that the policies deny. */
function denied(graph: Graph, proposals: readonly Proposal[]): readonly string[] {
  const set = policySetOf(proposals);
  const endOf = (peer: Graph['edges'][number]['source']) => (peer.type === 'workload' ? PODS.find(({ name }) => name === `${peer.name}-0`)! : addressEnd(peer.type === 'external' ? peer.address : '0.0.0.0'));
  return graph.edges.filter(({ state }) => state === 'accepted').filter(({ source, destination, port }) => set.evaluate(endOf(source), endOf(destination), port, 'TCP').allowed !== true).map(({ key }) => key);
}

/** Ranges of the rules of a direction at a port. */
function blocksAt({ policy: { spec } }: Proposal, direction: 'ingress' | 'egress', port: number): readonly string[] {
  const rules = direction === 'ingress' ? (spec.ingress ?? []).map(({ from: peers, ports }) => ({ peers, ports })) : (spec.egress ?? []).map(({ to: peers, ports }) => ({ peers, ports }));
  return rules.filter(({ ports = [] }) => ports.some((one) => one.port === port)).flatMap(({ peers = [] }) => peers.flatMap(({ ipBlock }) => (ipBlock === undefined ? [] : [ipBlock.cidr])));
}

const holds = (cidr: string, address: Address): boolean => cidrContains(parseCidr(cidr)!, address);
const check = (all: fc.Arbitrary<Seen>, law: (graph: Graph, proposals: readonly Proposal[], one: Seen) => void, numRuns = 60): void =>
  fc.assert(
    fc.property(all, (one) => {
      const graph = graphOf(one);
      law(graph, proposalsOf(graph, one.widen), one);
    }),
    { numRuns },
  );

describe('for whatever was seen, and however wide a person lets it be', () => {
  it('every accepted edge is allowed, an API server takes the policies, and nothing is open that is not stated', () => {
    check(seen([443, 8080]), (graph, proposals) => {
      expect(denied(graph, proposals)).toEqual([]);
      for (const { policy, proof, rules } of proposals) {
        expect(validatePolicy(JSON.parse(JSON.stringify(policy))).problems).toEqual([]);
        const stated = new Set(rules.flatMap(({ widenings }) => widenings.map(({ reason, beyond }) => `${reason}: ${beyond}`)));
        expect(proof.excess.filter((line) => !stated.has(line))).toEqual([]);
        expect(proof.excessCount).toBe(stated.size);
      }
    });
  });

  it('what was rejected, what the cluster has and what has a name of its own is in no range that was merged', () => {
    check(seen([443, 8080]), (_, proposals, { widen: { ranges } }) => {
      const rules = web(proposals)?.rules ?? [];
      const merged = rules.flatMap(({ whom }) => whom).flatMap((peer) => (peer.type === 'addresses' && peer.group === undefined ? peer.blocks.map(({ cidr }) => parseCidr(cidr)!) : []));
      const closed = [...CLOSED, ...ranges.flatMap((group) => group.ranges.map(({ text }) => text))].map((text) => parseCidr(text)!);
      const wide = merged.filter(({ family, bits }) => bits < (family === 4 ? 32 : 128));
      // Two seen addresses may make a range that lies within a name's: they would be of the name.
      expect(wide.filter((range) => closed.some((one) => one.family === range.family && (cidrContains(range, parsed(one.text.replace(/\/.*/, ''))) || cidrContains(one, parsed(range.text.replace(/\/.*/, ''))))))).toEqual([]);
    });
  });

  it('there are never more ranges than a person asked for, of addresses with the same ports', () => {
    check(seen([443]), (_, proposals, { widen: { maxRanges } }) => {
      for (const { direction, whom } of web(proposals)?.rules ?? []) {
        const own = whom.filter((peer) => peer.type === 'addresses' && peer.group === undefined);
        expect({ direction, many: maxRanges !== null && own.length > maxRanges }).toEqual({ direction, many: false });
      }
    });
  });

  it('the figures of what is open beyond what was seen are exact', () => {
    check(seen([443]), (graph, proposals, { widen: { ranges } }) => {
      const proposal = web(proposals);
      for (const direction of ['ingress', 'egress'] as const) {
        const rules = (proposal?.rules ?? []).filter((rule) => rule.direction === direction);
        if (proposal === undefined || rules.length === 0) continue;
        const blocks = blocksAt(proposal, direction, 443);
        const opened = addressCount(union(blocks.map((cidr) => blockAddresses(cidr))));
        const own = graph.edges.filter(({ state }) => state === 'accepted').flatMap(({ source, destination }) => (direction === 'ingress' ? (source.type === 'external' ? [source.address] : []) : destination.type === 'external' ? [destination.address] : []));
        const beyond = rules
          .flatMap(({ widenings }) => widenings)
          .flatMap(({ reason, beyond: text }) => {
            const figures = text.replaceAll(',', '');
            if (reason === 'compacted') return [...figures.slice(figures.indexOf('hold')).matchAll(/(\d+) (?:IPv[46]|more)/g)].map(([, n = '0']) => BigInt(n));
            const [, all = '0', some = '0'] = (reason === 'known-ranges' ? /holds? (\d+) addresses (\d+) of them seen/.exec(figures) : null) ?? [];
            return [BigInt(all) - BigInt(some)];
          })
          .reduce((sum, n) => sum + n, 0n);
        expect(own.every((address) => blocks.some((cidr) => holds(cidr, parsed(address))))).toBe(true);
        expect(opened - BigInt(new Set(own).size)).toBe(beyond);
        expect(ranges.length > 0 || !rules.some(({ widenings }) => widenings.some(({ reason }) => reason === 'known-ranges'))).toBe(true);
      }
    }, 120);
  });

  it('a whole namespace is opened to as many workloads as it says', () => {
    check(seen([443, 8080]), (graph, proposals) => {
      const proposal = web(proposals);
      if (proposal === undefined) return;
      // What its own egress and that of others make of it is another matter.
      const { egress: _, ...spec } = proposal.policy.spec;
      const set = new PolicySet([{ ...proposal.policy, spec: { ...spec, policyTypes: ['Ingress'] } }], namespaces({ shop: {} }));
      for (const { beyond } of proposal.rules.flatMap(({ widenings }) => widenings).filter(({ reason }) => reason === 'whole-namespace')) {
        const [, port = '', more = '', some = ''] = /^(\d+)\/TCP from shop: (\d+) workloads? beyond the (\d+) seen$/.exec(beyond) ?? [];
        const used = new Set(graph.edges.filter((edge) => edge.state === 'accepted' && edge.port === Number(port) && edge.source.type === 'workload' && edge.destination.type === 'workload').map(({ source }) => (source.type === 'workload' ? source.name : '')));
        const open = PODS.filter((from) => set.evaluateBetween(from, PODS[0]!, Number(port), 'TCP').allowed === true).map(({ name }) => name.replace(/-0$/, ''));
        expect({ more: Number(more), some: Number(some) }).toEqual({ more: open.filter((name) => !used.has(name)).length, some: used.size });
      }
    });
  });

  it('more edges never lose an allowed one', () => {
    const two = fc.tuple(seen([443, 8080]), seen([443, 8080]));
    fc.assert(
      fc.property(two, ([one, other]) => {
        const fewer = graphOf(one);
        const more = graphOf({ ...one, outside: [...one.outside, ...other.outside], clients: [...one.clients, ...other.clients] });
        expect(denied(fewer, proposalsOf(more, one.widen))).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('whatever it makes is only wider than what is proposed without it', () => {
    check(seen([443, 8080]), (graph, proposals) => {
      const [narrow, wide] = [policySetOf(proposalsOf(graph, NARROW)), policySetOf(proposals)];
      const ends = [...PODS, ...Array.from({ length: 64 }, (_, n) => addressEnd(`198.51.100.${n}`)), ...Array.from({ length: 16 }, (_, n) => addressEnd(`2001:db8::${n.toString(16)}`))];
      const lost = ends.flatMap((end) => [443, 8080].flatMap((port) => [[end, PODS[0]!] as const, [PODS[0]!, end] as const].filter(([from, to]) => narrow.evaluateBetween(from, to, port, 'TCP').allowed === true && wide.evaluateBetween(from, to, port, 'TCP').allowed === false)));
      expect(lost).toEqual([]);
    });
  });
});
