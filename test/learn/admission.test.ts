import { describe, expect, it } from 'vitest';
import { Admission } from '../../src/learn/admission.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/learn/limits.ts';
import { MANY_PORTS, type EdgeKey } from '../../src/model/edge.ts';
import { at, edge, NODE, OTHERS, outside, workload } from '../support/evidence.ts';

const admission = (limits: Partial<Limits>, known: readonly EdgeKey[] = []): Admission => new Admission({ ...DEFAULT_LIMITS, ...limits }, known);
/** `ok`, `full`, or what stands for the edge. */
function told(of: Admission, wanted: EdgeKey): string {
  const admitted = of.admit(wanted);
  if (admitted === null) return 'full';
  if (JSON.stringify(admitted) === JSON.stringify(wanted)) return 'ok';
  const other = [admitted.source, admitted.destination].some((peer) => peer.type === 'external' && peer.address === 'others');
  return `${other ? 'others' : ''}${admitted.port === MANY_PORTS ? 'many ports' : ''}`;
}
const all = (of: Admission, edges: readonly EdgeKey[]): readonly string[] => edges.map((wanted) => told(of, wanted));

describe('the number of edges', () => {
  const edges = [1, 2, 3, 4].map((port) => edge('shop/web', `shop/cart${port}`, port));
  it('is capped, and those that are in stay in', () => {
    const two = admission({ edges: 2 });
    expect(all(two, edges)).toEqual(['ok', 'ok', 'full', 'full']);
    expect(all(two, edges)).toEqual(['ok', 'ok', 'full', 'full']);
  });

  it('counts what is stored already', () => {
    expect(all(admission({ edges: 2 }, edges.slice(0, 1)), edges)).toEqual(['ok', 'ok', 'full', 'full']);
    expect(all(admission({ edges: 2 }, edges.slice(2)), edges)).toEqual(['full', 'full', 'ok', 'ok']);
  });

  it('is capped for each source workload, so that one cannot fill the graph', () => {
    const of = admission({ edgesPerWorkload: 2 });
    expect(all(of, edges)).toEqual(['ok', 'ok', 'full', 'full']);
    expect(told(of, edge('shop/api', 'shop/cart1'))).toBe('ok');
    expect(told(of, edge('pay/web', 'shop/cart1'))).toBe('ok');
  });

  it('is not capped for a destination: others cannot shut a server out', () => {
    const of = admission({ edgesPerWorkload: 2 });
    expect(
      all(
        of,
        [1, 2, 3, 4].map((n) => edge(`shop/client${n}`, 'shop/db')),
      ),
    ).toEqual(['ok', 'ok', 'ok', 'ok']);
  });

  it('is capped for each namespace of a source', () => {
    const of = admission({ edgesPerNamespace: 2 });
    expect(all(of, [edge('shop/a', 'shop/x'), edge('shop/b', 'shop/x'), edge('shop/c', 'shop/x'), edge('pay/a', 'shop/x')])).toEqual([
      'ok',
      'ok',
      'full',
      'ok',
    ]);
  });

  it('of nodes and outside clients is not capped by workload or namespace', () => {
    const of = admission({ edgesPerWorkload: 1, edgesPerNamespace: 1 });
    expect(
      all(
        of,
        [1, 2, 3].map((n) => edge(NODE, `shop/x${n}`)),
      ),
    ).toEqual(['ok', 'ok', 'ok']);
    expect(
      all(
        of,
        [1, 2, 3].map((n) => edge(outside('198.51.100.7'), `shop/x${n}`)),
      ),
    ).toEqual(['ok', 'ok', 'ok']);
  });
});

