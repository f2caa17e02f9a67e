import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hubble } from '../collectors/hubble/index.ts';
import { LockedError, OperationError, SupersededError } from '../src/errors.ts';
import { Admission } from '../src/learn/admission.ts';
import { Verdicts } from '../src/learn/judge.ts';
import { DEFAULT_LIMITS } from '../src/learn/limits.ts';
import { Directory } from '../src/resolve/directory.ts';
import { Resolver } from '../src/resolve/resolver.ts';
import type { Batch, Source } from '../src/source.ts';
import type { Store } from '../src/store/store.ts';
import { observeLive, type LiveObservation } from '../src/observe-live.ts';
import { recordsOf } from './support/graph.ts';
import { connection, pod, T0 } from './support/hubble.ts';
import { edgesOf, storeOf } from './support/stores.ts';

const web = pod('shop', 'web-6b746f74dc-9rcxx', '10.0.0.11');
const cart = pod('shop', 'cart-0', '10.0.0.12');

/** Time that stands still but where the test moves it: each sleep is a turn of the event loop. */
const sleep: LiveObservation['sleep'] = () => new Promise((resolve) => void setImmediate(resolve));

interface Given {
  readonly batches: number;
  /** Fails once before this batch. */
  readonly failsAt?: number;
}

function batchOf(n: number, name: string, acked: number[]): Batch {
  const lines = connection({ from: web, to: cart, port: 8080, clientPort: 40_000 + n, time: T0 + n * 1000 });
  return { runs: [{ records: recordsOf(lines), origin: { source: name, owner: null } }], tooLong: 0, bytes: 1, position: null, ack: () => void acked.push(n) };
}

/** A source that gives its batches one by one, and then waits for the end. */
class Scripted implements Source {
  readonly acked: number[] = [];
  readonly name: string;
  readonly #given: Given;
  #next = 0;
  #failed = false;

  constructor(name: string, given: Given) {
    this.name = name;
    this.#given = given;
  }

  get isDry(): boolean {
    return this.#next >= this.#given.batches;
  }

