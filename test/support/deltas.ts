import fc from 'fast-check';
import type { Delta, EdgeDelta, PendingDelta, Settlement, Violation } from '../../src/learn/delta.ts';
import { COUNTERS, DAY, emptyTally, HOUR, SLOT, type EdgeKey, type Tally } from '../../src/model/edge.ts';
import type { Operation, Protocol, Witness } from '../../src/model/flow.ts';
import { workloadPeer, type Peer, type WorkloadPeer } from '../../src/model/peer.ts';
import { PLAINTEXT } from '../../src/model/principal.ts';
import { T0 } from './hubble.ts';

/** What a batch adds, for tests: what is not said is empty. */

export const EMPTY: Delta = { revision: 0, edges: [], pending: [], podHours: [], sightings: [], attributes: [], coverage: [] };

export function delta(parts: Partial<Delta>): Delta {
  return { ...EMPTY, ...parts };
}

export function workload(name: string, namespace = 'shop'): WorkloadPeer {
  return workloadPeer({ cluster: '', namespace, kind: 'Deployment', name });
}

export const WEB = workload('web');
export const CART = workload('cart');
export const FAR: Peer = { type: 'external', address: '198.51.100.7' };
export const SOMEBODY: Peer = { type: 'address', cluster: '', address: '10.0.0.9', account: '' };

export const AT_DESTINATION: Witness = { collector: 'hubble', side: 'destination', point: 'to-endpoint' };
export const AT_SOURCE: Witness = { collector: 'hubble', side: 'source', point: 'policy-verdict' };

export const WEB_TO_CART: EdgeKey = { source: WEB, destination: CART, protocol: 'TCP', port: 8080 };

export function tally(counts: Partial<Tally> = {}): Tally {
  return { ...emptyTally(), firstSeen: T0, lastSeen: T0, ...counts };
}

export interface EdgeParts extends Partial<EdgeKey> {
  readonly records?: number;
  readonly witness?: Witness;
  readonly tally?: Partial<Tally>;
  /** Day since 1970 to the mask of its hours. */
  readonly days?: Readonly<Record<number, number>>;
  readonly pods?: readonly string[];
  readonly addresses?: readonly string[];
  readonly principals?: readonly string[];
  readonly operations?: readonly Operation[];
  readonly failedSlots?: readonly number[];
  readonly watching?: boolean;
  readonly violation?: Violation;
}

/** What one witness adds to an edge. */
export function edgeDelta(parts: EdgeParts = {}): EdgeDelta {
  const { witness = AT_DESTINATION } = parts;
  const counted = tally({ opened: 1, ...parts.tally });
  const { opened, bytesOut, bytesIn } = counted;
  return {
    source: parts.source ?? WEB,
    destination: parts.destination ?? CART,
    protocol: parts.protocol ?? 'TCP',
    port: parts.port ?? 8080,
    records: parts.records ?? 1,
    witnesses: new Map([
      [
        witness,
        {
          tally: counted,
          days: new Map(Object.entries(parts.days ?? {}).map(([day, hours]) => [Number(day), { hours, opened, bytesOut, bytesIn }])),
          failedSlots: parts.failedSlots ?? [],
        },
      ],
    ]),
    pods: (parts.pods ?? []).map((pod) => ({ pod, witness, opened })),
    addresses: new Set(parts.addresses ?? []),
    principals: new Set(parts.principals ?? []),
    operations: (parts.operations ?? []).map((operation) => ({ operation, witness, count: opened })),
    watching: parts.watching ?? false,
    violation: parts.violation ?? null,
  };
}

/** What a pending row turns into, were it this edge. */
export function settlement(edge: EdgeDelta): Settlement {
  return { edge, podHours: [], sightings: [] };
}

export function pendingDelta(parts: Partial<PendingDelta> = {}): PendingDelta {
  const minute = parts.minute ?? Math.floor(T0 / 60_000);
  const time = { firstSeen: minute * 60_000, lastSeen: minute * 60_000 };
  return { source: SOMEBODY, destination: CART, protocol: 'TCP', port: 8080, minute, sourcePod: '', destinationPod: '', address: '', principal: '', witness: AT_DESTINATION, tally: tally({ opened: 1, ...time }), records: 1, operations: new Map(), ...parts };
}

const time = fc.integer({ min: T0, max: T0 + 3 * DAY });
const some = fc.integer({ min: 0, max: 5 });
const workloads = fc.constantFrom(WEB, CART, workload('db'), workload('web', 'other'));
const peers = fc.oneof(workloads, fc.constantFrom<Peer>(FAR, { type: 'node', cluster: '' }, { type: 'apiserver', cluster: '' }, SOMEBODY));
const witnesses = fc.constantFrom(AT_DESTINATION, AT_SOURCE, { collector: 'envoy-access-log', side: 'destination', point: 'inbound' } as const);
const operations = fc.constantFrom<Operation>({ method: 'GET', path: '/' }, { method: 'GET', path: '/items/{id}' }, { method: 'POST', path: '/' });
const pods = fc.constantFrom('0', '1', '2');

