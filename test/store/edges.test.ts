import { describe, expect, it } from 'vitest';
import type { EdgeDelta } from '../../src/learn/delta.ts';
import { DAY, HOUR } from '../../src/model/edge.ts';
import { witnessKey } from '../../src/model/flow.ts';
import { peerKey } from '../../src/model/peer.ts';
import type { Store } from '../../src/store/store.ts';
import { AT_DESTINATION, AT_SOURCE, CART, delta, edgeDelta, FAR, tally, WEB, workload } from '../support/deltas.ts';
import { dump } from '../support/dump.ts';
import { T0 } from '../support/hubble.ts';
import { databasePath, edgesOf, storeOf } from '../support/stores.ts';

const TODAY = Math.floor(T0 / DAY);

function add(store: Store, edges: readonly EdgeDelta[], revision = 0): void {
  store.transaction(() => store.add(delta({ revision, edges }), []));
}

/** What is stored after these edges, each in a batch of its own. */
function after(...edges: readonly EdgeDelta[]): ReturnType<typeof edgesOf> {
  const store = storeOf();
  for (const edge of edges) add(store, [edge]);
  return edgesOf(store);
}

describe('an edge', () => {
  it('comes back as it was told', () => {
    const counts = tally({ opened: 1, ongoing: 2, answered: 3, refused: 4, denied: 5, audited: 6, failed: 7, lostAnswers: 8, bytesOut: 9, bytesIn: 10, firstSeen: T0, lastSeen: T0 + 1, firstAnswered: T0 + 1 });
    const violation = { epoch: 2, witnesses: new Map([[AT_SOURCE, new Map([[TODAY, { hours: 0b110, tally: counts }]])]]) };
    const operations = [{ method: 'GET', path: '/items/{id}' }];
    const [edge] = after(
      edgeDelta({ tally: counts, days: { [TODAY]: 0b1001 }, pods: ['shop/web-1'], addresses: ['10.0.0.1'], principals: ['cluster.local/ns/shop/sa/web'], operations, failedSlots: [7], violation }),
    );
    expect(edge).toEqual({
      row: 1,
      source: WEB,
      destination: CART,
      protocol: 'TCP',
      port: 8080,
      witnesses: [{ witness: AT_DESTINATION, tally: counts }],
      days: [{ day: TODAY, hours: 0b1001 }],
      pods: [{ pod: 'shop/web-1', witness: AT_DESTINATION, opened: 1 }],
      addresses: ['10.0.0.1'],
      principals: ['cluster.local/ns/shop/sa/web'],
      operations: [{ method: 'GET', path: '/items/{id}', count: 1, witness: AT_DESTINATION }],
      failedSlots: [{ witness: AT_DESTINATION, slot: 7, watched: 0 }],
      violations: [{ epoch: 2, witness: AT_SOURCE, day: TODAY, hours: 0b110, tally: counts }],
    });
  });

  it('sums counts, and keeps the earliest and the latest time', () => {
    const [edge] = after(
      edgeDelta({ tally: { opened: 1, bytesOut: 10, firstSeen: T0 + 5, lastSeen: T0 + 9 } }),
      edgeDelta({ tally: { opened: 2, denied: 3, bytesOut: 5, firstSeen: T0 + 7, lastSeen: T0 + 20 } }),
      edgeDelta({ tally: { opened: 4, firstSeen: T0, lastSeen: T0 + 1 } }),
    );
    expect(edge?.witnesses).toEqual([{ witness: AT_DESTINATION, tally: tally({ opened: 7, denied: 3, bytesOut: 15, firstSeen: T0, lastSeen: T0 + 20 }) }]);
  });

  it('counts each witness for itself', () => {
    const [edge, ...others] = after(edgeDelta({ tally: { opened: 3 } }), edgeDelta({ witness: AT_SOURCE, tally: { opened: 5 } }), edgeDelta({ tally: { opened: 1 } }));
    expect(others).toEqual([]);
    expect(new Map(edge?.witnesses.map(({ witness, tally: { opened } }) => [witness.side, opened]))).toEqual(new Map([['destination', 4], ['source', 5]]));
  });

  it('unites the hours of a day, and keeps days apart', () => {
    const [edge] = after(edgeDelta({ days: { [TODAY]: 0b11 } }), edgeDelta({ days: { [TODAY]: 0b110, [TODAY + 1]: 1 << 23 } }));
    expect(edge?.days).toMatchObject([
      { day: TODAY, hours: 0b111 },
      { day: TODAY + 1, hours: 1 << 23 },
    ]);
  });

  it('adds the connections and bytes of a day up', () => {
    const store = storeOf();
    for (const opened of [2, 3]) add(store, [edgeDelta({ tally: { opened, bytesOut: 10 * opened, bytesIn: opened }, days: { [TODAY]: 1 } })]);
    expect(dump(store)['edge_days']?.[0]).toMatch(/hours=1 opened=5 bytes_out=50 bytes_in=5$/);
  });

  it.each([
    ['protocol', { protocol: 'UDP' }],
    ['port', { port: 9090 }],
    ['destination', { destination: workload('cart', 'other') }],
    ['source', { source: FAR }],
    ['kind of workload', { source: { ...WEB, kind: 'StatefulSet' } }],
    ['cluster', { source: { ...WEB, cluster: 'east' } }],
  ] as const)('is another one with another %s', (_, other) => {
    expect(after(edgeDelta(), edgeDelta(other))).toHaveLength(2);
  });

  it.each([0, -1, 65_535])('holds port %i', (port) => {
    expect(after(edgeDelta({ port }))[0]?.port).toBe(port);
  });

  it('remembers at which revision it failed while it was watched, 0 while learning', () => {
    const store = storeOf();
    add(store, [edgeDelta({ failedSlots: [1, 2] })], 4);
    add(store, [edgeDelta({ failedSlots: [2], watching: true })], 5);
    expect(edgesOf(store)[0]?.failedSlots).toMatchObject([{ slot: 1, watched: 0 }, { slot: 2, watched: 5 }]);
  });

  it('keeps the violations of each epoch and day apart, and unites their hours', () => {
    const violation = (epoch: number, day: number, hours: number): EdgeDelta =>
      edgeDelta({ violation: { epoch, witnesses: new Map([[AT_SOURCE, new Map([[day, { hours, tally: tally({ opened: 1 }) }]])]]) } });
    const [edge] = after(violation(0, TODAY, 1), violation(0, TODAY, 2), violation(0, TODAY + 1, 4), violation(3, TODAY, 8));
    expect(edge?.violations.map(({ epoch, day, hours, tally: { opened } }) => [epoch, day - TODAY, hours, opened])).toEqual([
      [0, 0, 3, 2],
      [0, 1, 4, 1],
      [3, 0, 8, 1],
    ]);
  });
});

