import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BundleSink } from '../../src/collector.ts';
import { HOUR } from '../../src/model/edge.ts';
import { SKIP_REASONS, type CountedAs, type Endpoint, type Flow, type Opened, type Operation, type Outcome, type Performed, type Phase, type Protocol, type Verdict } from '../../src/model/flow.ts';
import { Resolver } from '../../src/resolve/resolver.ts';
import { ColumnSink } from '../../src/threads/column-sink.ts';
import { Listener, Shared } from '../../src/threads/told.ts';
import { directoryOf } from '../support/directory.ts';
import { AT_CLIENT, AT_SERVER, endpoint, flow } from '../support/flow.ts';
import { T0 } from '../support/hubble.ts';

const ENDS: readonly Endpoint[] = [
  endpoint({ namespace: 'shop', pod: 'web-1', address: '10.0.0.1', labels: { app: 'web', tier: 'front' }, workload: ['Deployment', 'web'] }),
  endpoint({ namespace: 'shop', pod: 'web-1', address: '10.0.0.1', labels: { app: 'web' }, workload: ['Deployment', 'web'] }),
  endpoint({ address: '198.51.100.7', reserved: 'world', names: ['a.example', 'b.example'] }),
  endpoint({ address: '10.0.0.2', principal: 'spiffe://x/ns/shop/sa/web', serviceAccount: 'web' }),
];
const OPERATIONS: readonly Operation[] = [{ method: 'GET', path: '/' }, { method: 'POST', path: '/{id}' }];
const PERFORMED: fc.Arbitrary<readonly Performed[]> = fc.array(fc.record({ operation: fc.constantFrom(...OPERATIONS), count: fc.nat() }), { maxLength: 3 });
const OPENED: fc.Arbitrary<readonly Opened[] | null> = fc.option(fc.array(fc.record({ end: fc.constantFrom(...ENDS), time: fc.nat(), count: fc.nat() }), { maxLength: 3 }));
const BYTES = fc.oneof(fc.constant(null), fc.nat());

const FLOW: fc.Arbitrary<Flow> = fc
  .record({
    time: fc.nat(HOUR).map((time) => T0 + time),
    records: fc.integer({ min: 1, max: 9 }),
    slots: fc.nat(63),
    source: fc.constantFrom(...ENDS),
    destination: fc.constantFrom(...ENDS),
    protocol: fc.constantFrom<Protocol>('TCP', 'UDP', 'SCTP', 'ICMP', 'ICMPv6'),
    port: fc.nat(65_535),
    phase: fc.constantFrom<Phase>('open', 'ongoing', 'answer', 'lost-answer'),
    verdict: fc.constantFrom<Verdict>('forwarded', 'dropped', 'audited'),
    outcome: fc.constantFrom<Outcome>('established', 'refused', 'unanswered', 'rejected', 'unknown'),
    count: fc.nat(),
    bytesOut: BYTES,
    bytesIn: BYTES,
    witness: fc.constantFrom(AT_CLIENT, AT_SERVER),
  })
  .map((parts) => flow({ ...parts, until: parts.time + 5, node: '' }));

type Call = readonly ['bundle', Flow, readonly Performed[], readonly Opened[] | null] | readonly ['see', Endpoint, number, number];
const CALLS: fc.Arbitrary<readonly Call[]> = fc.array(
  fc.oneof(fc.tuple(fc.constant('bundle' as const), FLOW, PERFORMED, OPENED), fc.tuple(fc.constant('see' as const), fc.constantFrom(...ENDS), fc.nat(), fc.nat())),
  { maxLength: 40 },
);
const COUNTS = fc.array(
  fc.record({
    as: fc.constantFrom<CountedAs | 'lost'>('flows', 'lost', ...SKIP_REASONS.slice(0, 3)),
    node: fc.constantFrom('', 'node-a', 'node-b'),
    time: fc.oneof(fc.constant(null), fc.nat(3 * HOUR)),
    n: fc.integer({ min: 1, max: 5 }),
  }),
  { maxLength: 40 },
);

const resolver = new Resolver(directoryOf([]));

/** Writes down what it is told. */
class Heard implements BundleSink {
  readonly calls: Call[] = [];
  unsureRecords = 0;
  readonly counts = new Map<string, { n: number; last: number | null }>();
  readonly knowledge = {};
  place = (): never => this.flow();
  also = (): never => this.flow();
  skip = (): never => this.flow();
  roleOf = (): never => this.flow();

  flow(): never {
    throw new Error('columns tell bundles and counts');
  }

  bundle(told: Flow, performed: readonly Performed[], opened: readonly Opened[] | null): void {
    this.calls.push(['bundle', { ...told }, performed, opened]);
  }

