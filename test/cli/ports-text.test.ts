import { expect, it } from 'vitest';
import { portsText } from '../../src/cli/ports-text.ts';

it.each([
  [[], 'any port'],
  [[{ port: 8080, protocol: 'TCP' } as const], '8080/TCP'],
  [[{ port: 'http' }, { port: 9000, endPort: 9010, protocol: 'UDP' } as const], 'http/TCP, 9000-9010/UDP'],
  [[{ protocol: 'SCTP' } as const], 'any/SCTP'],
])('%j are %s', (ports, expected) => {
  expect(portsText(ports)).toBe(expected);
});
