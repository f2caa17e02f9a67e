import { describe, expect, it } from 'vitest';
import { Intake, type Understood } from '../src/intake.ts';
import { eachObject, toInventory } from '../src/kubernetes/inventory.ts';
import { Admission } from '../src/learn/admission.ts';
import type { Delta } from '../src/learn/delta.ts';
import { Fold } from '../src/learn/fold.ts';
import { DEFAULT_LIMITS, type Limits } from '../src/learn/limits.ts';
import { HOUR } from '../src/model/edge.ts';
import type { Endpoint, Flow } from '../src/model/flow.ts';
import { sortedLabels } from '../src/model/labels.ts';
import { peerName } from '../src/model/peer.ts';
import { Directory } from '../src/resolve/directory.ts';
import { Resolver, type Resolved } from '../src/resolve/resolver.ts';
import { AT_DESTINATION } from './support/deltas.ts';
import { T0 } from './support/hubble.ts';
import { nodeObject, ownerObject, podObject } from './support/inventory.ts';

const OBJECTS = [
  nodeObject('node-a', '192.168.0.1', '10.0.0.0/24'),
  nodeObject('node-b', '192.168.0.2', '10.0.1.0/24'),
  ownerObject('Deployment', 'shop', 'web', { app: 'web' }),
  podObject({ namespace: 'shop', name: 'cart-0', ip: '10.0.0.2', owner: ['StatefulSet', 'cart'], node: 'node-a', hostIP: '192.168.0.1' }),
];

const NOBODY: Endpoint = { address: null, cluster: '', namespace: null, pod: null, workload: null, labels: null, serviceAccount: null, principal: null, reserved: null, names: [] };

function podEnd(name: string, address: string | null, more: Partial<Endpoint> = {}): Endpoint {
  return { ...NOBODY, namespace: 'shop', pod: name, address, workload: { kind: 'Deployment', name: name.replace(/-.*/, '') }, ...more };
}

const WEB = podEnd('web-1', '10.0.0.1');
const CART = podEnd('cart-0', '10.0.0.2', { workload: { kind: 'StatefulSet', name: 'cart' } });
const at = (address: string, more: Partial<Endpoint> = {}): Endpoint => ({ ...NOBODY, address, ...more });

function flow(more: Partial<Flow> = {}): Flow {
  return {
    time: T0,
    until: more.time ?? T0,
    records: 1,
    slots: 0,
    source: WEB,
    destination: CART,
    protocol: 'TCP',
    port: 8080,
    phase: 'open',
    verdict: 'forwarded',
    outcome: 'unknown',
    count: 1,
    bytesOut: null,
    bytesIn: null,
    witness: AT_DESTINATION,
    operation: null,
    node: 'node-a',
    ...more,
  };
}

interface Taken {
  readonly intake: Intake;
  readonly understood: Understood[];
}

const newResolver = (): Resolver => new Resolver(new Directory(toInventory(eachObject(OBJECTS)).inventory, [], null));

function intakeOf(options: { readonly limits?: Partial<Limits>; readonly described?: WeakSet<Resolved>; readonly resolver?: Resolver } = {}): Taken {
  const understood: Understood[] = [];
  const resolver = options.resolver ?? newResolver();
  const fold = new Fold(new Admission({ ...DEFAULT_LIMITS, ...options.limits }, []), { revision: 3, judge: () => ({ watching: false, violates: false, epoch: 0 }) });
  const intake = new Intake({ resolver, fold, ...(options.described === undefined ? {} : { described: options.described }), onRecord: (record) => understood.push({ ...record, flow: { ...record.flow } }) });
  intake.collector = 'hubble';
  return { intake, understood };
}

/** What becomes of these flows, and what they add. */
function take(flows: readonly Partial<Flow>[], limits: Partial<Limits> = {}): { readonly outcomes: readonly string[]; readonly delta: Delta; readonly totals: Record<string, number> } {
  const { intake, understood } = intakeOf({ limits });
  for (const one of flows) intake.flow(flow(one));
  return { outcomes: understood.map(({ outcome }) => outcome), delta: intake.delta(), totals: Object.fromEntries(intake.totals()) };
}