  unsure(records: number): void {
    this.unsureRecords += records;
  }

  see(end: Endpoint, first: number, last: number): void {
    this.calls.push(['see', end, first, last]);
  }

  count(as: CountedAs | 'lost', node: string, until: number | null, n: number): void {
    const key = `${as} ${node} ${until === null ? '' : Math.floor(until / HOUR)}`;
    const known = this.counts.get(key);
    this.counts.set(key, { n: n + (known?.n ?? 0), last: until === null ? null : Math.max(until, known?.last ?? 0) });
  }

  lost(events: number, time: number | null, node: string): void {
    this.count('lost', node, time, events);
  }
}

const kinds = (calls: readonly Call[], kind: Call[0]): readonly Call[] => calls.filter(([of]) => of === kind);

describe('columns', () => {
  it('tell how many records were unsure, once', () => {
    const [sink, listener, heard] = [new ColumnSink(resolver), new Listener(new Shared()), new Heard()];
    sink.unsure(2);
    sink.unsure(3);
    listener.hear(structuredClone(sink.take())).handOn(heard);
    listener.hear(structuredClone(sink.take())).handOn(heard);
    expect(heard.unsureRecords).toBe(5);
  });

  it('tell another thread what a decoder said, however often they are sent', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(CALLS, COUNTS), { minLength: 1, maxLength: 4 }), (messages) => {
        const [sink, listener] = [new ColumnSink(resolver), new Listener(new Shared())];
        for (const [calls, counts] of messages) {
          const [heard, expected] = [new Heard(), new Heard()];
          for (const call of calls) {
            if (call[0] === 'bundle') sink.bundle(call[1], call[2], call[3]);
            else sink.see(call[1], call[2], call[3]);
          }
          for (const { as, node, time, n } of counts) {
            if (as === 'lost') sink.lost(n, time, node);
            else sink.count(as, node, time, n);
            expected.count(as, node, time, n);
          }
          const decoded = listener.hear(structuredClone(sink.take()));
          decoded.handOn(heard);
          for (const kind of ['bundle', 'see'] as const) expect(kinds(heard.calls, kind)).toEqual(kinds(calls, kind).map((call) => (call[0] === 'bundle' ? ['bundle', { ...call[1], witness: { ...call[1].witness } }, call[2], call[3]] : call)));
          expect(heard.counts).toEqual(expected.counts);
          expect(decoded.records).toBe(counts.reduce((sum, { as, n }) => sum + (as === 'lost' ? 0 : n), 0));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('tell a record that the reference decoded as a bundle of one, and what becomes of it', () => {
    const [sink, heard] = [new ColumnSink(resolver), new Heard()];
    sink.flow(flow({ phase: 'answer', node: 'node-a' }));
    sink.also(flow());
    sink.skip('malformed', null, 'node-b');
    new Listener(new Shared()).hear(sink.take()).handOn(heard);
    expect(heard.calls.map(([kind]) => kind)).toEqual(['bundle', 'bundle']);
    expect([...heard.counts]).toEqual([
      [`reply node-a ${T0 / HOUR}`, { n: 1, last: T0 }],
      ['malformed node-b ', { n: 1, last: null }],
    ]);
  });

  it('of several threads name one object for what is the same', () => {
    const shared = new Shared();
    const ends = [0, 1].map(() => {
      const [sink, heard] = [new ColumnSink(resolver), new Heard()];
      sink.bundle(flow(), [{ operation: { method: 'GET', path: '/' }, count: 1 }], null);
      new Listener(shared).hear(structuredClone(sink.take())).handOn(heard);
      const [, told, performed] = heard.calls[0] as readonly ['bundle', Flow, readonly Performed[], null];
      return { ...told, operation: performed[0]!.operation };
    });
    const [one, other] = ends as [Flow, Flow];
    expect([one.source === other.source, one.witness === other.witness, one.operation === other.operation]).toEqual([true, true, true]);
    expect(one.source).not.toBe(one.destination);
  });

  it('forget names when there are many, and go on', () => {
    const [sink, listener] = [new ColumnSink(resolver), new Listener(new Shared())];
    for (const size of [100_001, 3, 3]) {
      const heard = new Heard();
      const ends = Array.from({ length: size }, (_, n) => endpoint({ address: `2001:db8::${n.toString(16)}` }));
      for (const end of ends) sink.see(end, 1, 2);
      listener.hear(sink.take()).handOn(heard);
      expect(heard.calls.map((call) => (call[1] as Endpoint).address).join()).toBe(ends.map(({ address }) => address).join());
    }
  });
});