describe('the ports of a pair', () => {
  const port = (n: number, protocol: EdgeKey['protocol'] = 'TCP'): EdgeKey => edge('shop/web', 'shop/db', n, protocol);
  it('beyond the cap are one edge of many ports, which needs no more room', () => {
    const of = admission({ portsPerPair: 3 });
    expect(
      all(
        of,
        [1, 2, 3, 4, 5, 1].map((n) => port(n)),
      ),
    ).toEqual(['ok', 'ok', 'ok', 'many ports', 'many ports', 'ok']);
  });

  it('are counted for each pair, direction and protocol', () => {
    const of = admission({ portsPerPair: 1 });
    expect(all(of, [port(1), port(1, 'UDP'), edge('shop/db', 'shop/web', 1), edge('shop/web', 'shop/cart', 1), port(2)])).toEqual([
      'ok',
      'ok',
      'ok',
      'ok',
      'many ports',
    ]);
  });

  it('include those that are stored', () => {
    const of = admission({ portsPerPair: 2 }, [port(1), port(2)]);
    expect(all(of, [port(3), port(2)])).toEqual(['many ports', 'ok']);
  });

  it('do not include the edge of the others: as many are kept, whenever it came', () => {
    const of = admission({ portsPerPair: 2 }, [port(1), port(MANY_PORTS)]);
    expect(all(of, [port(2), port(3)])).toEqual(['ok', 'many ports']);
  });

  it('are 64 by default', () => {
    const of = admission({});
    const told64 = all(
      of,
      Array.from({ length: 65 }, (_, i) => port(i + 1)),
    );
    expect(told64.indexOf('many ports')).toBe(64);
  });
});

describe('outside addresses', () => {
  const to = (n: number): EdgeKey => edge('shop/web', outside(`198.51.100.${n}`), 443);
  const from = (n: number): EdgeKey => edge(outside(`198.51.100.${n}`), 'shop/web');
  it('beyond the cap are one peer, and those that are in stay in', () => {
    const of = admission({ outsideAddresses: 2 });
    expect(all(of, [to(1), to(2), to(3), to(4), to(1)])).toEqual(['ok', 'ok', 'others', 'others', 'ok']);
    expect(of.admit(to(9))?.destination).toEqual(OTHERS);
  });

  it('are counted once at whichever end', () => {
    const of = admission({ outsideAddresses: 1 });
    expect(all(of, [to(1), from(1), from(2)])).toEqual(['ok', 'ok', 'others']);
    expect(of.admit(from(2))?.source).toEqual(OTHERS);
  });

  it('of clients are counted', () => {
    expect(all(admission({ outsideAddresses: 1 }), [from(1), from(2), from(1)])).toEqual(['ok', 'others', 'ok']);
  });

  it('that are stored are counted, the others among them', () => {
    const of = admission({ outsideAddresses: 2 }, [to(1), from(2)]);
    expect(all(of, [to(2), from(1), to(3)])).toEqual(['ok', 'ok', 'others']);
  });
});

describe('operations of a server', () => {
  const get = (n: number): { readonly method: string; readonly path: string } => ({ method: 'GET', path: `/p${n}` });
  it('are capped, whoever asks for them', () => {
    const of = admission({ pathsPerService: 2 });
    const cart = workload('shop/cart');
    expect([1, 2, 3, 1].map((n) => of.admitsOperation(cart, get(n)))).toEqual([true, true, false, true]);
    expect(of.admitsOperation(cart, { method: 'POST', path: '/p1' })).toBe(false);
    expect(of.admitsOperation(workload('pay/cart'), get(3))).toBe(true);
  });

  it('that are stored are counted', () => {
    const cart = workload('shop/cart');
    const of = new Admission({ ...DEFAULT_LIMITS, pathsPerService: 1 }, [], [{ destination: cart, operation: get(1) }]);
    expect([2, 1].map((n) => of.admitsOperation(cart, get(n)))).toEqual([false, true]);
  });

  it('of an address that is not settled have a cap of their own', () => {
    const of = admission({ pathsPerService: 1 });
    expect([at('10.0.0.1'), at('10.0.0.2'), at('10.0.0.1')].map((peer, i) => of.admitsOperation(peer, get(i)))).toEqual([true, true, false]);
  });
});