const edgeNames = ({ edges }: Delta): readonly string[] => edges.map(({ source, destination, port }) => `${peerName(source)} -> ${peerName(destination)} ${port}`);
const pendingNames = ({ pending }: Delta): readonly string[] => pending.map(({ source, destination, port }) => `${peerName(source)} -> ${peerName(destination)} ${port}`);

const EDGE = ['shop/web -> shop/cart 8080'];
const WORLD = at('198.51.100.7', { reserved: 'world' });

describe('what becomes of a record', () => {
  it.each<[string, Partial<Flow>, string, readonly string[]]>([
    ['between two pods', {}, 'flow', EDGE],
    ['an answer confirms its edge', { phase: 'answer', outcome: 'established' }, 'reply', EDGE],
    ['an answer that was dropped', { phase: 'lost-answer', verdict: 'dropped' }, 'lost-reply', EDGE],
    ['from outside', { source: WORLD }, 'flow', ['external 198.51.100.7 -> shop/cart 8080']],
    ['to outside', { destination: WORLD, port: 443 }, 'flow', ['shop/web -> external 198.51.100.7 443']],
    ['from another node', { source: at('192.168.0.2', { reserved: 'remote-node' }) }, 'flow', ['node -> shop/cart 8080']],
    ['from its own node: a probe', { source: at('192.168.0.1', { reserved: 'remote-node' }) }, 'local-node', []],
    ['from its own node, without a word for it', { source: at('192.168.0.1') }, 'local-node', []],
    ['from where ambient meshes send probes', { source: at('169.254.7.127') }, 'local-node', []],
    ['to the API server', { destination: at('192.168.0.9', { reserved: 'kube-apiserver' }), port: 6443 }, 'flow', ['shop/web -> apiserver 6443']],
    ['from an address to itself', { source: podEnd('web-1', '10.0.0.2') }, 'self', []],
    ['from a pod to itself, by another address', { source: WEB, destination: podEnd('web-1', '10.0.0.9') }, 'self', []],
    ['to a loopback address', { destination: at('127.0.0.6') }, 'self', []],
    ['to everybody', { destination: at('224.0.0.1') }, 'not-a-connection', []],
    ['between the outside and a node', { source: WORLD, destination: at('192.168.0.2', { reserved: 'remote-node' }) }, 'no-workload', []],
    ['between two nodes', { source: at('192.168.0.1', { reserved: 'remote-node' }), destination: at('192.168.0.2', { reserved: 'remote-node' }) }, 'no-workload', []],
    ['between two outside addresses', { source: WORLD, destination: at('198.51.100.8', { reserved: 'world' }) }, 'no-workload', []],
  ])('%s', (_, one, outcome, edges) => {
    const { outcomes, delta, totals } = take([one]);
    expect(outcomes).toEqual([outcome]);
    expect(edgeNames(delta)).toEqual(edges);
    expect(delta.pending).toEqual([]);
    expect(totals).toEqual({ records: 1, [outcome === 'flow' ? 'flows' : outcome]: 1 });
  });

  it.each<[string, Partial<Flow>, string, readonly string[], object]>([
    ['to an address that nobody is known to own', { destination: at('10.0.1.7') }, 'pending', ['shop/web -> unresolved 10.0.1.7 8080'], { flows: 1 }],
    ['from one', { source: at('10.0.1.7') }, 'pending', ['unresolved 10.0.1.7 -> shop/cart 8080'], { flows: 1 }],
    ['between two', { source: at('10.0.1.7'), destination: at('10.0.1.8') }, 'pending', ['unresolved 10.0.1.7 -> unresolved 10.0.1.8 8080'], { flows: 1 }],
    ['an answer from one', { destination: at('10.0.1.7'), phase: 'answer' }, 'reply', ['shop/web -> unresolved 10.0.1.7 8080'], { reply: 1 }],
    ['from a node: which one is kept, since it may be the pod’s own', { source: at('192.168.0.1'), destination: at('10.0.0.7') }, 'pending', ['node -> unresolved 10.0.0.7 8080'], { flows: 1 }],
  ])('is held until it is known who that is: %s', (_, one, outcome, pending, counted) => {
    const { outcomes, delta, totals } = take([one]);
    expect(outcomes).toEqual([outcome]);
    expect([edgeNames(delta), pendingNames(delta)]).toEqual([[], pending]);
    expect(totals).toEqual({ records: 1, ...counted });
  });

  it('over a cap is a flow, and counted beside', () => {
    const { outcomes, delta, totals } = take([{}, { port: 1 }, { port: 2 }, {}], { edges: 2 });
    expect(outcomes).toEqual(['flow', 'flow', 'overflow', 'flow']);
    expect(edgeNames(delta)).toEqual([...EDGE, 'shop/web -> shop/cart 1']);
    expect(totals).toEqual({ records: 4, flows: 4, overflow: 1 });
    expect(delta.coverage.map(({ source, counts }) => [source, Object.fromEntries(counts)])).toEqual([
      ['hubble/node-a', { records: 4, flows: 4 }],
      ['hubble', { overflow: 1 }],
    ]);
  });

  it('over a cap counts as many as a bundle has records, and an answer as nothing but one', () => {
    const { intake } = intakeOf({ limits: { edges: 0 } });
    intake.bundle(flow({ records: 5 }), [], null);
    intake.bundle(flow({ records: 7, phase: 'answer' }), [], null);
    expect(Object.fromEntries(intake.totals())).toEqual({ overflow: 5 });
  });

  it('is told with both ends and the port as they were understood', () => {
    const { intake, understood } = intakeOf();
    intake.flow(flow());
    expect(understood[0]).toMatchObject({ flow: { port: 8080 }, source: { pod: 'shop/web-1' }, destination: { pod: 'shop/cart-0', hostAddresses: expect.arrayContaining(['192.168.0.1']) as unknown }, port: 8080 });
  });
});