  async *open(signal: AbortSignal): AsyncGenerator<Batch> {
    for (; this.#next < this.#given.batches; this.#next++) {
      if (this.#next === this.#given.failsAt && !this.#failed) {
        this.#failed = true;
        throw new OperationError(`${this.name}: gone`);
      }
      await sleep(0, signal);
      yield batchOf(this.#next, this.name, this.acked);
    }
    while (!signal.aborted) await sleep(0, signal);
  }
}

interface Told {
  readonly blocked: (string | null)[];
  readonly lost: (string | null)[];
  commits: number;
}

/** Watches until every source is dry and committed. */
async function run(store: Store, sources: readonly Scripted[], more: Partial<LiveObservation> = {}): Promise<Told> {
  const told: Told = { blocked: [], lost: [], commits: 0 };
  const end = new AbortController();
  const resolver = new Resolver(new Directory(store.inventory.read(), [], null));
  const reading = observeLive(sources, {
    store,
    resolver: () => resolver,
    now: () => 0,
    admission: new Admission(DEFAULT_LIMITS, []),
    sources: new Set(),
    settings: { accessLogFormat: null },
    judge: () => new Verdicts(store.choices.read(new Map()), 0, (peer) => peer),
    collectorFor: () => hubble,
    signal: end.signal,
    sleep,
    onBlocked: (error) => told.blocked.push(error?.message ?? null),
    onSourceLost: (_, error) => told.lost.push(error?.message ?? null),
    ...more,
    onCommit: (written, totals, timing) => {
      told.commits++;
      more.onCommit?.(written, totals, timing);
    },
  });
  const outcome = reading.then(
    () => null,
    (error: unknown) => ({ error }),
  );
  for (let turns = 0; sources.some((source) => !source.isDry) && turns < 10_000; turns++) await sleep(0, end.signal);
  end.abort();
  const failed = await outcome;
  if (failed !== null) throw failed.error;
  return told;
}

const opened = (store: Store): number => edgesOf(store).reduce((sum, { witnesses }) => sum + (witnesses[0]?.tally.opened ?? 0), 0);

describe('sources that never end', () => {
  it('are read side by side, and everything is committed when the end is asked for', async () => {
    const store = storeOf();
    const sources = [new Scripted('a', { batches: 30 }), new Scripted('b', { batches: 20 })];
    await run(store, sources);
    expect(opened(store)).toBe(50);
    expect(sources.map(({ acked }) => acked.length)).toEqual([30, 20]);
  });

  it('are left at the next batch when the end is asked for, though they have more', async () => {
    const store = storeOf();
    const acked: number[] = [];
    let given = 0;
    /** Does not listen, as a file does not that is long and being read. */
    async function* endless(): AsyncGenerator<Batch> {
      for (; given < 10_000; given++) {
        await sleep(0, new AbortController().signal);
        yield batchOf(given, 'deaf', acked);
      }
    }
    await run(store, [new Scripted('a', { batches: 3 }), Object.assign(new Scripted('deaf', { batches: 0 }), { open: endless })]);
    expect(given).toBeLessThan(100);
    expect(opened(store)).toBe(3 + acked.length);
  });

  it('are committed every now and then, not only at the end', async () => {
    const { commits } = await run(storeOf(), [new Scripted('a', { batches: 200 })]);
    expect(commits).toBeGreaterThan(2);
  });

  it('that fail are opened again, and it is said when they are lost and back', async () => {
    const store = storeOf();
    const { lost } = await run(store, [new Scripted('a', { batches: 20, failsAt: 7 }), new Scripted('b', { batches: 5 })]);
    expect(opened(store)).toBe(25);
    expect(lost).toEqual(['a: gone', null]);
  });

  it('wait while the database takes nothing, and lose nothing', async () => {
    const store = storeOf();
    const real = store.add.bind(store);
    let refusals = 3;
    store.add = (...args) => {
      if (refusals-- > 0) throw new OperationError('footpath.db: the disk is full');
      return real(...args);
    };
    const { blocked } = await run(store, [new Scripted('a', { batches: 40 })]);
    expect(opened(store)).toBe(40);
    expect(blocked).toEqual([...Array<string>(3).fill('footpath.db: the disk is full'), null]);
  });

  it('wait for another process that holds the database for a moment, which is no news', async () => {
    const store = storeOf();
    const real = store.add.bind(store);
    let refusals = 20;
    store.add = (...args) => {
      if (refusals-- > 0) throw new LockedError('footpath.db: database is locked');
      return real(...args);
    };
    const { blocked } = await run(store, [new Scripted('a', { batches: 40 })]);
    expect([opened(store), blocked]).toEqual([40, []]);
  });

  it('say so if it holds it for long', async () => {
    const store = storeOf();
    const real = store.add.bind(store);
    let refusals = 50;
    store.add = (...args) => {
      if (refusals-- > 0) throw new LockedError('footpath.db: database is locked');
      return real(...args);
    };
    const { blocked } = await run(store, [new Scripted('a', { batches: 100 })]);
    expect([opened(store), blocked]).toEqual([100, ['footpath.db: database is locked', null]]);
  });

  it('are not to blame for what the database does not take at the end', async () => {
    const store = storeOf();
    store.add = () => {
      throw new OperationError('footpath.db: the disk is full');
    };
    const lost: unknown[] = [];
    await expect(run(store, [new Scripted('a', { batches: 5 })], { onSourceLost: (_, error) => lost.push(error) })).rejects.toThrow('the disk is full');
    expect(lost).toEqual([]);
  });

  it('are acknowledged only once they are committed', async () => {
    const store = storeOf();
    const source = new Scripted('a', { batches: 60 });
    let early = false;
    await run(store, [source], {
      onBatch: () => {
        early ||= source.acked.length > opened(store);
      },
    });
    expect(early).toBe(false);
    expect(source.acked).toHaveLength(60);
  });

  it('end with an error if the last portion cannot be written, and its positions are not moved', async () => {
    const store = storeOf();
    const source = new Scripted('a', { batches: 5 });
    store.add = () => {
      throw new OperationError('footpath.db: the disk is full');
    };
    await expect(run(store, [source])).rejects.toThrow('the disk is full');
    expect(source.acked).toEqual([]);
  });

  it('that throw what is no operation’s error end it: that is a bug', async () => {
    const broken = new Scripted('broken', { batches: 1 });
    broken.open = () => {
      throw new TypeError('a mistake');
    };
    await expect(run(storeOf(), [broken])).rejects.toThrow('a mistake');
  });

  it('run no more once one of them, or a commit, failed for good', async () => {
    const store = storeOf();
    const open: string[] = [];
    const endless = new Scripted('endless', { batches: 3 });
    const original = endless.open.bind(endless);
    endless.open = async function* (signal) {
      open.push('endless');
      try {
        yield* original(signal);
      } finally {
        open.pop();
      }
    };
    store.add = () => {
      throw new SupersededError('footpath.db: read by another process');
    };
    await expect(run(store, [endless])).rejects.toThrow('read by another process');
    expect([open, endless.acked]).toEqual([[], []]);
  });

  it('that nobody understands yet are asked about again with every batch', async () => {
    const store = storeOf();
    let asked = 0;
    await run(store, [new Scripted('a', { batches: 10 })], { collectorFor: () => (++asked > 3 ? hubble : null) });
    expect([asked, opened(store)]).toEqual([4, 7]);
  });

  it('count the same however they fail and whenever the database refuses', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ batches: fc.nat(12), failsAt: fc.nat(12) }), { minLength: 1, maxLength: 3 }), fc.array(fc.boolean(), { maxLength: 6 }), async (all, refusals) => {
        const store = storeOf();
        const real = store.add.bind(store);
        const script = [...refusals];
        store.add = (...args) => {
          if (script.shift() === true) throw new OperationError('busy');
          return real(...args);
        };
        const sources = all.map((given, i) => new Scripted(`s${i}`, given));
        await run(store, sources).catch((error: unknown) => {
          // Only the very last portion may be refused for good: then the end says so.
          expect(error).toBeInstanceOf(OperationError);
        });
        // What is counted is what was acknowledged, no more and no less.
        expect(opened(store)).toBe(sources.reduce((sum, { acked }) => sum + acked.length, 0));
      }),
      { numRuns: 20 },
    );
  });
});
