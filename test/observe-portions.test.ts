import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hubble } from '../collectors/hubble/index.ts';
import type { Collector } from '../src/collector.ts';
import { OperationError } from '../src/errors.ts';
import type { Judge } from '../src/learn/fold.ts';
import type { Batch, FilePosition, Partition, PartitionPosition, Position, Source } from '../src/source.ts';
import type { Store } from '../src/store/store.ts';
import { textOf } from './support/batches.ts';
import { scratch } from './support/cli.ts';
import { differing, dump, type Dump } from './support/dump.ts';
import { endpoint, flow } from './support/flow.ts';
import { hubbleLine, pod, T0 } from './support/hubble.ts';
import { readFiles, readSources, traffic } from './support/reading.ts';
import { databasePath, edgesOf, storeOf } from './support/stores.ts';

const FLOW = { from: pod('shop', 'web-1', '10.0.0.1'), to: pod('shop', 'cart-0', '10.0.0.2') } as const;
const MIB = 1 << 20;

interface Piece {
  readonly lines?: readonly string[];
  readonly bytes?: number;
  readonly position?: Position;
  readonly ack?: () => void;
  readonly tooLong?: number;
  readonly lost?: number;
}

/** A source of prepared batches; a piece that is an error is thrown in its place. */
function source(name: string, pieces: readonly (Piece | Error)[]): Source {
  return {
    name,
    async *open(): AsyncGenerator<Batch> {
      for (const piece of pieces) {
        if (piece instanceof Error) throw piece;
        const { lines = [hubbleLine(FLOW)], bytes = 100, position = null, ack = () => undefined, tooLong = 0, lost = 0 } = piece;
        const records = lines.map((line) => Buffer.from(line));
        const ends = new Int32Array(records.length);
        for (const [i, { length }] of records.entries()) ends[i] = (ends[i - 1] ?? 0) + length;
        const run = { records: { bytes: Buffer.concat(records), starts: Int32Array.from(ends, (_, i) => ends[i - 1] ?? 0), ends, count: records.length }, origin: { source: name, owner: null } };
        yield { runs: records.length === 0 ? [] : [run], bytes, position, ack, tooLong, lost };
      }
    },
  };
}

const openedIn = (store: Store): number => edgesOf(store)[0]?.witnesses[0]?.tally.opened ?? 0;