describe('counting', () => {
  it('is by collector, node and hour, and explains every record', () => {
    const { intake } = intakeOf();
    intake.flow(flow());
    intake.flow(flow({ phase: 'answer' }));
    intake.flow(flow({ time: T0 + HOUR, node: 'node-b' }));
    intake.skip('malformed', null, '');
    intake.skip('health', T0, 'node-a');
    intake.collector = 'envoy-access-log';
    intake.skip('not-a-flow', T0, '');
    const cells = intake.delta().coverage.map(({ source, hour, counts, lastRecord }) => [source, hour, Object.fromEntries(counts), lastRecord]);
    const now = Math.floor(T0 / HOUR);
    expect(cells).toEqual([
      ['hubble/node-a', now, { records: 3, flows: 1, reply: 1, health: 1 }, T0],
      ['hubble/node-b', now + 1, { records: 1, flows: 1 }, T0 + HOUR],
      ['hubble', -1, { records: 1, malformed: 1 }, 0],
      ['envoy-access-log', now, { records: 1, 'not-a-flow': 1 }, T0],
    ]);
  });

  it('takes a further flow of a record for an edge, and for no record', () => {
    const { intake } = intakeOf();
    intake.flow(flow());
    intake.also(flow({ port: 9090 }));
    expect(edgeNames(intake.delta())).toEqual([...EDGE, 'shop/web -> shop/cart 9090']);
    expect(Object.fromEntries(intake.totals())).toEqual({ records: 1, flows: 1 });
    expect(intake.delta().edges.map(({ records }) => records)).toEqual([1, 0]);
  });

  it('keeps what the source lost apart from the record that tells of it', () => {
    const { intake } = intakeOf();
    intake.skip('lost-events', T0, 'node-a');
    intake.lost(118, T0, 'node-a');
    expect(Object.fromEntries(intake.totals())).toEqual({ records: 1, 'lost-events': 1, lost: 118 });
  });
});

