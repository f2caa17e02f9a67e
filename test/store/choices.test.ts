import { describe, expect, it } from 'vitest';
import { EVERYTHING, type PublicEntry } from '../../src/model/decision.ts';
import type { Choices } from '../../src/model/decision.ts';
import type { Store } from '../../src/store/store.ts';
import { CART, delta, edgeDelta, FAR, WEB, WEB_TO_CART } from '../support/deltas.ts';
import { databasePath, edgesOf, storeOf } from '../support/stores.ts';

const SIGNED = { by: 'ada', at: 1_772_452_800_000, comment: 'as agreed' } as const;
const ENTRY: PublicEntry = { destination: CART, protocol: 'TCP', port: 8080 };

const choicesOf = (store: Store): Choices => store.read(({ choices }) => choices);

describe('people’s choices', () => {
  it('are a log: each has the next revision, whatever it is about', () => {
    const { choices } = storeOf();
    expect(choices.revision).toBe(0);
    const revisions = [
      choices.setMode(EVERYTHING, 'watching', SIGNED),
      choices.decide('accept', [WEB_TO_CART], 'shop/web', SIGNED),
      choices.decideScan('reject', WEB, SIGNED),
      choices.logForgotten('edge', 1, SIGNED),
      choices.setMode({ namespace: 'shop', workload: null }, 'learning', SIGNED),
    ];
    expect(revisions).toEqual([1, 2, 3, 4, 5]);
    expect(choices.revision).toBe(5);
  });

  it('none: nothing is chosen', () => {
    expect(choicesOf(storeOf())).toEqual({ modes: [], decisions: [], baselines: [], scans: [] });
  });

  it('come back with who, when and why, in their order', () => {
    const store = storeOf();
    store.choices.setMode({ namespace: 'shop', workload: 'web' }, 'learning', { ...SIGNED, comment: null });
    const other = { ...WEB_TO_CART, source: FAR, port: 1 };
    store.choices.decide('reject', [WEB_TO_CART, other], 'alert 1', SIGNED);
    store.choices.decide('accept', [WEB_TO_CART], 'edge 2', SIGNED);
    store.choices.decide('withdraw', [WEB_TO_CART], 'undo', SIGNED);
    store.choices.decideScan('accept', FAR, SIGNED);
    expect(choicesOf(store)).toEqual({
      modes: [{ revision: 1, scope: { namespace: 'shop', workload: 'web' }, mode: 'learning', newest: 0, ...SIGNED, comment: null }],
      decisions: [
        { revision: 2, action: 'reject', scope: 'alert 1', edge: WEB_TO_CART, ...SIGNED },
        { revision: 2, action: 'reject', scope: 'alert 1', edge: other, ...SIGNED },
        { revision: 3, action: 'accept', scope: 'edge 2', edge: WEB_TO_CART, ...SIGNED },
        { revision: 4, action: 'withdraw', scope: 'undo', edge: WEB_TO_CART, ...SIGNED },
      ],
      baselines: [],
      scans: [{ revision: 5, action: 'accept', source: FAR, ...SIGNED }],
    });
  });

  it('a mode knows the newest record that was read by then', () => {
    const store = storeOf();
    const read = (source: string, lastRecord: number): void => store.transaction(() => store.coverage.add({ source, hour: 0, counts: new Map([['records', 1]]), lastRecord }));
    read('a.log', 5_000);
    store.choices.setMode(EVERYTHING, 'watching', SIGNED);
    read('b.log', 9_000);
    read('c.log', 7_000);
    store.choices.setMode(EVERYTHING, 'learning', SIGNED);
    expect(choicesOf(store).modes.map(({ newest }) => newest)).toEqual([5_000, 9_000]);
  });

  it('a switch to watching keeps its baseline; one without edges keeps an empty one', () => {
    const store = storeOf();
    const frozen = store.choices.setMode(EVERYTHING, 'watching', SIGNED);
    store.choices.freeze(frozen, [WEB_TO_CART, WEB_TO_CART], [ENTRY]);
    store.choices.setMode({ namespace: 'shop', workload: null }, 'watching', SIGNED);
    store.choices.setMode(EVERYTHING, 'learning', SIGNED);
    expect(choicesOf(store).baselines).toEqual([
      { scope: EVERYTHING, revision: 1, edges: [WEB_TO_CART], publicEntries: [ENTRY], ...SIGNED },
      { scope: { namespace: 'shop', workload: null }, revision: 2, edges: [], publicEntries: [], ...SIGNED },
    ]);
  });

  it('outlive the edges that they are about', () => {
    const store = storeOf();
    store.transaction(() => store.add(delta({ edges: [edgeDelta()] }), []));
    store.choices.decide('reject', [WEB_TO_CART], 'edge', SIGNED);
    store.transaction(() => store.edges.remove([1]));
    expect(edgesOf(store)).toEqual([]);
    expect(choicesOf(store).decisions).toMatchObject([{ edge: WEB_TO_CART }]);
    expect(store.check()).toEqual([]);
  });

  it('may be about edges that nobody has seen', () => {
    const store = storeOf();
    store.choices.decide('accept', [WEB_TO_CART], 'edge', SIGNED);
    expect(choicesOf(store).decisions).toMatchObject([{ edge: WEB_TO_CART }]);
    expect(store.peers.readPeers().stored.map(({ revision }) => revision), 'no flow has shown the ends').toEqual([null, null]);
  });

  it('of another process are seen by their revision', () => {
    const path = databasePath();
    const [reading, deciding] = [storeOf(path), storeOf(path)];
    expect(reading.choices.revision).toBe(0);
    deciding.transaction(() => deciding.choices.decide('accept', [WEB_TO_CART], 'edge', SIGNED));
    expect(reading.choices.revision).toBe(1);
    expect(choicesOf(reading).decisions).toHaveLength(1);
  });

  it('that fail leave no revision behind', () => {
    const store = storeOf();
    const failing = (): unknown =>
      store.transaction(() => {
        store.choices.setMode(EVERYTHING, 'watching', SIGNED);
        throw new Error('a mistake');
      });
    expect(failing).toThrow('a mistake');
    expect(store.choices.revision).toBe(0);
    expect(choicesOf(store).modes).toEqual([]);
  });

  it.each([
    ["UPDATE modes SET mode = 'sleeping'"],
    ["UPDATE decisions SET action = 'ignore'"],
    ["UPDATE alerts SET state = 'gone'"],
  ])('are of a closed list: %s is refused', (sql) => {
    const store = storeOf();
    store.choices.setMode(EVERYTHING, 'watching', SIGNED);
    store.choices.decide('accept', [WEB_TO_CART], 'edge', SIGNED);
    store.alerts.say({ id: 'a', state: 'muted', since: 1, mutedUntil: 5, ...SIGNED });
    expect(() => store.db.exec(sql)).toThrow(/CHECK constraint failed/);
  });
});

describe('words on alerts', () => {
  it('come back; the latest counts', () => {
    const store = storeOf();
    store.alerts.say({ id: 'a', state: 'muted', since: 1, mutedUntil: 99, ...SIGNED });
    store.alerts.say({ id: 'b', state: 'acknowledged', since: 2, mutedUntil: null, ...SIGNED, comment: null });
    const last = { id: 'a', state: 'rejected', since: 3, mutedUntil: null, by: 'bob', at: 5, comment: 'no' } as const;
    store.alerts.say(last);
    expect(store.alerts.read()).toEqual(
      new Map<string, unknown>([
        ['a', last],
        ['b', { id: 'b', state: 'acknowledged', since: 2, mutedUntil: null, ...SIGNED, comment: null }],
      ]),
    );
    store.alerts.unsay('a');
    store.alerts.unsay('never-said');
    expect([...store.alerts.read().keys()]).toEqual(['b']);
  });
});
