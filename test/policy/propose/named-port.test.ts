import { describe, expect, it } from 'vitest';
import type { ContainerPort } from '../../../src/model/inventory.ts';
import { numbersOf, portName, serving } from '../../../src/policy/propose/named-port.ts';
import { addressEnd, podEnd } from '../../support/policy.ts';

const port = (name: string | null, number: number, protocol: 'TCP' | 'UDP' = 'TCP'): ContainerPort => ({ name, port: number, protocol });
const pod = (...ports: readonly ContainerPort[]) => podEnd('shop/cart', {}, { ports });

describe('the name of a port', () => {
  it.each<[string, readonly (readonly ContainerPort[])[], string | null]>([
    ['no pods', [], null],
    ['no ports are told', [[], []], null],
    ['all pods agree', [[port('http', 8080)], [port('http', 8080)]], null],
    ['it has none', [[port(null, 8080)], [port(null, 9090)]], null],
    ['pods differ', [[port('http', 8080)], [port('http', 9090)]], 'http'],
    ['they differ in another name', [[port('http', 8080), port('admin', 1)], [port('http', 8080), port('admin', 2)]], null],
    ['they differ in another protocol', [[port('http', 8080), port('http', 53, 'UDP')], [port('http', 8080), port('http', 54, 'UDP')]], null],
    ['it has two that differ: the first', [[port('web', 8080), port('http', 8080)], [port('web', 1), port('http', 2)]], 'http'],
    ['none of them has the number', [[port('http', 80)], [port('http', 81)]], null],
  ])('%s', (_, pods, name) => {
    expect(portName(pods.map((ports) => pod(...ports)), 8080, 'TCP')).toBe(name);
  });

  it('has the numbers that pods give it', () => {
    expect(numbersOf([pod(port('http', 9090)), pod(port('http', 8080)), pod(port('http', 8080), port('http', 1, 'UDP'))], 'http', 'TCP')).toEqual([8080, 9090]);
  });
});

describe('pods that a connection can have been to', () => {
  const [old, fresh, silent] = [pod(port('http', 8080)), pod(port('http', 9090)), pod()];

  it('are not those that have the name at another number', () => {
    expect(serving([old, fresh, silent], 8080, 'TCP')).toEqual([old, silent]);
    expect(serving([old, fresh, silent], 9090, 'TCP')).toEqual([fresh, silent]);
  });

  it('are all where no name tells them apart', () => {
    expect(serving([old, fresh], 7000, 'TCP')).toEqual([old, fresh]);
    expect(serving([old, fresh], 8080, 'UDP')).toEqual([old, fresh]);
    const outside = [addressEnd('198.51.100.7')];
    expect(serving(outside, 8080, 'TCP')).toEqual(outside);
  });
});
