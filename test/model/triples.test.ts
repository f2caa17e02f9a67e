import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MANY_PORTS, serviceNumber } from '../../src/model/edge.ts';
import { Triples } from '../../src/model/triples.ts';
import type { Protocol } from '../../src/model/flow.ts';

const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP', 'ICMP', 'ICMPv6'];

describe('numbers by edge', () => {
  it('are what a map keeps by a text of the edge', () => {
    const edges = fc.tuple(fc.nat(12), fc.nat(12), fc.nat(40));
    const steps = fc.array(fc.oneof({ weight: 200, arbitrary: fc.tuple(edges, fc.nat(2 ** 31 - 1)) }, { weight: 1, arbitrary: fc.constant('clear' as const) }), { maxLength: 2_000, size: 'max' });
    fc.assert(
      fc.property(steps, (all) => {
        const numbers = new Triples();
        const model = new Map<string, number>();
        for (const step of all) {
          if (step === 'clear') {
            numbers.clear();
            model.clear();
            continue;
          }
          const [[source, destination, service], value] = step;
          const key = `${source} ${destination} ${service}`;
          expect(numbers.get(source, destination, service)).toBe(model.get(key));
          numbers.set(source, destination, service, value);
          model.set(key, value);
        }
        expect(numbers.size).toBe(model.size);
        for (const [key, value] of model) {
          const [source = 0, destination = 0, service = 0] = key.split(' ').map(Number);
          expect(numbers.get(source, destination, service)).toBe(value);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('stay as they are while the table grows, for edges that differ in one number alone', () => {
    const numbers = new Triples();
    const all = Array.from({ length: 30_000 }, (_, i) => [[i, 1, 1], [1, i, 2], [2, 1, i]][i % 3] as [number, number, number]);
    for (const [i, [source, destination, service]] of all.entries()) numbers.set(source, destination, service, i);
    const wrong = all.filter(([source, destination, service], i) => numbers.get(source, destination, service) !== i);
    expect(wrong).toEqual([]);
    expect(numbers.size).toBe(all.length);
    expect(numbers.get(30_000, 1, 1)).toBeUndefined();
  });
});

describe('the number of a service', () => {
  it('is another one for each port and protocol', () => {
    const all = new Set<number>();
    for (let port = MANY_PORTS; port <= 65_535; port++) for (const protocol of PROTOCOLS) all.add(serviceNumber(port, protocol));
    expect(all.size).toBe(65_537 * PROTOCOLS.length);
    expect(Math.min(...PROTOCOLS.map((protocol) => serviceNumber(MANY_PORTS, protocol)))).toBe(0);
  });
});