const tallies = fc
  .record({ counts: fc.array(some, { minLength: COUNTERS.length, maxLength: COUNTERS.length }), times: fc.array(time, { minLength: 2, maxLength: 2 }) })
  .map(({ counts, times }) => tally({ ...Object.fromEntries(COUNTERS.map((counter, i) => [counter, counts[i]])), firstSeen: Math.min(...times), lastSeen: Math.max(...times) }));

const keys = fc.record({ source: peers, destination: peers, protocol: fc.constantFrom<Protocol>('TCP', 'UDP'), port: fc.constantFrom(53, 8080) });

const edges = fc
  .record({
    key: keys,
    witness: witnesses,
    tally: tallies,
    hours: fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 23 })), { maxLength: 3 }),
    addresses: fc.subarray(['10.0.0.1', '10.0.0.2']),
    principals: fc.subarray(['cluster.local/ns/shop/sa/web', PLAINTEXT]),
    operations: fc.array(operations, { maxLength: 2 }),
    slots: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
    watching: fc.boolean(),
    epoch: fc.option(fc.integer({ min: 0, max: 2 })),
  })
  .map(({ key, witness, tally: counted, hours, addresses, principals, operations: used, slots, watching, epoch }) => {
    const day = Math.floor(T0 / DAY);
    const days = Object.fromEntries(hours.map(([d, hour]) => [day + d, 1 << hour]));
    const violated: Violation | null = epoch === null ? null : { epoch, witnesses: new Map([[witness, new Map([[day, { hours: 1 << (hours[0]?.[1] ?? 0), tally: counted }]])]]) };
    const failedSlots = slots.map((slot) => Math.floor(T0 / SLOT) + slot);
    return edgeDelta({ ...key, witness, tally: counted, days, addresses, principals, operations: used, failedSlots, watching, ...(violated === null ? {} : { violation: violated }) });
  });

const pending = fc
  .record({ key: keys, minute: fc.integer({ min: 0, max: 2 }), principal: fc.constantFrom('', 'cluster.local/ns/shop/sa/web'), witness: witnesses, tally: tallies, records: fc.integer({ min: 1, max: 4 }), used: fc.array(operations, { maxLength: 2 }) })
  .map(({ key, minute, used, ...rest }) => pendingDelta({ ...key, ...rest, minute: Math.floor(T0 / 60_000) + minute, operations: new Map(used.map((operation) => [operation, rest.records])) }));

/** A pod that opened connections within an hour, and was sighted then. */
const podParts = fc
  .record({ peer: workloads, pod: pods, witness: witnesses, first: time, span: fc.integer({ min: 0, max: HOUR }), address: fc.constantFrom('10.0.0.1', '10.0.0.2', null), opened: fc.integer({ min: 1, max: 4 }), key: keys })
  .map(({ peer, pod: number, witness, first, span, address, opened, key }): Partial<Delta> => {
    const pod = `${peer.name}-${number}`;
    const name = `${peer.namespace}/${pod}`;
    const lastSeen = first + span;
    return {
      sightings: [{ peer, namespace: peer.namespace, pod, address, firstSeen: first, lastSeen }],
      podHours: [{ peer, pod: name, witness, hour: Math.floor(lastSeen / HOUR), opened }],
      edges: [edgeDelta({ ...key, source: peer, witness, tally: { opened, firstSeen: first, lastSeen }, pods: [name] })],
      pending: [pendingDelta({ source: peer, destination: SOMEBODY, sourcePod: name, witness, minute: Math.floor(first / 60_000), tally: tally({ opened, firstSeen: first, lastSeen }) })],
    };
  });

const attributes = fc.record({ peer: peers, kind: fc.constantFrom('labels', 'account', 'name'), value: fc.constantFrom('a', 'app=web', 'b.example.com') } as const);

const coverage = fc
  .record({ source: fc.constantFrom('hubble/node-a', 'hubble'), at: time, kind: fc.constantFrom('records', 'flows', 'reply', 'lost'), count: fc.integer({ min: 1, max: 9 }) })
  .map(({ source, at, kind, count }) => ({ source, hour: Math.floor(at / HOUR), counts: new Map([[kind, count]]), lastRecord: at }));

/** Small additions of every kind, which merge in any order. */
export const additions: fc.Arbitrary<Delta> = fc
  .record({
    revision: fc.integer({ min: 0, max: 3 }),
    parts: fc.oneof(
      fc.record({ edges: fc.array(edges, { minLength: 1, maxLength: 2 }) }),
      fc.record({ pending: fc.array(pending, { minLength: 1, maxLength: 2 }) }),
      fc.record({ attributes: fc.array(attributes, { minLength: 1, maxLength: 2 }) }),
      fc.record({ coverage: fc.array(coverage, { minLength: 1, maxLength: 2 }) }),
      podParts,
    ),
  })
  .map(({ revision, parts }) => delta({ revision, ...parts }));
