import { describe, expect, it } from 'vitest';
import type { PendingDelta, Settlement } from '../../src/learn/delta.ts';
import type { StoredPending } from '../../src/learn/stored.ts';
import type { Store, Written } from '../../src/store/store.ts';
import { AT_DESTINATION, AT_SOURCE, delta, edgeDelta, FAR, pendingDelta, settlement, SOMEBODY, tally, WEB } from '../support/deltas.ts';
import { T0 } from '../support/hubble.ts';
import { edgesOf, pendingOf, storeOf } from '../support/stores.ts';

const MINUTE = Math.floor(T0 / 60_000);

function add(store: Store, rows: readonly PendingDelta[], revision = 0): Written {
  return store.transaction(() => store.add(delta({ revision, pending: rows }), []));
}

describe('a pending flow', () => {
  it('comes back as it was told', () => {
    const store = storeOf();
    const counts = tally({ opened: 3, bytesIn: 7 });
    const operations = new Map([[{ method: 'GET', path: '/' }, 2]]);
    const { pending } = add(store, [pendingDelta({ source: WEB, destination: SOMEBODY, sourcePod: 'shop/web-1', tally: counts, records: 4, operations, principal: 'plaintext', witness: AT_SOURCE })], 6);
    expect([...pending]).toEqual([[1, 4]]);
    expect(pendingOf(store)).toEqual([
      {
        row: 1,
        source: WEB,
        destination: SOMEBODY,
        sourcePod: 'shop/web-1',
        destinationPod: '',
        address: '',
        principal: 'plaintext',
        protocol: 'TCP',
        port: 8080,
        witness: AT_SOURCE,
        revision: 6,
        minute: MINUTE,
        records: 4,
        tally: counts,
        operations: [{ method: 'GET', path: '/', count: 2 }],
      },
    ]);
  });

  it('is added up by its minute', () => {
    const store = storeOf();
    const operations = new Map([[{ method: 'GET', path: '/' }, 1]]);
    for (const second of [30, 10, 50]) {
      const time = MINUTE * 60_000 + second * 1_000;
      add(store, [pendingDelta({ records: 2, operations, tally: tally({ opened: 1, firstSeen: time, lastSeen: time }) })]);
    }
    const [row, ...others] = pendingOf(store);
    expect(others).toEqual([]);
    expect(row).toMatchObject({ records: 6, tally: { opened: 3, firstSeen: T0 + 10_000, lastSeen: T0 + 50_000 }, operations: [{ count: 3 }] });
  });

  it.each([
    ['minute', { minute: MINUTE + 1 }],
    ['source', { source: FAR }],
    ['destination', { destination: WEB }],
    ['protocol', { protocol: 'UDP' }],
    ['port', { port: 1 }],
    ['witness', { witness: AT_SOURCE }],
    ['certificate', { principal: 'cluster.local/ns/shop/sa/web' }],
    ['pod at the source', { sourcePod: 'shop/web-2' }],
    ['pod at the destination', { destinationPod: 'shop/cart-2' }],
    ['address of a class', { address: '192.168.0.1' }],
  ] as const)('is another one with another %s', (_, other) => {
    const store = storeOf();
    const first = pendingDelta({ source: WEB });
    add(store, [first, { ...first, ...other }]);
    expect(pendingOf(store)).toHaveLength(2);
  });

  it('is another one at another revision: it keeps the mode it was read in', () => {
    const store = storeOf();
    add(store, [pendingDelta()], 1);
    add(store, [pendingDelta()], 2);
    expect(pendingOf(store).map(({ revision }) => revision)).toEqual([1, 2]);
  });
});

describe('a batch', () => {
  it('says how many records it added to each row', () => {
    const store = storeOf();
    add(store, [pendingDelta({ records: 5 })]);
    expect([...add(store, [pendingDelta({ records: 2 }), pendingDelta({ port: 1 }), pendingDelta({ records: 3 })]).pending]).toEqual([[1, 5], [2, 1]]);
  });
});

