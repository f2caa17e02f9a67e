import { describe, expect, it } from 'vitest';
import type { ContainerPort } from '../../../src/model/inventory.ts';
import type { PolicyPort } from '../../../src/model/policy.ts';
import { ALL_PORTS, portPlace, portRanges, portSetText, portsOpened } from '../../../src/policy/diff/port-set.ts';
import { isIn, subtract } from '../../../src/policy/diff/ranges.ts';

const NAMED: readonly ContainerPort[] = [
  { name: 'http', port: 8080, protocol: 'TCP' },
  { name: 'http', port: 8081, protocol: 'TCP' },
  { name: 'dns', port: 53, protocol: 'UDP' },
  { name: null, port: 9, protocol: 'TCP' },
];

const text = (...entries: readonly PolicyPort[]): string => portSetText(portsOpened(entries, NAMED));

describe('ports of a rule', () => {
  it.each<[string, readonly PolicyPort[], string]>([
    ['no entries: all', [], 'any port'],
    ['a number is TCP', [{ port: 80 }], '80/TCP'],
    ['an empty entry is all of TCP', [{}], 'any/TCP'],
    ['a protocol alone', [{ protocol: 'SCTP' }], 'any/SCTP'],
    ['a range', [{ port: 80, endPort: 90 }], '80-90/TCP'],
    ['neighbours are one range', [{ port: 80 }, { port: 81 }, { port: 82, endPort: 90 }], '80-90/TCP'],
    ['a name means each port that is called so', [{ port: 'http' }], '8080-8081/TCP'],
    ['a name of another protocol', [{ port: 'dns' }], ''],
    ['with its own protocol', [{ port: 'dns', protocol: 'UDP' }], '53/UDP'],
    ['a name that nobody has', [{ port: 'none' }], ''],
    ['several protocols', [{ port: 443 }, { port: 53, protocol: 'UDP' }, { port: 80 }], '80,443/TCP, 53/UDP'],
    ['the first and the last port', [{ port: 1 }, { port: 65_535 }], '1,65535/TCP'],
    ['all three protocols, one by one', [{ protocol: 'TCP' }, { protocol: 'UDP' }, { protocol: 'SCTP' }], 'any port'],
  ])('%s', (_, entries, expected) => {
    expect(text(...entries)).toBe(expected);
  });

  it('are told by what is missing where that is shorter', () => {
    expect(portSetText(subtract(ALL_PORTS, portsOpened([{ port: 25 }], [])))).toBe('any port but 25/TCP');
  });

  it('are counted where there are many', () => {
    const many = Array.from({ length: 20 }, (_, i) => ({ port: 100 + 2 * i }));
    expect(portSetText(portsOpened(many, []), 3)).toBe('100,102,104/TCP and 17 more ranges');
  });

  it('come back as ranges of their protocols', () => {
    expect(portRanges(portsOpened([{ port: 80, endPort: 90 }, { protocol: 'UDP' }, { port: 7, protocol: 'SCTP' }], []))).toEqual([
      { protocol: 'TCP', port: 80, endPort: 90 },
      { protocol: 'UDP', port: 1, endPort: 65_535 },
      { protocol: 'SCTP', port: 7, endPort: 7 },
    ]);
  });

  it('do not run from one protocol into the next', () => {
    const last = portsOpened([{ port: 65_535 }], []);
    expect([isIn(portPlace(65_535, 'TCP'), last), isIn(portPlace(0, 'UDP'), last), isIn(portPlace(1, 'UDP'), last)]).toEqual([true, false, false]);
  });
});