describe('caps of an edge', () => {
  it('a pod over the cap is not kept, those that are go on counting', () => {
    const store = storeOf(databasePath(), { podsPerEdge: 2 });
    for (const pod of ['shop/a', 'shop/b', 'shop/c', 'shop/a']) add(store, [edgeDelta({ pods: [pod] })]);
    const kept = (): unknown => edgesOf(store)[0]?.pods.map(({ pod, opened }) => [pod, opened]);
    expect(kept()).toEqual([['shop/a', 2], ['shop/b', 1]]);
    // A new process counts those that are stored.
    store.forgetRows();
    for (const pod of ['shop/c', 'shop/b']) add(store, [edgeDelta({ pods: [pod] })]);
    expect(kept()).toEqual([['shop/a', 2], ['shop/b', 2]]);
  });

  it('an address over the cap is not kept', () => {
    const store = storeOf(databasePath(), { addressesPerEdge: 2 });
    add(store, [edgeDelta({ addresses: ['10.0.0.1', '10.0.0.2', '10.0.0.3'] })]);
    add(store, [edgeDelta({ addresses: ['10.0.0.1', '10.0.0.4'] }), edgeDelta({ port: 1, addresses: ['10.0.0.4'] })]);
    expect(edgesOf(store).map(({ addresses }) => addresses)).toEqual([['10.0.0.1', '10.0.0.2'], ['10.0.0.4']]);
  });

  it('certificates beyond sixteen are not kept', () => {
    const store = storeOf();
    const all = Array.from({ length: 20 }, (_, i) => `cluster.local/ns/shop/sa/web-${i + 10}`);
    add(store, [edgeDelta({ principals: all })]);
    add(store, [edgeDelta({ principals: ['cluster.local/ns/shop/sa/late'] }), edgeDelta({ port: 1, principals: ['cluster.local/ns/shop/sa/late'] })]);
    expect(edgesOf(store).map(({ principals }) => principals)).toEqual([all.slice(0, 16), ['cluster.local/ns/shop/sa/late']]);
  });

  it('the latest week of slots in which it failed is kept, and no more', () => {
    const store = storeOf();
    add(store, [edgeDelta({ failedSlots: Array.from({ length: 2_000 }, (_, i) => i) })]);
    const slots = edgesOf(store)[0]?.failedSlots.map(({ slot }) => slot) ?? [];
    expect([slots.length, Math.min(...slots), Math.max(...slots)]).toEqual([7 * 24 * 6, 2_000 - 7 * 24 * 6, 1_999]);
  });

  it.each([
    ['of one batch that tells of it twice', (store: Store, first: EdgeDelta, second: EdgeDelta) => add(store, [first, second])],
    ['of two batches', (store: Store, first: EdgeDelta, second: EdgeDelta) => [first, second].forEach((edge) => add(store, [edge]))],
    ['of two processes', (store: Store, first: EdgeDelta, second: EdgeDelta) => [first, second].forEach((edge) => (add(store, [edge]), store.forgetRows()))],
  ])('so it is %s', (_, write) => {
    const store = storeOf();
    const week = 7 * 24 * 6;
    const from = (slot: number, slots: number): EdgeDelta => edgeDelta({ failedSlots: Array.from({ length: slots }, (__, i) => slot + i) });
    write(store, from(0, week), from(week, 10));
    expect(edgesOf(store)[0]?.failedSlots.map(({ slot }) => slot)).toEqual(Array.from({ length: week }, (__, i) => 10 + i));
  });
});

