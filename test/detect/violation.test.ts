import { describe, expect, it } from 'vitest';
import { attempts, edgeName, portName } from '../../src/detect/violation.ts';
import { emptyTally, MANY_PORTS, type Tally } from '../../src/model/edge.ts';
import { PUBLIC, workloadPeer } from '../../src/model/peer.ts';

describe('how many connections an alert counts', () => {
  it.each<[string, Partial<Tally>, number]>([
    ['opened ones', { opened: 5, answered: 5 }, 5],
    ['denied ones, which never opened', { denied: 3 }, 3],
    ['both together', { opened: 2, denied: 3 }, 5],
    ['those that a policy only audited', { audited: 4 }, 4],
    ['refused ones, once', { opened: 2, refused: 2 }, 2],
    ['refusals whose first packet was lost', { refused: 3 }, 3],
    ['those that no server was reached for', { failed: 2 }, 2],
    ['established traffic alone is one at least', { ongoing: 500 }, 1],
    ['answers alone are one at least', { answered: 500 }, 1],
    ['lost answers alone are still something', { lostAnswers: 3 }, 1],
  ])('%s', (_, counted, expected) => {
    expect(attempts({ ...emptyTally(), ...counted })).toBe(expected);
  });
});

describe('how an edge is called', () => {
  const edge = { source: PUBLIC, destination: workloadPeer({ cluster: 'default', namespace: 'shop', kind: 'Deployment', name: 'cart' }), protocol: 'TCP', port: 8080 } as const;

  it('is by its ends and its port', () => {
    expect(edgeName(edge)).toBe('public -> shop/cart 8080/TCP');
  });

  it.each([
    [8080, 'TCP', '8080/TCP'],
    [53, 'UDP', '53/UDP'],
    [0, 'ICMP', 'ICMP'],
    [MANY_PORTS, 'TCP', 'many ports/TCP'],
  ] as const)('port %i of %s is %s', (port, protocol, expected) => {
    expect(portName({ port, protocol })).toBe(expected);
  });
});