describe('the cap of pending rows', () => {
  const rows = (from: number, count: number): readonly PendingDelta[] => Array.from({ length: count }, (_, i) => pendingDelta({ port: from + i, records: 2 }));

  it('refuses new rows, adds to those that are there, and counts what it refused', () => {
    const store = storeOf(':memory:', { pendingRows: 3 });
    expect(add(store, rows(1, 3)).overflow).toBe(0);
    const written = add(store, [...rows(3, 1), ...rows(4, 2)]);
    expect(written.overflow).toBe(4);
    expect([...written.pending.values()]).toEqual([2]);
    expect(pendingOf(store).map(({ port, records }) => [port, records])).toEqual([[1, 2], [2, 2], [3, 4]]);
    expect(store.coverage.read()).toMatchObject([{ source: 'pending', hours: new Map([[-1, new Map([['overflow', 4]])]]) }]);
  });

  it('counts what another process left, and has room again for what was settled', () => {
    const store = storeOf(':memory:', { pendingRows: 3 });
    add(store, rows(1, 3));
    store.forgetRows();
    expect(add(store, rows(9, 1)).overflow).toBe(2);
    store.transaction(() => store.pending.remove([1]));
    expect(add(store, rows(9, 2)).overflow).toBe(2);
    expect(pendingOf(store)).toHaveLength(3);
  });

  it('holds exactly, also where rows come again and again', () => {
    const store = storeOf(':memory:', { pendingRows: 2_000 });
    for (let round = 0; round < 3; round++) expect(add(store, rows(0, 1_999)).overflow).toBe(0);
    expect(add(store, rows(1_999, 2)).overflow).toBe(2);
    expect(pendingOf(store)).toHaveLength(2_000);
  });

  it('says from which minute on there is a crowd, once nine tenths are full', () => {
    const store = storeOf(':memory:', { pendingRows: 100 });
    const at = (minute: number): PendingDelta => pendingDelta({ minute: MINUTE + minute });
    add(store, Array.from({ length: 89 }, (_, i) => at(i)));
    expect(store.pending.crowdedBefore()).toBeNull();
    add(store, [at(89)]);
    const before = store.pending.crowdedBefore();
    expect(before).not.toBeNull();
    const older = pendingOf(store).filter(({ minute }) => minute < (before ?? 0)).length;
    expect(older).toBeGreaterThanOrEqual(90 / 4);
    expect(older).toBeLessThan(90 / 2);
  });
});

describe('settling', () => {
  const edgeOf = ({ source, destination, port, tally: counts }: StoredPending): Settlement => settlement(edgeDelta({ source, destination, port, tally: counts }));

  it('turns rows from before a minute into edges, and tells which became which', () => {
    const store = storeOf();
    add(store, [pendingDelta({ port: 1 }), pendingDelta({ port: 2, minute: MINUTE + 1 }), pendingDelta({ port: 3, minute: MINUTE + 2 })]);
    const became = store.transaction(() => store.settlePending(MINUTE + 2, edgeOf));
    expect(became).toEqual([{ row: 1, edge: 1 }, { row: 2, edge: 2 }]);
    expect(pendingOf(store).map(({ port }) => port)).toEqual([3]);
    expect(edgesOf(store).map(({ port, witnesses }) => [port, witnesses[0]?.witness, witnesses[0]?.tally.opened])).toEqual([[1, AT_DESTINATION, 1], [2, AT_DESTINATION, 1]]);
  });

  it('drops what is no edge, and what belongs to it', () => {
    const store = storeOf();
    add(store, [pendingDelta({ operations: new Map([[{ method: 'GET', path: '/' }, 1]]) })]);
    expect(store.transaction(() => store.settlePending(MINUTE + 1, () => null))).toEqual([{ row: 1, edge: null }]);
    expect(pendingOf(store)).toEqual([]);
    expect(edgesOf(store)).toEqual([]);
    expect(store.tableSizes().find(({ name }) => name === 'pending_operations')?.rows).toBe(0);
  });

  it('adds to the edge that is there already, at the revision of the row', () => {
    const store = storeOf();
    store.transaction(() => store.add(delta({ revision: 9, edges: [edgeDelta({ source: FAR, tally: { opened: 5 } })] }), []));
    add(store, [pendingDelta({ source: FAR })], 4);
    store.transaction(() => store.settlePending(MINUTE + 1, edgeOf));
    expect(edgesOf(store).map(({ witnesses }) => witnesses[0]?.tally.opened)).toEqual([6]);
    expect(store.peers.readPeers().stored.find(({ peer }) => peer.type === 'external')?.revision).toBe(4);
  });

  it('that fails leaves every row where it was', () => {
    const store = storeOf();
    add(store, [pendingDelta({ port: 1 }), pendingDelta({ port: 2 })]);
    const failing = (): unknown =>
      store.transaction(() =>
        store.settlePending(MINUTE + 1, (row) => {
          if (row.port === 2) throw new Error('a mistake');
          return edgeOf(row);
        }),
      );
    expect(failing).toThrow('a mistake');
    expect(pendingOf(store)).toHaveLength(2);
    expect(edgesOf(store)).toEqual([]);
  });
});