describe('portions', () => {
  it.each([
    ['of 32 MiB, then of 256, then of 2,048', Array.from({ length: 22 }, () => ({ bytes: 16 * MIB })), [2, 18, 22]],
    ['of 2,000 batches', Array.from({ length: 4_001 }, () => ({ bytes: 1 })), [2_000, 4_000, 4_001]],
    ['of what there is', [{}, {}], [2]],
  ])('are committed one by one: %s', async (_, pieces, expected) => {
    const store = storeOf();
    const commits: number[] = [];
    await readSources(store, [source('a', pieces)], { onCommit: () => commits.push(openedIn(store)) });
    expect(commits).toEqual(expected);
  });

  it('are committed when they hold many rows, however few bytes those are', async () => {
    const store = storeOf();
    const [from, to] = [FLOW.from, FLOW.to].map(({ ip = null, pod: name = null }) => endpoint({ address: ip, namespace: 'shop', pod: name }));
    let port = 0;
    const many: Collector = {
      ...hubble,
      name: 'many-ports',
      decoder: () => ({
        decode: (_, __, sink) => {
          for (let i = 0; i < 1_000; i++) sink.flow(flow({ source: from!, destination: to!, port: ++port, time: T0, until: T0 }));
        },
      }),
    };
    const { commits, totals } = await readSources(store, [source('a', Array.from({ length: 65 }, () => ({ bytes: 1 })))], { collectorFor: () => many });
    expect([commits, totals.get('records')]).toEqual([2, 65_000]);
  });

  it('go over the ends of sources: many small files are few transactions', async () => {
    const store = storeOf();
    const { commits, totals } = await readSources(store, Array.from({ length: 500 }, (_, i) => source(`${i}`, [{}])));
    expect([commits, totals.get('records')]).toEqual([1, 500]);
  });

  it('ask for people’s choices when they begin', async () => {
    const store = storeOf();
    const asked: number[] = [];
    const judge = (): Judge => (asked.push(openedIn(store)), { revision: asked.length, judge: () => ({ watching: false, violates: false, epoch: 0 }) });
    await readSources(store, [source('a', [{ bytes: 32 * MIB }, { bytes: 256 * MIB }, {}])], { judge });
    expect(asked.slice(0, 3)).toEqual([0, 1, 2]);
    expect(store.peers.readPeers().stored.map(({ revision }) => revision)).toEqual([1, 1]);
  });

  it('write the last position of each partition', async () => {
    const store = storeOf();
    const { epoch } = store.positions.claimPartitions();
    const partitions = [0, 1].map((partition): Partition => ({ cluster: 'c', topic: 't', partition, committed: null }));
    const position = (i: number, next: number): PartitionPosition => ({ partition: partitions[i]!, epoch, next, last: { offset: next - 1, hash: 'h' } });
    await readSources(store, [source('a', [{ position: position(0, 5) }, { position: position(1, 6) }, { position: position(0, 9) }])]);
    expect(store.positions.claimPartitions().positions.map(({ next }) => next)).toEqual([9, 6]);
  });

  it('write the last position of each file', async () => {
    const store = storeOf();
    const position = (file: FilePosition['file'], offset: number): FilePosition => ({ file, headLength: 1, headHash: 'h', owner: '', offset, tailHash: 't', marks: '', done: null });
    const [one, two] = [{ id: null }, { id: null }];
    await readSources(store, [
      source('a', [{ position: position(one, 1) }, { position: position(one, 2), bytes: 32 * MIB }, { position: position(one, 3) }]),
      source('b', [{ position: position(two, 9) }]),
    ]);
    expect(store.positions.read().map(({ offset }) => offset)).toEqual([3, 9]);
  });
});

describe('acknowledging', () => {
  it('comes once for each batch, when what is in it is stored', async () => {
    const store = storeOf();
    const acks: string[] = [];
    const ack = (name: string) => (): void => void acks.push(`${name} ${openedIn(store)}`);
    await readSources(store, [source('a', [{ ack: ack('1') }, { ack: ack('2'), bytes: 32 * MIB }, { ack: ack('3') }])]);
    expect(acks).toEqual(['1 2', '2 2', '3 3']);
  });

  it('does not come for what could not be stored', async () => {
    const store = storeOf();
    const acks: number[] = [];
    store.db.exec("CREATE TEMP TRIGGER broken BEFORE INSERT ON main.edges BEGIN SELECT raise(ABORT, 'broken'); END");
    await expect(readSources(store, [source('a', [{ ack: () => acks.push(1) }])])).rejects.toThrow(/broken/);
    expect(acks).toEqual([]);
  });
});

describe('the collector of a source', () => {
  it('is chosen on its first records, once; its decoder goes on from source to source', async () => {
    const asked: string[] = [];
    let decoders = 0;
    const counted: Collector = { ...hubble, decoder: (settings) => (decoders++, hubble.decoder(settings)) };
    const collectorFor = ({ name }: Source): Collector => (asked.push(name), counted);
    await readSources(storeOf(), [source('a', [{ lines: [] }, {}, {}]), source('b', [{}])], { collectorFor });
    expect([asked, decoders]).toEqual([['a', 'b'], 1]);
  });

  it('is not asked for where a source is empty', async () => {
    const asked: string[] = [];
    await readSources(storeOf(), [source('a', [{ lines: [] }])], { collectorFor: ({ name }) => (asked.push(name), null) });
    expect(asked).toEqual([]);
  });

  it('that is none leaves the source out, before more of it is read', async () => {
    const store = storeOf();
    const never = new Error('nobody asked for this');
    const position: FilePosition = { file: { id: null }, headLength: 1, headHash: 'h', owner: '', offset: 1, tailHash: 't', marks: '', done: null };
    const { totals } = await readSources(store, [source('a', [{ position }, never]), source('b', [{}])], { collectorFor: ({ name }) => (name === 'a' ? null : hubble) });
    expect(totals.get('records')).toBe(1);
    expect(store.positions.read()).toEqual([]);
  });

  it('counts what was gone before it could be read, beside the records', async () => {
    const store = storeOf();
    const { totals } = await readSources(store, [source('a', [{}, { lost: 40 }, { lines: [], lost: 2 }])]);
    expect([totals.get('records'), totals.get('lost')]).toEqual([2, 42]);
    expect(store.coverage.read().find(({ source: name }) => name === 'hubble')?.hours.get(-1)?.get('lost')).toBe(42);
  });

  it('names the lines that were too long', async () => {
    const store = storeOf();
    await readSources(store, [source('a', [{}, { lines: [], tooLong: 3 }])]);
    expect(store.coverage.read().map(({ source: name, hours }) => [name, hours.get(-1)?.get('too-long')])).toEqual([['hubble', 3], ['hubble/node-a', undefined]]);
  });
});