describe('sightings', () => {
  const sightings = (flows: readonly Partial<Flow>[]): readonly unknown[] =>
    take(flows).delta.sightings.map(({ namespace, pod, address, firstSeen, lastSeen }) => [`${namespace}/${pod}`, address, firstSeen - T0, lastSeen - T0]);

  it('are of both ends, from the first to the last, in any order', () => {
    expect(sightings([{ time: T0 + 5 }, { time: T0 + 1 }, { time: T0 + 9 }])).toEqual([
      ['shop/web-1', '10.0.0.1', 1, 9],
      ['shop/cart-0', '10.0.0.2', 1, 9],
    ]);
  });

  it('are one for a pod at an address, in however many ways records write it', () => {
    expect(sightings([{ time: T0 + 5 }, { time: T0 + 9, source: { ...WEB, labels: sortedLabels([['app', 'web']]) } }])).toContainEqual(['shop/web-1', '10.0.0.1', 5, 9]);
  });

  it('are none of addresses alone, of the outside, and of what is no edge', () => {
    expect(sightings([{ source: WORLD }])).toEqual([['shop/cart-0', '10.0.0.2', 0, 0]]);
    expect(sightings([{ destination: at('10.0.1.7') }])).toEqual([['shop/web-1', '10.0.0.1', 0, 0]]);
    expect(sightings([{ source: at('192.168.0.1') }])).toEqual([]);
  });

  it('are of the pod where a record has no address', () => {
    expect(sightings([{ source: podEnd('web-1', null) }])[0]).toEqual(['shop/web-1', null, 0, 0]);
  });
});

describe('what records say of an end', () => {
  const said = (flows: readonly Partial<Flow>[]): readonly string[] => take(flows).delta.attributes.map(({ peer, kind, value }) => `${peerName(peer)} ${kind} ${value}`);

  it('is kept: labels without those of one revision, account, DNS names', () => {
    const labels = sortedLabels([['app', 'web'], ['pod-template-hash', '6b746f74dc']]);
    expect(said([{ source: podEnd('web-1', '10.0.0.1', { labels, serviceAccount: 'web-sa' }) }])).toEqual(['shop/web labels app=web', 'shop/web account web-sa']);
    expect(said([{ destination: at('198.51.100.7', { reserved: 'world', names: ['a.example.com', 'b.example.com'] }) }])).toEqual([
      'external 198.51.100.7 name a.example.com',
      'external 198.51.100.7 name b.example.com',
      'shop/web name 198.51.100.7 a.example.com',
      'shop/web name 198.51.100.7 b.example.com',
    ]);
  });

  it('of what each workload calls an address itself, whatever others call it', () => {
    const called = (name: string): Endpoint => at('198.51.100.7', { reserved: 'world', names: [name] });
    const told = said([{ destination: called('api.example.com') }, { source: podEnd('batch-1', '10.0.0.9'), destination: called('lure.example.net') }, { source: podEnd('batch-1', '10.0.0.9'), destination: called('lure.example.net') }]);
    expect(told.filter((text) => text.startsWith('shop/'))).toEqual(['shop/web name 198.51.100.7 api.example.com', 'shop/batch name 198.51.100.7 lure.example.net']);
  });

  it('is told once, and not again in the next portion', () => {
    const labelled = podEnd('web-1', '10.0.0.1', { labels: sortedLabels([['app', 'web']]) });
    const [described, resolver] = [new WeakSet<Resolved>(), newResolver()];
    const [first, second, third] = [intakeOf({ described, resolver }), intakeOf({ described, resolver }), intakeOf({ described })];
    for (const { intake } of [first, second, third]) for (const port of [1, 2]) intake.flow(flow({ source: labelled, port }));
    expect(first.intake.delta().attributes).toHaveLength(1);
    expect(second.intake.delta().attributes).toEqual([]);
    expect(third.intake.delta().attributes, 'who it is was asked anew').toHaveLength(1);
    expect(second.intake.delta().sightings, 'it is seen there all the same').toHaveLength(2);
  });

  it('is not taken from a record that makes no edge', () => {
    expect(said([{ source: podEnd('cart-0', '10.0.0.2', { labels: sortedLabels([['app', 'x']]) }) }])).toEqual([]);
  });
});

describe('what is handed on', () => {
  it('has the revision of people’s choices, and the connections of pods by hour', () => {
    const { delta } = take([{}, { time: T0 + HOUR, count: 3 }, { phase: 'answer' }]);
    expect(delta.revision).toBe(3);
    expect(delta.podHours.map(({ pod, hour, opened }) => [pod, hour - Math.floor(T0 / HOUR), opened])).toEqual([
      ['shop/web-1', 0, 1],
      ['shop/web-1', 1, 3],
    ]);
  });
});