describe('reading edges', () => {
  it('gives each its own evidence, in the order of their rows, also after some were deleted', () => {
    const store = storeOf();
    const ports = Array.from({ length: 50 }, (_, i) => i + 1);
    add(store, ports.map((port) => edgeDelta({ port, addresses: [`10.0.0.${port}`], failedSlots: [port], days: { [port]: 1 } })));
    store.transaction(() => store.edges.remove(ports.filter((port) => port % 3 === 0)));
    const left = ports.filter((port) => port % 3 !== 0);
    expect(edgesOf(store).map(({ port, addresses, failedSlots, days }) => [port, addresses, failedSlots[0]?.slot, days[0]?.day])).toEqual(
      left.map((port) => [port, [`10.0.0.${port}`], port, port]),
    );
  });

  it('may be left before the end: the database is free again', () => {
    const store = storeOf();
    add(store, [edgeDelta({ port: 1, addresses: ['10.0.0.1'] }), edgeDelta({ port: 2, addresses: ['10.0.0.2'] })]);
    store.read(({ edges }) => {
      for (const edge of edges) return edge;
      return null;
    });
    expect(() => store.transaction(() => store.add(delta({ edges: [edgeDelta()] }), []))).not.toThrow();
  });

  it('names keys and operations for whoever counts caps', () => {
    const store = storeOf();
    add(store, [edgeDelta({ operations: [{ method: 'GET', path: '/' }] }), edgeDelta({ source: FAR, operations: [{ method: 'GET', path: '/' }] }), edgeDelta({ port: 9 })]);
    const { edges, operations, sources } = store.readKnown();
    expect(edges.map(({ source, port }) => `${peerKey(source)} ${port}`).toSorted()).toEqual([`${peerKey(FAR)} 8080`, `${peerKey(WEB)} 8080`, `${peerKey(WEB)} 9`].toSorted());
    expect(operations).toEqual([{ destination: CART, operation: { method: 'GET', path: '/' } }]);
    expect(sources).toEqual([]);
  });

  it('deletes evidence with its edge', () => {
    const store = storeOf();
    const violation = { epoch: 0, witnesses: new Map([[AT_SOURCE, new Map([[TODAY, { hours: 1, tally: tally({ opened: 1 }) }]])]]) };
    add(store, [edgeDelta({ days: { [TODAY]: 1 }, pods: ['shop/web-1'], addresses: ['10.0.0.1'], principals: ['plaintext'], operations: [{ method: 'GET', path: '/' }], failedSlots: [1], violation })]);
    store.transaction(() => store.edges.remove([1]));
    const left = dump(store);
    const children = ['edges', 'edge_witnesses', 'edge_days', 'edge_pods', 'edge_addresses', 'edge_principals', 'edge_operations', 'edge_slots', 'violations'];
    expect(children.filter((table) => left[table]?.length !== 0)).toEqual([]);
    expect(store.check()).toEqual([]);
  });
});

describe('connections of a pod', () => {
  const hour = Math.floor(T0 / HOUR);
  const opened = (store: Store, witness: typeof AT_SOURCE, at: number, n: number): void => {
    const sightings = [{ peer: WEB, namespace: 'shop', pod: 'web-1', address: null, firstSeen: T0, lastSeen: T0 }];
    store.transaction(() => store.add(delta({ sightings, podHours: [{ peer: WEB, pod: 'shop/web-1', witness, hour: at, opened: n }] }), []));
  };

  it('are told by what each witness saw, within the hours asked for', () => {
    const store = storeOf();
    opened(store, AT_SOURCE, hour, 5);
    opened(store, AT_SOURCE, hour, 5);
    opened(store, AT_DESTINATION, hour, 7);
    opened(store, AT_DESTINATION, hour + 1, 100);
    expect(store.edges.connectionsOf('shop/web-1', new Set([hour]))).toEqual(new Map([[witnessKey(AT_SOURCE), 10], [witnessKey(AT_DESTINATION), 7]]));
    expect(store.edges.connectionsOf('shop/web-1', new Set([hour, hour + 1])).get(witnessKey(AT_DESTINATION))).toBe(107);
    expect(store.edges.connectionsOf('shop/web-1', new Set()).size).toBe(0);
    expect(store.edges.connectionsOf('other/web-1', new Set([hour])).size).toBe(0);
  });
});