describe('stopping', () => {
  it('takes the batch that is being read, commits, and begins no other source', async () => {
    const store = storeOf();
    const abort = new AbortController();
    const never = source('b', [new Error('nobody asked for this')]);
    const stopping = source('a', [{}, {}]);
    await readSources(store, [stopping, never], { signal: abort.signal, onBatch: () => abort.abort() });
    expect(openedIn(store)).toBeGreaterThan(0);
  });

  it('by an error keeps the portions before, and nothing of the one that it broke', async () => {
    const store = storeOf();
    const failing = readSources(store, [source('a', [{ bytes: 32 * MIB }, {}, new OperationError('a.log: cannot be read: EIO')])]);
    await expect(failing).rejects.toThrow('a.log: cannot be read: EIO');
    expect(openedIn(store)).toBe(1);
  });
});

describe('a write that fails', () => {
  const all = traffic(300);
  const written = ['peers', 'peer_attributes', 'pods', 'lives', 'witnesses', 'edges', 'edge_witnesses', 'edge_days', 'edge_pods', 'pod_hours', 'pending', 'coverage', 'sources', 'positions'];

  /** The same path for every store, so that all say the same of the file. */
  const logOf = (lines: readonly string[] = all): string => {
    const path = join(scratch(), 'a.log');
    writeFileSync(path, textOf(lines));
    return path;
  };

  async function clean(path: string): Promise<Dump> {
    const store = storeOf();
    await readFiles(store, [path]);
    return dump(store);
  }

  it.each(written)('in %s leaves the old state, and reading goes on from there as if it had not been', async (table) => {
    const path = logOf();
    const store = storeOf(databasePath());
    const before = dump(store);
    // Not the first row: something is written by then.
    store.db.exec(`CREATE TEMP TRIGGER broken AFTER INSERT ON main.${table} WHEN (SELECT count(*) FROM main.${table}) >= 1 BEGIN SELECT raise(ABORT, 'broken'); END`);
    await expect(readFiles(store, [path])).rejects.toThrow(/broken/);
    expect(differing(dump(store), before)).toEqual([]);
    store.db.exec('DROP TRIGGER temp.broken');
    await readFiles(store, [path]);
    expect(differing(dump(store), await clean(path))).toEqual([]);
    expect(store.check()).toEqual([]);
  });

  it('because the disk is full leaves the old state, says so, and goes on when there is room', async () => {
    const path = logOf(traffic(4_000));
    const store = storeOf(databasePath());
    const before = dump(store);
    const pages = Number(store.db.pragma('page_count', { simple: true }));
    // At whatever page it fills up.
    for (const more of [0, 1, 3, 5]) {
      store.db.pragma(`max_page_count = ${pages + more}`);
      await expect(readFiles(store, [path]), `${more} pages more`).rejects.toThrow(/the disk is full; make room, nothing is lost/);
      expect(differing(dump(store), before)).toEqual([]);
    }
    store.db.pragma('max_page_count = 1000000');
    await readFiles(store, [path]);
    expect(differing(dump(store), await clean(path))).toEqual([]);
    expect(store.check()).toEqual([]);
  });
});
